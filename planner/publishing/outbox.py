"""The outbox: fill it from approved posts, open an attempt, send with no transaction open, settle what came of it.

    DUE, RETRY --open_attempts--> SENDING (attempt row committed, then the call)
    SENDING --settle--> PUBLISHED | FAILED | RETRY | HELD | UNKNOWN
    SENDING, lease run out --sweep--> UNKNOWN --reconcile--> PUBLISHED | RETRY | UNCONFIRMED
    DUE, RETRY, later than the grace --sweep--> MISSED

An attempt is opened before the first byte leaves and stays open until its outcome is known; a delivery with an open
attempt is never sent again. Each function here is one transaction of its caller, except those called `send_…`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, false, func, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.channels import progress, usage
from planner.channels.models import Channel
from planner.channels.port import Outcome, Platform, Unknown
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.core.types import UtcDateTime
from planner.ledger.leases import lockable
from planner.planning import facts as planning
from planner.planning.models import Approval, Origin, Post, PostState, Verb
from planner.planning.quiet_models import Pause
from planner.publishing import queries, rules, uploads
from planner.publishing.claiming import Claim, UnpreparedError, open_attempts
from planner.publishing.heartbeat import Heartbeat
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold
from planner.publishing.settling import abandon, settle, stop

__all__ = [
    "BROKE", "HOLD_SECONDS", "Claim", "Ended", "Stopped", "call", "fill", "give_up", "is_tidy", "open_attempts", "record", "record_and_take", "record_once", "send_all", "send_one", "sweep",
    "take",
]  # fmt: skip

log = get_logger(__name__)
_WAITING = queries.WAITING
#: States from which an approved post may be armed again.
_REST = (*_WAITING, DeliveryState.HELD, DeliveryState.CANCELLED, DeliveryState.MISSED, DeliveryState.FAILED)


_SHORTEST_GRACE = select(func.min(Channel.grace_minutes))
_GOES_ON = (PostState.SCHEDULED, PostState.SENDING, PostState.APPROVED)
_ITS_POST = select(Delivery.id).join(Post, Post.id == Delivery.post_id)
_UNTIDY = select(
    or_(
        select(Post.id).where(Post.state == PostState.APPROVED, Post.origin == Origin.PLANNED, Post.publish_at.is_not(None)).exists(),
        select(Pause.id).where(Pause.ended_at.is_(None)).exists(),
        select(Delivery.id).where(Delivery.state == DeliveryState.SENDING, Delivery.lease_until < bindparam("now", type_=UtcDateTime())).exists(),
        _ITS_POST.where(Delivery.state == DeliveryState.HELD, Post.state == PostState.CANCELLED).exists(),
        _ITS_POST.where(Delivery.state.in_(_WAITING), Post.state.not_in(_GOES_ON)).exists(),
        select(Delivery.id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Delivery.state.in_(_WAITING), Delivery.due_at < bindparam("late", type_=UtcDateTime()), Channel.platform != Platform.BY_HAND)
        .exists(),
    )
)
#: How long a delivery that could not be put together steps aside for the others.
_ASIDE = timedelta(minutes=1)
#: How long an outcome is held in memory while the database does not answer; after that it is looked up like a dead worker's.
HOLD_SECONDS = 60.0
BROKE = N_("The planner broke while it was sending.")
#: Calls with what the platform answered.
Ended = Sequence[tuple[Claim, Outcome]]


def fill(db: Session, now: datetime) -> int:
    """Make the outbox agree with the plan; how many deliveries were made or armed again. Safe to run any number of times.

    The state alone is not believed: somebody must have approved exactly this content.
    """
    armed = 0
    said = select(Approval.id).where(Approval.post_id == Post.id, Approval.verb == Verb.APPROVED, Approval.digest == Post.approved_digest)
    approved = (
        select(Post, Delivery)
        .outerjoin(Delivery, Delivery.post_id == Post.id)
        .where(Post.state == PostState.APPROVED, Post.origin == Origin.PLANNED, Post.publish_at.is_not(None), said.exists())
        .order_by(Post.publish_at, Post.id)
        .limit(1000)
    )
    for post, delivery in db.execute(lockable(approved, db, of=Post)):
        if delivery is None:
            delivery = Delivery(post_id=post.id, channel_id=post.channel_id, created_at=now, tries=0, looks=0)
            db.add(delivery)
        elif delivery.state not in _REST:
            continue
        assert post.publish_at is not None  # Only such posts were asked for.
        assert post.approved_digest is not None
        delivery.channel_id = post.channel_id
        if _still_waits(delivery, post):
            stop(db, delivery, rules.PAUSED, now=now)
            planning.mark_scheduled(db, post, now=now)
            continue
        delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
        delivery.due_at = delivery.next_at = post.publish_at
        delivery.digest, delivery.tries, delivery.looks = post.approved_digest, 0, 0
        planning.mark_scheduled(db, post, now=now)
        armed += 1
    return armed


def _still_waits(delivery: Delivery, post: Post) -> bool:
    """Whether a pause held this very content at this very moment and nobody decided: cancelled and brought back, or moved and moved back, it waits on."""
    held = delivery.hold is Hold.PAUSE and delivery.state in (DeliveryState.HELD, DeliveryState.CANCELLED)
    return held and (delivery.due_at, delivery.digest) == (post.publish_at, post.approved_digest)


def is_tidy(db: Session, now: datetime) -> bool:
    """Whether filling, sweeping and holding what is paused would find nothing to do. It takes no lock, so it may be asked all the time.

    Two statements. “No” may be wrong: while a pause is in force, say, there may be nothing left to hold.
    """
    grace = db.scalar(_SHORTEST_GRACE) or 0
    return not db.scalar(_UNTIDY, {"now": now, "late": now - timedelta(minutes=grace)})


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
    dropped = select(Delivery).join(Post, Post.id == Delivery.post_id).where(Delivery.state == DeliveryState.HELD, Post.state == PostState.CANCELLED)
    for delivery in db.scalars(lockable(dropped, db, of=Delivery)):
        stop(db, delivery, rules.Stop(DeliveryState.CANCELLED, N_("The post was cancelled."), delivery.hold), now=now)
        swept += 1
    gone = waiting.where(Post.state.not_in(_GOES_ON))
    for delivery, post, _channel in db.execute(lockable(gone, db, of=Delivery)):
        cancelled = post.state is PostState.CANCELLED
        state = DeliveryState.CANCELLED if cancelled else DeliveryState.HELD
        reason = N_("The post was cancelled.") if cancelled else N_("The approval was withdrawn.")
        stop(db, delivery, rules.Stop(state, reason, None if cancelled else Hold.APPROVAL), now=now)
        swept += 1
    graces = db.scalars(select(Channel.grace_minutes).distinct()).all()
    late = or_(false(), *(and_(Channel.grace_minutes == grace, Delivery.due_at < now - timedelta(minutes=grace)) for grace in graces))
    stale = waiting.where(Channel.platform != Platform.BY_HAND, late)
    for delivery, _post, _channel in db.execute(lockable(stale, db, of=Delivery)):
        stop(db, delivery, rules.Stop(DeliveryState.MISSED, N_("Its moment passed before it could be sent.")), now=now)
        swept += 1
    return swept


def send_one(runtime: Runtime, worker: str, channel_id: int | None = None) -> int | None:
    """Claim, send and settle one due delivery of this account (None: of that whose turn it is); its id, or None when there is none.

    A lost or doubled message that says so is harmless.
    """
    opened = take(runtime, worker, channel_id=channel_id)
    if opened and isinstance(opened[0], Claim):
        with Heartbeat(runtime, opened[0]):
            record(runtime, [(opened[0], call(runtime, opened[0]))])
    return opened[0].delivery_id if opened else None


def send_all(runtime: Runtime, worker: str, *, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Send one after the other until the outbox is quiet, or `goes_on` says no; how many deliveries were handled.

    The outcome of one and the claim of the next are one transaction: half the commits, and nothing waits in between.
    """
    handled = 0
    following: list[Claim | Stopped] = []
    while (following or goes_on()) and (opened := following or take(runtime, worker)):
        handled, following = handled + 1, []
        if isinstance(claim := opened[0], Claim):
            with Heartbeat(runtime, claim):
                ended: Ended = [(claim, call(runtime, claim))]
                done = record_and_take(runtime, worker, ended) if goes_on() else None
                left, following = done or (ended, [])
                record(runtime, left)
    return handled


