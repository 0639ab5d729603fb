"""What the pretend platforms remember: one SQLite file, shared by any number of processes, that survives kill -9.

Every accepted thing is committed before its answer leaves. A write takes the file's one write lock from its start
(BEGIN IMMEDIATE), so checks made inside it hold.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["DEFAULTS", "State", "Timeline", "moment", "stamp"]

_BUSY_SECONDS = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
  platform TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, handle TEXT NOT NULL,
  followers INTEGER NOT NULL, created_at REAL NOT NULL, PRIMARY KEY (platform, id));
CREATE INDEX IF NOT EXISTS accounts_by_owner ON accounts (platform, owner);
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY, platform TEXT NOT NULL, owner TEXT NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL,
  grant_id TEXT NOT NULL, body TEXT NOT NULL, expires_at REAL, revoked_at REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_grant ON tokens (grant_id);
CREATE TABLE IF NOT EXISTS posts (
  seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, text TEXT NOT NULL,
  body TEXT NOT NULL, created_at REAL NOT NULL, live_at REAL NOT NULL, born REAL NOT NULL, deleted_at REAL,
  UNIQUE (platform, id));
CREATE INDEX IF NOT EXISTS posts_by_account ON posts (platform, account, created_at);
CREATE TABLE IF NOT EXISTS things (
  seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
  parent TEXT NOT NULL, body TEXT NOT NULL, content BLOB, created_at REAL NOT NULL, UNIQUE (platform, kind, id));
CREATE INDEX IF NOT EXISTS things_by_parent ON things (platform, kind, parent, seq);
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY, spec TEXT NOT NULL, seen INTEGER NOT NULL, remaining INTEGER);
CREATE TABLE IF NOT EXISTS counters (
  name TEXT NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, slot)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, operation TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, status INTEGER, note TEXT NOT NULL, token TEXT NOT NULL, account TEXT NOT NULL);
"""
_TABLES = ("settings", "accounts", "tokens", "posts", "things", "faults", "counters", "calls")

#: What a test or a demo may change while the sandbox runs (`POST /_sandbox/settings`).
DEFAULTS: dict[str, Any] = {
    #: Same text again within 72 hours: "refuse" as the real ones do, or "accept" so that only the client's care helps.
    "duplicates": "refuse",
    #: Rate limits and daily quotas: "report" them in headers only, or "enforce" them.
    "limits": "report",
    #: Real seconds a video or document takes to be processed after its upload.
    "processing_seconds": 2.0,
    #: LinkedIn gives refresh tokens to approved partners only.
    "linkedin_refresh_tokens": False,
    #: YouTube Analytics tells nothing about the most recent days (of pretend time).
    "analytics_lag_days": 2.0,
}


def stamp(value: datetime) -> float:
    """A moment as it is stored: seconds since 1970."""
    return value.timestamp()


def moment(value: float) -> datetime:
    """A stored moment, aware, in UTC."""
    return datetime.fromtimestamp(value, UTC)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How real time maps to pretend time, in which posts age: from an anchor on, `speed` times as fast."""

    real: float
    pretend: float
    speed: float

    def at(self, real: datetime) -> datetime:
        """The pretend moment of a real one; before the anchor both ran alike."""
        passed = stamp(real) - self.real
        return moment(self.pretend + passed * (self.speed if passed > 0 else 1.0))

    def back(self, pretend: datetime) -> datetime:
        """The real moment of a pretend one."""
        passed = stamp(pretend) - self.pretend
        return moment(self.real + passed / (self.speed if passed > 0 else 1.0))


class State:
    """The file, its connections, its settings and its clock. Safe to use from many threads."""

    def __init__(self, path: str | Path, now: Callable[[], datetime]) -> None:
        self.path = str(path)
        self.now = now
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        with self._connection() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._idle.pop() if self._idle else None
        if db is None:
            db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            # A killed process loses nothing with NORMAL; only a power cut could take the last commits.
            db.execute("PRAGMA synchronous=NORMAL")
        try:
            yield db
        finally:
            if db.in_transaction:
                db.rollback()
            with self._lock:
                self._idle.append(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent look at everything, without a lock."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that alone may write; committed when the block ends, undone when it raises."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            for db in self._idle:
                db.close()
            self._idle.clear()

    def wipe(self, speed: float) -> None:
        """Forget everything: accounts, posts, tokens, faults, settings, the journal."""
        with self.writing() as db:
            for table in _TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._anchor(db, Timeline(stamp(self.now()), stamp(self.now()), speed))

    def settings(self, db: sqlite3.Connection) -> dict[str, Any]:
        """All settings, defaults filled in."""
        told = {row["name"]: json.loads(row["value"]) for row in db.execute("SELECT name, value FROM settings")}
        return {name: told.get(name, default) for name, default in DEFAULTS.items()}

    def change(self, db: sqlite3.Connection, **values: Any) -> None:
        """Set some settings."""
        db.executemany(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
            [(name, json.dumps(value)) for name, value in values.items()],
        )

    def timeline(self, db: sqlite3.Connection) -> Timeline:
        """How time runs now; the first to ask starts the clock in step with real time."""
        row = db.execute("SELECT value FROM settings WHERE name = '_clock'").fetchone()
        if row is None:
            now = stamp(self.now())
            return Timeline(now, now, 1.0)
        return Timeline(*json.loads(row["value"]))

    def run_at(self, speed: float, *, ahead: timedelta = timedelta()) -> None:
        """From now on posts age `speed` times as fast; `ahead` makes everything older at once. Nothing gets younger."""
        with self.writing() as db:
            known = db.execute("SELECT 1 FROM settings WHERE name = '_clock'").fetchone()
            old = self.timeline(db)
            if known and old.speed == speed and not ahead:
                return
            now = self.now()
            self._anchor(db, Timeline(stamp(now), stamp(old.at(now) + ahead), speed))

    def _anchor(self, db: sqlite3.Connection, line: Timeline) -> None:
        self.change(db, _clock=[line.real, line.pretend, line.speed])
