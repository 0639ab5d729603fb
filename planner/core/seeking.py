"""Finding the rows of a list by words that some of their columns hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, or_

__all__ = ["holding"]

#: More words than this ask for no more.
_WORDS = 8


def holding(sought: str, *columns: Any) -> list[ColumnElement[bool]]:
    """That each word of `sought` stands in one of these columns, in capitals or not (on SQLite: accented letters as they are written)."""
    return [
        or_(*(part for column in columns for part in (column.contains(word, autoescape=True), func.lower(column).contains(word.lower(), autoescape=True))))
        for word in sought.replace("\0", "").split()[:_WORDS]
    ]
