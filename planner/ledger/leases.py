"""How a row is claimed by one worker: SKIP LOCKED on PostgreSQL, the write lock of BEGIN IMMEDIATE on SQLite."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from planner.core.statements import written_out

__all__ = ["Taking", "lockable", "worker_name"]

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def lockable(query: Query, db: Session, *, of: Any = None, key: bool = False) -> Query:
    """The same query, taking its rows for this transaction and passing over those another one holds.

    of  -- the table whose rows are taken, when several are joined.
    key -- True leaves other transactions free to refer to these rows, as a post that is being written does to its channel.
    On SQLite a writing transaction already holds the one write lock, so nothing can be taken twice.
    """
    if db.get_bind().dialect.name == "postgresql":
        return query.with_for_update(skip_locked=True, of=of, key_share=key)
    return query


class Taking:
    """A query like that which is asked all the time: put together once for each database. Called with a session, it gives its query: that which passes over rows another transaction holds."""

    def __init__(self, query: Any, *, of: Any, within: Callable[[Any], Any] = lambda query: query) -> None:
        """of -- the tables whose rows are taken. within -- makes the statement that the query is part of."""
        self._plain = within(written_out(query))
        self._locking = within(written_out(query.with_for_update(skip_locked=True, of=of, key_share=True)))

    def __call__(self, db: Session) -> Any:
        return self._locking if db.get_bind().dialect.name == "postgresql" else self._plain


def worker_name() -> str:
    """A name no other worker has: host, process, thread and chance."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{threading.get_native_id()}:{uuid.uuid4().hex[:8]}"
