"""How reading goes: what each channel reads and when, what it may use, what closes soon, what is gone, and the days nobody read."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, literal, or_, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.channels.models import Channel, ChannelState, Credential, Trouble
from planner.channels.port import Platform
from planner.channels.usage import Doing
from planner.insights import detailing
from planner.insights.budget import MEASURES, Budget, budgets
from planner.insights.cadence import CADENCES, Cadence, cadence_of, is_due, pace_of
from planner.insights.models import ChannelDay, Latest, Silence
from planner.insights.rollups import day_of
from planner.insights.watched import lacks_analytics
from planner.planning.models import Post, PostState

__all__ = ["ChannelReading", "Closing", "Gone", "Watch", "gaps", "unkept", "watch"]

#: How long before its numbers close a post is named.
_SOON = timedelta(days=7)
#: How far back days without a reading are named.
_BACK = timedelta(days=30)
_NAMED = 50


@dataclass(frozen=True, slots=True)
class Tables:
    """YouTube Analytics of one channel: tables told on this UTC day, of how many, and what went wrong since they were told last.

    lacks_right -- the channel was connected without the permission that it needs.
    """

    told: int
    most: int
    lacks_right: bool
    failed_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """One channel. `paces` counts its live posts by insights.cadence.Pace; `due` are those that want a reading now."""

    channel_id: int
    name: str
    platform: Platform
    colour: int
    is_connected: bool
    read_at: datetime | None
    paces: Mapping[str, int]
    due: int
    budget: Budget
    #: Days without a reading, as half-open spans, earliest first.
    gaps: Sequence[tuple[date, date]]
    #: None where the platform has no tables.
    tables: Tables | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """A post of which the platform will stop telling something.

    is_kept -- the reading of its last day is taken, or will be: it is still to come, and the channel is connected.
    """

    post_id: int
    asset_id: int
    channel_id: int
    title: str
    channel: str
    platform: Platform
    colour: int
    closes_at: datetime
    last_day: date
    read_at: datetime | None
    is_connected: bool
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that its platform no longer has; its numbers stay as last told."""

    post_id: int
    title: str
    channel: str
    platform: Platform
    colour: int
    since: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything the page shows. `closing_left` more posts close soon than are named in `closing`."""

    channels: Sequence[ChannelReading]
    closing: Sequence[Closing]
    gone: Sequence[Gone]
    closing_left: int = 0


def watch(db: Session, *, now: datetime, units_day: int, viewer: User | None) -> Watch:
    """The state of reading. Seven statements, whatever the size; titles are only told to those who may know them."""
    posts: dict[int, list[Any]] = {}
    for row in db.execute(_live(viewer)):
        posts.setdefault(row.channel_id, []).append(row)
    told = budgets(db, now=now, units_day=units_day)
    days = _days(db, now)
    tables = detailing.told_today(db, now)
    rows = db.execute(
        select(Channel, Credential.scopes, Trouble.at, Trouble.reason)
        .outerjoin(Credential, Credential.channel_id == Channel.id)
        .outerjoin(Trouble, and_(Trouble.channel_id == Channel.id, Trouble.doing == Doing.TABLES))
        .where(Channel.platform.in_(list(MEASURES)))
        .order_by(Channel.platform, Channel.name)
    )
    channels = [
        _channel(one, posts.get(one.id, ()), told[one.id], days.get(one.id, set()), now, _tables(one, tables.get(one.id, 0), scopes, at, reason))
        for one, scopes, at, reason in rows
    ]
    every = [row for of_channel in posts.values() for row in of_channel if row.known]
    soon = _closing(every, now)
    return Watch(channels, soon[:_NAMED], _gone(every), len(soon[_NAMED:]))


def unkept(db: Session, *, now: datetime, viewer: User | None) -> list[Closing]:
    """The posts whose numbers close soon and are not kept, the soonest first, as far as the viewer may know them. One statement."""
    # An index has the planned moment; what went out more than a month after its own is named on the page of readings alone.
    windows = [
        and_(
            Channel.platform == platform, Post.published_at > now - cadence.closes, Post.published_at <= now + _SOON - cadence.closes,
            Post.publish_at > now - cadence.closes - _BACK, Post.publish_at <= now + _SOON - cadence.closes + _BACK,
        )
        for platform, cadence in CADENCES.items()
        if cadence.closes is not None
    ]
    rows = db.execute(_live(viewer).where(or_(*windows)))
    return [one for one in _closing([row for row in rows if row.known], now) if not one.is_kept]


def gaps(read: set[date], published: Sequence[date], cadence: Cadence, start: date, end: date) -> list[tuple[date, date]]:
    """Days in [start, end) on which a post was read daily by the schedule and nobody read one.

    read      -- the days with a reading.
    published -- the days on which the channel's live posts came out, in order.
    returns   -- half-open spans of days, earliest first; none before the channel was first read.
    """
    found: list[tuple[date, date]] = []
    first = min(read, default=end)
    for day in (start + timedelta(days=number) for number in range((end - start).days)):
        if day in read or day < first or not _is_daily(day, published, cadence):
            continue
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found


def _is_daily(day: date, published: Sequence[date], cadence: Cadence) -> bool:
    """Whether some post was out by then and young enough."""
    out = bisect_left(published, day)
    if not out or cadence.daily is None:
        return bool(out)
    return (day - published[out - 1]).days < cadence.daily


def _channel(channel: Channel, posts: Sequence[Any], budget: Budget, read: set[date], now: datetime, tables: Tables | None) -> ChannelReading:
    cadence = cadence_of(channel.platform)
    paces = Counter(pace_of(row.published_at, now, cadence) for row in posts)
    due = sum(is_due(row.published_at, row.read_at, now, asked_at=row.asked_at, cadence=cadence) for row in posts)
    published = sorted(row.published_at.astimezone(UTC).date() for row in posts)
    # The day before today is closed by the first reading of today; until that is due to be over, it is not missed.
    end = day_of(now - timedelta(hours=1))
    return ChannelReading(
        channel.id, channel.name, channel.platform, channel.colour, channel.state is ChannelState.CONNECTED, channel.last_collected_at,
        paces, due, budget, gaps(read, published, cadence, (now - _BACK).date(), end), tables,
    )  # fmt: skip


def _tables(channel: Channel, told: int, scopes: Sequence[str] | None, failed_at: datetime | None, reason: str | None) -> Tables | None:
    if channel.platform not in detailing.PLATFORMS:
        return None
    return Tables(told, detailing.MOST_A_DAY, lacks_analytics(channel.platform, scopes), failed_at, reason or "")


def _closing(rows: Sequence[Any], now: datetime) -> list[Closing]:
    """All that close soon, those that are not kept first, then the soonest."""
    found = []
    for row in rows:
        cadence = cadence_of(row.platform)
        at, last = cadence.closing(row.published_at), cadence.last_day(row.published_at)
        if at is not None and last is not None and now < at <= now + _SOON:
            connected = row.state is ChannelState.CONNECTED
            taken = row.read_at is not None and row.read_at.astimezone(UTC).date() >= last
            kept = taken or (connected and now.astimezone(UTC).date() < last)
            found.append(
                Closing(
                    row.post_id, row.asset_id, row.channel_id, row.title, row.channel, row.platform, row.colour, at, last, row.read_at, connected, kept
                )
            )
    return sorted(found, key=lambda one: (one.is_kept, one.closes_at, one.post_id))


def _gone(rows: Sequence[Any]) -> list[Gone]:
    found = [
        Gone(row.post_id, row.title, row.channel, row.platform, row.colour, row.gone_since, row.read_at) for row in rows if row.gone_since is not None
    ]
    return sorted(found, key=lambda one: (-one.since.timestamp(), one.post_id))[:_NAMED]


def _live(viewer: User | None) -> Any:
    """The live posts of which a platform tells numbers."""
    known = known_to(viewer)
    return (
        select(
            Post.id.label("post_id"), Post.channel_id, Post.asset_id, Post.published_at, Asset.title, Channel.name.label("channel"), Channel.platform,
            Channel.colour, Channel.state, Latest.at.label("read_at"), Silence.asked_at, Silence.gone_since,
            (literal(True) if known is None else known).label("known"),
        )
        .join(Channel, Channel.id == Post.channel_id)
        .join(Asset, Asset.id == Post.asset_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .outerjoin(Silence, Silence.post_id == Post.id)
        .where(
            Post.state == PostState.PUBLISHED, Post.published_at.is_not(None), Post.external_id.is_not(None), Post.taken_down_at.is_(None),
            Channel.platform.in_(list(MEASURES)),
        )
    )  # fmt: skip


def _days(db: Session, now: datetime) -> dict[int, set[date]]:
    """Channel -> days of the last month with a reading, and the last one before."""
    since = (now - _BACK).date() - timedelta(days=1)
    found: dict[int, set[date]] = {}
    for channel_id, day in db.execute(select(ChannelDay.channel_id, ChannelDay.day).where(ChannelDay.day >= since)):
        found.setdefault(channel_id, set()).add(day)
    return found

