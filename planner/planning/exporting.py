"""The plan as a table, row by row: what the calendar shows with these filters, with its words; what the reader may not know is masked there too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset, Confidentiality
from planner.channels.models import Channel
from planner.planning.models import Campaign, Post
from planner.planning.moments import wall_of
from planner.planning.queries import Filters, conditions

__all__ = ["HEADINGS", "table"]

#: The headings of the import, so that a table that went out can come back, and what only the plan knows.
HEADINGS = (
    "date", "time", "time_zone", "channel", "asset", "text", "title", "link", "first_comment", "tags", "campaign", "post", "state", "kind",
    "live_at", "published_at",
)  # fmt: skip
_AT_ONCE = 500


def table(db: Session, start: datetime, end: datetime, *, viewer: User | None, filters: Filters, mask: str = "Confidential") -> Iterator[Sequence[str]]:
    """The headings, then each dated post in [start, end) as text, earliest first. One statement, read a few hundred rows at a time.

    mask -- stands in the place of the title of what the viewer may know no more of than that it is planned.
    """
    yield HEADINGS
    sees_all = viewer is None or may(viewer, "asset.read_confidential")
    query: Any = (
        select(
            Post.id, Post.state, Post.publish_at, func.coalesce(Post.time_zone, Channel.time_zone), Channel.name, Asset.title, Asset.kind, Post.text,
            Post.title, Post.link, Post.first_comment, Post.tags, Campaign.name, Post.external_url, Post.published_at, Asset.confidentiality,
            Asset.owner_id, Post.author_id,
        )
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Campaign, Campaign.id == Post.campaign_id)
        .where(Post.publish_at >= start, Post.publish_at < end, *conditions(filters, viewer))
        .order_by(Post.publish_at, Post.id)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
    for row in db.execute(query):
        known = sees_all or row[15] is not Confidentiality.CONFIDENTIAL or (viewer is not None and viewer.id in row[16:18])
        yield _line(row) if known else _masked(row, mask)


def _line(row: Sequence[Any]) -> Sequence[str]:
    number, state, at, zone, channel, asset, kind, text, title, link, comment, tags, campaign, url, published_at = row[:15]
    day, _t, clock = wall_of(at, zone).partition("T")
    out = wall_of(published_at, zone).replace("T", " ") if published_at else ""
    return (
        day, clock, zone, channel, asset, text, title, link, comment, ", ".join(tags or ()), campaign or "", str(number), state.value, kind.value, url, out,
    )  # fmt: skip


def _masked(row: Sequence[Any], mask: str) -> Sequence[str]:
    day, _t, clock = wall_of(row[2], row[3]).partition("T")
    return day, clock, row[3], row[4], mask, "", "", "", "", "", "", "", row[1].value, "", "", ""
