"""After a backup was put back: what it calls unsent may be live since, so it is looked up before anything is sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.models import ChannelState
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.planning import facts as planning
from planner.planning.models import Post, PostState
from planner.publishing import compose, outbox, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Result
from planner.publishing.settling import abandon, close, stop

__all__ = ["LOOK_FIRST", "go_back", "look_first"]

#: Stands where a worker's name does: this attempt sent nothing, it keeps others from sending before somebody looked.
LOOK_FIRST = "look first"
_UNSENT = (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.HELD, DeliveryState.MISSED, DeliveryState.FAILED)
_POSTS = (PostState.SCHEDULED, PostState.MISSED, PostState.FAILED)


def look_first(db: Session, *, since: datetime, actor: User | None, now: datetime) -> int:
    """Give every approved post that is not live an open attempt, so that the platform is asked first; how many.

    since -- when the backup was made: from then on anything may have been sent. A message to an internal room cannot be
    looked up; one whose moment lies between `since` and `now` waits for a person, a later one is left alone.
    """
    outbox.fill(db, now)
    query = (
        select(Delivery)
        .join(Post, Post.id == Delivery.post_id)
        .where(Delivery.state.in_(_UNSENT), Post.state.in_(_POSTS))
        .order_by(Delivery.id)
    )
    count = 0
    for delivery in db.scalars(query).all():
        if delivery.post.channel.platform is Platform.BY_HAND or not _may_be_live(delivery, since, now):
            continue
        before = delivery.state
        db.add(
            Attempt(
                delivery_id=delivery.id,
                number=len(delivery.attempts) + 1,
                fingerprint=compose.fingerprint(delivery.post, delivery.post.channel),
                digest=delivery.digest,
                worker=LOOK_FIRST,
                started_at=since,
                code=before.value,
                reason=delivery.reason,
            )
        )
        abandon(db, delivery, N_("A backup was put back: it may be live since, and is looked up before it is sent."), now=now)
        delivery.looks = 0
        planning.mark_sending(db, delivery.post, now=now)
        history.record(db, actor, "delivery.looked_up_first", delivery, now=now, was={"state": before})
        count += 1
    db.flush()
    return count


def go_back(db: Session, delivery: Delivery, attempt: Attempt, *, now: datetime) -> None:
    """It is not live: the delivery stands where it stood in the backup."""
    was, reason = DeliveryState(attempt.code), attempt.reason
    close(attempt, Result.ABSENT, code="absent", reason=N_("A backup was put back; it is not live."), now=now)
    if was is DeliveryState.HELD and delivery.hold is Hold.CHANNEL and delivery.post.channel.state is ChannelState.CONNECTED:
        was, reason, delivery.hold = DeliveryState.DUE, "", None  # Reconnected while nobody knew whether it is live.
    if was in (DeliveryState.DUE, DeliveryState.RETRY):
        delivery.state, delivery.reason = was, reason
        delivery.lease_owner = delivery.lease_until = None
        delivery.next_at = max(delivery.due_at, now)
        planning.mark_scheduled(db, delivery.post, now=now)
    else:
        stop(db, delivery, rules.Stop(was, reason, delivery.hold), now=now)


def _may_be_live(delivery: Delivery, since: datetime, now: datetime) -> bool:
    return rules.can_be_looked_up(delivery.post.channel.platform) or since <= delivery.due_at <= now
