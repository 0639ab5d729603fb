"""Blackouts: add, change, remove, put back; the list of them; and the planned posts that fall inside one. None commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.channels.models import Channel
from planner.core.errors import Conflict, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.core.paging import Page, by_day
from planner.core.seeking import holding
from planner.planning import queries
from planner.planning.models import Post
from planner.planning.moments import zone_of
from planner.planning.queries import LAST_ID, CalendarEntry, Filters
from planner.planning.quiet_models import Blackout
from planner.planning.states import OPEN

__all__ = ["BlackoutValues", "add", "blackouts", "by_id", "change", "checked", "count", "inside", "put_back", "remove", "values_of"]

_LONGEST = 160
#: A blackout that takes longer is a slip of the keyboard.
_MOST_DAYS = 366
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BlackoutValues:
    """Everything of a blackout that a person edits. last_on -- its last day; None: it takes one day. channel_ids -- empty: every channel."""

    name: str
    starts_on: date
    last_on: date | None = None
    channel_ids: Sequence[int] = ()


def by_id(db: Session, blackout_id: int) -> Blackout:
    """One blackout, also a removed one. Raises NotFound."""
    found = db.get(Blackout, blackout_id) if 0 < blackout_id <= LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def blackouts(
    db: Session, *, since: date | None = None, until: date | None = None, sought: str = "", latest_first: bool = False, cursor: str | None = None, limit: int = 50
) -> Page[Blackout]:
    """Those that are not over on `since` and begin before `until`, the earliest first, a page at a time. One statement.

    sought -- every word of it is in their name.
    """
    query = select(Blackout).where(*_asked_for(since, until, sought))
    return by_day(db, query, Blackout.starts_on, Blackout.id, latest_first=latest_first, cursor=cursor, limit=limit)


def count(db: Session, *, since: date | None = None, until: date | None = None, sought: str = "") -> int:
    """How many there are of them. One statement."""
    return db.scalars(select(func.count()).select_from(Blackout).where(*_asked_for(since, until, sought))).one()


def inside(
    db: Session, starts_on: date, last_on: date, *, channel_ids: Sequence[int] = (), viewer: User | None, limit: int = 200
) -> list[CalendarEntry]:
    """The planned posts of those channels (empty: of all) that would go out on those days by their channel's own calendar, the soonest first.

    Two statements.

    Only those that can still be moved; what the viewer may not know of is masked.
    """
    by_zone: dict[str, list[int]] = {}
    for number, name in db.execute(select(Channel.id, Channel.time_zone)):
        if channel_ids and number not in channel_ids:
            continue
        by_zone.setdefault(name, []).append(number)
    if not by_zone:
        return []
    within: list[ColumnElement[bool]] = []
    for name, channels in by_zone.items():
        start, end = (datetime.combine(day, time(), zone_of(name)).astimezone(UTC) for day in (starts_on, last_on + _DAY))
        within.append(and_(Post.channel_id.in_(channels), Post.publish_at >= start, Post.publish_at < end))
    return queries.lists_of(db, [([or_(*within)], Filters(states=tuple(OPEN)), limit)], viewer=viewer)[0]


def values_of(blackout: Blackout) -> BlackoutValues:
    """What a person edits of it, as it is."""
    return BlackoutValues(blackout.name, blackout.starts_on, blackout.last_on, tuple(blackout.channel_ids))


def add(db: Session, values: BlackoutValues, *, actor: User | None, now: datetime) -> Blackout:
    """A new blackout. Raises Invalid, naming the field; Forbidden."""
    require(actor, "blackout.edit")
    blackout = Blackout(**checked(db, values))
    db.add(blackout)
    db.flush()
    history.record(db, actor, "blackout.added", blackout, now=now, became=_told(db, blackout), name=history.COMMAND_LINE)
    return blackout


def change(db: Session, blackout: Blackout, values: BlackoutValues, *, version: int | None = None, actor: User | None, now: datetime) -> Blackout:
    """Another name, days or channels. `version` is the one that was read; another one is a Conflict. Raises Invalid, WrongState for a removed one."""
    require(actor, "blackout.edit")
    if blackout.removed_at is not None:
        raise WrongState(N_("This blackout was removed. Put it back first."))
    if version is not None and version != blackout.version:
        raise Conflict(N_("Somebody changed this while you were editing. Look at their version, then save again."))
    was = _told(db, blackout)
    for name, value in checked(db, values).items():
        setattr(blackout, name, value)
    became = _told(db, blackout)
    changed = [name for name in became if became[name] != was[name]]
    if changed:
        history.record(
            db, actor, "blackout.changed", blackout, now=now, was={name: was[name] for name in changed}, became={name: became[name] for name in changed},
            name=history.COMMAND_LINE,
        )  # fmt: skip
        db.flush()
    return blackout


def remove(db: Session, blackout: Blackout, *, actor: User | None, now: datetime) -> None:
    """Off the calendar and out of the rules; `put_back` brings it again."""
    require(actor, "blackout.edit")
    if blackout.removed_at is None:
        blackout.removed_at = now
        history.record(db, actor, "blackout.removed", blackout, now=now, was=_told(db, blackout), name=history.COMMAND_LINE)
        db.flush()


def put_back(db: Session, blackout: Blackout, *, actor: User | None, now: datetime) -> None:
    """A removed one again."""
    require(actor, "blackout.edit")
    if blackout.removed_at is not None:
        blackout.removed_at = None
        history.record(db, actor, "blackout.put_back", blackout, now=now, became=_told(db, blackout), name=history.COMMAND_LINE)
        db.flush()


def checked(db: Session, values: BlackoutValues) -> dict[str, Any]:
    """The columns to write. Raises Invalid, naming the field."""
    name = " ".join(values.name.split())
    if len(name) > _LONGEST:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="name", most=_LONGEST)
    if "\0" in name or any(0xD800 <= ord(char) <= 0xDFFF for char in name):
        raise Invalid(N_("This contains characters that cannot be stored."), field="name")
    if not name:
        raise Invalid(N_("Give the blackout a name."), field="name")
    last = values.last_on or values.starts_on
    for field, day in (("starts_on", values.starts_on), ("last_on", last)):
        if not 1990 <= day.year <= 2100:
            raise Invalid(N_("Choose a year between 1990 and 2100."), field=field)
    if last < values.starts_on:
        raise Invalid(N_("The last day comes before the first."), field="last_on")
    if (last - values.starts_on).days >= _MOST_DAYS:
        raise Invalid(N_("That is longer than a year. Check the days."), field="last_on")
    wanted = sorted(set(values.channel_ids))
    if wanted and len(_names(db, wanted)) < len(wanted):
        raise Invalid(N_("There is no such channel."), field="channel_ids")
    return {"name": name, "starts_on": values.starts_on, "ends_on": last + _DAY, "channel_ids": wanted}


def _asked_for(since: date | None, until: date | None, sought: str) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [Blackout.removed_at.is_(None)]
    if since is not None:
        asked.append(Blackout.ends_on > since)
    if until is not None:
        asked.append(Blackout.starts_on < until)
    return asked + holding(sought, Blackout.name)


def _told(db: Session, blackout: Blackout) -> dict[str, Any]:
    """As history tells it: channels by the names they have now."""
    names = _names(db, blackout.channel_ids) if blackout.channel_ids else []
    return {"name": blackout.name, "starts_on": blackout.starts_on, "last_on": blackout.last_on, "channels": names}


def _names(db: Session, channel_ids: Sequence[int]) -> list[str]:
    return list(db.scalars(select(Channel.name).where(Channel.id.in_(channel_ids)).order_by(Channel.name, Channel.id)))
