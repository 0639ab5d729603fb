"""What a page of the calendar shows beside its posts, read in one statement: names for the filters, what is quiet, which embargoes lift, who is addressed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from flask import g
from flask_babel import ngettext
from sqlalchemy import BigInteger, ColumnElement, Date, Integer, String, bindparam, case, cast, func, literal, or_, select, union_all

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetAudience, Audience
from planner.channels.models import Channel
from planner.core.statements import written_out
from planner.core.types import UtcDateTime
from planner.people.models import Event
from planner.planning.findings import Quiet
from planner.planning.models import CalendarNote, Campaign, Post, SavedView, Standing
from planner.planning.queries import known_to, knows
from planner.planning.quiet_models import Blackout
from planner.planning.recurring import Slot
from planner.web.calendar.unchanged import newest
from planner.web.stretches import midnight

__all__ = ["Beside", "ChannelName", "EventName", "Lift", "NoteOfDay", "Off", "ViewName", "beside"]


#: As far away as the rule about rivals' events can look.
_BESIDE = timedelta(days=14)
#: A blackout on more channels than this says how many they are.
_NAMED = 3


class ChannelName(NamedTuple):
    """A channel as a lane and a filter name it."""

    number: int
    name: str
    platform: str
    time_zone: str
    colour: int


class Lift(NamedTuple):
    """An embargo that ends in the stretch."""

    at: datetime
    title: str
    campaign_id: int | None
    asset_id: int | None


class NoteOfDay(NamedTuple):
    """A few words about a day."""

    number: int
    day: date
    text: str


class ViewName(NamedTuple):
    """A saved view as the menu names it."""

    number: int
    name: str
    query: str
    shared: bool


class EventName(NamedTuple):
    """An event on half-open days [starts_on, ends_on), ours or a rival's; also one a fortnight away, for the rule that looks as far."""

    number: int
    name: str
    rival: str
    starts_on: date
    ends_on: date


class Off(NamedTuple):
    """A campaign with posts in the stretch that does not go on."""

    number: int
    name: str
    standing: Standing
    reason: str


@dataclass(slots=True)
class Beside:
    """Everything but the posts."""

    channels: list[ChannelName] = field(default_factory=list)
    campaigns: list[tuple[int, str]] = field(default_factory=list)
    owners: list[tuple[int, str]] = field(default_factory=list)
    blackouts: list[Quiet] = field(default_factory=list)
    events: list[EventName] = field(default_factory=list)
    #: Channel -> its queue's places: (number, weekday, HH:MM).
    slots: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    lifts: list[Lift] = field(default_factory=list)
    notes: list[NoteOfDay] = field(default_factory=list)
    views: list[ViewName] = field(default_factory=list)
    #: How many posts the stretch has, counted no further than one more than `most`.
    posts: int = 0
    #: Asset -> whom it is for, of the assets planned in the stretch; not of all where that has more posts than `most`.
    audiences: dict[int, list[Audience]] = field(default_factory=dict)
    called_off: list[Off] = field(default_factory=list)

    def quiet_on(self, channels: Collection[int]) -> list[Quiet]:
        """The blackouts that hold on any of these channels (empty: whatever they hold on), named with their channels where those are not all."""
        return [replace(one, name=self._named(one)) for one in self.blackouts if one.on_any_of(channels)]

    def _named(self, quiet: Quiet) -> str:
        if not quiet.channels:
            return quiet.name
        names = [one.name for one in self.channels if one.number in quiet.channels]
        return f"{quiet.name} ({', '.join(names) if len(names) <= _NAMED else ngettext('one channel', '%(num)d channels', len(names))})"


_NONE: Any = literal("")


def _row(what: str, number: Any, name: Any = _NONE, first: Any = _NONE, second: Any = _NONE, third: Any = _NONE) -> Any:
    return select(literal(what), number, name, *(part if part is _NONE else cast(part, String) for part in (first, second, third)))


def beside(start: date, end: date, most: int, *, counts: bool = False) -> Beside:
    """For the days [start, end). One statement: each row says what it is.

    counts -- a stretch with more posts than `most` is only counted: whom each is for is not read then, which would take longer than all else.
    """
    begins, ends = midnight(start), midnight(end)
    bounds = {"start": start, "end": end, "far_start": start - _BESIDE, "far_end": end + _BESIDE, "begins": begins, "ends": ends, "most": most + 1, "crowded": 0 if counts else most + 1, "me": g.user.id}
    rows = g.db.connection().execute(_everything(sees_all=knows(g.user) is None), bounds)
    found = Beside()
    for what, number, *told in sorted(rows, key=lambda row: (row[3] or "", row[2], row[1])):
        _KEEP[what](found, number, *told)
    found.lifts = sorted(one for one in found.lifts if begins <= one.at < ends)
    found.channels.sort(key=lambda one: (one.name.casefold(), one.number))
    found.notes.sort()
    found.views.sort(key=lambda one: (one.shared, one.name.casefold(), one.number))
    found.campaigns.sort(key=lambda one: one[1].casefold())
    return found


