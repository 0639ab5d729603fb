"""Real series that the tests of the promotion desk forecast: see series/README.md for where they come from."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from planner.promotion.forecast import Reading

__all__ = ["posts", "readings", "videos"]

_FOLDER = Path(__file__).parent / "series"
#: Ages in days at which somebody might have looked.
GRID = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90)


@cache
def videos() -> tuple[tuple[int, ...], ...]:
    """Cumulative views at the end of each of 99 days, one tuple a video; at least five on the third."""
    told = []
    for line in gzip.decompress((_FOLDER / "videos.csv.gz").read_bytes()).decode().splitlines():
        total, reached = 0, []
        for gained in line.split(","):
            total += int(gained)
            reached.append(total)
        told.append(tuple(reached))
    return tuple(told)


@cache
def posts() -> tuple[tuple[Reading, ...], ...]:
    """(age in days, popularity) at the end of every twelfth slice of twenty minutes, one tuple a news item."""
    told = []
    for line in gzip.decompress((_FOLDER / "posts.csv.gz").read_bytes()).decode().splitlines():
        counts = [max(int(value), 0) for value in line.split(",")]
        told.append(tuple(((i + 1) / 72, float(counts[i])) for i in range(11, len(counts), 12)))
    return tuple(told)


def readings(video: tuple[int, ...], until: float, *, every: int = 1) -> list[Reading]:
    """What somebody who looked now and then knows of a video up to an age; the newest reading is always there."""
    ages = [age for age in GRID[::every] if age <= until]
    if int(until) not in ages:
        ages.append(int(until))
    return [(float(age), float(video[age - 1])) for age in ages]
