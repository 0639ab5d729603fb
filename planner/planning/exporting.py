"""The plan as a table, row by row: what the calendar shows with these filters, with its words; what the reader may not know is masked there too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, Text, case, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.planning.models import Campaign, Post
from planner.planning.moments import wall_of
from planner.planning.queries import Filters, conditions

__all__ = ["HEADINGS", "PUBLISHED_DIRECTLY", "apart", "table"]

#: The headings of the import, so that a table that went out can come back, and what only the plan knows.
HEADINGS = (
    "date", "time", "time_zone", "channel", "asset", "text", "title", "link", "first_comment", "tags", "campaign", "post", "state", "kind",
    "live_at", "published_at",
)  # fmt: skip
#: How the state of a row begins that is no post of the plan but was written on the platform itself; an import leaves it out.
PUBLISHED_DIRECTLY = "published directly"
_AT_ONCE = 2000


def table(db: Session, start: datetime, end: datetime, *, viewer: User | None, filters: Filters, mask: str = "Confidential") -> Iterator[Sequence[str]]:
    """The headings, then each dated post in [start, end) as text, earliest first. Two statements, the second read two thousand rows at a time.

    mask -- stands in the place of the title of what the viewer may know no more of than that it is planned.
    """
    yield HEADINGS
    query: Any = (
        select(
            Post.id, type_coerce(Post.state, String), Post.publish_at, func.coalesce(Post.time_zone, Channel.time_zone), _name_of(db), Asset.title, type_coerce(Asset.kind, String), Post.text,
            Post.title, Post.link, Post.first_comment, cast(Post.tags, Text), Campaign.name, Post.external_url, Post.published_at, type_coerce(Asset.confidentiality, String),
            Asset.owner_id, Post.author_id,
        )
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Campaign, Campaign.id == Post.campaign_id)
        .where(Post.publish_at >= start, Post.publish_at < end, *conditions(filters, viewer))
        .order_by(Post.publish_at, Post.id)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
    line = _line if viewer is None or may(viewer, "asset.read_confidential") else partial(_line_for, viewer.id, mask)
    for part in db.connection().execute(query).partitions():
        yield from map(line, part)


def apart(name: str, platform: Platform) -> str:
    """How a plan's table writes a channel whose name another one bears."""
    return f"{name} ({platform.value})"


def _name_of(db: Session) -> ColumnElement[str]:
    """A channel's name; one that several bear is told `apart`."""
    alike: dict[str, dict[int, str]] = {}
    for number, name, platform in db.execute(select(Channel.id, Channel.name, Channel.platform)):
        alike.setdefault(name.casefold(), {})[number] = apart(name, platform)
    shared = {number: told for ours in alike.values() if len(ours) > 1 for number, told in ours.items()}
    return case(shared, value=Channel.id, else_=Channel.name) if shared else type_coerce(Channel.name, String)


def _line(row: Sequence[Any]) -> Sequence[str]:
    number, state, at, zone, channel, asset, kind, text, title, link, comment, tags, campaign, url, published_at, _secret, _owner, _author = row
    planned = wall_of(at, zone)
    return (
        planned[:10], planned[11:], zone, channel, asset, text, title, link, comment, "" if tags in ("[]", None) else ", ".join(json.loads(tags)),
        campaign or "", str(number), state, kind, url, wall_of(published_at, zone).replace("T", " ") if published_at else "",
    )  # fmt: skip


def _line_for(user_id: int, mask: str, row: Sequence[Any]) -> Sequence[str]:
    """The same for who may not know everything."""
    known = row[15] != Confidentiality.CONFIDENTIAL or user_id in row[16:18]
    return _line(row) if known else _masked(row, mask)


def _masked(row: Sequence[Any], mask: str) -> Sequence[str]:
    told = wall_of(row[2], row[3])
    return told[:10], told[11:], row[3], row[4], mask, "", "", "", "", "", "", "", row[1], "", "", ""
