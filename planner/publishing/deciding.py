"""Pauses and the posts they stop: hold them all at once, end a pause without letting anything go, and a person's word on each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.channels.port import Limits
from planner.core.errors import WrongState
from planner.core.i18n import N_
from planner.ledger.leases import lockable
from planner.planning import pauses, states
from planner.planning import service as planning
from planner.planning.models import Post
from planner.planning.quiet_models import Pause
from planner.publishing import outbox, rules, service
from planner.publishing.models import Delivery, DeliveryState, Hold
from planner.publishing.queries import WAITING
from planner.publishing.settling import stop

__all__ = ["drop", "end_pause", "hold_paused", "keep", "move", "send"]

#: Deliveries that wait for their moment and that a pause in force concerns.
_UNDER_A_PAUSE = (
    select(Delivery)
    .join(Post, Post.id == Delivery.post_id)
    .where(
        Delivery.state.in_(WAITING),
        select(Pause.id)
        .where(
            Pause.ended_at.is_(None),
            or_(Pause.channel_id.is_(None), Pause.channel_id == Delivery.channel_id),
            or_(Pause.campaign_id.is_(None), Pause.campaign_id == Post.campaign_id),
        )
        .exists(),
    )
    .order_by(Delivery.id)
)


def hold_paused(db: Session, *, now: datetime) -> int:
    """Hold every planned delivery that a pause in force concerns, also those whose time is far; how many. One statement when nothing is."""
    return _hold(db, lockable(_UNDER_A_PAUSE, db, of=Delivery), now)


def end_pause(db: Session, pause: Pause, *, actor: User | None, now: datetime) -> int:
    """End a pause; what it stopped stays held, one by one, until a person decides. How many posts that are. Raises WrongState."""
    outbox.fill(db, now)
    # A worker that has taken a delivery but not asked about pauses yet is waited for: it must still see this one.
    _hold(db, _UNDER_A_PAUSE.with_for_update(of=Delivery), now)
    pauses.resume(db, pause, actor=actor, now=now)
    return len(db.scalars(_of(pause, Delivery.state == DeliveryState.HELD, Delivery.hold == Hold.PAUSE)).all())


def keep(db: Session, delivery: Delivery, *, actor: User | None, now: datetime) -> None:
    """Let a held post go out at its own time, which must still be to come. Raises WrongState, Forbidden."""
    _check(db, delivery, actor)
    states.require(delivery.post, "send_again")
    if delivery.due_at <= now:
        raise WrongState(N_("Its time has passed: choose a new time, or send it now."))
    delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
    delivery.next_at, delivery.settled_at = delivery.due_at, None
    history.record(db, actor, "delivery.kept", delivery, now=now)


def send(db: Session, delivery: Delivery, *, actor: User | None, now: datetime) -> None:
    """Let a held post go out now, although its time passed or is to come. Raises WrongState, Forbidden."""
    _check(db, delivery, actor)
    service.retry(db, delivery, actor=actor, now=now)


def move(
    db: Session, delivery: Delivery, to: datetime, *, limits: Limits | None = None, four_eyes: str, actor: User | None, now: datetime
) -> None:
    """Give a held post a new time; its approval follows as whenever a post is moved. Its own time again keeps it.

    limits -- what the platform takes: what it would refuse goes back to review instead of being approved with its new time.
    Raises what `planning.move` does.
    """
    _check(db, delivery, actor)
    if to == delivery.due_at:
        keep(db, delivery, actor=actor, now=now)
        return
    planning.move(db, delivery.post, to, limits=limits, four_eyes=four_eyes, actor=actor, now=now)


def drop(db: Session, delivery: Delivery, *, actor: User | None, now: datetime) -> None:
    """Cancel a held post. Raises WrongState, Forbidden."""
    require(actor, "delivery.resolve", delivery.post)
    _check_held(db, delivery)
    planning.cancel(db, delivery.post, actor=actor, now=now)
    stop(db, delivery, rules.Stop(DeliveryState.CANCELLED, N_("The post was cancelled.")), now=now)


def _check(db: Session, delivery: Delivery, actor: User | None) -> None:
    require(actor, "delivery.resolve", delivery.post)
    _check_held(db, delivery)
    service.refuse_under_a_pause(db, delivery.post)


def _check_held(db: Session, delivery: Delivery) -> None:
    db.refresh(delivery, with_for_update=True)  # Somebody may have decided since it was read, and a worker may have it.
    if delivery.state is not DeliveryState.HELD or delivery.hold is not Hold.PAUSE:
        raise WrongState(N_("This post is not held by a pause any more."))


def _hold(db: Session, planned: Select[Delivery], now: datetime) -> int:
    deliveries = db.scalars(planned).all()
    for delivery in deliveries:
        stop(db, delivery, rules.PAUSED, now=now)
    return len(deliveries)


def _of(pause: Pause, *where: Any) -> Select[int]:
    """Numbers of the deliveries that this one pause concerns."""
    query = select(Delivery.id).join(Post, Post.id == Delivery.post_id).where(*where)
    if pause.channel_id is not None:
        query = query.where(Delivery.channel_id == pause.channel_id)
    if pause.campaign_id is not None:
        query = query.where(Post.campaign_id == pause.campaign_id)
    return query
