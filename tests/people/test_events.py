"""Events: what may be written of one, who may, what stays in the history, and which are read for some days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.accounts.queries import history_of
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from planner.people import events
from planner.people.events import EventValues
from planner.people.models import Event, EventKind
from tests.factories import NOON, make_event, make_user

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
SHOW = EventValues("  Mobile  Week ", MONDAY, MONDAY + 3 * DAY, EventKind.TRADE_SHOW, "Acme", "Hall 3", "https://example.com/show", "Their keynote.")


def told(db: Session) -> list[tuple[str, Any, Any]]:
    return [(one.action, one.was, one.became) for one in db.scalars(select(Entry).where(Entry.subject_type == "events").order_by(Entry.id))]


def test_an_event_is_kept_tidied_with_its_last_day_and_its_history(db: Session) -> None:
    planner = make_user(db, roles=("planner",))

    event = events.add(db, SHOW, actor=planner, now=NOON)
    events.change(db, event, EventValues("Mobile Week", MONDAY, None, EventKind.TRADE_SHOW, "Acme", "Hall 3", SHOW.url, SHOW.note), actor=planner, now=NOON)
    events.remove(db, event, actor=planner, now=NOON)
    events.put_back(db, event, actor=planner, now=NOON)

    assert (event.name, event.starts_on, event.last_on, event.ends_on, event.rival) == ("Mobile Week", MONDAY, MONDAY, MONDAY + DAY, "Acme")
    assert [action for action, _was, _became in told(db)] == ["event.added", "event.changed", "event.removed", "event.put_back"]
    assert told(db)[1][1:] == ({"last_on": "2026-03-05"}, {"last_on": "2026-03-02"})
    assert [one.action for one in history_of(db, event).items][-1] == "event.added"


def test_saving_the_same_again_writes_nothing(db: Session) -> None:
    event = events.add(db, SHOW, actor=None, now=NOON)

    events.change(db, event, events.values_of(event), version=event.version, actor=None, now=NOON)

    assert ([action for action, _was, _became in told(db)], event.version) == (["event.added"], 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"rival": "x" * 121}, "rival"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://a b.example"}, "url"),
        ({"last_on": MONDAY - DAY}, "last_on"),
        ({"last_on": MONDAY + 366 * DAY}, "last_on"),
        ({"starts_on": date(1969, 1, 1)}, "starts_on"),
    ],
)
def test_what_no_event_can_be_is_refused_at_its_field(db: Session, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        events.add(db, EventValues(**{"name": "Show", "starts_on": MONDAY, **values}), actor=None, now=NOON)

    assert refused.value.field == field
    assert db.scalars(select(Event)).all() == []


def test_who_only_reads_changes_none_and_no_change_is_written_over(db: Session) -> None:
    event, viewer = make_event(db), make_user(db, roles=("viewer",))

    with pytest.raises(Forbidden):
        events.add(db, SHOW, actor=viewer, now=NOON)
    with pytest.raises(Conflict):
        events.change(db, event, SHOW, version=event.version + 1, actor=None, now=NOON)
    events.remove(db, event, actor=None, now=NOON)
    with pytest.raises(WrongState):
        events.change(db, event, SHOW, actor=None, now=NOON)
    with pytest.raises(NotFound):
        events.by_id(db, 2**70)


def test_those_of_some_days_are_read_the_earliest_first(db: Session) -> None:
    late = make_event(db, "Late", starts_on=MONDAY + 9 * DAY)
    early = make_event(db, "Early", starts_on=MONDAY - 2 * DAY, ends_on=MONDAY)
    long = make_event(db, "Long", starts_on=MONDAY - 2 * DAY, ends_on=MONDAY + DAY)
    make_event(db, "Gone", removed_at=NOON)

    assert list(events.events(db).items) == [early, long, late]
    assert list(events.events(db, since=MONDAY).items) == [long, late]
    assert list(events.events(db, since=MONDAY, until=MONDAY + 9 * DAY).items) == [long]
