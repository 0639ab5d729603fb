"""Finding the rows of a list by words that some of their columns hold."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, String, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["SQLITE_NAME", "holding", "plain"]

#: More words than this ask for no more.
_WORDS = 8
#: What SQLite calls `plain`, on every connection that `core.db` prepares.
SQLITE_NAME = "planner_plain"


class _Plain(FunctionElement[str]):
    """`plain` of a column, as each database has it."""

    name = "plain"
    type = String()
    inherit_cache = True


@compiles(_Plain, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return f"{SQLITE_NAME}({compiler.process(element.clauses, **given)})"


@compiles(_Plain, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    # Marks are taken away first: lower() of the locale C knows no others than a to z.
    return rf"lower(regexp_replace(normalize({compiler.process(element.clauses, **given)}, NFKD), '[\u0300-\u036f]', '', 'g'))"


def plain(text: str | None) -> str | None:
    """In small letters and without accents, as one types it who seeks: “Évènement” is “evenement”. NULL stays NULL."""
    if text is None or text.isascii():
        return text and text.lower()
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not "\u0300" <= char <= "\u036f").lower()


def holding(sought: str, *columns: Any) -> list[ColumnElement[bool]]:
    """That each word of `sought` stands in one of these columns, in capitals or not, with its accents or without."""
    words = (plain(word) for word in sought.replace("\0", "").split()[:_WORDS])
    return [or_(*(_Plain(column).contains(word, autoescape=True) for column in columns)) for word in words if word]
