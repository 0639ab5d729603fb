"""What YouTube tells about our videos and who watches them; a field it leaves out is “not told”, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from planner.channels.port import AudienceCount, Reading, Readings
from planner.channels.wire import inside, nothing_live
from planner.channels.youtube_client import FAILURES, Connection, answer, items, verdict

__all__ = ["BATCH", "REGIME", "REGIME_SINCE", "audience", "count_again", "readings", "regime"]

#: videos.list takes this many ids, for one unit of quota.
BATCH = 50

#: Since this day a view counts from the first frame, for every format: numbers before and after do not compare.
REGIME_SINCE = datetime(2026, 8, 27, tzinfo=UTC)
REGIME = "yt-2026-08"
_REGIME_BEFORE = "yt-2012"

#: Analytics is two to three days behind; a window reaching closer to today would look like a drop.
_LAG = timedelta(days=3)
_WINDOW = timedelta(days=28)


def regime(at: datetime) -> str:
    """Which definition of a view a reading taken at this moment follows."""
    return REGIME if at >= REGIME_SINCE else _REGIME_BEFORE


def readings(youtube: Any, connection: Connection, external_ids: Sequence[str], now: datetime) -> Readings:
    """Counts of at most 50 videos; those YouTube does not list are gone."""
    request = youtube.videos().list(part="statistics", id=",".join(external_ids), maxResults=BATCH)
    try:
        listed = {str(item.get("id")): inside(item, "statistics") for item in items(answer(request, connection))}
    except FAILURES as error:
        return Readings(failed=nothing_live(verdict(error, now=now)))
    told = [_reading(video_id, listed[video_id], regime(now)) for video_id in external_ids if video_id in listed]
    return Readings(told=told, gone=[video_id for video_id in external_ids if video_id not in listed])


def count_again(video_id: str, raw: Mapping[str, Any], at: datetime) -> Reading:
    """The reading that a video's fields, told at that moment, are."""
    return _reading(video_id, raw["statistics"], regime(at))


def audience(youtube: Any, analytics: Any, connection: Connection, now: datetime) -> list[AudienceCount] | None:
    """Subscribers now, and views by country over four weeks (dimension `country_views`: views, not people).

    Age and gender are left out: YouTube tells them as percentages only, and a percentage is not a count.
    None when neither was told.
    """
    counts = _subscribers(youtube, connection, now)
    counts += _views_by_country(analytics, connection, now)
    return counts or None


def _subscribers(youtube: Any, connection: Connection, now: datetime) -> list[AudienceCount]:
    try:
        channels = items(answer(youtube.channels().list(part="statistics", mine=True), connection))
    except FAILURES:
        return []
    statistics = inside(channels[0], "statistics") if channels else None
    count = None if inside(statistics, "hiddenSubscriberCount") else _count(statistics, "subscriberCount")
    return [] if count is None else [AudienceCount("followers", "total", count, now.date())]


def _views_by_country(analytics: Any, connection: Connection, now: datetime) -> list[AudienceCount]:
    end = (now - _LAG).date()
    request = analytics.reports().query(
        ids="channel==MINE",
        startDate=str(end - _WINDOW + timedelta(days=1)),
        endDate=str(end),
        metrics="views",
        dimensions="country",
        sort="-views",
    )
    try:
        told = answer(request, connection)
        names = [column["name"] for column in told.get("columnHeaders") or ()]
        rows = [dict(zip(names, row, strict=True)) for row in told.get("rows") or ()]
        return [AudienceCount("country_views", str(row["country"]), int(row["views"]), end) for row in rows]
    except (*FAILURES, LookupError, TypeError):
        return []


def _reading(video_id: str, statistics: Any, which: str) -> Reading:
    likes, comments = _count(statistics, "likeCount"), _count(statistics, "commentCount")
    return Reading(
        external_id=video_id,
        views=_count(statistics, "viewCount"),
        engagements=None if likes is None or comments is None else likes + comments,
        likes=likes,
        comments=comments,
        regime=which,
        raw={"statistics": statistics} if isinstance(statistics, dict) else None,
    )


def _count(statistics: Any, name: str) -> int | None:
    """A count YouTube tells as a string; None when it is hidden (the field vanishes) or unreadable."""
    told = inside(statistics, name)
    return int(told) if isinstance(told, str) and told.isascii() and told.isdigit() else None
