"""A stretch with more posts than a page can show: how many each day has, and the first of each, in one statement whatever there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.core.types import UtcDateTime
from planner.planning.models import Post
from planner.planning.queries import CalendarEntry, Filters, conditions, entry_rows, seen_by

__all__ = ["first_of_each"]


def first_of_each(
    db: Session, days: Sequence[tuple[datetime, datetime]], *, viewer: User | None, filters: Filters, each: int
) -> tuple[list[CalendarEntry], list[int]]:
    """The first `each` posts of every day, and how many every day has. One statement.

    days -- half-open; they may be of different lengths, as the clocks want.
    """
    query = _everything(len(days)) if filters == Filters() else _built(len(days), filters, viewer)
    bounds: dict[str, Any] = {"each": each}
    for number, (start, end) in enumerate(days):
        bounds |= {f"start{number}": start, f"end{number}": end}
    rows = db.connection().execute(query, bounds).all()
    counts = [0] * len(days)
    for row in rows:
        counts[row[-2]] = row[-1]
    return seen_by(viewer, [row[:-2] for row in rows]), counts


@lru_cache(maxsize=4)
def _everything(days: int) -> Any:
    """Without a filter; built once, since building it costs more than reading it."""
    return _built(days, Filters(), None)


def _built(days: int, filters: Filters, viewer: User | None) -> Any:
    parts = []
    for number in range(days):
        inside = [
            Post.publish_at >= bindparam(f"start{number}", type_=UtcDateTime()),
            Post.publish_at < bindparam(f"end{number}", type_=UtcDateTime()),
            *conditions(filters, viewer),
        ]
        count: Any = select(func.count()).select_from(Post).where(*inside)
        if filters != Filters():
            count = count.join(Asset, Asset.id == Post.asset_id)
        first = entry_rows().where(*inside).limit(bindparam("each", type_=Integer())).subquery()
        parts.append(select(*first.c, literal(number), count.scalar_subquery()))
    return union_all(*parts)


