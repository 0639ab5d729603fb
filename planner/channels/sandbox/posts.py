"""Posts of every pretend platform: accepted, looked up, listed, changed and taken down."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from planner.channels.sandbox import numbers
from planner.channels.sandbox.state import Timeline, moment, stamp

__all__ = ["Post", "add", "every", "find", "find_all", "listed", "remove", "rewrite", "twin"]

#: How long the same text on the same account counts as a duplicate.
_TWIN_WINDOW = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Post:
    """One message that a platform accepted.

    created_at -- the moment the platform gives for it.
    live_at    -- from when on anyone can see it (later than the call when acceptance is delayed on purpose).
    born       -- its moment in pretend time, from which its age and numbers are reckoned.
    body       -- what else the platform keeps, by its own names.
    """

    platform: str
    id: str
    account: str
    text: str
    body: dict[str, Any]
    created_at: datetime
    live_at: datetime
    born: datetime
    deleted_at: datetime | None = None

    def age(self, line: Timeline, at: datetime) -> timedelta:
        """How old it is in pretend time at a real moment; never negative."""
        return max(line.at(at) - self.born, timedelta())

    def fate(self, seed: int) -> numbers.Traits:
        """What its numbers are drawn from."""
        linked = "http" in self.text or bool(self.body.get("linked"))
        return numbers.traits(self.platform, self.account, self.id, self.born, seed, linked)


def add(db: sqlite3.Connection, post: Post) -> None:
    """Store an accepted post. Raises sqlite3.IntegrityError when its id is taken."""
    db.execute(
        "INSERT INTO posts (platform, id, account, text, body, created_at, live_at, born) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            post.platform, post.id, post.account, post.text, json.dumps(post.body),
            stamp(post.created_at), stamp(post.live_at), stamp(post.born),
        ),
    )  # fmt: skip


def find(db: sqlite3.Connection, platform: str, post_id: str, now: datetime) -> Post | None:
    """A post anyone can look up now, or None."""
    found = find_all(db, platform, [post_id], now)
    return found.get(post_id)


def find_all(db: sqlite3.Connection, platform: str, ids: Iterable[str], now: datetime) -> dict[str, Post]:
    """Posts by id that are live now; absent ones are absent."""
    wanted = list(ids)
    marks = ",".join("?" * len(wanted))
    rows = db.execute(
        f"SELECT * FROM posts WHERE platform = ? AND id IN ({marks}) AND deleted_at IS NULL AND live_at <= ?",  # noqa: S608
        (platform, *wanted, stamp(now)),
    )
    return {row["id"]: _post(row) for row in rows}


def listed(
    db: sqlite3.Connection,
    platform: str,
    account: str | None,
    now: datetime,
    *,
    lag: timedelta = timedelta(),
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 3200,
) -> list[Post]:
    """Live posts, newest first, as a listing shows them: not those of the last `lag`. Times half-open [since, until)."""
    clauses = ["platform = ?", "deleted_at IS NULL", "live_at <= ?"]
    values: list[Any] = [platform, stamp(now - lag)]
    for clause, value in (
        ("account = ?", account),
        ("created_at >= ?", since and stamp(since)),
        ("created_at < ?", until and stamp(until)),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(value)
    rows = db.execute(
        f"SELECT * FROM posts WHERE {' AND '.join(clauses)} ORDER BY created_at DESC, seq DESC LIMIT ?",  # noqa: S608
        (*values, limit),
    )
    return [_post(row) for row in rows]


def every(db: sqlite3.Connection, platform: str | None, now: datetime) -> list[Post]:
    """Everything live now, oldest first."""
    where, values = ("platform = ? AND", [platform]) if platform else ("", [])
    rows = db.execute(
        f"SELECT * FROM posts WHERE {where} deleted_at IS NULL AND live_at <= ? ORDER BY seq",  # noqa: S608
        (*values, stamp(now)),
    )
    return [_post(row) for row in rows]


def twin(db: sqlite3.Connection, platform: str, account: str, text: str, now: datetime) -> Post | None:
    """A recent live post of the same account with the same text, or None."""
    row = db.execute(
        "SELECT * FROM posts WHERE platform = ? AND account = ? AND text = ? AND deleted_at IS NULL"
        " AND live_at <= ? AND created_at > ? ORDER BY seq LIMIT 1",
        (platform, account, text, stamp(now), stamp(now - _TWIN_WINDOW)),
    ).fetchone()
    return _post(row) if row else None


def rewrite(
    db: sqlite3.Connection, post: Post, *, text: str | None = None, body: dict[str, Any] | None = None,
    born: datetime | None = None,
) -> None:  # fmt: skip
    """Change what a post says or keeps."""
    db.execute(
        "UPDATE posts SET text = ?, body = ?, born = ? WHERE platform = ? AND id = ?",
        (
            post.text if text is None else text, json.dumps(post.body if body is None else body),
            stamp(born or post.born), post.platform, post.id,
        ),
    )  # fmt: skip


def remove(db: sqlite3.Connection, platform: str, ids: Sequence[str], now: datetime) -> None:
    """Take posts down."""
    db.executemany(
        "UPDATE posts SET deleted_at = ? WHERE platform = ? AND id = ? AND deleted_at IS NULL",
        [(stamp(now), platform, post_id) for post_id in ids],
    )


def _post(row: sqlite3.Row) -> Post:
    return Post(
        platform=row["platform"],
        id=row["id"],
        account=row["account"],
        text=row["text"],
        body=json.loads(row["body"]),
        created_at=moment(row["created_at"]),
        live_at=moment(row["live_at"]),
        born=moment(row["born"]),
        deleted_at=None if row["deleted_at"] is None else moment(row["deleted_at"]),
    )
