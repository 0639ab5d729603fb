"""The weekly slots of a channel's queue: when they come, which of them fall on a day or an hour to avoid, and which are free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.channels.models import Channel
from planner.core.errors import Invalid, NotFound, Refused
from planner.core.i18n import N_
from planner.planning import free_days
from planner.planning.findings import Quiet
from planner.planning.habits import AWAY, is_quiet
from planner.planning.models import Post
from planner.planning.moments import zone_of
from planner.planning.quiet_models import Blackout
from planner.planning.recurring import Slot
from planner.planning.rulebook import Tuning, tuning_of
from planner.planning.surroundings import all_settings

__all__ = ["AHEAD", "FreeSlot", "Place", "add_slot", "coming", "free_of", "free_slots", "remove_slot", "taken_in"]

#: How far ahead a free slot is looked for.
AHEAD = timedelta(days=180)
_MOST_SLOTS = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as its slots see it."""

    channel_id: int
    name: str
    time_zone: str
    colour: int
    tuning: Tuning


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A coming slot that nothing stands in."""

    slot_id: int
    place: Place
    at: datetime


def coming(slots: Iterable[tuple[int, int, str]], place: Place, blackouts: Sequence[Quiet], start: datetime, end: datetime) -> Iterator[tuple[int, datetime]]:
    """(slot, moment) in [start, end), the earliest first, for slots given as (number, weekday, HH:MM) by the clock of the place.

    Left out: days in a blackout, public holidays where the rule is on, quiet hours where the rule is on, and a time that does not exist that
    day. Of one that comes twice, the first.
    """
    zone, wanted = zone_of(place.time_zone), sorted(slots, key=lambda one: one[2])
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        for number, weekday, clock in wanted:
            at = _at(day, clock, place) if weekday == day.weekday() else None
            if at is not None and start <= at < end and not _is_avoided(day, clock, place, blackouts):
                yield number, at
        day += timedelta(days=1)


def free_slots(
    db: Session, start: datetime, end: datetime, *, channel_id: int | None = None, limit: int = 500
) -> list[FreeSlot]:
    """The slots in [start, end) in which, and within whose channel's gap, no post stands; the earliest first. Four statements."""
    query = select(Slot.id, Slot.weekday, Slot.clock, Channel).join(Channel, Channel.id == Slot.channel_id)
    if channel_id is not None:
        query = query.where(Slot.channel_id == channel_id)
    by_channel: dict[int, tuple[Channel, list[tuple[int, int, str]]]] = {}
    for number, weekday, clock, channel in db.execute(query):
        by_channel.setdefault(channel.id, (channel, []))[1].append((number, weekday, clock))
    if not by_channel:
        return []
    settings = all_settings(db)
    days = select(Blackout.name, Blackout.starts_on, Blackout.ends_on, Blackout.id, Blackout.channel_ids).where(Blackout.ends_on >= start.date(), Blackout.removed_at.is_(None))
    quiet = [Quiet(*row) for row in db.execute(days)]
    taken = taken_in(db, list(by_channel), start, end)
    weeks = [
        (Place(channel.id, channel.name, channel.time_zone, channel.colour, tuning_of(settings, channel.id)), slots)
        for channel, slots in by_channel.values()
    ]
    return free_of(weeks, quiet, taken, start, end)[:limit]


def free_of(
    weeks: Iterable[tuple[Place, Sequence[tuple[int, int, str]]]], blackouts: Sequence[Quiet], taken: Mapping[int, Sequence[datetime]], start: datetime, end: datetime
) -> list[FreeSlot]:
    """The slots in [start, end) of those places that keep their channel's gap from what stands there, the earliest first. Pure.

    taken -- channel -> moments of its posts.
    """
    found = []
    for place, slots in weeks:
        gap = timedelta(minutes=place.tuning.of("gap").values["minutes"])
        there = taken.get(place.channel_id, ())
        found += [
            FreeSlot(slot, place, at) for slot, at in coming(slots, place, blackouts, start, end) if all(abs(at - other) >= gap for other in there)
        ]
    return sorted(found, key=lambda one: (one.at, one.slot_id))


def taken_in(db: Session, channels: Sequence[int], start: datetime, end: datetime) -> Mapping[int, list[datetime]]:
    """Channel -> moments of its posts in [start, end) and within a day of it. One statement."""
    day = timedelta(days=1)
    rows = db.execute(
        select(Post.channel_id, Post.publish_at).where(
            Post.channel_id.in_(channels), Post.publish_at >= start - day, Post.publish_at < end + day, Post.state.not_in(AWAY)
        )
    )
    found: dict[int, list[datetime]] = {}
    for channel_id, at in rows:
        found.setdefault(channel_id, []).append(at)  # type: ignore[arg-type] # Only dated ones were asked for.
    return found


def add_slot(db: Session, channel: Channel, weekday: int, clock: str, *, actor: User | None, now: datetime) -> Slot:
    """A new place in the channel's week. Raises Invalid, and Refused for one in its quiet hours or one too many."""
    require(actor, "campaign.edit")
    if not 0 <= weekday <= 6:
        raise Invalid(N_("Choose a day of the week."), field="weekday")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", clock):
        raise Invalid(N_("Give a time such as 10:30."), field="clock")
    there = [tuple(row) for row in db.execute(select(Slot.weekday, Slot.clock).where(Slot.channel_id == channel.id))]
    if (weekday, clock) in there:
        raise Refused(N_("This channel has that slot already."), field="clock")
    if len(there) >= _MOST_SLOTS:
        raise Refused(N_("A channel has at most %(most)s slots a week."), field="clock", most=_MOST_SLOTS)
    if _is_night(clock, tuning_of(all_settings(db), channel.id)):
        raise Refused(N_("That lies in the channel's quiet hours, so nothing would ever go out then."), field="clock")
    slot = Slot(channel=channel, weekday=weekday, clock=clock)
    db.add(slot)
    db.flush()
    history.record(db, actor, "slot.added", slot, now=now, became={"weekday": weekday, "clock": clock}, name=history.COMMAND_LINE)
    return slot


def remove_slot(db: Session, slot_id: int, *, actor: User | None, now: datetime) -> None:
    """Take a place away; posts that stand in it stay. Raises NotFound."""
    require(actor, "campaign.edit")
    slot = db.get(Slot, slot_id)
    if slot is None:
        raise NotFound()
    history.record(db, actor, "slot.removed", slot, now=now, was={"weekday": slot.weekday, "clock": slot.clock}, name=history.COMMAND_LINE)
    db.delete(slot)
    db.flush()


def _at(day: date, clock: str, place: Place) -> datetime | None:
    zone = zone_of(place.time_zone)
    wall = datetime.combine(day, time.fromisoformat(clock))
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == wall else None


def _is_avoided(day: date, clock: str, place: Place, blackouts: Sequence[Quiet]) -> bool:
    if any(one.holds(place.channel_id, day) for one in blackouts) or _is_night(clock, place.tuning):
        return True
    holiday = place.tuning.of("holiday")
    return holiday.enabled and free_days.on(holiday.values["country"] or free_days.country_of(place.time_zone), day) is not None


def _is_night(clock: str, tuning: Tuning) -> bool:
    quiet = tuning.of("quiet")
    return quiet.enabled and is_quiet(time.fromisoformat(clock), time.fromisoformat(quiet.values["starts"]), time.fromisoformat(quiet.values["ends"]))
