"""A campaign that does not go on: its posts are held or cancelled, everybody reads why, and both can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import AssetKind
from planner.core.errors import Forbidden, Invalid, Refused, WrongState
from planner.planning import pauses, rules, service, standing
from planner.planning.models import Campaign, Post, PostState, Standing
from planner.planning.quiet_models import Pause
from planner.planning.surroundings import at_the_gate
from planner.planning.values import PostValues
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user

HOUR = timedelta(hours=1)
WHY = "The plant is not ready."


def wave(db: Session) -> tuple[Campaign, Post, Post, Post]:
    """A campaign with an approved post, a draft, and one that is live."""
    campaign = make_campaign(db, name="Launch")
    approved = make_post(db, campaign=campaign, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE))
    service.submit(db, approved, actor=make_user(db, roles=("planner",)), now=NOON)
    service.approve(db, approved, actor=make_user(db, roles=("approver",)), now=NOON)
    draft = make_post(db, campaign=campaign)
    live = make_post(db, campaign=campaign, state=PostState.PUBLISHED, published_at=NOON - HOUR, publish_at=NOON - HOUR)
    db.commit()
    return campaign, approved, draft, live


def test_postponing_holds_what_is_on_its_way_and_going_on_ends_the_hold(db: Session) -> None:
    campaign, approved, draft, _live = wave(db)
    other = make_post(db)

    standing.postpone(db, campaign, reason=WHY, actor=make_user(db, roles=("planner",)), now=NOON)

    assert [[one.reason for one in pauses.in_force(db, post)] for post in (approved, draft, other)] == [[WHY], [WHY], []]
    assert (campaign.standing, campaign.standing_reason, campaign.standing_since, approved.state) == (Standing.POSTPONED, WHY, NOON, PostState.APPROVED)
    assert [one.code for one in found(db, draft)] == ["postponed"]
    standing.go_on(db, campaign, limits_of=lambda _platform: None, actor=None, now=NOON + HOUR)
    assert (campaign.standing, pauses.in_force(db, approved), found(db, draft)) == (Standing.RUNNING, [], [])


def found(db: Session, post: Post) -> list[rules.Finding]:
    return [one for one in rules.findings(post, post.asset, post.campaign, post.channel, None, NOON) if one.code in ("called_off", "postponed")]


def test_cancelling_cancels_what_is_not_out_with_the_reason_on_each(db: Session) -> None:
    campaign, approved, draft, live = wave(db)

    assert standing.call_off(db, campaign, reason=WHY, actor=None, now=NOON + HOUR) == 2

    assert [one.state for one in (approved, draft, live)] == [PostState.CANCELLED, PostState.CANCELLED, PostState.PUBLISHED]
    lines = db.execute(select(Entry.action, Entry.note).where(Entry.at == NOON + HOUR).order_by(Entry.id)).all()
    assert [tuple(one) for one in lines] == [("campaign.cancelled", WHY), ("post.cancelled", WHY), ("post.cancelled", WHY)]


def test_going_on_after_cancelling_brings_back_what_went_with_it_and_nothing_else(db: Session) -> None:
    campaign, approved, draft, _live = wave(db)
    by_itself = make_post(db, campaign=campaign)
    service.cancel(db, by_itself, actor=None, now=NOON)
    standing.call_off(db, campaign, reason=WHY, actor=None, now=NOON + HOUR)

    assert standing.go_on(db, campaign, limits_of=lambda _platform: None, actor=None, now=NOON + 2 * HOUR) == 2

    assert [one.state for one in (approved, draft, by_itself)] == [PostState.APPROVED, PostState.DRAFT, PostState.CANCELLED]


def test_nothing_of_a_cancelled_campaign_is_planned_restored_approved_or_sent(db: Session) -> None:
    campaign, approved, _draft, _live = wave(db)
    late = make_post(db, campaign=campaign, state=PostState.IN_REVIEW)
    campaign.standing, campaign.standing_reason = Standing.CANCELLED, WHY
    db.flush()
    values = PostValues(text="Hello", publish_at=NOON + HOUR, campaign_id=campaign.id)

    with pytest.raises(Refused, match="“Launch” is cancelled"):
        service.plan(db, make_asset(db), make_channel(db), values, actor=None, now=NOON)
    with pytest.raises(Refused, match="is cancelled"):
        service.approve(db, late, actor=None, now=NOON)
    assert [one.code for one in rules.gates(approved, approved.asset, campaign, approved.channel, at_the_gate(db, approved, now=NOON, embargoes=False), NOON)] == ["called_off"]
    service.cancel(db, late, actor=None, now=NOON)
    with pytest.raises(Refused, match="is cancelled"):
        service.restore(db, late, actor=None, now=NOON)


def test_a_postponed_campaign_that_is_cancelled_leaves_no_pause(db: Session) -> None:
    campaign, *_posts = wave(db)
    by_hand = pauses.pause(db, "Also this.", campaign_id=campaign.id, actor=None, now=NOON - HOUR)
    standing.postpone(db, campaign, reason=WHY, actor=None, now=NOON)

    standing.call_off(db, campaign, reason="For good.", actor=None, now=NOON + HOUR)

    assert db.scalars(select(Pause).where(Pause.ended_at.is_(None))).all() == [by_hand]


def test_a_reason_a_role_and_a_step_that_makes_sense_are_needed(db: Session) -> None:
    campaign, *_posts = wave(db)

    with pytest.raises(Invalid, match="Say why"):
        standing.postpone(db, campaign, reason=" ", actor=None, now=NOON)
    with pytest.raises(Forbidden):
        standing.call_off(db, campaign, reason=WHY, actor=make_user(db, roles=("author",)), now=NOON)
    with pytest.raises(WrongState):
        standing.go_on(db, campaign, limits_of=lambda _platform: None, actor=None, now=NOON)


def test_the_desk_is_told_of_what_is_postponed_and_for_a_week_of_what_was_cancelled(db: Session) -> None:
    first, second, third = (make_campaign(db, name=name) for name in ("Postponed", "Cancelled", "Goes on"))
    make_post(db, campaign=first)
    standing.postpone(db, first, reason=WHY, actor=None, now=NOON)
    standing.call_off(db, second, reason="No budget.", actor=None, now=NOON + HOUR)

    assert [(one.name, one.standing, one.reason, one.posts) for one in standing.called_off(db, now=NOON + 2 * HOUR)] == [
        ("Cancelled", Standing.CANCELLED, "No budget.", 0), ("Postponed", Standing.POSTPONED, WHY, 1),
    ]  # fmt: skip
    assert [one.name for one in standing.called_off(db, now=datetime(2026, 6, 1, tzinfo=UTC))] == ["Postponed"]
    assert third.standing is Standing.RUNNING
