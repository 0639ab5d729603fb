"""Reads of the outbox: one post's delivery with its attempts, what is stuck, what went out lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.channels.refreshing import key_lives
from planner.planning.models import Post
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Result

__all__ = ["WAITING", "AttemptLine", "DeliveryView", "delivery_of", "due", "due_ids", "recent"]

#: States in which a delivery waits for its moment.
WAITING = (DeliveryState.DUE, DeliveryState.RETRY)


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try as a person reads it."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    result: Result | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery with its tries, oldest first."""

    id: int
    post_id: int
    channel_id: int
    state: DeliveryState
    hold: Hold | None
    due_at: datetime
    next_at: datetime
    tries: int
    reason: str
    attempts: tuple[AttemptLine, ...]


def delivery_of(db: Session, post_id: int) -> DeliveryView | None:
    """A post's delivery, or None while it has none. Two statements."""
    delivery = db.scalars(select(Delivery).where(Delivery.post_id == post_id)).first()
    return None if delivery is None else _view(delivery, _attempts(db, [delivery.id]).get(delivery.id, ()))


def recent(db: Session, *, states: tuple[DeliveryState, ...] = (), limit: int = 50) -> list[DeliveryView]:
    """Newest deliveries first, in these states when given. Two statements, whatever the size."""
    query = select(Delivery).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(limit)
    if states:
        query = query.where(Delivery.state.in_(states))
    deliveries = db.scalars(query).all()
    attempts = _attempts(db, [delivery.id for delivery in deliveries])
    return [_view(delivery, attempts.get(delivery.id, ())) for delivery in deliveries]


def due(now: datetime) -> Select[Delivery]:
    """Deliveries that a worker may take now, earliest first: not those a person sends, nor those whose account waits, is not
    connected, or has a key that has ended: it is renewed first (channels.refreshing)."""
    return (
        select(Delivery)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(
            Delivery.state.in_(WAITING),
            Delivery.next_at <= now,
            Channel.platform != Platform.BY_HAND,
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            key_lives(now),
        )
        .order_by(Delivery.next_at, Delivery.id)
    )


def due_ids(db: Session, now: datetime, *, limit: int = 100) -> list[int]:
    """Numbers of the first of them."""
    return list(db.scalars(due(now).with_only_columns(Delivery.id).limit(limit)))


def post_of(db: Session, delivery_id: int) -> Post | None:
    return db.scalars(select(Post).join(Delivery, Delivery.post_id == Post.id).where(Delivery.id == delivery_id)).first()


def _attempts(db: Session, delivery_ids: list[int]) -> dict[int, tuple[AttemptLine, ...]]:
    found: dict[int, tuple[AttemptLine, ...]] = {}
    if not delivery_ids:
        return found
    rows = db.scalars(select(Attempt).where(Attempt.delivery_id.in_(delivery_ids)).order_by(Attempt.id))
    for row in rows:
        line = AttemptLine(row.number, row.started_at, row.ended_at, row.result, row.reason)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), line)
    return found


def _view(delivery: Delivery, attempts: tuple[AttemptLine, ...]) -> DeliveryView:
    return DeliveryView(
        id=delivery.id, post_id=delivery.post_id, channel_id=delivery.channel_id, state=delivery.state, hold=delivery.hold,
        due_at=delivery.due_at, next_at=delivery.next_at, tries=delivery.tries, reason=delivery.reason, attempts=attempts,
    )  # fmt: skip
