"""Each query of YouTube Analytics, as it stood on the wire, is one that somebody else's table of its rules (analytix, BSD-3) lets through.

analytix's wheel brings a top-level package named `tests`; this repository's stands before it on the path, which is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import analytix
import pytest
from analytix.errors import InvalidRequest
from analytix.queries import ReportQuery

import tests
from planner.channels.details import Report
from planner.channels.port import Account, Platform
from planner.channels.youtube import YouTubeAdapter
from planner.channels.youtube_reports import QUERIES, Query
from tests.conformance.recording import recorded

pytestmark = pytest.mark.conformance

ACCOUNT = Account(1, Platform.YOUTUBE, "Channel", secret="sandbox-conformance")
VIDEO = "dQw4w9WgXcQ"
#: The channel's own question: views by country, asked with its subscribers.
COUNTRIES = {"metrics": "views", "dimensions": "country", "sort": "-views"}


def validate(told: Mapping[str, Any]) -> None:
    """Raises InvalidRequest for a combination that YouTube Analytics does not have."""
    filters = dict(part.split("==") for part in told.get("filters", "").split(";") if part)
    ReportQuery(
        dimensions=told["dimensions"].split(",") if "dimensions" in told else [], metrics=told["metrics"].split(","), filters=filters,
        sort_options=told["sort"].split(",") if "sort" in told else [], max_results=int(told.get("maxResults", 0)),
        start_date=date(2026, 1, 1), end_date=date(2026, 2, 1),
    ).validate(analytix.Scopes.READONLY)  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The parameters of everything that the planner asks of YouTube Analytics, once, without channel and days."""
    now = datetime.now(UTC)
    with recorded(tmp_path_factory.mktemp("analytics")) as (_, url, recorder):
        adapter = YouTubeAdapter(url, url, timeout_seconds=20, wait=lambda _: None)
        assert adapter.audience(ACCOUNT)
        for name in adapter.reports:
            assert isinstance(adapter.report(name, VIDEO, (now - timedelta(days=40)).date(), ACCOUNT), Report)
        taken = [dict(parse_qsl(exchange.query)) for exchange in recorder.taken() if exchange.path == "/v2/reports"]
    assert {(one.pop("ids"), one.pop("alt", "json")) for one in taken} == {("channel==MINE", "json")}
    assert all(date.fromisoformat(one.pop("startDate")) <= date.fromisoformat(one.pop("endDate")) for one in taken)
    return taken


def test_the_tests_are_our_own() -> None:
    assert Path(tests.__file__).parent == Path(__file__).parent.parent


def test_every_query_of_the_table_is_asked_and_one_more(asked: list[dict[str, str]]) -> None:
    table = [{name: str(value) for name, value in query.parameters(VIDEO).items()} for query in QUERIES.values()]

    assert sorted(map(sorted, (one.items() for one in asked))) == sorted(map(sorted, (one.items() for one in [*table, COUNTRIES])))


def test_every_query_is_let_through(asked: list[dict[str, str]]) -> None:
    for told in asked:
        validate(told)


@pytest.mark.parametrize(
    "wrong",
    [
        Query("viewerPercentage", "insightTrafficSourceType"), Query("views", "elapsedVideoTimeRatio"), Query("views", "insightTrafficSourceDetail"),
        Query("views,likes", "insightTrafficSourceType"), Query("views", "ageGroup,gender"), Query("audienceWatchRatio"),
        Query("views,estimatedMinutesWatched", "insightTrafficSourceDetail", "insightTrafficSourceType==EXT_URL", "-views", 26),
    ],
)  # fmt: skip
def test_a_query_against_the_rules_is_seen(wrong: Query) -> None:
    with pytest.raises(InvalidRequest):
        validate(wrong.parameters(VIDEO))
