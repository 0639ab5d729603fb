"""A channel's week, hour by hour: how its posts did there beside its ordinary, and from how many. Where they are too few, nothing is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.insights.best_times import LEAST, LEAST_THERE, compared
from planner.planning.moments import zone_of

__all__ = ["STEPS", "Cell", "Week", "week", "week_of"]

#: Ratios up to which an hour did far worse or worse than ordinary, and from which it did better or far better.
STEPS = (0.6, 0.9, 1.1, 1.5)


@dataclass(frozen=True, slots=True)
class Cell:
    """Posts of one hour, or of one hour or day of the week taken together. ratio -- the middle one's, 1.0 is ordinary; None: too few."""

    posts: int = 0
    ratio: float | None = None

    @property
    def step(self) -> int:
        """From -2 (far below ordinary) to 2 (far above); 0 is ordinary, or not known."""
        if self.ratio is None:
            return 0
        far_below, below, above, far_above = STEPS
        return (self.ratio >= above) + (self.ratio >= far_above) - (self.ratio <= below) - (self.ratio <= far_below)


@dataclass(frozen=True, slots=True)
class Week:
    """posts -- how many could be compared at all. cells -- (weekday, hour) -> Cell, weekday 0 is Monday, of hours with a post.

    by_hour, by_day -- the fall-back where a cell alone is too thin: the hour on any day, the day at any hour.
    """

    posts: int
    cells: Mapping[tuple[int, int], Cell]
    by_hour: Mapping[int, Cell]
    by_day: Mapping[int, Cell]

    @property
    def is_enough(self) -> bool:
        return self.posts >= LEAST

    @property
    def hours(self) -> range:
        """From the first hour of the day with a post to the last."""
        return range(min(self.by_hour), max(self.by_hour) + 1) if self.by_hour else range(0)


def week(db: Session, channel: Channel, *, now: datetime) -> Week:
    """The last 400 days' posts, each beside the channel's own at seven days of age. One statement."""
    return week_of(compared(db, channel, now=now), channel.time_zone)


def week_of(told: Sequence[tuple[datetime, float]], zone: str) -> Week:
    """told -- when each post went out, and how it did beside the channel's ordinary (1.0)."""
    place = zone_of(zone)
    cells: dict[tuple[int, int], list[float]] = {}
    hours: dict[int, list[float]] = {}
    days: dict[int, list[float]] = {}
    for at, ratio in told:
        local = at.astimezone(place)
        cells.setdefault((local.weekday(), local.hour), []).append(ratio)
        hours.setdefault(local.hour, []).append(ratio)
        days.setdefault(local.weekday(), []).append(ratio)
    enough = len(told) >= LEAST

    def cell(ratios: list[float]) -> Cell:
        return Cell(len(ratios), round(median(ratios), 2) if enough and len(ratios) >= LEAST_THERE else None)

    return Week(
        len(told), {key: cell(one) for key, one in cells.items()}, {key: cell(one) for key, one in hours.items()}, {key: cell(one) for key, one in days.items()}
    )  # fmt: skip
