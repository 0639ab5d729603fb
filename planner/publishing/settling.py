"""Settling: what came of an attempt is recorded as a fact, whoever holds the lease by then."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, contains_eager

from planner.channels import circuit
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import Outcome, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.db import change
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.leases import Taking
from planner.planning import facts as planning
from planner.planning.models import Post, PostState
from planner.publishing import natives, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Native, Result, Watch

__all__ = ["abandon", "publish", "retry", "settle", "stop", "watch"]

log = get_logger(__name__)
_RENEWED = N_("The key was renewed while this was on its way; it is sent again with the new one.")
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)
# Asked for each message sent, so put together once: an attempt with its delivery and post, and who has a platform's number already.
# In the order in which everybody takes them; only what is taken is read as it is after waiting for another's change.
_OF_ATTEMPT = Taking(
    select(Attempt, Delivery, Channel.failures)
    .join(Delivery, Delivery.id == Attempt.delivery_id)
    .join(Post, Post.id == Delivery.post_id)
    .join(Channel, Channel.id == Delivery.channel_id)
    .where(Attempt.id == bindparam("attempt"))
    .options(contains_eager(Delivery.post))
    .execution_options(populate_existing=True),
    of=[Delivery, Attempt, Post],
    skip=False,
)
_CHANNEL, _NUMBER = bindparam("channel", type_=BigInteger()), bindparam("number", type_=String())
_MET = select(
    select(Post.id).where(Post.channel_id == _CHANNEL, Post.external_id == _NUMBER, Post.id != bindparam("post")).scalar_subquery().label("taken"),
    select(Native.id).where(Native.channel_id == _CHANNEL, Native.external_id == _NUMBER).exists().label("native"),
)


def settle(db: Session, runtime: Runtime, attempt_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Record the outcome of one attempt and move its delivery, post and channel accordingly."""
    attempt, delivery, failures = _locked(db, attempt_id)
    if not isinstance(outcome, Unknown) and not (isinstance(outcome, RetryLater) and outcome.down):
        circuit.answered(db, delivery.channel_id, failures, now=now)
    match outcome:
        case Sent(receipt, note, undone):
            publish(db, delivery, attempt, receipt, Result.SENT, note=note, now=now)
            if attempt.result is Result.SENT and delivery.undone != list(undone):
                delivery.undone = list(undone)
        case _ if attempt.result is not None:
            return  # Somebody looked it up meanwhile; only a success is news then.
        case _ if delivery.state is DeliveryState.PUBLISHED:
            _after_all(attempt, outcome, now=now)
        case RetryLater(reason, after, account, down):
            close(attempt, Result.LATER, code="later", reason=reason, now=now)
            when = rules.next_try(delivery.tries, after, now)
            if down:
                when = max(rules.next_try(1, after, now), _no_answer(db, delivery, reason, now=now) or now)
            elif account:
                wait_until = when if after is not None else now + max(when - now, _DEFAULT_ACCOUNT_WAIT)
                channels.set_wait(db, delivery.post.channel, wait_until, reason)
                when = wait_until
            retry(db, runtime, delivery, when, reason, now=now)
        case Refused(code="duplicate", reason=reason) if attempt.number > 1:
            abandon(db, delivery, reason, now=now)
            watch(db, runtime, attempt)
        case Refused(code="unauthorised", account=True) if channels.has_newer_key(db, delivery.post.channel, attempt.started_at):
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
            if outcome.down:
                _no_answer(db, delivery, reason, now=now)
            abandon(db, delivery, reason, now=now)
            watch(db, runtime, attempt)


def _no_answer(db: Session, delivery: Delivery, reason: str, *, now: datetime) -> datetime | None:
    """The account's platform did not answer. Once its circuit is open that is nobody's fault but the platform's: no try is used up."""
    until = circuit.no_answer(db, delivery.channel_id, reason, now=now)
    if until is not None:
        delivery.tries = max(delivery.tries - 1, 0)
    return until


def publish(
    db: Session, delivery: Delivery, attempt: Attempt, receipt: Receipt, result: Result, *, note: str = "", now: datetime
) -> None:
    """It is live: the attempt, the delivery and the post say so, with the platform's number."""
    if delivery.state is DeliveryState.PUBLISHED:
        if attempt.external_id != receipt.external_id and delivery.post.external_id != receipt.external_id:
            log.error("a second live copy", delivery=delivery.id, attempt=attempt.id, external_id=receipt.external_id)
        return
    met = db.execute(_MET, {"channel": delivery.channel_id, "number": receipt.external_id, "post": delivery.post_id}).one()
    if met.taken is not None:
        close(attempt, Result.REFUSED, code="duplicate", reason=f"the platform answered with post {met.taken}'s number", now=now)
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("The platform answered with another post's number.")), now=now)
        return
    circuit.succeeded(db, delivery.channel_id, now=now)
    if met.native:
        natives.retract(db, delivery.channel_id, receipt.external_id, now=now)
    change(db, attempt, result=result, ended_at=now, code="", reason=note[:2000], external_id=receipt.external_id)
    change(
        db, delivery, state=DeliveryState.PUBLISHED, hold=None, reason=note, lease_owner=None, lease_until=None, settled_at=now
    )
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


def _locked(db: Session, attempt_id: int) -> tuple[Attempt, Delivery, int]:
    """The attempt, its delivery and its post as they are once they are held, and how often in a row its account got no answer."""
    attempt, delivery, failures = db.execute(_OF_ATTEMPT(db), {"attempt": attempt_id}).one()
    return attempt, delivery, failures
