"""Writes rows past the unit of work, for steps that are taken for each message sent: those of one kind together, by statements put together once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

from sqlalchemy import JSON, Dialect, Table, Text, bindparam, column, func, insert, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.orm.exc import StaleDataError

from planner.core.db import Record, dump_json

__all__ = ["add", "change", "put", "together"]

_WAITING = "what is written together"
_ROW, _VERSION = "its row", "its version"
_Values = dict[str, Any]
#: Names of values, each with what turns it into the driver's.
_Said = list[tuple[str, Callable[[Any], Any] | None]]


class _Part(NamedTuple):
    """What is written alike to rows of one table: which columns, and whether a row's version has to be the one that was read."""

    kind: type[Record]
    names: tuple[str, ...]
    is_new: bool = False
    is_counted: bool = False

    @property
    def table(self) -> Table:
        return cast(Table, self.kind.__table__)

    def statement(self, told: Callable[[str, Any], Any]) -> Any:
        """Its INSERT or UPDATE. `told` gives what stands for a value, by its name and type."""
        columns = self.table.c
        values = {name: told(name, columns[name].type) for name in self.names}
        if self.is_new:
            return insert(self.table).values(values)
        query = update(self.table).where(columns.id == told(_ROW, columns.id.type)).values(values)
        return query.where(columns.version == told(_VERSION, columns.version.type)) if self.is_counted else query


@dataclass(slots=True)
class _Waiting:
    """What is to be written: part -> its rows; of a row that is there already, what was said last."""

    new: dict[_Part, list[_Values]] = field(default_factory=dict)
    known: dict[_Part, dict[int, _Values]] = field(default_factory=dict)

    def put(self, part: _Part, values: _Values) -> None:
        if part.is_new:
            self.new.setdefault(part, []).append(values)
        else:
            self.known.setdefault(part, {})[values[_ROW]] = values

    def write(self, db: Session) -> None:
        rows = {**{part: list(of.values()) for part, of in self.known.items()}, **self.new}
        if rows:
            (_write_at_once if db.get_bind().dialect.name == "postgresql" else _write_in_turn)(db, rows)


def change(db: Session, row: Record, **values: Any) -> None:
    """Give one stored row other values, now.

    The row in hand says so too, what was set on it before is written first, and its version counts up where it has one.
    Raises StaleDataError, as a flush does, when somebody else changed or removed it.
    """
    if instance_state(row).modified:
        db.flush()  # What was set on it before comes first.
    counter = row.__mapper__.version_id_col
    read = None if counter is None else getattr(row, str(counter.key))
    put(db, type(row), row.id, read=read, **values)
    if read is not None:
        values["version"] = read + 1
    instance_dict(row).update(values)  # As set_committed_value does for each, of a row on which nothing else is set.


def put(db: Session, kind: type[Record], row_id: int, *, read: int | None = None, **values: Any) -> None:
    """The same for a row that is not at hand.

    read -- the version that was read: it counts up, and StaleDataError is raised when the row has another by now. None leaves it as
    it is, for what is no change that a person's edit could collide with.
    """
    wanted: _Values = {_ROW: row_id, **values}
    if read is not None:
        wanted[_VERSION], wanted["version"] = read, read + 1
    _write(db, _Part(kind, tuple(values) if read is None else (*values, "version"), is_counted=read is not None), wanted)


def add(db: Session, kind: type[Record], **values: Any) -> None:
    """Write a new row. Every column that may not be empty has to be told: no default of the model is looked up."""
    _write(db, _Part(kind, tuple(values), is_new=True), values)


@contextmanager
def together(db: Session) -> Iterator[None]:
    """What is written inside, each row once and in no certain order, is written at its end: on PostgreSQL as one statement, since a round
    to the server costs more than a write; on SQLite as one for each kind of row. Within another one, it is part of that.

    Raises what `change` raises, at its end. If anything is raised inside, nothing of it is written.
    """
    if _WAITING in db.info:
        yield
        return
    waiting = db.info[_WAITING] = _Waiting()
    try:
        yield
    finally:
        del db.info[_WAITING]
    waiting.write(db)


def _write(db: Session, part: _Part, values: _Values) -> None:
    waiting: _Waiting | None = db.info.get(_WAITING)
    if waiting is not None:
        waiting.put(part, values)
        return
    alone = _Waiting()
    alone.put(part, values)
    alone.write(db)


