"""Statements that are put together once and asked over and over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, literal_column
from sqlalchemy.sql.visitors import replacement_traverse

__all__ = ["written_out"]


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
