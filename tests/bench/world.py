"""A database of any size on SQLite, made once and kept in .bench/: assets, channels, and posts spread over years."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Flask, g

from planner import tables
from planner.accounts.models import User
from planner.core.clock import SystemClock
from planner.core.db import make_engine
from planner.core.settings import Settings
from planner.factory import create_app

__all__ = ["MONTH", "application", "path_of", "request_of"]

FOLDER = Path(".bench")
#: The measured month holds exactly 170 posts, whatever the size.
MONTH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
_IN_MONTH = 170
_ASSETS = 3000


def path_of(posts: int | str) -> Path:
    """The database with that many posts over twelve years, or with all of them in one stretch: "year-10000", "month-16700", "open-1000"."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"posts-{posts}-{_schema():08x}.sqlite3"
    if not path.exists():
        half = path.with_suffix(".part")
        half.unlink(missing_ok=True)
        _make(half, posts)
        half.rename(path)
    return path


@lru_cache
def _schema() -> int:
    """Of the tables as they are now: a database that was kept is made anew once they differ."""
    told = [
        [table.name, *(f"{one.name} {one.type!r}" for one in table.columns), *sorted(f"{one.name} {one.columns.keys()}" for one in table.indexes)]
        for table in tables.metadata.sorted_tables
    ]
    return crc32(repr(told).encode())


def _make(path: Path, posts: int | str) -> None:
    engine = make_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    engine.dispose()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("BEGIN")
    at = "2026-01-01 00:00:00.000000"
    db.execute("INSERT INTO users (id, email, name, active, fs_uniquifier, theme, created_at) VALUES (1, 'bench@example.com', 'Bench', 1, 'bench', 'auto', ?)", (at,))
    db.execute("INSERT INTO roles (id, name, description, permissions) VALUES (1, 'admin', '', '[]')")
    db.execute("INSERT INTO user_roles VALUES (1, 1)")
    db.executemany(
        "INSERT INTO channels (id, platform, name, external_id, time_zone, grace_minutes, colour, config, state, state_reason, wait_reason, created_at, version)"
        " VALUES (?, ?, ?, '', 'Europe/Paris', 20, ?, '{}', 'connected', '', '', ?, 1)",
        [(n, ("youtube", "linkedin", "x")[n % 3], f"Channel {n}", n % 8, at) for n in range(1, 13)],
    )
    db.executemany(
        "INSERT INTO assets (id, kind, title, summary, url, language, purpose, state, currency, confidentiality, sensitive, embargo_terms, created_at, updated_at, version)"
        " VALUES (?, 'video', ?, '', '', 'en', 'web', 'live', 'EUR', 'public', 0, '[]', ?, ?, 1)",
        [(n, f"How the network learned its lesson number {n}", at, at) for n in range(1, _ASSETS + 1)],
    )
    db.executemany(
        "INSERT INTO posts (asset_id, channel_id, origin, state, text, title, link, first_comment, playlist, tags, media, publish_at, external_url, published_at, created_at, updated_at, version)"
        " VALUES (?, ?, 'planned', ?, 'What we have to say about it, in a few words.', '', '', '', '', '[]', '[]', ?, '', ?, ?, ?, 1)",
        _posts(posts, at) if isinstance(posts, int) else _dense(posts, at),
    )
    db.execute("COMMIT")
    db.execute("ANALYZE")
    db.close()


def _posts(count: int, at: str) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(7)
    start, end = MONTH
    span = timedelta(days=365 * 12)
    for number in range(count):
        if number < _IN_MONTH:
            moment = start + (end - start) * (number / _IN_MONTH)
        else:
            moment = datetime(2016, 1, 1, tzinfo=UTC) + span * chance.random()
            if start <= moment < end:
                moment -= timedelta(days=40)
        text = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
        yield chance.randrange(1, _ASSETS + 1), chance.randrange(1, 13), "published", text, text, at, at


def _dense(stretch: str, at: str) -> Iterator[tuple[Any, ...]]:
    """As many posts as it says, evenly over the year or over the measured month; "open": approved, not out yet."""
    name, _dash, count = stretch.partition("-")
    chance = random.Random(7)
    start, end = MONTH if name in ("month", "open") else (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    for number in range(int(count)):
        text = (start + (end - start) * (number / int(count))).replace(tzinfo=None).isoformat(" ", "microseconds")
        state = ("approved", text, None) if name == "open" else ("published", text, text)
        yield chance.randrange(1, _ASSETS + 1), chance.randrange(1, 13), *state, at, at


@lru_cache
def application(posts: int | str, *, at: Path | None = None) -> Flask:
    """The product on that database, or on the one at that path."""
    settings = Settings(
        secret_key="a-key-for-benches-0123456789-abcdefgh", database_url=f"sqlite:///{(at or path_of(posts)).resolve()}",
        data_dir=str(FOLDER.resolve()), executor="none", sandbox="off",
    )  # fmt: skip
    return create_app(settings, clock=SystemClock())


@contextmanager
def request_of(app: Flask, path: str) -> Iterator[None]:
    """Inside a request of the administrator, without the cost of signing in."""
    with app.test_request_context(path):
        app.preprocess_request()
        g.user = g.db.get(User, 1)
        yield
