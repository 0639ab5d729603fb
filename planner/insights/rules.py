"""Which definition of a view a count follows: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from planner.channels.port import Platform

__all__ = ["SHORTS_BREAK", "YOUTUBE_BREAK", "breaks", "is_mixed", "is_short", "regime_in", "regime_of", "way_of"]

#: YouTube counts a public view from the first frame since this day; before and after are not one series.
YOUTUBE_BREAK = date(2026, 8, 27)
#: The same for Shorts, which began earlier.
SHORTS_BREAK = date(2025, 3, 31)

#: Regime -> its first day. A count since publication follows it alone only when the post came out on that day or later.
_SINCE = {"yt-shorts-2025": SHORTS_BREAK, "yt-2026-08": YOUTUBE_BREAK}
#: Ends the way of a count that an older regime began.
_MIXED = "+older"


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


def way_of(regime: str, published_at: datetime) -> str:
    """How a reading's views were counted since publication: its regime, or, for a post that came out before the regime began, a way that
    `is_mixed`. What was counted before the break is in that number for good, in a part that differs from post to post."""
    since = _SINCE.get(regime)
    return regime + _MIXED if since is not None and published_at.astimezone(UTC).date() < since else regime


def is_mixed(way: str) -> bool:
    """Whether views counted in this way follow more than one definition: they compare with those of no other post."""
    return way.endswith(_MIXED)


def regime_in(way: str) -> str:
    """The regime of the readings that were counted in this way."""
    return way.removesuffix(_MIXED)


def breaks(platform: Platform, first: date, last: date, *, short: bool = False) -> tuple[date, ...]:
    """Days in (first, last] from which the platform counts views differently; `short` when a Short is among the videos."""
    if platform is not Platform.YOUTUBE:
        return ()
    days = (SHORTS_BREAK, YOUTUBE_BREAK) if short else (YOUTUBE_BREAK,)
    return tuple(day for day in days if first < day <= last)
