"""Everything a pretend platform keeps besides posts: media, upload sessions, playlists, captions, comments."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planner.channels.sandbox.state import moment, stamp

__all__ = ["Thing", "add", "change", "children", "content", "find", "remove"]


@dataclass(frozen=True, slots=True)
class Thing:
    """One kept object: its kind, id, owner account, parent (a post, a playlist…) and what is known of it."""

    platform: str
    kind: str
    id: str
    account: str
    parent: str
    body: dict[str, Any]
    created_at: datetime


def add(db: sqlite3.Connection, thing: Thing, content: bytes | None = None) -> None:
    """Keep a new thing, with its bytes if it has any."""
    db.execute(
        "INSERT INTO things (platform, kind, id, account, parent, body, content, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            thing.platform, thing.kind, thing.id, thing.account, thing.parent, json.dumps(thing.body), content,
            stamp(thing.created_at),
        ),
    )  # fmt: skip


def find(db: sqlite3.Connection, platform: str, kind: str, thing_id: str) -> Thing | None:
    """A thing by its id, or None."""
    row = db.execute(
        "SELECT platform, kind, id, account, parent, body, created_at FROM things"
        " WHERE platform = ? AND kind = ? AND id = ?",
        (platform, kind, thing_id),
    ).fetchone()
    return _thing(row) if row else None


def children(db: sqlite3.Connection, platform: str, kind: str, parent: str) -> list[Thing]:
    """Things of one kind that belong to a parent, in the order they were added."""
    rows = db.execute(
        "SELECT platform, kind, id, account, parent, body, created_at FROM things"
        " WHERE platform = ? AND kind = ? AND parent = ? ORDER BY seq",
        (platform, kind, parent),
    )
    return [_thing(row) for row in rows]


def change(
    db: sqlite3.Connection, thing: Thing, body: dict[str, Any], *, content: bytes | None = None
) -> None:
    """Replace what is known of a thing, and its bytes when some are given."""
    db.execute(
        "UPDATE things SET body = ?, content = COALESCE(?, content) WHERE platform = ? AND kind = ? AND id = ?",
        (json.dumps(body), content, thing.platform, thing.kind, thing.id),
    )


def remove(db: sqlite3.Connection, thing: Thing) -> None:
    """Forget a thing."""
    db.execute(
        "DELETE FROM things WHERE platform = ? AND kind = ? AND id = ?", (thing.platform, thing.kind, thing.id)
    )


def content(db: sqlite3.Connection, platform: str, kind: str, thing_id: str) -> bytes | None:
    """The bytes of a thing, or None."""
    row = db.execute(
        "SELECT content FROM things WHERE platform = ? AND kind = ? AND id = ?", (platform, kind, thing_id)
    ).fetchone()
    return row["content"] if row else None


def _thing(row: sqlite3.Row) -> Thing:
    return Thing(
        platform=row["platform"],
        kind=row["kind"],
        id=row["id"],
        account=row["account"],
        parent=row["parent"],
        body=json.loads(row["body"]),
        created_at=moment(row["created_at"]),
    )
