"""The benches of numbers on the PostgreSQL that PLANNER_TEST_POSTGRES_URL offers. Wall time, since the server works in another process.

Each pair takes its turns in short rounds and the best of each counts: other work on the machine only ever adds.
"""

from __future__ import annotations

import atexit
import csv
import os
import random
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from psycopg import Connection, connect
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from planner import tables
from planner.channels.port import Reading
from planner.core.clock import SystemClock
from planner.core.db import make_engine, sessions_of
from planner.core.settings import Settings
from planner.factory import create_app
from planner.insights import queries, service
from planner.insights.models import METRICS
from planner.web import performance, plan_files
from tests.bench.export import NUMBERS, PLAN, Nowhere
from tests.bench.insights import COUNTS, DASHBOARD, DAYS, LAST, LIVE, NOW, readings_of, truth
from tests.bench.measure import Line
from tests.bench.world import FOLDER, path_of, request_of

__all__ = ["ALL", "sizes"]

_URL = os.environ.get("PLANNER_TEST_POSTGRES_URL", "")
#: Posts in the large database; `--full` says as many as on SQLite.
sizes = {"posts": 100_000}


@lru_cache
def _database(posts: int, *, read: bool) -> str:
    """The name of a database with that many posts, `read`: with ten readings of each and their roll-ups. Gone when the process ends."""
    name = _new("template1")
    engine = make_engine(_address(name))
    tables.metadata.create_all(engine)
    engine.dispose()
    with closing(_connect(name)) as db, closing(sqlite3.connect(path_of(posts))) as source:
        for table in tables.metadata.sorted_tables:
            _bring(source, db, table.name)
        if read:
            _read(db)
        db.commit()
        db.autocommit = True
        db.execute("VACUUM ANALYZE")
    return name


def _bring(source: sqlite3.Connection, db: Connection, table: str) -> None:
    rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608
    names = ", ".join(f'"{one[0]}"' for one in rows.description)
    with db.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as target:
        for row in rows:
            target.write_row(row)


