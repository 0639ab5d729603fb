"""Settling: what came of an attempt is recorded as a fact, whoever holds the lease by then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, literal, select, union_all
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
#: Who has a platform's number already: a post's id, and whether a message found on the platform has it.
Met = tuple[int | None, bool]
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)


def _either(left: Any, right: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Each of two columns among what is asked for. Whoever asks leaves out what only seems a pair: SQLite reads a whole table to find pairs."""
    return among(left, "left"), among(right, "right")


def _pairs(asked: Collection[tuple[Any, Any]]) -> dict[str, list[Any]]:
    return {"left": sorted({one for one, _other in asked}), "right": sorted({other for _one, other in asked})}


# Asked for each message sent, so put together once: what a success asks of attempts, and who has the platform's numbers already.
# Taken in one order by everybody; only what is taken is read as it is after waiting for another's change.
_OF_ATTEMPTS = (
    select(
        *(Attempt.id, Attempt.number, Attempt.result, Attempt.started_at, Attempt.delivery_id),
        *(Delivery.channel_id, Delivery.state, Delivery.undone, Channel.failures),
        *(Post.state, Post.id, Post.title, Post.version),
    )
    .join(Delivery, Delivery.id == Attempt.delivery_id)
    .join(Post, Post.id == Delivery.post_id)
    .join(Channel, Channel.id == Delivery.channel_id)
    .where(*_either(Attempt.delivery_id, Attempt.number))
    .order_by(Post.id, Attempt.id)
)
_ENDED = Taking(_OF_ATTEMPTS, of=[Delivery, Attempt, Post], skip=False)
_ENDED_AND_FREE = Taking(_OF_ATTEMPTS, of=[Delivery, Attempt, Post])


def _having(number: int, kind: type[Post] | type[Native]) -> Select[int, int, str | None, int]:
    return select(literal(number), kind.channel_id, kind.external_id, kind.id).where(*_either(kind.channel_id, kind.external_id))


_POST, _NATIVE = 0, 1
_TAKEN = union_all(_having(_POST, Post), _having(_NATIVE, Native))


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

    @property
    def attempt(self) -> AttemptKey:
        return self.delivery_id, self.number


def settle(db: Session, runtime: Runtime, ended: Mapping[AttemptKey, Outcome], *, now: datetime, waits: bool = True) -> set[AttemptKey]:
    """Record the outcomes of attempts and move their deliveries, posts and channels accordingly; whose were recorded.

    waits -- for posts that somebody is changing this moment; else these are left for later.
    What went as usual is written together, the rest one by one.
    """
    locked = [one for row in db.execute((_ENDED if waits else _ENDED_AND_FREE)(db), _pairs(ended)) if (one := _Ended(*row)).attempt in ended]
    met = _met(db, [(one.channel_id, outcome.receipt.external_id) for one in locked if isinstance(outcome := ended[one.attempt], Sent)])
    rest: list[_Ended] = []
    seen: set[int] = set()
    with together(db):
        for one in locked:
            outcome = ended[one.attempt]
            if isinstance(outcome, Sent) and one.delivery_id not in seen and _is_usual(one, outcome, met[one.channel_id, outcome.receipt.external_id]):
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


def _is_usual(one: _Ended, sent: Sent, met: Met) -> bool:
    """Whether nothing else happened since the attempt was opened, and nobody has the number."""
    as_opened = one.result is None and one.state is DeliveryState.SENDING and one.post_state is PostState.SENDING
    return as_opened and not one.failures and one.undone == list(sent.undone) and met == (None, False)


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
    number = delivery.channel_id, receipt.external_id
    taken, is_native = _met(db, [number])[number]
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


def _met(db: Session, numbers: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Met]:
    """Who has the numbers that the platform gave, each with its channel. One statement, none without numbers."""
    if not numbers:
        return {}
    db.flush()
    rows = db.connection().execute(_TAKEN, _pairs(numbers))
    has = {(kind, channel_id, number): row_id for kind, channel_id, number, row_id in rows}
    return {(channel_id, number): (has.get((_POST, channel_id, number)), (_NATIVE, channel_id, number) in has) for channel_id, number in numbers}
