"""Setting the rules and overriding one: what is kept, what is refused, and that an edit asks again; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog.models import AssetAudience, Audience, Confidentiality
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused, WrongState
from planner.planning import rules, service, tuning
from planner.planning.models import Post, PostState, RuleOverride, RuleSetting
from planner.planning.rulebook import BOOK, Tuned, tuning_of
from planner.planning.surroundings import all_settings, surroundings
from planner.planning.values import PostValues, values_of
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

TOMORROW = NOON + timedelta(days=1)


def settings(db: Session) -> list[tuple[Any, ...]]:
    return [(one.channel_id, one.code, one.enabled, one.must_not, one.parameters) for one in all_settings(db)]


def deeds(db: Session) -> list[tuple[str, str, str]]:
    return [(one.action, one.subject_name, one.note) for one in db.scalars(select(Entry).order_by(Entry.id))]


def a_clash(db: Session) -> Post:
    """A post in review that a rule made to block stands in the way of: another goes out ten minutes later."""
    channel, admin = make_channel(db), make_user(db)
    make_post(db, channel=channel, publish_at=TOMORROW + timedelta(minutes=10), text="The other one.")
    post = make_post(db, channel=channel, publish_at=TOMORROW)
    tuning.set_rule(db, "gap", enabled=True, must_not=True, parameters={"minutes": 15}, actor=admin, now=NOON)
    return service.submit(db, post, actor=admin, now=NOON)


def test_a_rule_is_set_for_all_and_for_one_channel_and_taken_back(db: Session) -> None:
    admin, channel = make_user(db), make_channel(db)

    tuning.set_rule(db, "gap", enabled=True, must_not=True, parameters={"minutes": 120}, actor=admin, now=NOON)
    tuning.set_rule(db, "gap", channel_id=channel.id, enabled=False, parameters={"minutes": 5}, actor=admin, now=NOON)
    tuning.set_rule(db, "gap", channel_id=channel.id, enabled=True, parameters={"minutes": 5}, actor=admin, now=NOON)
    tuning.set_rule(db, "gap", channel_id=channel.id, enabled=True, parameters={"minutes": 5}, actor=admin, now=NOON)
    assert settings(db) == [(None, "gap", True, True, {"minutes": 120}), (channel.id, "gap", True, False, {"minutes": 5})]

    tuning.reset(db, "gap", channel_id=channel.id, actor=admin, now=NOON)
    tuning.reset(db, "gap", channel_id=channel.id, actor=admin, now=NOON)
    assert settings(db) == [(None, "gap", True, True, {"minutes": 120})]
    assert tuning_of(all_settings(db), channel.id).of("gap") == Tuned(True, True, {"minutes": 120})
    assert deeds(db) == [("rule.set", "Gap", "")] * 3 + [("rule.reset", "Gap", "")]


@pytest.mark.parametrize("code", [one.code for one in BOOK if one.locked])
def test_what_always_holds_cannot_be_switched_off(db: Session, code: str) -> None:
    with pytest.raises(WrongState):
        tuning.set_rule(db, code, enabled=False, parameters={}, actor=None, now=NOON)
    assert settings(db) == []


def test_bad_settings_are_refused_and_nothing_is_written(db: Session) -> None:
    given: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (NotFound, "nonsense", {}), (Invalid, "gap", {"minutes": 0}), (Invalid, "gap", {"metres": 3}), (Invalid, "holiday", {"country": "XX"}),
        (Invalid, "language", {"language": "xx"}),
    ]  # fmt: skip
    for kind, code, parameters in given:
        with pytest.raises(kind):
            tuning.set_rule(db, code, enabled=True, parameters=parameters, actor=None, now=NOON)
    with pytest.raises(NotFound):
        tuning.set_rule(db, "gap", channel_id=99, enabled=True, parameters={}, actor=None, now=NOON)
    assert settings(db) == []


@pytest.mark.parametrize("role", [one for one in RoleName if one is not RoleName.ADMIN])
def test_only_an_administrator_sets_rules(db: Session, role: RoleName) -> None:
    with pytest.raises(Forbidden):
        tuning.set_rule(db, "gap", enabled=False, parameters={}, actor=make_user(db, roles=(role,)), now=NOON)


def test_what_was_made_to_block_stops_approval_until_somebody_overrides_it_with_a_reason(db: Session) -> None:
    post = a_clash(db)
    approver, author = make_user(db, roles=("approver",), name="Ines"), make_user(db, roles=("author",))

    with pytest.raises(Refused):
        service.approve(db, post, actor=approver, now=NOON)
    with pytest.raises(Forbidden):
        tuning.override(db, post, "gap", reason="Urgent.", actor=author, now=NOON)
    with pytest.raises(Invalid):
        tuning.override(db, post, "gap", reason="  ", actor=approver, now=NOON)
    with pytest.raises(Conflict):
        tuning.override(db, post, "gap", reason="Urgent.", digest="0" * 64, actor=approver, now=NOON)
    with pytest.raises(WrongState):
        tuning.override(db, post, "daily", reason="Urgent.", actor=approver, now=NOON)
    with pytest.raises(WrongState):
        tuning.override(db, post, "embargo", reason="Urgent.", actor=approver, now=NOON)
    assert list(db.scalars(select(RuleOverride))) == []

    tuning.override(db, post, "gap", reason=" Both are for the same fair. ", actor=approver, now=NOON)
    service.approve(db, post, actor=approver, now=NOON)

    assert post.state is PostState.APPROVED
    assert [(one.code, one.reason, one.by_name) for one in tuning.overrides_of(db, post)] == [("gap", "Both are for the same fair.", "Ines")]
    assert ("post.rule_overridden", "", "Both are for the same fair.") in deeds(db)


def test_an_edit_after_an_override_asks_again(db: Session) -> None:
    post, approver = a_clash(db), make_user(db, roles=("approver",))
    tuning.override(db, post, "gap", reason="Both are for the same fair.", actor=approver, now=NOON)

    service.revise(db, post, replace(PostValues(**values_of(post)), text="Other words."), actor=None, now=NOON)

    with pytest.raises(Refused):
        service.approve(db, post, actor=approver, now=NOON)


def test_the_same_audience_is_met_on_the_wall_day_and_a_confidential_asset_is_not_told_of(db: Session) -> None:
    channel, there = make_channel(db, time_zone="Asia/Tokyo"), make_channel(db, name="Group on LinkedIn")
    ours, theirs, secret = make_asset(db), make_asset(db), make_asset(db, confidentiality=Confidentiality.CONFIDENTIAL)
    db.add_all(AssetAudience(asset_id=one.id, audience=Audience.ANALYSTS) for one in (ours, theirs, secret))
    db.add(AssetAudience(asset_id=theirs.id, audience=Audience.EXPERTS))
    moment = TOMORROW.replace(hour=16)  # 01:00 the next day in Tokyo.
    post = make_post(db, asset=ours, channel=channel, publish_at=moment)
    make_post(db, asset=ours, channel=there, publish_at=moment + timedelta(minutes=1))
    make_post(db, asset=secret, channel=there, publish_at=moment + timedelta(minutes=2))
    make_post(db, asset=theirs, channel=there, publish_at=moment - timedelta(hours=2))
    assert surroundings(db, post).alike is None

    make_post(db, asset=theirs, channel=there, publish_at=moment + timedelta(hours=3))
    found = rules.findings(post, ours, None, channel, None, NOON, surroundings(db, post))

    assert [(one.code, one.params) for one in found if one.code != "quiet"] == [("audience", {"channel": "Group on LinkedIn", "when": moment + timedelta(hours=3)})]


def test_what_lies_around_a_post_costs_the_same_whatever_was_set(db: Session) -> None:
    post = make_post(db)
    db.commit()

    def counted(**given: Any) -> int:
        seen: list[str] = []
        db.refresh(post)
        assert post.channel.id
        assert post.asset.id
        engine = db.get_bind()
        note = lambda _c, _k, statement, *_rest: seen.append(statement)  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        surroundings(db, post, **given)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    assert counted() == 5
    db.add_all(RuleSetting(code=one.code, enabled=True, parameters=one.defaults) for one in BOOK if not one.locked)
    db.commit()
    assert counted() == 5
    assert counted(settings=all_settings(db)) == 4
