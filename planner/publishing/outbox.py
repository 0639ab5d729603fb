"""The outbox: fill it from approved posts, open an attempt, send with no transaction open, settle what came of it.

    DUE, RETRY --open_attempt--> SENDING (attempt row committed, then the call)
    SENDING --settle--> PUBLISHED | FAILED | RETRY | HELD | UNKNOWN
    SENDING, lease run out --sweep--> UNKNOWN --reconcile--> PUBLISHED | RETRY | UNCONFIRMED
    DUE, RETRY, later than the grace --sweep--> MISSED

An attempt is opened before the first byte leaves and stays open until its outcome is known; a delivery with an open
attempt is never sent again. Each function here is one transaction of its caller, except `send_next` and `send_one`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, OutgoingPost, Platform
from planner.core.i18n import N_
from planner.core.runtime import Runtime
from planner.ledger.leases import lockable
from planner.planning import pauses
from planner.planning import queries as planning_queries
from planner.planning import rules as planning_rules
from planner.planning import service as planning
from planner.planning.models import Origin, Post, PostState
from planner.publishing import compose, rules
from planner.publishing.heartbeat import Heartbeat
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold
from planner.publishing.settling import abandon, settle, stop

__all__ = ["Claim", "fill", "open_attempt", "send_next", "send_one", "sweep"]

_WAITING = (DeliveryState.DUE, DeliveryState.RETRY)
#: States from which an approved post may be armed again.
_REST = (*_WAITING, DeliveryState.HELD, DeliveryState.CANCELLED, DeliveryState.MISSED, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class Claim:
    """An opened attempt: everything the call needs, so that no transaction is open while it lasts."""

    delivery_id: int
    attempt_id: int
    worker: str
    platform: Platform
    account: Account
    post: OutgoingPost


def fill(db: Session, now: datetime) -> int:
    """Make the outbox agree with the plan; how many deliveries were made or armed again. Safe to run any number of times."""
    armed = 0
    approved = (
        select(Post, Delivery)
        .outerjoin(Delivery, Delivery.post_id == Post.id)
        .where(Post.state == PostState.APPROVED, Post.origin == Origin.PLANNED, Post.publish_at.is_not(None))
        .order_by(Post.publish_at, Post.id)
        .limit(1000)
    )
    for post, delivery in db.execute(lockable_posts(approved, db)):
        if delivery is None:
            delivery = Delivery(post_id=post.id, channel_id=post.channel_id, created_at=now, tries=0, looks=0)
            db.add(delivery)
        elif delivery.state not in _REST:
            continue
        delivery.channel_id = post.channel_id
        delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
        delivery.due_at = delivery.next_at = post.publish_at
        delivery.digest, delivery.tries, delivery.looks = post.approved_digest, 0, 0
        planning.mark_scheduled(db, post, now=now)
        armed += 1
    return armed


def lockable_posts(query, db: Session):  # type: ignore[no-untyped-def]
    """Only the posts' rows are taken: an outer-joined side cannot be."""
    return query.with_for_update(of=Post, skip_locked=True) if db.get_bind().dialect.name == "postgresql" else query


def sweep(db: Session, now: datetime) -> int:
    """Leave nothing in limbo: silent workers' sends become unknown, withdrawn or stale deliveries leave the queue."""
    swept = 0
    silent = select(Delivery).where(Delivery.state == DeliveryState.SENDING, Delivery.lease_until < now)
    for delivery in db.scalars(lockable(silent, db)):
        abandon(db, delivery, N_("The worker that was sending it fell silent."), now=now)
        swept += 1
    waiting = (
        select(Delivery, Post, Channel)
        .join(Post, Post.id == Delivery.post_id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Delivery.state.in_(_WAITING))
    )
    gone = waiting.where(Post.state.not_in((PostState.SCHEDULED, PostState.SENDING, PostState.APPROVED)))
    for delivery, post, _channel in db.execute(_only_deliveries(gone, db)):
        cancelled = post.state is PostState.CANCELLED
        state = DeliveryState.CANCELLED if cancelled else DeliveryState.HELD
        reason = N_("The post was cancelled.") if cancelled else N_("The approval was withdrawn.")
        stop(db, delivery, rules.Stop(state, reason, None if cancelled else Hold.APPROVAL), now=now)
        swept += 1
    for delivery, _post, channel in db.execute(_only_deliveries(waiting.where(Delivery.due_at < now), db)):
        if channel.platform is not Platform.BY_HAND and rules.is_too_late(delivery, channel, now):
            stop(db, delivery, rules.Stop(DeliveryState.MISSED, N_("Its moment passed before it could be sent.")), now=now)
            swept += 1
    return swept


