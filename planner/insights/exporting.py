"""Numbers as a table, row by row: each live post with what was told last, or every reading that there is. An empty cell is “not told”."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, select, type_coerce
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.channels.models import Channel
from planner.insights.models import METRICS, Latest, Snapshot
from planner.planning.models import Post, PostState

__all__ = ["HEADINGS", "table"]

#: The headings of the import of readings first, so that what went out can come back.
HEADINGS = ("post_id", "platform", "external_id", "url", "read_at", *METRICS, "regime", "channel", "title", "kind", "published_at")
_AT_ONCE = 2000


def table(db: Session, *, every_reading: bool = False, channel_id: int | None = None, viewer: User | None) -> Iterator[Sequence[str]]:
    """The headings, then a row of text a live post, by publication; with `every_reading` one a reading, by post and moment.

    Posts about what the viewer may not know of are left out. One statement, read two thousand rows at a time.
    """
    yield HEADINGS
    told: Any = Snapshot if every_reading else Latest
    query: Any = (
        select(
            Post.id, type_coerce(Channel.platform, String), Post.external_id, Post.external_url, told.at, *(getattr(told, name) for name in METRICS),
            told.regime, Channel.name, Asset.title, type_coerce(Asset.kind, String), Post.published_at,
        )
        .select_from(Post)
        .join(told, told.post_id == Post.id, isouter=not every_reading)
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.state == PostState.PUBLISHED)
        .order_by(*((Post.id, Snapshot.at) if every_reading else (Post.publish_at, Post.id)))
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
    if channel_id is not None:
        query = query.where(Post.channel_id == channel_id)
    known = known_to(viewer)
    if known is not None:
        query = query.where(known)
    for part in db.connection().execute(query).partitions():
        for post_id, platform, number, url, at, *rest, published_at in part:
            yield [
                str(post_id), platform, number or "", url or "", _moment(at), *["" if cell is None else str(cell) for cell in rest], _moment(published_at),
            ]  # fmt: skip


def _moment(at: datetime | None) -> str:
    """UTC, as the import reads it."""
    return "" if at is None else f"{at.isoformat()[:19]}Z"
