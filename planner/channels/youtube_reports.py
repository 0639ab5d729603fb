"""YouTube Analytics about one video: watch time, where viewers came from and are, who they are, and how long they stay.

Which dimensions and metrics may be asked together is YouTube's rule; each query below is one that its documentation supports.
Source: developers.google.com/youtube/analytics, “Channel reports”.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from planner.channels.details import Report
from planner.channels.port import Refused, RetryLater
from planner.channels.wire import nothing_live
from planner.channels.youtube_client import FAILURES, Connection, GarbledError, answer, verdict

__all__ = ["LAG", "QUERIES", "ZONE", "Query", "report"]

#: Analytics counts by days of California, and is two to three days behind.
ZONE = ZoneInfo("America/Los_Angeles")
LAG = timedelta(days=3)

_WATCHED = "views,estimatedMinutesWatched,averageViewDuration,averageViewPercentage"
_ACTS = "likes,comments,shares,subscribersGained"


@dataclass(frozen=True, slots=True)
class Query:
    """One report's parameters, beside the channel, the days and the video."""

    metrics: str
    dimensions: str = ""
    filters: str = ""
    sort: str = ""
    most: int | None = None

    def parameters(self, video: str) -> dict[str, Any]:
        """As the client library takes them; what is empty is left out."""
        told = {
            "metrics": self.metrics, "dimensions": self.dimensions, "filters": ";".join(filter(None, [f"video=={video}", self.filters])),
            "sort": self.sort, "maxResults": self.most,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


QUERIES: dict[str, Query] = {
    "total": Query(f"{_WATCHED},{_ACTS}"),
    "days": Query(f"{_WATCHED},{_ACTS}", "day"),
    "sources": Query("views,estimatedMinutesWatched", "insightTrafficSourceType", sort="-views"),
    "sites": Query("views,estimatedMinutesWatched", "insightTrafficSourceDetail", "insightTrafficSourceType==EXT_URL", "-views", 25),
    "people": Query("viewerPercentage", "ageGroup,gender"),
    "countries": Query("views,estimatedMinutesWatched,averageViewPercentage", "country", sort="-views"),
    "subscribed": Query("views,estimatedMinutesWatched,averageViewPercentage", "subscribedStatus"),
    "retention": Query("audienceWatchRatio,relativeRetentionPerformance", "elapsedVideoTimeRatio"),
}


def report(analytics: Any, connection: Connection, name: str, video: str, since: date, now: datetime) -> Report | Refused | RetryLater:
    """One table about a video since it came out. A video younger than Analytics is behind has no day to tell of yet."""
    until = (now - LAG).astimezone(ZONE).date()
    if until < since:
        return RetryLater("YouTube Analytics is about three days behind, and the video is younger.", since - until + timedelta(days=1))
    request = analytics.reports().query(ids="channel==MINE", startDate=str(since), endDate=str(until), **QUERIES[name].parameters(video))
    try:
        told = answer(request, connection)
        columns = [str(column["name"]) for column in told.get("columnHeaders") or ()]
        rows = [list(row) for row in told.get("rows") or ()]
        if any(len(row) != len(columns) for row in rows):
            raise GarbledError("YouTube Analytics told a row that does not fit its columns.")
    except (*FAILURES, LookupError, TypeError) as error:
        return nothing_live(verdict(error if isinstance(error, FAILURES) else GarbledError("YouTube Analytics told no table."), now=now))
    return Report(name, since, until, columns, rows)
