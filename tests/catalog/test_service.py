"""The verbs of an asset: each writes its line of history, refuses with a sentence, and never overwrites somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog import service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience, Confidentiality
from planner.catalog.service import AssetValues
from planner.core.errors import Conflict, Forbidden, Invalid, WrongState
from tests.factories import NOON, make_user

LATER = NOON + timedelta(hours=1)


def values(**other: Any) -> AssetValues:
    return AssetValues(**({"kind": AssetKind.VIDEO, "title": "Three ports"} | other))


def history(db: Session) -> list[tuple[str, Any, Any]]:
    return [(entry.action, entry.was, entry.became) for entry in db.scalars(select(Entry).order_by(Entry.id))]


def test_a_new_asset_belongs_to_its_maker_and_is_in_history(db: Session) -> None:
    author = make_user(db, roles=(RoleName.AUTHOR,), name="Yann")

    asset = service.create(db, values(audiences=[Audience.EXPERTS, Audience.EXPERTS], cost=Decimal("12.5")), actor=author, now=NOON)

    assert (asset.owner_id, asset.audiences, asset.cost, asset.created_at, asset.version) == (author.id, [Audience.EXPERTS], Decimal("12.50"), NOON, 1)
    entry = db.scalars(select(Entry)).one()
    assert (entry.action, entry.actor_name, entry.subject_name, (entry.became or {})["cost"]) == ("asset.created", "Yann", "Three ports", "12.50")


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"title": "  "}, "title", "This cannot be empty."),
        ({"title": "x" * 301}, "title", "at most 300 characters"),
        ({"title": "x" * 1_000_000}, "title", "at most 300 characters"),
        ({"title": "nul\x00"}, "title", "cannot be stored"),
        ({"title": "half \ud83d"}, "title", "cannot be stored"),
        ({"summary": "\udcff"}, "summary", "cannot be stored"),
        ({"url": "javascript:alert(1)"}, "url", "https://"),
        ({"url": "JaVaScRiPt:alert(1)"}, "url", "https://"),
        ({"url": "data:text/html,hi"}, "url", "https://"),
        ({"url": "https://"}, "url", "https://"),
        ({"url": "https://a b.example"}, "url", "https://"),
        ({"url": "https://host:99999999/"}, "url", "https://"),
        ({"url": "http://[::1"}, "url", "https://"),
        ({"url": "https://example.com/" + "a" * 2000}, "url", "at most 2000"),
        ({"language": "tlh"}, "language", "one of these languages"),
        ({"currency": "EU"}, "currency", "three letters"),
        ({"cost": Decimal("-0.01")}, "cost", "between 0 and"),
        ({"cost": Decimal(10) ** 10}, "cost", "between 0 and"),
        ({"cost": Decimal("NaN")}, "cost", "between 0 and"),
        ({"cost": Decimal("Infinity")}, "cost", "between 0 and"),
        ({"embargo_until": datetime(1, 1, 1, tzinfo=UTC)}, "embargo_until", "between 1990 and 2100"),
        ({"embargo_until": datetime(9999, 12, 31, tzinfo=UTC)}, "embargo_until", "between 1990 and 2100"),
        ({"embargo_until": datetime(2026, 3, 3)}, "embargo_until", "time zone"),
        ({"topics": [str(number) for number in range(10_000)]}, "topics", "too many"),
        ({"embargo_terms": ["x" * 201]}, "embargo_terms", "at most 200"),
        ({"owner_id": 424242}, "owner_id", "no such person"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field_and_nothing_is_written(db: Session, wrong: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.create(db, values(**wrong), actor=None, now=NOON)

    assert refused.value.field == field
    assert sentence in str(refused.value)
    db.rollback()
    assert db.scalars(select(Asset)).all() == []


def test_a_title_is_one_line(db: Session) -> None:
    assert service.create(db, values(title=" Three\r\n  ports\t"), actor=None, now=NOON).title == "Three ports"


def test_a_cost_of_nothing_is_free_and_no_cost_is_not_told(db: Session) -> None:
    costs = [service.create(db, values(cost=cost), actor=None, now=NOON).cost for cost in (Decimal(0), None)]

    assert costs == [Decimal("0.00"), None]


def test_an_edit_keeps_what_was_and_what_became(db: Session) -> None:
    asset = service.create(db, values(topics=["Ports"]), actor=None, now=NOON)

    service.edit(db, asset, values(title="Four ports", topics=["Ports", "5G"]), actor=None, now=LATER)

    assert (asset.title, [topic.name for topic in asset.topics], asset.updated_at, asset.version) == ("Four ports", ["5G", "Ports"], LATER, 2)
    assert history(db)[1] == (
        "asset.edited", {"title": "Three ports", "topics": ["Ports"]}, {"title": "Four ports", "topics": ["5G", "Ports"]},
    )  # fmt: skip


def test_an_edit_that_changes_nothing_is_no_line_of_history(db: Session) -> None:
    asset = service.create(db, values(), actor=None, now=NOON)

    service.edit(db, asset, values(), actor=None, now=LATER)

    assert (len(history(db)), asset.updated_at, asset.version) == (1, NOON, 1)


def test_an_edit_of_an_older_version_is_a_conflict(db: Session) -> None:
    asset = service.create(db, values(), actor=None, now=NOON)
    service.edit(db, asset, values(title="First"), version=1, actor=None, now=LATER)

    with pytest.raises(Conflict):
        service.edit(db, asset, values(title="Second"), version=1, actor=None, now=LATER)

    assert asset.title == "First"


@pytest.mark.parametrize("state", [AssetState.IDEA, AssetState.IN_REVIEW, AssetState.LIVE])
def test_what_is_retired_comes_back_as_it_was(db: Session, state: AssetState) -> None:
    asset = service.create(db, values(state=state), actor=None, now=NOON)

    service.retire(db, asset, actor=None, now=LATER)
    assert (asset.state, asset.retired_at) == (AssetState.RETIRED, LATER)
    service.restore(db, asset, actor=None, now=LATER)

    assert (asset.state, asset.retired_at) == (state, None)
    assert [action for action, _was, _became in history(db)] == ["asset.created", "asset.retired", "asset.restored"]


def test_what_was_retired_by_its_form_comes_back_as_it_was_too(db: Session) -> None:
    asset = service.create(db, values(state=AssetState.IN_PRODUCTION), actor=None, now=NOON)
    service.edit(db, asset, values(state=AssetState.RETIRED), actor=None, now=LATER)

    service.restore(db, asset, actor=None, now=LATER)

    assert asset.state is AssetState.IN_PRODUCTION


def test_a_retired_asset_takes_no_other_state(db: Session) -> None:
    asset = service.create(db, values(state=AssetState.RETIRED), actor=None, now=NOON)

    with pytest.raises(WrongState):
        service.change_state(db, asset, AssetState.LIVE, actor=None, now=LATER)


def test_a_change_of_state_is_in_history(db: Session) -> None:
    asset = service.create(db, values(), actor=None, now=NOON)

    service.change_state(db, asset, AssetState.READY, actor=None, now=LATER)

    assert history(db)[-1] == ("asset.state_changed", {"state": "idea"}, {"state": "ready"})


@pytest.mark.parametrize(("role", "may"), [(RoleName.PLANNER, True), (RoleName.AUTHOR, False), (RoleName.VIEWER, False), (RoleName.APPROVER, False)])
def test_only_who_may_changes_somebody_elses_asset(db: Session, role: RoleName, may: bool) -> None:
    owner, person = make_user(db, roles=(RoleName.AUTHOR,)), make_user(db, roles=(role,))
    asset = service.create(db, values(), actor=owner, now=NOON)

    if may:
        service.edit(db, asset, values(title="Changed"), actor=person, now=LATER)
        service.retire(db, asset, actor=person, now=LATER)
        assert asset.state is AssetState.RETIRED
    else:
        for act in (lambda: service.edit(db, asset, values(title="Changed"), actor=person, now=LATER), lambda: service.retire(db, asset, actor=person, now=LATER)):
            with pytest.raises(Forbidden):
                act()
        assert (asset.title, asset.state) == ("Three ports", AssetState.IDEA)


def test_a_confidential_asset_of_another_cannot_be_edited_by_an_author(db: Session) -> None:
    asset = service.create(db, values(confidentiality=Confidentiality.CONFIDENTIAL), actor=make_user(db), now=NOON)

    with pytest.raises(Forbidden):
        service.edit(db, asset, values(title="Peeked"), actor=make_user(db, roles=(RoleName.AUTHOR,)), now=LATER)
