"""Events: add, change, remove, put back, and the list of them. None commits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import require
from planner.core.errors import Conflict, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.core.paging import Page, by_day
from planner.core.seeking import holding
from planner.people.models import Event, EventKind

__all__ = ["EventValues", "add", "by_id", "change", "checked", "count", "events", "put_back", "remove", "take_back", "values_of"]

#: The highest number a row may have.
_LAST_ID = 2**63 - 1
_LONGEST = {"name": 160, "rival": 120, "place": 160, "url": 2000, "note": 500}
#: An event that takes longer is a slip of the keyboard.
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class EventValues:
    """Everything of an event that a person edits.

    last_on -- the last day of it; None: it takes one day.
    rival   -- the competitor whose it is; empty: ours, or nobody's in particular.
    """

    name: str
    starts_on: date
    last_on: date | None = None
    kind: EventKind = EventKind.OTHER
    rival: str = ""
    place: str = ""
    url: str = ""
    note: str = ""


def by_id(db: Session, event_id: int) -> Event:
    """One event, also a removed one. Raises NotFound."""
    found = db.get(Event, event_id) if 0 < event_id <= _LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def events(
    db: Session, *, since: date | None = None, until: date | None = None, sought: str = "", latest_first: bool = False, cursor: str | None = None, limit: int = 50
) -> Page[Event]:
    """Those that are not over on `since` and begin before `until`, the earliest first, a page at a time. One statement.

    sought -- every word of it is in their name, rival or place.
    """
    query = select(Event).where(*_asked_for(since, until, sought))
    return by_day(db, query, Event.starts_on, Event.id, latest_first=latest_first, cursor=cursor, limit=limit)


def count(db: Session, *, since: date | None = None, until: date | None = None, sought: str = "") -> int:
    """How many there are of them. One statement."""
    return db.scalars(select(func.count()).select_from(Event).where(*_asked_for(since, until, sought))).one()


def values_of(event: Event) -> EventValues:
    """What a person edits of it, as it is."""
    return EventValues(**{one.name: getattr(event, one.name) for one in fields(EventValues)})


def add(db: Session, values: EventValues, *, actor: User | None, now: datetime) -> Event:
    """A new event. Raises Invalid, naming the field; Forbidden."""
    require(actor, "event.edit")
    event = Event(**checked(values), author_id=actor.id if actor else None, created_at=now, updated_at=now)
    db.add(event)
    db.flush()
    history.record(db, actor, "event.added", event, now=now, became=_told(event), name=history.COMMAND_LINE)
    return event


def change(db: Session, event: Event, values: EventValues, *, version: int | None = None, actor: User | None, now: datetime) -> Event:
    """Other words or days. `version` is the one that was read; another one is a Conflict. Raises Invalid, WrongState for a removed one."""
    require(actor, "event.edit")
    if event.removed_at is not None:
        raise WrongState(N_("This event was removed. Put it back first."))
    if version is not None and version != event.version:
        raise Conflict(N_("Somebody changed this while you were editing. Look at their version, then save again."))
    was, columns = _told(event), checked(values)
    if all(getattr(event, name) == value for name, value in columns.items()):
        return event
    for name, value in columns.items():
        setattr(event, name, value)
    event.updated_at = now
    became = _told(event)
    changed = [name for name in became if became[name] != was[name]]
    history.record(
        db, actor, "event.changed", event, now=now, was={name: was[name] for name in changed}, became={name: became[name] for name in changed},
        name=history.COMMAND_LINE,
    )  # fmt: skip
    db.flush()
    return event


def remove(db: Session, event: Event, *, actor: User | None, now: datetime) -> None:
    """Off the calendar; `put_back` brings it again."""
    require(actor, "event.edit")
    if event.removed_at is None:
        event.removed_at = event.updated_at = now
        history.record(db, actor, "event.removed", event, now=now, was=_told(event), name=history.COMMAND_LINE)
        db.flush()


def put_back(db: Session, event: Event, *, actor: User | None, now: datetime) -> None:
    """A removed one again."""
    require(actor, "event.edit")
    if event.removed_at is not None:
        event.removed_at, event.updated_at = None, now
        history.record(db, actor, "event.put_back", event, now=now, became=_told(event), name=history.COMMAND_LINE)
        db.flush()


def take_back(db: Session, at: datetime, *, actor: User, now: datetime) -> int:
    """Take the events off the calendar that this person added at that very moment, such as those of one file; how many there were.

    Raises WrongState when there are none, Conflict when one of them was changed or removed since: then none is.
    """
    require(actor, "event.edit")
    lines = select(Entry.subject_id).where(
        Entry.at == at, Entry.actor_id == actor.id, Entry.subject_type == Event.__tablename__, Entry.action == "event.added"
    )
    found = db.scalars(select(Event).where(Event.id.in_(lines)).order_by(Event.id)).all()
    if not found:
        raise WrongState(N_("There is nothing to undo."))
    if any(event.version > 1 for event in found):
        raise Conflict(N_("One of the events was changed since. Nothing was undone."))
    for event in found:
        remove(db, event, actor=actor, now=now)
    return len(found)


def _asked_for(since: date | None, until: date | None, sought: str) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [Event.removed_at.is_(None)]
    if since is not None:
        asked.append(Event.ends_on > since)
    if until is not None:
        asked.append(Event.starts_on < until)
    return asked + holding(sought, Event.name, Event.rival, Event.place)


def _told(event: Event) -> dict[str, Any]:
    return {one.name: getattr(event, one.name) for one in fields(EventValues)}


def checked(values: EventValues) -> dict[str, Any]:
    """The columns to write. Raises Invalid, naming the field."""
    found: dict[str, Any] = {"kind": values.kind}
    for name, most in _LONGEST.items():
        text = " ".join(str(getattr(values, name)).split())
        if len(text) > most:
            raise Invalid(N_("That is too long: at most %(most)s characters."), field=name, most=most)
        if "\0" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            raise Invalid(N_("This contains characters that cannot be stored."), field=name)
        found[name] = text
    if not found["name"]:
        raise Invalid(N_("Give the event a name."), field="name")
    if found["url"] and not _is_address(found["url"]):
        raise Invalid(N_("A link starts with https:// or http:// and has no spaces."), field="url")
    last = values.last_on or values.starts_on
    for name, day in (("starts_on", values.starts_on), ("last_on", last)):
        if not 1990 <= day.year <= 2100:
            raise Invalid(N_("Choose a year between 1990 and 2100."), field=name)
    if last < values.starts_on:
        raise Invalid(N_("The last day comes before the first."), field="last_on")
    if (last - values.starts_on).days >= _MOST_DAYS:
        raise Invalid(N_("That is longer than a year. Check the days."), field="last_on")
    return found | {"starts_on": values.starts_on, "ends_on": last + timedelta(days=1)}


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False