def _write_in_turn(db: Session, rows: Mapping[_Part, Sequence[_Values]]) -> None:
    connection = db.connection()
    for part, values in rows.items():
        text, said = _for_driver(part, connection.dialect)
        result = connection.exec_driver_sql(text, list(zip(*_columns(said, values), strict=True)))
        if not part.is_new and result.rowcount != len(values):
            raise _stale(part)


def _write_at_once(db: Session, rows: Mapping[_Part, Sequence[_Values]]) -> None:
    text, said = _as_one(tuple(rows), tuple(len(values) == 1 for values in rows.values()), db.get_bind().dialect)
    told = {parameter: _as_json(columns, values) for (parameter, columns), values in zip(said.items(), rows.values(), strict=True)}
    counts = db.connection().exec_driver_sql(text, told).one()
    for (part, values), count in zip(rows.items(), counts, strict=True):
        if count != len(values):
            raise _stale(part)


def _as_json(said: _Said, rows: Sequence[_Values]) -> str:
    """An object for one row, a list of them for several."""
    names = [name for name, _convert in said]
    objects = [dict(zip(names, one, strict=True)) for one in zip(*_columns(said, rows), strict=True)]
    return dump_json(objects[0] if len(objects) == 1 else objects)


def _columns(said: _Said, rows: Sequence[_Values]) -> Iterator[Sequence[Any]]:
    """Each value's column as the driver takes it. Much of what is written is the same in each row: that is turned into the driver's once."""
    for name, convert in said:
        column = [row[name] for row in rows]
        if convert is None:
            yield column
        elif all(value is column[0] for value in column):
            yield [convert(column[0])] * len(column)
        else:
            yield [convert(value) for value in column]


def _stale(part: _Part) -> StaleDataError:
    return StaleDataError(f"a row of {part.kind.__tablename__} was changed by somebody else")


# To have SQLAlchemy look at a statement each time takes several times as long as to run it, so it is asked once for each database.


@lru_cache(maxsize=64)
def _for_driver(part: _Part, dialect: Dialect) -> tuple[str, _Said]:
    """A statement as SQLite's driver takes it, and its values in their order."""
    types: dict[str, Any] = {}

    def told(name: str, kind: Any) -> Any:
        types[name] = kind
        return bindparam(f"to {name}", type_=kind)

    compiled = part.statement(told).compile(dialect=dialect)
    order = [name.removeprefix("to ") for name in compiled.positiontup or ()]
    return str(compiled), [(name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in order]


@lru_cache(maxsize=64)
def _as_one(parts: tuple[_Part, ...], alone: tuple[bool, ...], dialect: Dialect) -> tuple[str, dict[str, _Said]]:
    """One statement that tells how many rows of each part it wrote. Its parameters are texts in JSON, one a part: an object for a part
    whose one row is written `alone`, else a list of them. PostgreSQL looks one row up, but takes a list for a hundred and reads the table for it.
    """
    written = []
    said: dict[str, _Said] = {}
    for number, (part, is_alone) in enumerate(zip(parts, alone, strict=True)):
        types: dict[str, Any] = {}
        part.statement(types.setdefault)
        text = sql_cast(bindparam(f"rows_{number}", type_=Text()), JSON)
        listed = func.json_to_record(text) if is_alone else func.json_to_recordset(text)
        rows = listed.table_valued(*(column(name, kind) for name, kind in types.items()), name=f"part_{number}").render_derived(with_types=True)
        if part.is_new:
            query: Any = insert(part.table).from_select(list(types), select(*(rows.c[name] for name in types)))
        else:
            query = part.statement(partial(_column_of, rows))
        written.append(query.returning(part.table.c.id).cte(f"written_{number}"))
        said[f"rows_{number}"] = [(name, _into_json(kind.dialect_impl(dialect), dialect)) for name, kind in types.items()]
    one = select(*(select(func.count()).select_from(each).scalar_subquery() for each in written))
    return str(one.compile(dialect=dialect)), said


def _column_of(rows: Any, name: str, _kind: Any) -> Any:
    return rows.c[name]


def _into_json(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    processor: Callable[[Any], Any] | None = None if isinstance(kind, JSON) else kind.bind_processor(dialect)
    return processor
