"""A stretch with more posts than a page can show: how many each day has, and the first of each, in one statement whatever there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, cast, func, literal_column, null, select, true, union_all
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.core.statements import written_out
from planner.core.types import UtcDateTime
from planner.planning.models import Post, PostState
from planner.planning.queries import CalendarEntry, Filters, conditions, entry_rows, seen_by

__all__ = ["first_of_each"]


def first_of_each(
    db: Session, days: Sequence[tuple[datetime, datetime]], *, viewer: User | None, filters: Filters, each: int
) -> tuple[list[CalendarEntry], list[int]]:
    """The first `each` posts of every day, earliest first, and how many every day has. One statement.

    days -- half-open; they may be of different lengths, as the clocks want.
    """
    connection = db.connection()
    lateral = connection.dialect.name != "sqlite"
    query = _everything(len(days), lateral) if filters == Filters() else _built(len(days), lateral, filters, viewer)
    bounds: dict[str, Any] = {"each": each}
    for number, (start, end) in enumerate(days):
        bounds[f"start{number}"], bounds[f"end{number}"] = start, end
    counts = [0] * len(days)
    posts: list[Any] = []
    for row in connection.execute(query, bounds).all():
        if row[1] is None:
            posts.append(row[2:])
        else:
            counts[row[0]] = row[1]
    posts.sort(key=lambda post: (post[2], post[0]))  # Its moment, then its number.
    return seen_by(viewer, posts), counts


@lru_cache(maxsize=4)
def _everything(days: int, lateral: bool) -> Any:
    """Without a filter; built once, since building it costs more than reading it."""
    return written_out(_built(days, lateral, Filters(), None))


def _built(days: int, lateral: bool, filters: Filters, viewer: User | None) -> Any:
    """Rows of (day, its count, nothing) and of (day, None, a post).

    lateral -- whether the database joins a query that looks at the row beside it; SQLite does not, but looks up a list of numbers for each.
    """
    asked = [
        select(
            literal_column(str(number), Integer()).label("number"),
            bindparam(f"start{number}", type_=UtcDateTime()).label("starts"),
            bindparam(f"end{number}", type_=UtcDateTime()).label("ends"),
        )
        for number in range(days)
    ]
    day = union_all(*asked).cte("days")
    inside, wanted, each = [Post.publish_at >= day.c.starts, Post.publish_at < day.c.ends], conditions(filters, viewer), bindparam("each", type_=Integer())

    def of_day(what: Any, *where: ColumnElement[bool]) -> Any:
        asked = select(what).select_from(Post).where(*inside, *where).correlate(day)
        return asked if filters == Filters() else asked.join(Asset, Asset.id == Post.asset_id)

    if filters == Filters():  # All less the cancelled ones is read from two indexes alone, several times faster than looking at the state of each.
        many = of_day(func.count()).scalar_subquery() - of_day(func.count(), Post.state == PostState.CANCELLED).scalar_subquery()
    else:
        many = of_day(func.count(), *wanted).scalar_subquery()
    rows = entry_rows()
    if lateral:
        first = rows.where(*inside, *wanted).limit(each).lateral("first")
        posts = select(day.c.number, null(), *first.c).select_from(day.join(first, true()))
    else:
        numbers = of_day(Post.id, *wanted).order_by(Post.publish_at, Post.id).limit(each)
        posts = rows.with_only_columns(day.c.number, null(), *rows.selected_columns).join(day, true()).where(Post.id.in_(numbers)).order_by(None)
    nothing = [cast(null(), column.type) for column in rows.selected_columns]
    return union_all(select(day.c.number, many, *nothing), posts)
