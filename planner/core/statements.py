"""Statements that are put together once and asked over and over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Boolean, ColumnElement, Dialect, String, Text, bindparam, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeDecorator, TypeEngine

from planner.core.db import dump_json

__all__ = ["among", "written_out"]


class _List(TypeDecorator[Sequence[Any]]):
    """Several values handed over as one: a text in JSON for SQLite, an array for PostgreSQL. Numbers and texts only."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = Text() if isinstance(of, String) else of  # PostgreSQL would cut a text to the column's length, and find it.

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return None if dialect.name == "postgresql" else dump_json


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> _Among:
        """A condition as it stands: SQLAlchemy would compare it with 1, for databases that know no conditions as values."""
        return self


@compiles(_Among, "sqlite")
def _among_on_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    column, values = element.clauses
    said: str = compiler.process(column.in_(select(func.json_each(values).table_valued("value").c.value)), **given)
    return said


@compiles(_Among)
def _among_on_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    column, values = element.clauses
    said: str = compiler.process(column == func.any(values), **given)
    return said


def among(column: Any, name: str) -> ColumnElement[bool]:
    """That a column holds one of the numbers or texts handed over by that name. However many they are, the statement stays the same: SQLAlchemy does
    not write it anew and PostgreSQL plans it once."""
    return _Among(column, bindparam(name, type_=_List(column.type)))


def written_out(statement: Any) -> Any:
    """The statement with its own words and whole numbers written into it: bound, each would be handed over anew every time it is asked.

    What is bound by a name and has no value yet stays to be bound. Only for constants of the code: nothing that anybody typed. A constant that is a column of a
    query inside another needs a label: bound, it would be given one.
    """
    return replacement_traverse(statement, {}, _written)


def _written(element: Any, **_options: Any) -> Any:
    if not isinstance(element, BindParameter) or element.required or element.callable is not None:
        return None
    if element.expanding:
        if not element.value or (words := [_word(one) for one in element.value]).count(None):
            return None
        return literal_column(f"({', '.join(str(one) for one in words)})", element.type)
    word = _word(element.value)
    return None if word is None else literal_column(word, element.type)


def _word(value: Any) -> str | None:
    if isinstance(value, str):
        said = str(value).replace("'", "''")
        return f"'{said}'"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
