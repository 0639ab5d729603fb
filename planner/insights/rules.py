"""Which definition of a view a count follows: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from planner.channels.port import Platform

__all__ = ["YOUTUBE_BREAK", "regime_of"]

#: YouTube counts a public view from the first frame since this day; before and after are not one series.
YOUTUBE_BREAK = date(2026, 8, 27)


def regime_of(platform: Platform, at: datetime) -> str:
    """The regime of a reading that a file tells, named as the platform's own adapter names it."""
    if platform is not Platform.YOUTUBE:
        return ""
    return "yt-2026-08" if at.astimezone(UTC).date() >= YOUTUBE_BREAK else "yt-2012"
