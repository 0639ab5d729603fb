"""Puts the forecast to the test on a channel's own past: the later readings forecast from the earlier ones, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.insights.models import Snapshot
from planner.insights.rules import is_mixed, way_of
from planner.planning.models import Post, PostState
from planner.promotion.evidence import PEERS
from planner.promotion.forecast import Reading, outlook, tidy
from planner.promotion.gathering import MOST

__all__ = ["Backtest", "Case", "backtest", "summary"]

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Case:
    """One forecast beside what came. `cold`: nothing had been read of the video; `carried`: its last reading, which is the plainest forecast."""

    low: float
    median: float
    high: float
    actual: float
    carried: float | None

    @property
    def cold(self) -> bool:
        return self.carried is None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the cases of one channel, or of several together, came to; None where there are none.

    coverage -- share of actual counts inside the 80 % interval. error -- median of |median - actual| / actual. carried_error -- the same of
    the last reading carried on. width -- median of high / low.
    """

    channel: str
    cases: int
    coverage: float | None
    error: float | None
    carried_error: float | None
    width: float | None
    cold: int
    cold_coverage: float | None
    cold_error: float | None


@dataclass(frozen=True, slots=True)
class _Past:
    published_at: datetime
    #: Definition of a view, moment, views.
    told: Sequence[tuple[str, datetime, int]]


def backtest(db: Session, channel: Channel, *, start: datetime | None = None, end: datetime | None = None) -> list[Case]:
    """Forecast at `start` what the channel's videos had when they were read last until `end`. One statement.

    start, end -- half-way between the first and the last reading, and the last reading, where they are not given.
    Only what was read until `start` is used, and no two definitions of a view are mixed.
    """
    posts = _posts(db, channel.id)
    moments = [at for one in posts for _regime, at, _views in one.told]
    if not moments:
        return []
    end = end or max(moments)
    start = start or min(moments) + (max(moments) - min(moments)) / 2
    before = [_until(one, start) for one in posts]
    found = []
    for place, one in enumerate(posts):
        later = [row for row in one.told if start < row[1] <= end]
        if not later or one.published_at >= later[-1][1]:
            continue
        regime, at, actual = later[-1]
        if is_mixed(regime):
            continue  # Counted in two ways: nothing forecasts that.
        seen = before[place].get(regime, [])
        if not seen and before[place]:
            continue  # Read before in another definition only.
        history = [other[regime] for number, other in enumerate(before) if number != place and other.get(regime)][:PEERS]
        told = outlook(history, seen, (at - one.published_at).total_seconds() / _DAY)
        if told is not None and (seen or one.published_at > start):
            low, middle, high = told.forecast.low, told.forecast.median, told.forecast.high
            found.append(Case(low, middle, high, float(actual), seen[-1][1] if seen else None))
    return found


def summary(name: str, cases: Iterable[Case]) -> Backtest:
    """The cases as figures."""
    warm: list[Case] = []
    cold: list[Case] = []
    for one in cases:
        (cold if one.cold else warm).append(one)
    carried = [abs((one.carried or 0.0) - one.actual) / max(one.actual, 1) for one in warm]
    return Backtest(
        name, len(warm), _coverage(warm), _error(warm), median(carried) if carried else None,
        median(one.high / max(one.low, 1) for one in warm) if warm else None, len(cold), _coverage(cold), _error(cold),
    )  # fmt: skip


def _coverage(cases: Sequence[Case]) -> float | None:
    return sum(one.low <= one.actual <= one.high for one in cases) / len(cases) if cases else None


def _error(cases: Sequence[Case]) -> float | None:
    return median(abs(one.median - one.actual) / max(one.actual, 1) for one in cases) if cases else None


def _until(one: _Past, start: datetime) -> dict[str, list[Reading]]:
    """What was known of a video then, by definition of a view."""
    found: dict[str, list[Reading]] = {}
    for regime, at, views in one.told:
        if at <= start:
            found.setdefault(regime, []).append(((at - one.published_at).total_seconds() / _DAY, float(views)))
    return {regime: kept for regime, readings in found.items() if (kept := tidy(readings))}


def _posts(db: Session, channel_id: int) -> list[_Past]:
    """The channel's newest videos with every reading, the newest first."""
    newest = (
        select(Post.id)
        .where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED, Post.published_at.is_not(None))
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(MOST)
        .subquery()
    )
    rows = db.execute(
        select(Post.id, Post.published_at, Snapshot.regime, Snapshot.at, Snapshot.views)
        .select_from(newest)
        .join(Post, Post.id == newest.c.id)
        .join(Snapshot, Snapshot.post_id == Post.id)
        .where(Snapshot.views.is_not(None))
        .order_by(Post.published_at.desc(), Post.id.desc(), Snapshot.at)
    )
    found: dict[int, tuple[Any, list[tuple[str, datetime, int]]]] = {}
    for post_id, published_at, regime, at, views in rows:
        assert published_at is not None  # Only such posts were asked for.
        found.setdefault(post_id, (published_at, []))[1].append((way_of(regime, published_at), at, int(views or 0)))
    return [_Past(published_at, told) for published_at, told in found.values()]