@dataclass(frozen=True, slots=True)
class Stopped:
    """A delivery whose turn it was and that was stopped or set aside instead of sent."""

    delivery_id: int


def take(runtime: Runtime, worker: str, count: int = 1, *, channel_id: int | None = None) -> list[Claim | Stopped]:
    """Open the next attempts, of so many accounts at most, and commit them; none when nothing is due."""
    try:
        with runtime.sessions.begin() as db:
            return _told(open_attempts(db, runtime, worker, now=runtime.clock.decision_time(db), count=count, channel_id=channel_id))
    except UnpreparedError as error:
        log.error("a delivery could not be prepared", delivery=error.delivery_id, exc_info=error.__cause__)
        _set_aside(runtime, error.delivery_id)
        return [Stopped(error.delivery_id)]


def _told(opened: Sequence[Claim | Delivery]) -> list[Claim | Stopped]:
    return [Stopped(one.id) if isinstance(one, Delivery) else one for one in opened]


def _set_aside(runtime: Runtime, delivery_id: int) -> None:
    with runtime.sessions.begin() as db:
        db.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state.in_(_WAITING))
            .values(next_at=runtime.clock.decision_time(db) + _ASIDE, reason=rules.UNPREPARED)
        )


def call(runtime: Runtime, claim: Claim) -> Outcome:
    """What the platform answered; an adapter that breaks leaves an outcome nobody knows."""
    try:
        adapter = runtime.registry.adapter(claim.platform)
        with progress.heard(uploads.recorder(runtime, claim.delivery_id)):
            outcome: Outcome = adapter.publish(claim.post, claim.account, keep=lambda text: _keep(runtime, claim, text))
    except Exception as error:
        log.error("an adapter broke while sending", delivery=claim.delivery_id, exc_info=error)
        return Unknown(BROKE)
    return outcome


