"""Writes single rows past the unit of work, for steps that are taken for each message sent; on PostgreSQL several as one statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from planner.core.db import Record

__all__ = ["Added", "add", "change", "put", "together"]

_PARTS = "parts to be written together"


@dataclass(frozen=True, slots=True)
class _Part:
    """What is written to one row: which columns, and whether its version has to be the one that was read."""

    kind: type[Record]
    names: tuple[str, ...]
    is_new: bool = False
    is_counted: bool = False

    def statement(self, mark: str = "") -> Any:
        """Its INSERT or UPDATE, telling the row's id. `mark` sets its parameters apart from another part's."""
        table = cast(Table, self.kind.__table__)
        values = {name: bindparam(f"to_{name}{mark}", type_=table.c[name].type) for name in self.names}
        if self.is_new:
            return insert(table).values(values).returning(table.c.id)
        query = update(table).where(table.c.id == bindparam(f"row{mark}")).values(values)
        return query.where(table.c.version == bindparam(f"version{mark}")) if self.is_counted else query


@dataclass(slots=True)
class Added:
    """A row that was written; its id is known once it is, which inside `together` is at its end."""

    id: int = 0


def change(db: Session, row: Record, **values: Any) -> None:
    """Give one stored row other values, now.

    The row in hand says so too, what was set on it before is written first, and its version counts up where it has one.
    Raises StaleDataError, as a flush does, when somebody else changed or removed it.
    """
    if instance_state(row).modified:
        db.flush()  # What was set on it before comes first.
    wanted: dict[str, Any] = {"row": row.id}
    if (counter := row.__mapper__.version_id_col) is not None:
        wanted["version"] = getattr(row, str(counter.key))
        values["version"] = wanted["version"] + 1
    wanted |= {f"to_{name}": value for name, value in values.items()}
    _write(db, _Part(type(row), tuple(values), is_counted=counter is not None), wanted)
    for name, value in values.items():
        set_committed_value(row, name, value)


def put(db: Session, kind: type[Record], row_id: int, **values: Any) -> None:
    """The same for a row that is not at hand, its version left as it is: no change that a person's edit could collide with."""
    _write(db, _Part(kind, tuple(values)), {"row": row_id, **{f"to_{name}": value for name, value in values.items()}})


def add(db: Session, kind: type[Record], **values: Any) -> Added:
    """Write a new row. Every column that may not be empty has to be told: no default of the model is looked up."""
    added = Added()
    _write(db, _Part(kind, tuple(values), is_new=True), {f"to_{name}": value for name, value in values.items()}, added)
    return added


@contextmanager
def together(db: Session) -> Iterator[None]:
    """What is written inside, each row once and in no certain order, is one statement on PostgreSQL: a round to the server costs more than a write.

    Raises what `change` raises, at its end.
    """
    if db.get_bind().dialect.name != "postgresql":
        yield
        return
    parts: list[tuple[_Part, dict[str, Any], Added]] = []
    db.info[_PARTS] = parts
    try:
        yield
    finally:
        del db.info[_PARTS]
    values = {f"{name}_{number}": value for number, (_part, wanted, _added) in enumerate(parts) for name, value in wanted.items()}
    ids = db.execute(_as_one(tuple(part for part, _wanted, _added in parts)), values).one()
    for (part, _wanted, added), row_id in zip(parts, ids, strict=True):
        added.id = _known(part, row_id)


def _write(db: Session, part: _Part, values: dict[str, Any], added: Added | None = None) -> None:
    if (parts := db.info.get(_PARTS)) is not None:
        parts.append((part, values, added or Added()))
        return
    result = cast("CursorResult[Any]", db.execute(_alone(part), values))
    if added is not None:
        added.id = result.scalar_one()
    else:
        _known(part, result.rowcount or None)


def _known(part: _Part, told: int | None) -> int:
    if told is None:
        raise StaleDataError(f"a row of {part.kind.__tablename__} was changed by somebody else")
    return told


@lru_cache(maxsize=64)
def _alone(part: _Part) -> Any:
    """Put together once for each set of columns: that takes longer than to run it."""
    return part.statement()


@lru_cache(maxsize=64)
def _as_one(parts: tuple[_Part, ...]) -> Select[Any]:
    written = []
    for number, part in enumerate(parts):
        query = part.statement(f"_{number}")
        written.append((query if part.is_new else query.returning(cast(Table, part.kind.__table__).c.id)).cte(f"part_{number}"))
    return select(*(select(one.c.id).scalar_subquery().label(f"id_{number}") for number, one in enumerate(written)))
