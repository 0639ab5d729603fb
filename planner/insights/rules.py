"""Which definition of a view a count follows: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from planner.channels.port import Platform

__all__ = ["SHORTS_BREAK", "YOUTUBE_BREAK", "breaks", "is_short", "regime_of"]

#: YouTube counts a public view from the first frame since this day; before and after are not one series.
YOUTUBE_BREAK = date(2026, 8, 27)
#: The same for Shorts, which began earlier.
SHORTS_BREAK = date(2025, 3, 31)


def is_short(url: str) -> bool:
    """Whether an address is a Short's. Nothing else tells them from other videos."""
    return "/shorts/" in url


def regime_of(platform: Platform, at: datetime, *, short: bool = False) -> str:
    """The regime of a reading that a file tells, named as the platform's own adapter names it."""
    if platform is not Platform.YOUTUBE:
        return ""
    day = at.astimezone(UTC).date()
    if day >= YOUTUBE_BREAK:
        return "yt-2026-08"
    return "yt-shorts-2025" if short and day >= SHORTS_BREAK else "yt-2012"


def breaks(platform: Platform, first: date, last: date, *, short: bool = False) -> tuple[date, ...]:
    """Days in (first, last] from which the platform counts views differently; `short` when a Short is among the videos."""
    if platform is not Platform.YOUTUBE:
        return ()
    days = (SHORTS_BREAK, YOUTUBE_BREAK) if short else (YOUTUBE_BREAK,)
    return tuple(day for day in days if first < day <= last)
