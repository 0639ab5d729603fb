"""What was published directly as rows of the plan's table, under the same headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, literal_column, select, type_coerce
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.planning.exporting import PUBLISHED_DIRECTLY
from planner.planning.moments import wall_of
from planner.publishing.models import Native

__all__ = ["native_lines"]

_AT_ONCE = 2000


def native_lines(db: Session, start: datetime, end: datetime, *, channels: Sequence[int] = ()) -> Iterator[Sequence[str]]:
    """Each open message published in [start, end), earliest first, as planning.exporting.HEADINGS name its cells; of these channels where given.

    One statement, read two thousand rows at a time.
    """
    query: Any = (
        select(
            Native.published_at, Channel.time_zone, Channel.name, Native.text, Native.title, type_coerce(Native.kind, String), Native.url,
            Native.gone_at.is_not(None),
        )
        .join(Channel, Channel.id == Native.channel_id)
        .where(Native.state == literal_column("'found'"), Native.published_at >= start, Native.published_at < end)
        .order_by(Native.published_at, Native.id)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
    if channels:
        query = query.where(Native.channel_id.in_(channels))
    for part in db.connection().execute(query).partitions():
        for at, zone, channel, text, title, kind, url, gone in part:
            told = wall_of(at, zone)
            state = f"{PUBLISHED_DIRECTLY}, deleted" if gone else PUBLISHED_DIRECTLY
            yield told[:10], told[11:], zone, channel, "", text, title, "", "", "", "", "", state, kind, url, told.replace("T", " ")
