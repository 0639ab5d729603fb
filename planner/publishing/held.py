"""What is held: deliveries that stopped on their way and come back only when a person says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.planning.models import Post
from planner.publishing.models import Delivery, DeliveryState, Hold

__all__ = ["HeldPost", "held"]


@dataclass(frozen=True, slots=True)
class HeldPost:
    """One delivery that waits for a person. `title` is None for who may not know what it is about."""

    delivery_id: int
    post_id: int
    title: str | None
    channel: str
    platform: Platform
    colour: int
    due_at: datetime
    hold: Hold | None
    reason: str


def held(db: Session, *, viewer: User | None, limit: int = 200) -> list[HeldPost]:
    """Held deliveries, the longest overdue first. One statement."""
    rows = db.execute(
        select(
            Delivery.id, Delivery.post_id, Asset.title, Channel.name, Channel.platform, Channel.colour, Delivery.due_at, Delivery.hold,
            Delivery.reason, Asset.confidentiality, Asset.owner_id, Post.author_id,
        )
        .join(Post, Post.id == Delivery.post_id)
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Delivery.state == DeliveryState.HELD)
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
    )  # fmt: skip
    sees_all = viewer is None or may(viewer, "asset.read_confidential")
    me = viewer.id if viewer else None
    return [
        HeldPost(row[0], row[1], row[2] if sees_all or row[9] is not Confidentiality.CONFIDENTIAL or me in row[10:12] else None, *row[3:9])
        for row in rows
    ]
