"""Settling: what came of an attempt is recorded as a fact, whoever holds the lease by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from planner.channels import circuit
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import Outcome, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.core.writing import change, together
from planner.ledger.leases import Taking
from planner.planning import facts as planning
from planner.planning.models import Post, PostState
from planner.publishing import natives, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Native, Result, Watch

__all__ = ["abandon", "publish", "retry", "settle", "stop", "watch"]

log = get_logger(__name__)
_RENEWED = N_("The key was renewed while this was on its way; it is sent again with the new one.")
#: Who has a platform's number already: another post's id, and whether a message found on the platform has it.
Met = tuple[int | None, bool]
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)


def _met(channel: Any, post: Any) -> tuple[Any, Any]:
    """The two parts of Met as columns, for the number `number`."""
    number, other = bindparam("number", type_=String()), aliased(Post)
    taken = select(other.id).where(other.channel_id == channel, other.external_id == number, other.id != post)
    native = select(Native.id).where(Native.channel_id == channel, Native.external_id == number)
    return taken.correlate(Delivery).scalar_subquery().label("taken"), native.correlate(Delivery).exists().label("native")


# Asked for each message sent, so put together once: an attempt with its delivery and post, and who has a platform's number already.
# In the order in which everybody takes them; only what is taken is read as it is after waiting for another's change.
_OF_ATTEMPT = Taking(
    select(Attempt, Delivery, Post, Channel.failures, *_met(Delivery.channel_id, Delivery.post_id))
    .join(Delivery, Delivery.id == Attempt.delivery_id)
    .join(Post, Post.id == Delivery.post_id)
    .join(Channel, Channel.id == Delivery.channel_id)
    .where(Attempt.id == bindparam("attempt"))
    .execution_options(populate_existing=True),
    of=[Delivery, Attempt, Post],
    skip=False,
)
_MET = select(*_met(bindparam("channel", type_=BigInteger()), bindparam("post", type_=BigInteger())))


def settle(db: Session, runtime: Runtime, attempt_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Record the outcome of one attempt and move its delivery, post and channel accordingly."""
    attempt, delivery, failures, met = _locked(db, attempt_id, outcome)
    if not isinstance(outcome, Unknown) and not (isinstance(outcome, RetryLater) and outcome.down):
        circuit.answered(db, delivery.channel_id, failures, now=now)
    match outcome:
        case Sent(receipt, note, undone):
            publish(db, delivery, attempt, receipt, Result.SENT, note=note, now=now, met=met)
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
    db: Session, delivery: Delivery, attempt: Attempt, receipt: Receipt, result: Result, *, note: str = "", now: datetime, met: Met | None = None
) -> None:
    """It is live: the attempt, the delivery and the post say so, with the platform's number.

    met -- who has that number already, when it was read with them; else it is read here.
    """
    if delivery.state is DeliveryState.PUBLISHED:
        if attempt.external_id != receipt.external_id and delivery.post.external_id != receipt.external_id:
            log.error("a second live copy", delivery=delivery.id, attempt=attempt.id, external_id=receipt.external_id)
        return
    met = met or db.execute(_MET, {"channel": delivery.channel_id, "number": receipt.external_id, "post": delivery.post_id}).one()
    taken, is_native = met
    if taken is not None:
        close(attempt, Result.REFUSED, code="duplicate", reason=f"the platform answered with post {taken}'s number", now=now)
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("The platform answered with another post's number.")), now=now)
        return
    if is_native:
        natives.retract(db, delivery.channel_id, receipt.external_id, now=now)
    went_live_at = receipt.at or attempt.started_at
    with together(db):
        circuit.succeeded(db, delivery.channel_id, now=now)
        change(db, attempt, result=result, ended_at=now, code="", reason=note[:2000], external_id=receipt.external_id)
        change(db, delivery, state=DeliveryState.PUBLISHED, hold=None, reason=note, lease_owner=None, lease_until=None, settled_at=now)
        planning.mark_published(db, delivery.post, external_id=receipt.external_id, url=receipt.url, at=went_live_at, now=now)


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


def _locked(db: Session, attempt_id: int, outcome: Outcome) -> tuple[Attempt, Delivery, int, Met]:
    """The attempt, its delivery and its post as they are once they are held; how often in a row its account got no answer; and who has
    the number that the platform gave."""
    number = outcome.receipt.external_id if isinstance(outcome, Sent) else None
    attempt, delivery, post, failures, taken, native = db.execute(_OF_ATTEMPT(db), {"attempt": attempt_id, "number": number}).one()
    set_committed_value(delivery, "post", post)
    return attempt, delivery, failures, (taken, native)
