"""The board's little drawings as a table: what each video was seen, point by point, and where it may go. An empty cell is “not told”."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.promotion.queries import BoardFilters, BoardRow, board

__all__ = ["HEADINGS", "points"]

HEADINGS = ("asset_id", "title", "channel", "published_at", "age_days", "views", "forecast", "forecast_low", "forecast_high")
_AT_ONCE = 500


def points(db: Session, filters: BoardFilters, *, viewer: User | None, now: datetime) -> Iterator[Sequence[str]]:
    """The headings, then a row of text a point, video by video in the board's order, every page of it: the points seen, then the forecast.

    Two statements for every 500 videos.
    """
    yield HEADINGS
    asked = replace(filters, page=1, most=_AT_ONCE)
    while rows := board(db, asked, viewer=viewer, now=now).rows:
        for row in rows:
            yield from _of(row)
        asked = replace(asked, page=asked.page + 1)


def _of(row: BoardRow) -> Iterator[Sequence[str]]:
    one = row.standing
    video = (str(one.asset_id), row.title, row.channel, f"{one.published_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    for age, views in one.seen:
        yield (*video, f"{age:g}", str(views), "", "", "")
    if one.fan:
        age, low, median, high = one.fan
        yield (*video, f"{age:g}", "", str(median), str(low), str(high))
