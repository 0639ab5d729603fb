"""What is held: deliveries that stopped on their way and come back only when a person says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.planning.models import Post, PostState
from planner.planning.queries import CalendarEntry
from planner.publishing.models import Delivery, DeliveryState, Hold
from planner.publishing.native_queries import OPEN_COUNT

__all__ = ["HeldPost", "count", "counting", "held", "not_held"]

#: Posts that would still go out: one in review or in draft waits for somebody anyway.
_GOING_OUT = (PostState.APPROVED, PostState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class HeldPost:
    """One delivery that waits for a person. `title` is None for who may not know what it is about; `zone` is the post's own, or its channel's."""

    delivery_id: int
    post_id: int
    title: str | None
    channel: str
    platform: Platform
    colour: int
    due_at: datetime
    hold: Hold | None
    reason: str
    zone: str

    @property
    def is_decided_here(self) -> bool:
        """Whether a pause stopped it: then it may be kept, sent, moved or dropped. What else holds one has its own way out."""
        return self.hold is Hold.PAUSE


_COUNT = (
    select(func.count())
    .select_from(Delivery)
    .join(Post, Post.id == Delivery.post_id)
    .where(Delivery.state == DeliveryState.HELD, Post.state.in_(_GOING_OUT))
    .scalar_subquery()
)


def count(db: Session) -> int:
    """How many deliveries are held. One statement."""
    return int(db.execute(select(_COUNT)).scalar_one())


def counting() -> Select[int, int]:
    """Asks, in one row, how many deliveries are held and how many messages published directly nobody decided about."""
    return select(_COUNT.label("waiting"), OPEN_COUNT.label("direct"))


def not_held(db: Session, entries: Sequence[CalendarEntry]) -> list[CalendarEntry]:
    """Those of these posts whose delivery nothing stopped. One statement, none without posts."""
    if not entries:
        return []
    stopped = set(db.scalars(select(Delivery.post_id).where(Delivery.post_id.in_([one.post_id for one in entries]), Delivery.state == DeliveryState.HELD)))
    return [one for one in entries if one.post_id not in stopped]


def held(db: Session, *, viewer: User | None, limit: int = 200) -> list[HeldPost]:
    """Held deliveries, those that a pause stopped before the others, the longest overdue first. One statement."""
    rows = db.execute(
        select(
            Delivery.id, Delivery.post_id, Asset.title, Channel.name, Channel.platform, Channel.colour, Delivery.due_at, Delivery.hold,
            Delivery.reason, func.coalesce(Post.time_zone, Channel.time_zone), Asset.confidentiality, Asset.owner_id, Post.author_id,
        )
        .join(Post, Post.id == Delivery.post_id)
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Delivery.state == DeliveryState.HELD, Post.state.in_(_GOING_OUT))
        .order_by(case((Delivery.hold == Hold.PAUSE, 0), else_=1), Delivery.due_at, Delivery.id)
        .limit(limit)
    )  # fmt: skip
    sees_all = viewer is None or may(viewer, "asset.read_confidential")
    me = viewer.id if viewer else None
    return [
        HeldPost(row[0], row[1], row[2] if sees_all or row[10] is not Confidentiality.CONFIDENTIAL or me in row[11:13] else None, *row[3:10])
        for row in rows
    ]