@lru_cache(maxsize=2)
def _everything(*, sees_all: bool) -> Any:
    """Built once, since building it costs more than reading it."""
    start, end = bindparam("start", type_=Date()), bindparam("end", type_=Date())
    begins, ends = bindparam("begins", type_=UtcDateTime()), bindparam("ends", type_=UtcDateTime())
    me, most = bindparam("me", type_=BigInteger()), bindparam("most", type_=Integer())
    inside = (Post.publish_at >= begins, Post.publish_at < ends)
    lifts: list[ColumnElement[bool]] = [Asset.embargo_until >= begins, Asset.embargo_until < ends]
    if not sees_all:
        lifts.append(known_to(me))
    line, message = newest()
    some = select(literal(1)).select_from(Post).where(*inside).limit(most).subquery()
    counted = select(func.count()).select_from(some).scalar_subquery()
    drawn = case((counted < most, most), else_=bindparam("crowded", type_=Integer()))
    parts = (
        _row("posts", counted, _NONE),
        _row("newest", line, _NONE, message),
        _row("channel", Channel.id, Channel.name, Channel.platform, Channel.time_zone, Channel.colour),
        _row("campaign", Campaign.id, Campaign.name, Campaign.embargo_until),
        _row("owner", User.id, func.coalesce(func.nullif(User.name, ""), User.email)).where(select(literal(1)).where(Asset.owner_id == User.id).exists()),
        _row("audience", AssetAudience.asset_id, cast(AssetAudience.audience, String)).where(AssetAudience.asset_id.in_(select(Post.asset_id).where(*inside).limit(drawn))),
        _row("blackout", Blackout.id, Blackout.name, Blackout.starts_on, Blackout.ends_on, Blackout.channel_ids).where(
            Blackout.starts_on < end, Blackout.ends_on > start, Blackout.removed_at.is_(None)
        ),
        _row("event", Event.id, Event.name, Event.starts_on, Event.ends_on, Event.rival).where(
            Event.starts_on < bindparam("far_end", type_=Date()), Event.ends_on > bindparam("far_start", type_=Date()), Event.removed_at.is_(None)
        ),
        _row("slot", Slot.id, Slot.clock, Slot.weekday, Slot.channel_id),
        _row("off", Campaign.id, Campaign.name, Campaign.standing, Campaign.standing_reason).where(
            Campaign.standing != Standing.RUNNING, select(literal(1)).where(Post.campaign_id == Campaign.id, *inside).exists()
        ),
        _row("lift", Asset.id, Asset.title, Asset.embargo_until).where(*lifts),
        _row("note", CalendarNote.id, CalendarNote.text, CalendarNote.day).where(
            CalendarNote.day >= start, CalendarNote.day < end, CalendarNote.removed_at.is_(None)
        ),
        _row("view", SavedView.id, SavedView.name, SavedView.query, case((SavedView.shared, "team"), else_="")).where(
            SavedView.screen == "calendar", or_(SavedView.owner_id == me, SavedView.shared)
        ),
    )
    return written_out(union_all(*parts))


def _posts(found: Beside, count: int, *_rest: str) -> None:
    found.posts = count


def _newest(_found: Beside, line: int, _name: str, message: str, *_rest: str) -> None:
    g.newest = (line, int(message))


def _channel(found: Beside, number: int, name: str, platform: str, zone: str, colour: str) -> None:
    found.channels.append(ChannelName(number, name, platform, zone, int(colour)))


def _campaign(found: Beside, number: int, name: str, lifts_at: str | None, *_rest: str) -> None:
    found.campaigns.append((number, name))
    if lifts_at:
        found.lifts.append(Lift(_moment(lifts_at), name, number, None))


def _owner(found: Beside, number: int, name: str, *_rest: str) -> None:
    found.owners.append((number, name))


def _audience(found: Beside, number: int, name: str, *_rest: str) -> None:
    found.audiences.setdefault(number, []).append(Audience(name))


def _blackout(found: Beside, number: int, name: str, starts_on: str, ends_on: str, channels: str) -> None:
    found.blackouts.append(Quiet(name, date.fromisoformat(starts_on), date.fromisoformat(ends_on), number, json.loads(channels)))


def _event(found: Beside, number: int, name: str, starts_on: str, ends_on: str, rival: str) -> None:
    found.events.append(EventName(number, name, rival, date.fromisoformat(starts_on), date.fromisoformat(ends_on)))


def _slot(found: Beside, number: int, clock: str, weekday: str, channel_id: str, *_rest: str) -> None:
    found.slots.setdefault(int(channel_id), []).append((number, int(weekday), clock))


def _off(found: Beside, number: int, name: str, standing: str, reason: str, *_rest: str) -> None:
    found.called_off.append(Off(number, name, Standing(standing), reason))


def _lift(found: Beside, number: int, name: str, lifts_at: str, *_rest: str) -> None:
    found.lifts.append(Lift(_moment(lifts_at), name, None, number))


def _note(found: Beside, number: int, text: str, day: str, *_rest: str) -> None:
    found.notes.append(NoteOfDay(number, date.fromisoformat(day), text))


def _view(found: Beside, number: int, name: str, query: str, whose: str, *_rest: str) -> None:
    found.views.append(ViewName(number, name, query, whose == "team"))


_KEEP: dict[str, Callable[..., None]] = {
    "posts": _posts, "channel": _channel, "campaign": _campaign, "owner": _owner, "audience": _audience, "blackout": _blackout, "lift": _lift,
    "note": _note, "view": _view, "off": _off, "event": _event, "slot": _slot, "newest": _newest,
}  # fmt: skip


def _moment(text: str) -> datetime:
    """A moment as a database writes it when it is asked for text: UTC on SQLite, with an offset on PostgreSQL."""
    parsed = datetime.fromisoformat(text)
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