def record_and_take(
    runtime: Runtime, worker: str, ended: Ended, count: int = 1, *, noted: Sequence[usage.Noted] = ()
) -> tuple[Ended, list[Claim | Stopped]] | None:
    """Write what came of calls and open the next attempts: those that could not be written yet, and what was opened.

    noted -- what the calls used, to be written with it.
    None when anything about it broke: then each is to be done by itself.
    """
    try:
        with runtime.sessions.begin() as db:
            now = runtime.clock.decision_time(db)
            written = settle(db, runtime, {claim.attempt: outcome for claim, outcome in ended}, now=now)
            usage.keep_all(db, noted)
            opened = _told(open_attempts(db, runtime, worker, now=now, count=count))
    except Exception as error:
        log.info("outcomes are written by themselves", deliveries=[claim.delivery_id for claim, _outcome in ended], why=type(error).__name__)
        return None
    return [one for one in ended if one[0].attempt not in written], opened


def record(runtime: Runtime, ended: Ended) -> None:
    """Write what came of calls, as often as it takes for a database that is restarting or busy to answer, but not for ever."""
    end, pause = time.monotonic() + HOLD_SECONDS, 0.1
    while (ended := record_once(runtime, ended)) and time.monotonic() <= end:
        time.sleep(pause)
        pause = min(pause * 2, 5.0)
    for claim, _outcome in ended:
        give_up(claim)


def give_up(claim: Claim) -> None:
    """What came of it is known and cannot be written: its lease ends, and it is looked up like what a dead worker leaves behind."""
    log.error("an outcome was not written", delivery=claim.delivery_id)


def record_once(runtime: Runtime, ended: Ended) -> Ended:
    """Write what came of calls, each by itself; those that could not be written yet."""
    left = []
    for claim, outcome in ended:
        try:
            with runtime.sessions.begin() as db:
                written = settle(db, runtime, {claim.attempt: outcome}, now=runtime.clock.decision_time(db))
            if not written:
                left.append((claim, outcome))
        except (OperationalError, StaleDataError, IntegrityError) as error:  # The last: somebody gave a post its number this moment.
            log.warning("an outcome could not be written yet", delivery=claim.delivery_id, why=type(error).__name__)
            left.append((claim, outcome))
        except Exception as error:  # It will be looked up, as what a dead worker leaves behind.
            log.error("an outcome cannot be written", delivery=claim.delivery_id, exc_info=error)
    return left


def _keep(runtime: Runtime, claim: Claim, text: str) -> None:
    """Commit what must survive a crash before the adapter goes on."""
    with runtime.sessions.begin() as db:
        db.execute(update(Attempt).where(Attempt.delivery_id == claim.delivery_id, Attempt.number == claim.post.attempt).values(resume=text))
