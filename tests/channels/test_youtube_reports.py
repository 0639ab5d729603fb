"""YouTube Analytics' tables about one video, against the sandbox that knows YouTube's rules on what may be asked together."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer

from planner.channels.details import Report
from planner.channels.port import Account, Platform, Refused, RetryLater
from planner.channels.youtube import YouTubeAdapter

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = Account(1, Platform.YOUTUBE, "Channel", secret="token")
SINCE = date(2026, 11, 1)


@pytest.fixture
def adapter(httpserver: HTTPServer) -> YouTubeAdapter:
    url = httpserver.url_for("")
    return YouTubeAdapter(url, url, timeout_seconds=5, now=lambda: NOW)


def says(httpserver: HTTPServer, body: object, status: int = 200) -> None:
    httpserver.expect_request("/v2/reports").respond_with_data(json.dumps(body), status, content_type="application/json")


def test_a_table_is_kept_as_told_with_its_days(adapter: YouTubeAdapter, httpserver: HTTPServer) -> None:
    says(httpserver, {"columnHeaders": [{"name": "country"}, {"name": "views"}], "rows": [["FR", 12], ["DE", 3]]})

    told = adapter.report("countries", "v1", SINCE, ACCOUNT)

    assert told == Report("countries", SINCE, date(2026, 11, 20), ["country", "views"], [["FR", 12], ["DE", 3]])
    assert httpserver.log[0][0].args.to_dict() == {
        "ids": "channel==MINE", "startDate": "2026-11-01", "endDate": "2026-11-20", "metrics": "views,estimatedMinutesWatched,averageViewPercentage",
        "dimensions": "country", "filters": "video==v1", "sort": "-views", "alt": "json",
    }  # fmt: skip


def test_withheld_rows_are_an_empty_table_not_zeros(adapter: YouTubeAdapter, httpserver: HTTPServer) -> None:
    says(httpserver, {"columnHeaders": [{"name": "ageGroup"}, {"name": "gender"}, {"name": "viewerPercentage"}]})

    told = adapter.report("people", "v1", SINCE, ACCOUNT)

    assert isinstance(told, Report)
    assert (list(told.columns), list(told.rows)) == (["ageGroup", "gender", "viewerPercentage"], [])


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": {"errors": [{"reason": "insufficientPermissions"}], "message": "no"}}, 403, Refused),
        ({"error": {"errors": [{"reason": "quotaExceeded"}]}}, 403, RetryLater),
        ({}, 500, RetryLater),
        ({"columnHeaders": [{"name": "a"}], "rows": [[1, 2]]}, 200, RetryLater),
        ({"columnHeaders": [{"nom": "a"}]}, 200, RetryLater),
        ({"columnHeaders": [{"name": "a"}], "rows": 7}, 200, RetryLater),
    ],
)
def test_what_is_no_table_is_a_failure_and_never_an_empty_one(adapter: YouTubeAdapter, httpserver: HTTPServer, body: object, status: int, kind: type) -> None:
    says(httpserver, body, status)

    assert isinstance(adapter.report("days", "v1", SINCE, ACCOUNT), kind)


def test_a_video_younger_than_analytics_is_behind_is_not_asked_for(adapter: YouTubeAdapter, httpserver: HTTPServer) -> None:
    assert isinstance(adapter.report("days", "v1", NOW.date() - timedelta(days=1), ACCOUNT), RetryLater)
    assert httpserver.log == []
