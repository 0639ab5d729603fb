"""One channel over a quarter: what it gained, which of its posts did best and worst at their age, who follows it, and when posts did well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.channels import queries as channels
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import NotFound
from planner.insights.best_times import BestTimes, best_times
from planner.insights.gains import Gains, gains
from planner.insights.ranking import RankedPost, ordinary, rank
from planner.insights.rollups import midnight
from planner.insights.rules import YOUTUBE_BREAK
from planner.insights.trend import QUARTER, ChannelMonth, months
from planner.planning.models import Post, PostState

__all__ = ["AGE_DAYS", "ChannelNumbers", "channel_numbers"]

#: The age at which it is said what is ordinary.
AGE_DAYS = 7
#: Posts named as best, and as weakest.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class ChannelNumbers:
    """One channel over the last `days`.

    quarter  -- what it gained and how often it was seen, day by day; None while nothing was told.
    posts    -- its posts published in the window that the reader may know of.
    ordinary -- the median of its posts at AGE_DAYS of age and how many they are; None with too few.
    best, weakest -- its posts against that at their own age, the furthest from ordinary first; no post is in both.
    followers -- (day, count) as told. gained -- followers gained a day, where the platform tells it.
    break_on -- the day in the window on which the platform began to count views in another way.
    """

    channel: Channel
    days: int
    quarter: ChannelMonth | None
    posts: int
    ordinary: tuple[float, int] | None
    best: Sequence[RankedPost]
    weakest: Sequence[RankedPost]
    followers: Sequence[tuple[date, int]]
    gained: Gains | None
    hours: BestTimes
    break_on: date | None

    @property
    def told(self) -> bool:
        """Whether there is any number."""
        return self.quarter is not None or bool(self.followers)

    @property
    def members(self) -> dict[str, Any]:
        """What programs are told by the API and by a command alike; posts, gains and hours each of them tells in its own way."""
        quarter, ordinary = self.quarter, self.ordinary
        return {
            "channel_id": self.channel.id, "channel_name": self.channel.name, "platform": self.channel.platform, "days": self.days,
            "metric": quarter.seen if quarter else None, "read_on": quarter.day if quarter else None,
            "counts": quarter.counts if quarter else None, "gained": quarter.gained if quarter else None,
            "seen_by_day": _counted(quarter.seen_by_day if quarter else ()), "breaks": [self.break_on] if self.break_on else [],
            "posts": self.posts, "ordinary": {"age_days": AGE_DAYS, "median": ordinary[0], "posts": ordinary[1]} if ordinary else None,
            "followers": _counted(self.followers),
        }  # fmt: skip


def _counted(days: Iterable[tuple[date, int | None]]) -> list[dict[str, Any]]:
    return [{"day": day, "count": count} for day, count in days]


def channel_numbers(db: Session, channel_id: int, *, viewer: User | None, days: int = QUARTER, now: datetime) -> ChannelNumbers:
    """A fixed number of statements, whatever the size. Raises NotFound."""
    channel = db.get(Channel, channel_id)
    if channel is None:
        raise NotFound()
    since = now.astimezone(UTC).date() - timedelta(days=days)
    quarter = next((one for one in months(db, days=days, now=now) if one.channel_id == channel_id and one.day is not None), None)
    compared = [one for one in rank(db, channel_id=channel_id, viewer=viewer).posts if one.ratio is not None]
    best = [one for one in compared if (one.ratio or 0) >= 1][:_NAMED]
    weakest = [one for one in reversed(compared) if (one.ratio or 0) < 1][:_NAMED]
    is_broken = channel.platform is Platform.YOUTUBE and since < YOUTUBE_BREAK <= now.date()
    return ChannelNumbers(
        channel, days, quarter, _went_out(db, channel_id, since, viewer), _ordinary(db, channel_id), best, weakest,
        sorted(channels.followers_by_day(db, since).get(channel_id, {}).items()), gains(db, since).get(channel_id), best_times(db, channel, now=now),
        YOUTUBE_BREAK if is_broken else None,
    )  # fmt: skip


def _went_out(db: Session, channel_id: int, since: date, viewer: User | None) -> int:
    """How many posts that the viewer may know of were published on the days after `since`, whether or not anything was read of them."""
    query = select(func.count()).select_from(Post).join(Asset, Asset.id == Post.asset_id)
    query = query.where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED, Post.published_at >= midnight(since + timedelta(days=1)))
    known = known_to(viewer)
    return db.scalar(query if known is None else query.where(known)) or 0


def _ordinary(db: Session, channel_id: int) -> tuple[float, int] | None:
    """The median of all posts that were read at AGE_DAYS, those that the viewer may not know of among them, and how many they are."""
    told = [one for one in rank(db, channel_id=channel_id, age_days=AGE_DAYS, viewer=None).posts if not one.is_mixed]
    newest = max(told, key=lambda one: one.published_at, default=None)  # In the way in which views are counted now.
    counts = [one.value for one in told if newest and one.regime == newest.regime]
    middle = ordinary(counts)
    return None if middle is None else (middle, len(counts))