def _only_deliveries(query, db: Session):  # type: ignore[no-untyped-def]
    return query.with_for_update(of=Delivery, skip_locked=True) if db.get_bind().dialect.name == "postgresql" else query


def open_attempt(
    db: Session, runtime: Runtime, worker: str, *, now: datetime, delivery_id: int | None = None
) -> Claim | Delivery | None:
    """Take one due delivery, ask again whether it may go out, and write its attempt; the caller commits, then sends.

    returns -- a Claim to send; a Delivery that was stopped instead; None when nothing is due.
    """
    due = (
        select(Delivery)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(
            Delivery.state.in_(_WAITING),
            Delivery.next_at <= now,
            Channel.platform != Platform.BY_HAND,
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
        )
        .order_by(Delivery.next_at, Delivery.id)
        .limit(1)
    )
    if delivery_id is not None:
        due = due.where(Delivery.id == delivery_id)
    delivery = db.scalars(_only_deliveries(due, db)).first()
    if delivery is None:
        return None
    post, channel = delivery.post, delivery.post.channel
    verdict = rules.may_still_go_out(
        delivery,
        post,
        channel,
        digest=planning_rules.content_digest(post, post.asset, channel),
        gates=planning_rules.gates(post, post.asset, post.campaign, channel, planning_queries.surroundings(db, post), now),
        pauses=pauses.in_force(db, post),
        max_tries=runtime.settings.max_tries,
        now=now,
    )
    if verdict is not None:
        stop(db, delivery, verdict, now=now)
        return delivery
    delivery.tries += 1
    earlier = list(delivery.attempts)
    attempt = Attempt(
        delivery_id=delivery.id,
        number=len(earlier) + 1,
        fingerprint=compose.fingerprint(post, channel),
        digest=delivery.digest,
        worker=worker,
        started_at=now,
        resume=next((one.resume for one in reversed(earlier) if one.resume and one.digest == delivery.digest), None),
    )
    db.add(attempt)
    delivery.state, delivery.hold, delivery.reason = DeliveryState.SENDING, None, ""
    delivery.lease_owner = worker
    delivery.lease_until = now + timedelta(seconds=runtime.settings.lease_seconds)
    planning.mark_sending(db, post, now=now)
    db.flush()
    return Claim(
        delivery_id=delivery.id,
        attempt_id=attempt.id,
        worker=worker,
        platform=channel.platform,
        account=channel.account(),
        post=compose.outgoing(db, delivery, attempt, data_path=runtime.settings.data_path),
    )


def send_next(runtime: Runtime, worker: str) -> int | None:
    """Claim, send and settle one due delivery; its id, or None when the outbox is quiet."""
    return send_one(runtime, worker, None)


def send_one(runtime: Runtime, worker: str, delivery_id: int | None) -> int | None:
    """The same for one named delivery (None: whichever is due first); a lost or doubled message about it is harmless."""
    with runtime.sessions.begin() as db:
        claim = open_attempt(db, runtime, worker, now=runtime.clock.decision_time(db), delivery_id=delivery_id)
        stopped = claim.id if isinstance(claim, Delivery) else None
    if not isinstance(claim, Claim):
        return stopped
    adapter = runtime.registry.adapter(claim.platform)
    with Heartbeat(runtime, claim):
        outcome = adapter.publish(claim.post, claim.account, keep=lambda text: _keep(runtime, claim, text))
    with runtime.sessions.begin() as db:
        settle(db, runtime, claim.attempt_id, outcome, now=runtime.clock.decision_time(db))
    return claim.delivery_id


def _keep(runtime: Runtime, claim: Claim, text: str) -> None:
    """Commit what must survive a crash before the adapter goes on."""
    with runtime.sessions.begin() as db:
        db.execute(update(Attempt).where(Attempt.id == claim.attempt_id).values(resume=text))
