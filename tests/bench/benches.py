"""The calendar's benches: its JSON against raw SQL, its growth, and statements of each list page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
from flask import g
from sqlalchemy import event

from planner.planning import queries
from planner.web.calendar.rows import event_rows
from tests.bench.measure import Line, cpu_ratio
from tests.bench.world import MONTH, application, path_of, request_of

__all__ = ["ALL"]

_PARIS = ZoneInfo("Europe/Paris")
_RAW = """
    SELECT p.id, p.state, p.publish_at, p.version, c.name, c.platform, c.colour, a.title, a.confidentiality
    FROM posts p JOIN assets a ON a.id = p.asset_id JOIN channels c ON c.id = p.channel_id
    WHERE p.publish_at >= ? AND p.publish_at < ? AND p.state <> 'cancelled' ORDER BY p.publish_at, p.id LIMIT 5000"""


def cal_json(posts: int) -> Line:
    """One month of 170 posts out of all, read and written as JSON: the product's path against raw SQL + orjson."""
    limit = _raw_month(posts)
    with request_of(application(posts), "/calendar/events"):
        ours = _month()
        assert len(orjson.loads(ours())) == len(orjson.loads(limit())) == 170
        return Line("cal_json", cpu_ratio(ours, limit), 2.0, 1.6)


def cal_growth(posts: int) -> Line:
    """The same month out of 10,000 posts and out of all of them."""
    with request_of(application(10_000), "/calendar/events"):
        small = _month()
        with_small = small()
    app = application(posts)
    with request_of(app, "/calendar/events"):
        large = _month()
        assert len(orjson.loads(large())) == len(orjson.loads(with_small))
        large_db, user = g.db, g.user
        with request_of(application(10_000), "/calendar/events"):
            small = _month()
            small_db = g.db

            def of(db, step):  # type: ignore[no-untyped-def]
                def run() -> None:
                    g.db = db
                    step()

                return run

            g.user = user
            return Line("cal_growth", cpu_ratio(of(large_db, large), of(small_db, small)), 1.3, 1.1)


def statements(posts: int) -> Line:
    """The most SQL statements any list page takes, at 10,000 posts and at all: it must not depend on the size."""
    pages = ("/calendar?view=month&date=2026-03-15", "/calendar?view=list&date=2026-03-15", "/assets", "/campaigns")
    counts = {size: [_count(size, page) for page in pages] for size in (10_000, posts)}
    small, large = counts.values()
    most = max(*small, *large)
    return Line("statements", most if small == large else 99, 8, 8, unit="")


def _month() -> Callable[[], bytes]:
    start, end = MONTH

    def run() -> bytes:
        return orjson.dumps(event_rows(queries.calendar(g.db, start, end, viewer=g.user), _PARIS))

    return run


def _raw_month(posts: int) -> Callable[[], bytes]:
    """The least that gives the same answer: one statement, one pass, one dump."""
    db = sqlite3.connect(path_of(posts))
    bounds = tuple(moment.replace(tzinfo=None).isoformat(" ", "microseconds") for moment in MONTH)

    def run() -> bytes:
        return orjson.dumps(
            [
                {
                    "id": row[0], "title": row[7], "end": None, "allDay": False, "url": f"/posts/{row[0]}", "move_url": f"/posts/{row[0]}/move",
                    "start": datetime.fromisoformat(row[2]).replace(tzinfo=UTC).astimezone(_PARIS).isoformat(timespec="seconds"),
                    "editable": False, "version": row[3], "platform": row[5], "channel": row[4], "colour": row[6], "state": row[1],
                    "state_label": row[1], "confidential": row[8] == "confidential", "origin": "post",
                }
                for row in db.execute(_RAW, bounds)
            ]
        )  # fmt: skip

    return run


def _count(posts: int | str, page: str) -> int:
    app = application(posts)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "bench", True
    seen: list[str] = []
    engine = app.extensions["planner"].engine

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(page).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sum(not statement.startswith(("BEGIN", "PRAGMA")) for statement in seen)


ALL = {"cal_json": cal_json, "cal_growth": cal_growth, "statements": statements}
