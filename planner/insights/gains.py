"""Followers gained day by day, organic and paid apart, where a platform tells them: of the page, never of a post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.channels.details import FollowerGain as Told
from planner.channels.port import Account
from planner.core.runtime import Runtime
from planner.insights.models import FollowerGain
from planner.insights.rollups import upsert

__all__ = ["Gain", "Gains", "collect", "gains", "keep"]

#: How far back a page that was never asked about is asked.
_YEAR = timedelta(days=365)
#: Days already told that are asked for again: platforms correct the newest.
_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Gain:
    """One day; None where it was not told."""

    day: date
    organic: int | None
    paid: int | None


@dataclass(frozen=True, slots=True)
class Gains:
    """One channel's days, each once and without a hole: a day of which nobody told has neither number. organic, paid -- sums of what was
    told, None when nothing was."""

    channel_id: int
    days: Sequence[Gain]
    organic: int | None
    paid: int | None
    read_at: datetime


def collect(runtime: Runtime, account: Account) -> None:
    """Ask for the days since those that are known, with one call; every adapter that tells none is left alone."""
    adapter = runtime.registry.adapter(account.platform)
    if not getattr(adapter, "tells_gains", False):
        return
    with runtime.sessions() as db:
        today = runtime.clock.decision_time(db).astimezone(UTC).date()
        last = db.scalar(select(func.max(FollowerGain.day)).where(FollowerGain.channel_id == account.channel_id))
    told = adapter.gains(last - _AGAIN if last else today - _YEAR, account)
    if told:
        with runtime.sessions.begin() as db:
            keep(db, account.channel_id, told, now=runtime.clock.decision_time(db))


def keep(db: Session, channel_id: int, told: Sequence[Told], *, now: datetime) -> None:
    """Store days as they were told, over what was told of them before."""
    rows = [
        {"channel_id": channel_id, "day": one.day, "organic": one.organic, "paid": one.paid, "read_at": now, "raw": dict(one.raw)} for one in told
    ]
    upsert(db, FollowerGain, ("channel_id", "day"), rows)


def gains(db: Session, since: date) -> Mapping[int, Gains]:
    """Channel -> its days from `since` to the last that was told. One statement."""
    query = select(FollowerGain.channel_id, FollowerGain.day, FollowerGain.organic, FollowerGain.paid, FollowerGain.read_at)
    found: dict[int, dict[date, Gain]] = {}
    read: dict[int, datetime] = {}
    for row in db.execute(query.where(FollowerGain.day >= since).order_by(FollowerGain.channel_id, FollowerGain.day)):
        found.setdefault(row.channel_id, {})[row.day] = Gain(row.day, row.organic, row.paid)
        read[row.channel_id] = max(row.read_at, read.get(row.channel_id, row.read_at))
    return {channel_id: _of(channel_id, days, read[channel_id]) for channel_id, days in found.items()}


def _of(channel_id: int, told: Mapping[date, Gain], read_at: datetime) -> Gains:
    first, last = min(told), max(told)
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    days = [told.get(day, Gain(day, None, None)) for day in every]
    return Gains(channel_id, days, _sum([one.organic for one in days]), _sum([one.paid for one in days]), read_at)


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if known else None
