"""Keyset paging: a page is “the next N after this row”, so page 1,000 costs what page 1 costs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["Page", "by_day", "day_and_number", "decode_cursor", "encode_cursor", "name_and_number"]


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the page after (None on the last one)."""

    items: Sequence[Item]
    next_cursor: str | None = None


def encode_cursor(*keys: Any) -> str:
    """The sort keys of the last row shown, as URL-safe text."""
    return base64.urlsafe_b64encode(orjson.dumps(keys)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *, parts: int) -> list[Any]:
    """The sort keys again. Raises Invalid when the text is not one of ours."""
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        keys = None
    if not isinstance(keys, list) or len(keys) != parts:
        raise _damaged()
    return keys


def name_and_number(cursor: str) -> tuple[str, int]:
    """The sort keys of a list by name. Raises Invalid when the text is not one of ours."""
    name, number = decode_cursor(cursor, parts=2)
    if not isinstance(name, str) or isinstance(number, bool) or not isinstance(number, int):
        raise _damaged()
    return name, number


def day_and_number(cursor: str) -> tuple[date, int]:
    """The sort keys of a list by day. Raises Invalid when the text is not one of ours."""
    text, number = name_and_number(cursor)
    try:
        return date.fromisoformat(text), number
    except ValueError:
        raise _damaged() from None


def by_day(db: Session, query: Select[Any], day: Any, number: Any, *, latest_first: bool, cursor: str | None, limit: int) -> Page[Any]:
    """A page of rows in the order of their day, the earliest or the latest first. One statement.

    day, number -- the two columns they are ordered by, which each row has as attributes. Raises Invalid for a damaged cursor.
    """
    place = tuple_(day, number)
    query = query.order_by(day.desc(), number.desc()) if latest_first else query.order_by(day, number)
    if cursor:
        query = query.where(place < day_and_number(cursor) if latest_first else place > day_and_number(cursor))
    found = list(db.scalars(query.limit(limit + 1)))
    more, found = len(found) > limit, found[:limit]
    return Page(found, encode_cursor(getattr(found[-1], day.key).isoformat(), getattr(found[-1], number.key)) if more else None)


def _damaged() -> Invalid:
    return Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
