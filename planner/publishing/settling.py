"""Settling: what came of an attempt is recorded as a fact, whoever holds the lease by then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from planner.channels import circuit
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import Outcome, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.core.statements import among
from planner.core.writing import change, put, together
from planner.ledger.leases import Taking
from planner.planning import facts as planning
from planner.planning.models import Post, PostState
from planner.publishing import natives, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Native, Result, Watch

__all__ = ["AttemptKey", "abandon", "publish", "retry", "settle", "stop", "watch"]

log = get_logger(__name__)
_RENEWED = N_("The key was renewed while this was on its way; it is sent again with the new one.")
#: An attempt: its delivery and its number there.
AttemptKey = tuple[int, int]
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)


def _either(left: Any, right: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Each of two columns among what is asked for. Whoever asks leaves out what only seems a pair: SQLite reads a whole table to find pairs."""
    return among(left, "left"), among(right, "right")


def _pairs(asked: Collection[tuple[Any, Any]]) -> dict[str, list[Any]]:
    return {"left": sorted({one for one, _other in asked}), "right": sorted({other for _one, other in asked})}


def _has_one(kind: type[Post] | type[Native]) -> ColumnElement[bool]:
    """Whether something of the delivery's account has one of the numbers that the platform gave."""
    mine = kind.__table__.alias()
    return select(mine.c.id).where(mine.c.channel_id == Delivery.channel_id, among(mine.c.external_id, "numbers")).correlate(Delivery).exists()


# Asked for each message sent, so put together once: what a success asks of attempts. Taken in one order by everybody.
_ENDED = Taking(
    select(
        *(Attempt.id, Attempt.number, Attempt.result, Attempt.started_at, Attempt.delivery_id),
        *(Delivery.channel_id, Delivery.state, Delivery.undone, Channel.failures),
        *(Post.state, Post.id, Post.title, Post.version, or_(_has_one(Post), _has_one(Native))),
    )
    .join(Delivery, Delivery.id == Attempt.delivery_id)
    .join(Post, Post.id == Delivery.post_id)
    .join(Channel, Channel.id == Delivery.channel_id)
    .where(*_either(Attempt.delivery_id, Attempt.number))
    .order_by(Post.id, Attempt.id),
    of=[Delivery, Attempt, Post],
)


class _Ended(NamedTuple):
    """An attempt that ended, held with its delivery and its post; as the columns of its statement are."""

    attempt_id: int
    number: int
    result: Result | None
    started_at: datetime
    delivery_id: int
    channel_id: int
    state: DeliveryState
    undone: list[str]
    failures: int
    post_state: PostState
    post_id: int
    title: str
    version: int
    #: Whether a post or a message found on the platform has a number that was given.
    is_known: bool

    @property
    def attempt(self) -> AttemptKey:
        return self.delivery_id, self.number


def settle(db: Session, runtime: Runtime, ended: Mapping[AttemptKey, Outcome], *, now: datetime) -> set[AttemptKey]:
    """Record the outcomes of attempts and move their deliveries, posts and channels accordingly; whose were recorded: posts that
    somebody is changing this moment are left for later.

    What went as usual is written together, the rest one by one.
    """
    numbers = [outcome.receipt.external_id for outcome in ended.values() if isinstance(outcome, Sent)]
    rows = db.execute(_ENDED(db), {**_pairs(ended), "numbers": numbers})
    locked = [one for row in rows if (one := _Ended(*row)).attempt in ended]
    rest: list[_Ended] = []
    seen: set[int] = set()
    with together(db):
        for one in locked:
            outcome = ended[one.attempt]
            if isinstance(outcome, Sent) and one.delivery_id not in seen and _is_usual(one, outcome):
                circuit.succeeded(db, one.channel_id, now=now)
                put(db, Attempt, one.attempt_id, **_as_sent(outcome.receipt, Result.SENT, outcome.note, now))
                put(db, Delivery, one.delivery_id, **_as_published(outcome.note, now))
                _mark_published(db, planning.Leaving(one.post_id, one.title, one.version), outcome.receipt, one.started_at, now)
            else:
                rest.append(one)
            seen.add(one.delivery_id)
    for one in rest:
        attempt = db.get_one(Attempt, one.attempt_id, populate_existing=True)
        delivery = db.get_one(Delivery, one.delivery_id, populate_existing=True)
        set_committed_value(delivery, "post", db.get_one(Post, one.post_id, populate_existing=True))
        _settle_one(db, runtime, attempt, delivery, ended[one.attempt], failures=one.failures, now=now)
    return {one.attempt for one in locked}


def _is_usual(one: _Ended, sent: Sent) -> bool:
    """Whether nothing else happened since the attempt was opened, and nobody has the number."""
    as_opened = one.result is None and one.state is DeliveryState.SENDING and one.post_state is PostState.SENDING
    return as_opened and not one.failures and one.undone == list(sent.undone) and not one.is_known


def _settle_one(db: Session, runtime: Runtime, attempt: Attempt, delivery: Delivery, outcome: Outcome, *, failures: int, now: datetime) -> None:
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


def publish(db: Session, delivery: Delivery, attempt: Attempt, receipt: Receipt, result: Result, *, note: str = "", now: datetime) -> None:
    """It is live: the attempt, the delivery and the post say so, with the platform's number."""
    if delivery.state is DeliveryState.PUBLISHED:
        if attempt.external_id != receipt.external_id and delivery.post.external_id != receipt.external_id:
            log.error("a second live copy", delivery=delivery.id, attempt=attempt.id, external_id=receipt.external_id)
        return
    taken, is_native = _met(db, delivery.channel_id, receipt.external_id)
    if taken not in (None, delivery.post_id):
        close(attempt, Result.REFUSED, code="duplicate", reason=f"the platform answered with post {taken}'s number", now=now)
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("The platform answered with another post's number.")), now=now)
        return
    if is_native:
        natives.retract(db, delivery.channel_id, receipt.external_id, now=now)
    with together(db):
        circuit.succeeded(db, delivery.channel_id, now=now)
        change(db, attempt, **_as_sent(receipt, result, note, now))
        change(db, delivery, **_as_published(note, now))
        _mark_published(db, delivery.post, receipt, attempt.started_at, now)


def _as_sent(receipt: Receipt, result: Result, note: str, now: datetime) -> dict[str, Any]:
    return {"result": result, "ended_at": now, "code": "", "reason": note[:2000], "external_id": receipt.external_id}


def _as_published(note: str, now: datetime) -> dict[str, Any]:
    return {"state": DeliveryState.PUBLISHED, "hold": None, "reason": note, "lease_owner": None, "lease_until": None, "settled_at": now}


def _mark_published(db: Session, post: Post | planning.Leaving, receipt: Receipt, started_at: datetime, now: datetime) -> None:
    planning.mark_published(db, post, external_id=receipt.external_id, url=receipt.url, at=receipt.at or started_at, now=now)


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


def _met(db: Session, channel_id: int, number: str) -> tuple[int | None, bool]:
    """Which post of the channel has the number that the platform gave, and whether a message found there has it."""
    db.flush()
    post_id = db.scalar(select(Post.id).where(Post.channel_id == channel_id, Post.external_id == number))
    is_native = db.scalar(select(select(Native.id).where(Native.channel_id == channel_id, Native.external_id == number).exists()))
    return post_id, bool(is_native)
