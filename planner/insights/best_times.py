"""At which hours of the week a channel's posts did better than its others, from how many, and nothing where that cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.insights.ranking import rank
from planner.planning.moments import zone_of

__all__ = ["LEAST", "LEAST_THERE", "PARTS", "BestTimes", "Slot", "best_times", "compared", "judge", "next_of"]

#: Parts of a day, [from, to) in whole hours of the channel's clock.
PARTS = ((0, 6), (6, 9), (9, 12), (12, 14), (14, 17), (17, 20), (20, 24))
#: Fewer posts with a ratio than this say nothing about any hour; nor does an hour with fewer than this.
LEAST, LEAST_THERE = 20, 5
#: An hour stands out when its middle post did this much better than ordinary, and this part of its posts did better at all.
_BETTER, _MOST_OF_THEM = 1.1, 0.7
_SHOWN = 3
_SINCE = timedelta(days=400)
#: Posts are compared by what they had after so many days.
_AGE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a weekday (0 is Monday) that stands out: its posts did `ratio` times the ordinary, in the middle of `posts` of them."""

    weekday: int
    starts: int
    ends: int
    ratio: float
    posts: int


@dataclass(frozen=True, slots=True)
class BestTimes:
    """What can be said of one channel. posts -- how many posts could be compared at all; fewer than LEAST: nothing is said."""

    channel_id: int
    channel: str
    zone: str
    posts: int
    slots: Sequence[Slot]

    @property
    def is_enough(self) -> bool:
        return self.posts >= LEAST


def best_times(db: Session, channel: Channel, *, now: datetime) -> BestTimes:
    """The hours that stand out among the last 400 days' posts, each beside the channel's own posts at seven days of age. One statement."""
    told = compared(db, channel, now=now)
    return BestTimes(channel.id, channel.name, channel.time_zone, len(told), judge(told, channel.time_zone) if len(told) >= LEAST else ())


def compared(db: Session, channel: Channel, *, now: datetime) -> list[tuple[datetime, float]]:
    """When each of those posts went out and how it did beside the channel's ordinary (1.0). One statement."""
    ranked = rank(db, age_days=_AGE_DAYS, channel_id=channel.id, viewer=None)
    return [(one.published_at, one.ratio) for one in ranked.posts if one.ratio is not None and one.published_at > now - _SINCE]


def judge(told: Sequence[tuple[datetime, float]], zone: str) -> tuple[Slot, ...]:
    """The parts of the week that stand out, the best first, at most three.

    told -- when each post went out and how it did beside the channel's ordinary (1.0).
    """
    place = zone_of(zone)
    found: dict[tuple[int, int, int], list[float]] = {}
    for at, ratio in told:
        local = at.astimezone(place)
        starts, ends = next(part for part in PARTS if part[0] <= local.hour < part[1])
        found.setdefault((local.weekday(), starts, ends), []).append(ratio)
    slots = [
        Slot(*where, round(median(ratios), 2), len(ratios))
        for where, ratios in found.items()
        if len(ratios) >= LEAST_THERE and median(ratios) >= _BETTER and sum(one > 1 for one in ratios) >= _MOST_OF_THEM * len(ratios)
    ]
    return tuple(sorted(slots, key=lambda one: (-one.ratio, -one.posts, one.weekday, one.starts))[:_SHOWN])


def next_of(slot: Slot, zone: str, now: datetime) -> datetime:
    """The next moment (UTC) at which this slot begins there, at least an hour from now."""
    place = zone_of(zone)
    local = (now + timedelta(hours=1)).astimezone(place)
    for days in range(9):
        day = local.date() + timedelta(days=days)
        at = datetime(day.year, day.month, day.day, slot.starts, tzinfo=place)
        if day.weekday() == slot.weekday and at >= local:
            return at.astimezone(UTC)
    raise AssertionError("a week has every weekday")
