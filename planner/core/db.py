"""Engines and sessions: one declarative base, SQLite set up to be safe, reads and writes told apart."""

from __future__ import annotations

import re
import select
import sqlite3
import threading
import time
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, BigInteger, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from planner.core.seeking import SQLITE_NAME, plain
from planner.core.types import UtcDateTime

__all__ = ["BUSY_SECONDS", "Base", "BigId", "Record", "Sessions", "dump_json", "engine_options", "is_busy", "make_engine", "prepare", "reading", "sessions_of"]

#: A connection that rested longer is asked whether it still works before it is used: what lies between may have forgotten it.
_REST_SECONDS = 5.0
_RESTS_SINCE = "rests since"

#: How long a SQLite writer waits for another before it gives up.
BUSY_SECONDS = 10

#: 64-bit keys on PostgreSQL; SQLite only auto-numbers a column typed exactly INTEGER (which holds 64 bits anyway).
BigId = BigInteger().with_variant(Integer, "sqlite")

Sessions = sessionmaker[Session]


class Base(DeclarativeBase):
    """Every table, with names given to every constraint so that a migration can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class Record(Base):
    """A row with a number of its own."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigId, primary_key=True)


def engine_options(url: str) -> dict[str, Any]:
    """How an engine for this address is made, beside the address itself. Errors, which the log holds, tell no values: those may be under embargo."""
    common: dict[str, Any] = {**_JSON, "hide_parameters": True}
    if make_url(url).get_backend_name() == "sqlite":
        return common | {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    return common | {"pool_size": 10, "pool_use_lifo": True}


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL (`postgresql+psycopg://…`), prepared."""
    return prepare(create_engine(url, **engine_options(url)))


def prepare(engine: Engine) -> Engine:
    """Make a SQLite engine durable and honest about locks; keep PostgreSQL from compiling statements, and from planning exports for their first rows.

    A writing transaction starts with BEGIN IMMEDIATE, so it waits for its turn instead of failing half-way;
    one marked with the execution option `reading=True` (see `reading`) takes no lock at all.
    """
    if engine.dialect.name != "sqlite":

        @event.listens_for(engine, "connect")
        def _on_new(connection: Any, _record: Any) -> None:
            # Outside a transaction, so that no rollback takes it back. Ours are short: compiling one has taken ten times what running it does.
            connection.autocommit = True
            connection.execute("SET jit = off")
            connection.execute("SET cursor_tuple_fraction = 1")  # What we read piece by piece is read to its end.
            connection.autocommit = False

        @event.listens_for(engine, "checkin")
        def _on_checkin(_connection: Any, record: Any) -> None:
            record.info[_RESTS_SINCE] = time.monotonic()

        @event.listens_for(engine, "checkout")
        def _on_checkout(connection: Any, record: Any, _fairy: Any) -> None:
            # To ask of each whether its server is there takes as long as a statement. One that has closed it has said so.
            since = record.info.get(_RESTS_SINCE)
            if since is not None and not _is_there(engine, connection, time.monotonic() - since):
                raise DisconnectionError

        @event.listens_for(engine, "rollback")
        def _on_rollback(connection: Connection) -> None:
            # Its driver forgets all statements it has prepared with a ROLLBACK, so each would be planned anew after every look.
            held: Any = connection.connection.driver_connection
            if connection.get_execution_options().get("reading", False) and held.info.transaction_status.name == "INTRANS":
                held.commit()

        return engine

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy would otherwise let the driver decide when to begin.
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "cache_size=-65536",
            "mmap_size=268435456",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function(SQLITE_NAME, 1, plain, deterministic=True)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("reading", False):
            held: Any = connection.connection.driver_connection
            held.execute("BEGIN")  # It takes no lock and cannot fail, so it need not go the long way: every page begins with it.
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _is_there(engine: Engine, connection: Any, rested: float) -> bool:
    try:
        return (rested <= _REST_SECONDS and not _has_word(connection)) or engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False


def _has_word(connection: Any) -> bool:
    """Whether a connection that asks nothing has something to read: its server's farewell, or news. True where the system cannot tell."""
    if not hasattr(select, "poll"):
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def reading(engine: Engine) -> Engine:
    """The same pool, for transactions that promise not to write. Always the same object, so that a session keeps one connection."""
    with _lock:
        if engine not in _readers:
            _readers[engine] = engine.execution_options(reading=True)
        return _readers[engine]


_lock = threading.Lock()
_readers: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


#: What drivers say when the database cannot answer just now.
_BUSY = re.compile(r"locked|busy|timeout|deadlock|serializ|connection|starting up|shutting down", re.IGNORECASE)


def is_busy(error: Exception) -> bool:
    """Whether the database did not answer just now, so that the same may succeed in a moment."""
    return isinstance(error, OperationalError) and bool(_BUSY.search(str(error.orig)))


def sessions_of(engine: Engine) -> Sessions:
    """Sessions for workers and commands; objects stay readable after a commit."""
    return sessionmaker(engine, expire_on_commit=False)


def dump_json(value: Any) -> str:
    """As values in JSON are stored: keys in order, members of closed lists by their values."""
    import orjson

    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


def _load_json(text: str | bytes) -> Any:
    import orjson

    return orjson.loads(text)


_JSON = {"json_serializer": dump_json, "json_deserializer": _load_json}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    raise TypeError(f"not JSON: {value!r}")
