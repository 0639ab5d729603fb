"""The calendar page's benches: drawn by the server out of much, out of very much, and asked again when nothing changed."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask.testing import FlaskClient

from planner.planning.crowds import first_of_each
from planner.planning.queries import Filters
from planner.web.calendar.sheets import BOX_CAP, days_between
from tests.bench.benches import _count, _raw_month
from tests.bench.measure import Line, cpu_ratio
from tests.bench.world import application, path_of, request_of

__all__ = ["ALL"]

PAGE = "/calendar?view=month&date=2026-03-15"
_PARIS = ZoneInfo("Europe/Paris")
#: A year of 10,000 posts, and a month of 16,700: see world.
YEAR, CROWD = "year-10000", "month-16700"


def cal_page(posts: int) -> Line:
    """The month page of 170 posts out of all, uncached, against raw SQL + orjson of the same rows."""
    client, limit = _signed_in(posts), _raw_month(posts)
    assert client.get(PAGE).text.count("cal-event__title") > 150
    return Line("cal_page", cpu_ratio(lambda: client.get(PAGE), limit, rounds=9, each=5), 8, 4)


def cal_page_10k(_posts: int) -> Line:
    """The month page of a calendar with 10,000 posts a year: processor time of one request."""
    client = _signed_in(YEAR)
    assert _count(YEAR, PAGE) <= 8
    return Line("cal_page_10k", round(_milliseconds(lambda: client.get(PAGE)), 1), 45, 15, unit="ms")


def wide_month(_posts: int) -> Line:
    """Reading what the page of a month with 16,700 posts shows, against counting its posts by day alone."""
    days = days_between(date(2026, 2, 23), date(2026, 4, 6))
    starts = [datetime(day.year, day.month, day.day, tzinfo=_PARIS).astimezone(UTC) for day in [*days, days[-1] + timedelta(days=1)]]
    spans = list(pairwise(starts))
    raw = sqlite3.connect(path_of(CROWD))
    texts = [tuple(moment.replace(tzinfo=None).isoformat(" ", "microseconds") for moment in span) for span in spans]

    def limit() -> list[int]:
        count = "SELECT count(*) FROM posts WHERE publish_at >= ? AND publish_at < ? AND state <> 'cancelled'"
        return [raw.execute(count, span).fetchone()[0] for span in texts]

    with request_of(application(CROWD), PAGE):

        def ours() -> list[int]:
            return first_of_each(g.db, spans, viewer=g.user, filters=Filters(), each=BOX_CAP + 1)[1]

        assert ours() == limit()
        assert sum(limit()) > 16_000
        return Line("wide_month", cpu_ratio(ours, limit, rounds=25, each=5), 2, 1.5)


def page_cached(posts: int) -> Line:
    """How many answers “nothing changed” come in the time of one answer that sends the same bytes as a file."""
    client = _signed_in(posts)
    page = client.get(PAGE)
    app = client.application
    file = Path(app.static_folder or "static", "dist", "bench-page.html")
    file.write_bytes(page.data)
    asked = {"If-None-Match": page.headers["ETag"]}
    try:
        assert client.get(PAGE, headers=asked).status_code == 304
        stranger = app.test_client()
        ratio = cpu_ratio(lambda: stranger.get("/static/dist/bench-page.html").data, lambda: client.get(PAGE, headers=asked).data, rounds=41, each=10)
    finally:
        file.unlink()
    return Line("page_cached", ratio, 0.50, 0.65, higher=True)


def _signed_in(posts: int | str) -> FlaskClient:
    client = application(posts).test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "bench", True
    client.get(PAGE)
    return client


def _milliseconds(step: Callable[[], Any], *, rounds: int = 9, each: int = 5) -> float:
    """Processor time of one step: the median of rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(each):
            step()
        times.append((time.process_time() - start) / each * 1000)
    return statistics.median(times)


ALL = {"cal_page": cal_page, "cal_page_10k": cal_page_10k, "wide_month": wide_month, "page_cached": page_cached}
