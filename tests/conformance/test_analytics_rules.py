"""Each query of YouTube Analytics is one that somebody else's table of its rules (analytix 5.5.1, BSD-3) lets through.

analytix is not pinned: its wheel brings a top-level package named `tests`, which would stand in the way of this one. Where it can be
imported (`pip install --target FOLDER analytix`, then FOLDER's `analytix` alone on the path) these tests run, elsewhere they are skipped.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from planner.channels.youtube_reports import QUERIES, Query

analytix = pytest.importorskip("analytix")
from analytix.errors import InvalidRequest  # noqa: E402
from analytix.queries import ReportQuery  # noqa: E402

pytestmark = pytest.mark.conformance


def asked(query: Query, video: str) -> Any:
    told = query.parameters(video)
    filters = dict(part.split("==") for part in told.get("filters", "").split(";") if part)
    return ReportQuery(
        dimensions=told.get("dimensions", "").split(",") if told.get("dimensions") else [], metrics=told["metrics"].split(","),
        filters={name: value for name, value in filters.items() if value}, sort_options=told["sort"].split(",") if "sort" in told else [],
        max_results=told.get("maxResults", 0), start_date=date(2026, 1, 1), end_date=date(2026, 2, 1),
    )  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_let_through(name: str) -> None:
    asked(QUERIES[name], "dQw4w9WgXcQ").validate(analytix.Scopes.READONLY)


@pytest.mark.parametrize("wrong", [Query("viewerPercentage", "insightTrafficSourceType"), Query("views", "elapsedVideoTimeRatio"), Query("views", "insightTrafficSourceDetail")])
def test_a_query_against_the_rules_is_seen(wrong: Query) -> None:
    with pytest.raises(InvalidRequest):
        asked(wrong, "dQw4w9WgXcQ").validate(analytix.Scopes.READONLY)