def _read(db: Connection) -> None:
    """The readings and roll-ups that `insights.world` makes on SQLite."""
    for back in range(DAYS - 1, -1, -1):
        db.execute(
            f"INSERT INTO snapshots (post_id, at, source, regime, {COUNTS}) SELECT id, %s, 'platform', '',"  # noqa: S608
            " (id * 7919 %% 5000) * %s, (id * 104729 %% 9000) * %s, NULL, (id %% 97) * %s, (id %% 53) * %s, id %% 11, id %% 7, NULL, NULL FROM posts ORDER BY id",
            (datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC) - timedelta(days=back), *[DAYS - back] * 4),
        )
    db.execute(f"INSERT INTO latest (post_id, at, regime, {COUNTS}) SELECT post_id, at, regime, {COUNTS} FROM snapshots WHERE at >= %s", (LAST,))  # noqa: S608
    sums = ", ".join(f"SUM(s.{name})" for name in METRICS)
    db.execute(
        f"INSERT INTO asset_day (day, asset_id, channel_id, {COUNTS}) SELECT (s.at AT TIME ZONE 'UTC')::date, p.asset_id, p.channel_id, {sums}"  # noqa: S608
        " FROM snapshots s JOIN posts p ON p.id = s.post_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    db.execute(f"INSERT INTO asset_latest (asset_id, channel_id, day, {COUNTS}) SELECT asset_id, channel_id, day, {COUNTS} FROM asset_day WHERE day = %s", (LAST,))  # noqa: S608
    db.execute(f"INSERT INTO channel_day (day, channel_id, {COUNTS}) SELECT day, channel_id, {', '.join(f'SUM({name})' for name in METRICS)} FROM asset_day GROUP BY 1, 2")  # noqa: S608


def _new(template: str) -> str:
    name = f"planner_bench_{uuid.uuid4().hex[:10]}"
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    atexit.register(_admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return name


@contextmanager
def _copy_of(template: str) -> Iterator[str]:
    name = _new(template)
    try:
        yield name
    finally:
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


def _admin(statement: str) -> None:
    engine = create_engine(_URL, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _address(name: str) -> str:
    return make_url(_URL).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _session(name: str) -> Iterator[Session]:
    engine = make_engine(_address(name))
    with sessions_of(engine)() as db:
        yield db
    engine.dispose()


def _connect(name: str) -> Connection:
    return connect(_address(name).replace("+psycopg", "", 1))


def _best(ours: Callable[[], Any], limit: Callable[[], Any], *, rounds: int = 15) -> float:
    """The least seconds of `ours` over the least of `limit`."""
    ours(), limit()
    pairs = [(_took(ours), _took(limit)) for _ in range(rounds)]
    return min(one[0] for one in pairs) / min(one[1] for one in pairs)


def _took(step: Callable[[], Any]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def asset_page(_posts: int) -> Line:
    """Everything the asset's page shows of its numbers, against the raw SQL that fetches the same rows."""
    name = _database(sizes["posts"], read=True)
    columns, first = ", ".join(f"l.{name}" for name in METRICS), ", ".join(f"s.{name}" for name in METRICS)
    with closing(_connect(name)) as raw, _session(name) as db:

        def limit() -> None:
            for statement in (
                f"SELECT p.id, p.channel_id, c.name, c.platform, p.published_at, p.external_url, l.at, l.regime, p.taken_down_at, {columns} FROM posts p"  # noqa: S608
                " JOIN channels c ON c.id = p.channel_id LEFT JOIN latest l ON l.post_id = p.id WHERE p.asset_id = %s AND p.state = 'published' ORDER BY p.published_at, p.id",
                f"SELECT s.post_id, s.at, s.regime, {first} FROM snapshots s JOIN posts p ON p.id = s.post_id"  # noqa: S608
                " AND s.at = (SELECT min(o.at) FROM snapshots o WHERE o.post_id = p.id) WHERE p.asset_id = %s AND p.state = 'published'",
                f"SELECT channel_id, day, {COUNTS} FROM asset_day WHERE asset_id = %s ORDER BY channel_id, day",  # noqa: S608
            ):
                raw.execute(statement, (7,)).fetchall()

        return Line("asset_page_postgresql", _best(lambda: queries.asset_performance(db, 7), limit), 2.0, 1.5)


def dashboard_30d(_posts: int) -> Line:
    """The twenty assets that gained most and each channel's totals, against the raw roll-up SQL."""
    name = _database(sizes["posts"], read=True)
    since = NOW.date() - timedelta(days=30)
    with closing(_connect(name)) as raw, _session(name) as db:

        def limit() -> None:
            for statement in DASHBOARD:
                raw.execute(statement.replace("?", "%s"), (since,)).fetchall()

        def ours() -> None:
            queries.top_assets(db, metric="views", days=30, now=NOW, viewer=None, limit=20)
            queries.channel_totals(db, days=30, now=NOW)

        return Line("dashboard_30d_postgresql", _best(ours, limit), 2.0, 1.5)


def ingest_live(_posts: int) -> Line:
    """One channel's batch of 1,000 readings of now with all roll-ups, against the bare insert of the same batch, prepared and pipelined."""
    made = _database(20_000, read=False)
    chance = random.Random(3)
    ours, bare = [], []
    with _copy_of(made) as one, _copy_of(made) as other, _session(one) as db, closing(_connect(other)) as raw:
        ids = [row[0] for row in raw.execute("SELECT id FROM posts WHERE channel_id = 1 ORDER BY id")]
        raw.commit()
        for number in range(16):
            rows = readings_of(ids[:LIVE], datetime(2026, 4, 1, 2, tzinfo=UTC) + timedelta(hours=number), chance)
            bare.append(_took(partial(_insert, raw, rows)))
            ours.append(_took(partial(_record, db, rows)))
    return Line("ingest_live_postgresql", min(bare[1:]) / min(ours[1:]), 0.30, 0.45, higher=True)


def ingest_bulk(_posts: int) -> Line:
    """A back-fill of 100,000 readings (10,000 posts, ten days) with all roll-ups, against one COPY in the server's own format."""
    made = _database(10_000, read=False)
    ours, bare = [], []
    for _ in range(6):
        chance = random.Random(5)
        rows = [one for day in range(10) for one in readings_of(range(1, 10_001), datetime(2026, 4, 1 + day, 12, tzinfo=UTC), chance)]
        with _copy_of(made) as one, _copy_of(made) as other, _session(one) as db, closing(_connect(other)) as raw:
            bare.append(_took(partial(_copy, raw, rows)))
            ours.append(_took(partial(_record, db, rows)))
    return Line("ingest_bulk_postgresql", min(bare) / min(ours), 0.5, 0.9, higher=True)


def rollup_truth(_posts: int) -> Line:
    """Places where the roll-ups differ from a rebuild after 100,000 random readings: late, doubled, shrinking, not told."""
    with _copy_of(_database(10_000, read=False)) as name, _session(name) as db:
        return Line("rollup_truth_postgresql", truth(db, range(1, 501)), 0, 0, unit="")


def export(_posts: int) -> Line:
    """The smaller of two parts of csv.writer's speed: the plan and each live post's numbers."""
    name = _database(100_000, read=True)
    settings = Settings(
        secret_key="a-key-for-benches-0123456789-abcdefgh", database_url=_address(name), data_dir=str(FOLDER.resolve()), executor="none", sandbox="off"
    )
    app, parts = create_app(settings, clock=SystemClock()), []
    for address, view, statement in (
        ("/calendar/export.csv?start=2019-01-01&end=2028-12-31", plan_files.export_csv, PLAN), ("/performance/export.csv", performance.export, NUMBERS),
    ):  # fmt: skip
        ours, bare = [], []
        for _ in range(4):
            with request_of(app, address):
                start = time.perf_counter()
                lines = sum(piece.count(b"\r\n") for piece in view().iter_encoded())  # type: ignore[operator]
                ours.append(time.perf_counter() - start)
            with closing(_connect(name)) as raw:
                target, start = Nowhere(), time.perf_counter()
                csv.writer(target).writerows(raw.execute(statement))
                bare.append(time.perf_counter() - start)
            assert abs(lines - target.lines - 1) <= target.lines // 1000, (lines, target.lines)
        parts.append(min(bare) / min(ours))
    return Line("export_postgresql", min(parts), 0.5, 0.6, higher=True)


def _record(db: Session, rows: list[tuple[int, datetime, Reading]]) -> None:
    service.record_rows(db, rows)
    db.commit()


def _told(rows: list[tuple[int, datetime, Reading]]) -> list[tuple[Any, ...]]:
    return [(post, at, "platform", one.regime, *[getattr(one, name) for name in METRICS]) for post, at, one in rows]


def _insert(db: Connection, rows: list[tuple[int, datetime, Reading]]) -> None:
    told = _told(rows)
    with db.cursor() as cursor:
        cursor.executemany(f"INSERT INTO snapshots (post_id, at, source, regime, {COUNTS}) VALUES ({', '.join(['%s'] * (4 + len(METRICS)))})", told)  # noqa: S608
    db.commit()


def _copy(db: Connection, rows: list[tuple[int, datetime, Reading]]) -> None:
    told = _told(rows)
    with db.cursor() as cursor, cursor.copy(f"COPY snapshots (post_id, at, source, regime, {COUNTS}) FROM STDIN (FORMAT BINARY)") as target:
        target.set_types(["int8", "timestamptz", "text", "text", *["int8"] * len(METRICS)])
        for row in told:
            target.write_row(row)
    db.commit()


ALL = {
    f"{name}_postgresql": bench
    for name, bench in {
        "asset_page": asset_page, "dashboard_30d": dashboard_30d, "ingest_live": ingest_live, "ingest_bulk": ingest_bulk, "rollup_truth": rollup_truth,
        "export": export,
    }.items()
    if _URL
}  # fmt: skip
