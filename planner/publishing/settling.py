"""Settling: what came of an attempt is recorded as a fact, whoever holds the lease by then."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels.port import Outcome, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.planning import facts as planning
from planner.planning.models import Post, PostState
from planner.publishing import natives, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Result, Watch

__all__ = ["abandon", "publish", "retry", "settle", "stop", "watch"]

log = get_logger(__name__)
_RENEWED = N_("The key was renewed while this was on its way; it is sent again with the new one.")
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)


def settle(db: Session, runtime: Runtime, attempt_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Record the outcome of one attempt and move its delivery, post and channel accordingly."""
    attempt, delivery = _locked(db, attempt_id)
    match outcome:
        case Sent(receipt, note):
            publish(db, delivery, attempt, receipt, Result.SENT, note=note, now=now)
        case _ if attempt.result is not None:
            return  # Somebody looked it up meanwhile; only a success is news then.
        case _ if delivery.state is DeliveryState.PUBLISHED:
            _after_all(attempt, outcome, now=now)
        case RetryLater(reason, after, account):
            close(attempt, Result.LATER, code="later", reason=reason, now=now)
            when = rules.next_try(delivery.tries, after, now)
            if account:
                wait_until = when if after is not None else now + max(when - now, _DEFAULT_ACCOUNT_WAIT)
                channels.set_wait(db, delivery.post.channel, wait_until, reason)
                when = wait_until
            retry(db, runtime, delivery, when, reason, now=now)
        case Refused(code="duplicate", reason=reason) if attempt.number > 1:
            abandon(db, delivery, reason, now=now)
            watch(db, runtime, attempt)
        case Refused(code="unauthorised", account=True) if channels.has_newer_key(delivery.post.channel, attempt.started_at):
            close(attempt, Result.LATER, code="later", reason=_RENEWED, now=now)
            retry(db, runtime, delivery, now, _RENEWED, now=now)
        case Refused(code, reason, account):
            close(attempt, Result.REFUSED, code=code, reason=reason, now=now)
            if account:
                channels.hold(db, delivery.post.channel, reason, now=now)
                stop(db, delivery, rules.Stop(DeliveryState.HELD, reason, Hold.CHANNEL), now=now)
            else:
                stop(db, delivery, rules.Stop(DeliveryState.FAILED, reason), now=now)
        case Unknown(reason):
            abandon(db, delivery, reason, now=now)
            watch(db, runtime, attempt)


def publish(
    db: Session, delivery: Delivery, attempt: Attempt, receipt: Receipt, result: Result, *, note: str = "", now: datetime
) -> None:
    """It is live: the attempt, the delivery and the post say so, with the platform's number."""
    if delivery.state is DeliveryState.PUBLISHED:
        if attempt.external_id != receipt.external_id and delivery.post.external_id != receipt.external_id:
            log.error("a second live copy", delivery=delivery.id, attempt=attempt.id, external_id=receipt.external_id)
        return
    taken = db.scalar(
        select(Post.id).where(
            Post.channel_id == delivery.channel_id, Post.external_id == receipt.external_id, Post.id != delivery.post_id
        )
    )
    if taken is not None:
        close(attempt, Result.REFUSED, code="duplicate", reason=f"the platform answered with post {taken}'s number", now=now)
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("The platform answered with another post's number.")), now=now)
        return
    close(attempt, result, code="", reason=note, now=now, external_id=receipt.external_id)
    delivery.state, delivery.hold, delivery.reason = DeliveryState.PUBLISHED, None, note
    delivery.lease_owner = delivery.lease_until = None
    delivery.settled_at = now
    delivery.post.channel.last_success_at = now
    natives.retract(db, delivery.channel_id, receipt.external_id, now=now)
    planning.mark_published(
        db, delivery.post, external_id=receipt.external_id, url=receipt.url, at=receipt.at or attempt.started_at, now=now
    )


def retry(db: Session, runtime: Runtime, delivery: Delivery, when: datetime, reason: str, *, now: datetime) -> None:
    """Nothing was accepted: try again at `when`, or give up after the last try."""
    if delivery.tries >= runtime.settings.max_tries:
        stop(db, delivery, rules.Stop(DeliveryState.FAILED, reason), now=now)
        return
    delivery.state, delivery.hold, delivery.reason = DeliveryState.RETRY, None, reason
    delivery.lease_owner = delivery.lease_until = None
    delivery.next_at = when
    planning.mark_scheduled(db, delivery.post, now=now)


def _after_all(attempt: Attempt, outcome: Outcome, *, now: datetime) -> None:
    """An earlier attempt turned out to be live while this one was under way: close it, and leave the delivery published."""
    if isinstance(outcome, (RetryLater, Refused)):
        result = Result.LATER if isinstance(outcome, RetryLater) else Result.REFUSED
        close(attempt, result, code=getattr(outcome, "code", "later"), reason=outcome.reason, now=now)
    else:
        log.error("perhaps a second live copy", delivery=attempt.delivery_id, attempt=attempt.id)


def abandon(db: Session, delivery: Delivery, reason: str, *, now: datetime) -> None:
    """Nobody knows whether it is live: the attempt stays open and will be looked up."""
    delivery.state, delivery.reason = DeliveryState.UNKNOWN, reason
    delivery.lease_owner = delivery.lease_until = None
    delivery.next_at = now


def stop(db: Session, delivery: Delivery, verdict: rules.Stop, *, now: datetime) -> None:
    """Take a delivery out of the queue; the post tells people where it stands."""
    delivery.state, delivery.reason, delivery.hold = verdict.state, verdict.reason, verdict.hold
    delivery.lease_owner = delivery.lease_until = None
    delivery.settled_at = now
    post = delivery.post
    if verdict.state is DeliveryState.FAILED:
        planning.mark_failed(db, post, reason=verdict.reason, now=now)
    elif verdict.state is DeliveryState.MISSED:
        planning.mark_missed(db, post, reason=verdict.reason, now=now)
    elif verdict.state is DeliveryState.UNCONFIRMED:
        planning.mark_unconfirmed(db, post, reason=verdict.reason, now=now)
    elif verdict.state is DeliveryState.HELD and post.state is PostState.SENDING:
        planning.mark_scheduled(db, post, now=now)


def close(
    attempt: Attempt, result: Result, *, code: str, reason: str, now: datetime, external_id: str | None = None
) -> None:
    """Write how an attempt ended; a success may overwrite an earlier “absent”, nothing else may."""
    attempt.result, attempt.ended_at = result, now
    attempt.code, attempt.reason, attempt.external_id = code, reason[:2000], external_id


def watch(db: Session, runtime: Runtime, attempt: Attempt) -> float:
    """Start (or go on with) this machine's watch over an open attempt; since when, on its own monotonic clock."""
    observer = runtime.clock.observer()
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.execute(
        insert(Watch)
        .values(attempt_id=attempt.id, observer=observer, since=runtime.clock.monotonic())
        .on_conflict_do_nothing()
    )
    return db.scalars(select(Watch.since).where(Watch.attempt_id == attempt.id, Watch.observer == observer)).one()


def _locked(db: Session, attempt_id: int) -> tuple[Attempt, Delivery]:
    attempt = db.get_one(Attempt, attempt_id)
    query = select(Delivery).where(Delivery.id == attempt.delivery_id)
    if db.get_bind().dialect.name == "postgresql":
        query = query.with_for_update()
    delivery = db.scalars(query).one()
    db.refresh(attempt)
    return attempt, delivery
