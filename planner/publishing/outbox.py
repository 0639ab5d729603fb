"""The outbox: fill it from approved posts, open an attempt, send with no transaction open, settle what came of it.

    DUE, RETRY --open_attempt--> SENDING (attempt row committed, then the call)
    SENDING --settle--> PUBLISHED | FAILED | RETRY | HELD | UNKNOWN
    SENDING, lease run out --sweep--> UNKNOWN --reconcile--> PUBLISHED | RETRY | UNCONFIRMED
    DUE, RETRY, later than the grace --sweep--> MISSED

An attempt is opened before the first byte leaves and stays open until its outcome is known; a delivery with an open
attempt is never sent again. Each function here is one transaction of its caller, except `send_next` and `send_one`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, and_, bindparam, false, func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.exc import StaleDataError

from planner.catalog.models import Asset
from planner.channels import progress
from planner.channels.models import Channel
from planner.channels.port import Account, Outcome, OutgoingPost, Platform, Unknown
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.leases import lockable
from planner.planning import facts as planning
from planner.planning import pauses
from planner.planning import rules as planning_rules
from planner.planning.models import Approval, Origin, Post, PostState, Verb
from planner.planning.surroundings import at_the_gate
from planner.publishing import compose, queries, rules, uploads
from planner.publishing.heartbeat import Heartbeat
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold
from planner.publishing.settling import abandon, settle, stop

__all__ = ["Claim", "fill", "open_attempt", "send_next", "send_one", "sweep"]

log = get_logger(__name__)
_WAITING = queries.WAITING
#: States from which an approved post may be armed again.
_REST = (*_WAITING, DeliveryState.HELD, DeliveryState.CANCELLED, DeliveryState.MISSED, DeliveryState.FAILED)


#: The account whose turn it is; the same when only one account is asked for.
_ANY = queries.ACCOUNTS.where(Channel.id.not_in(bindparam("tried", expanding=True))).limit(1)
_ONE = _ANY.where(Channel.id == bindparam("only"))
#: An account's first delivery with everything its rules look at; not the key, which may not open.
_POST = joinedload(Delivery.post, innerjoin=True)
_ASSET = _POST.joinedload(Post.asset, innerjoin=True).lazyload(Asset.audience_rows)
_FIRST = queries.DUE.options(_POST.joinedload(Post.channel, innerjoin=True), _ASSET, _POST.joinedload(Post.campaign)).limit(1)
# A turn is no change of the channel that a person's edit could collide with: its version stays.
_CHANNELS = cast(Table, Channel.__table__)
_LAST = select(func.max(_CHANNELS.c.turn)).scalar_subquery()
_TURN = update(_CHANNELS).where(_CHANNELS.c.id == bindparam("account")).values(turn=_LAST + 1)
#: How long a delivery that could not be put together steps aside for the others.
_ASIDE = timedelta(minutes=1)
#: How long an outcome is held in memory while the database does not answer; after that it is looked up like a dead worker's.
_HOLD_SECONDS = 60.0


class UnpreparedError(Exception):
    """Something about one delivery broke while its attempt was opened; `delivery_id` says whose, the cause says what."""

    def __init__(self, delivery_id: int) -> None:
        super().__init__(delivery_id)
        self.delivery_id = delivery_id


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
        delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
        delivery.due_at = delivery.next_at = post.publish_at
        delivery.digest, delivery.tries, delivery.looks = post.approved_digest, 0, 0
        planning.mark_scheduled(db, post, now=now)
        armed += 1
    return armed


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
        stop(db, delivery, rules.Stop(DeliveryState.CANCELLED, N_("The post was cancelled.")), now=now)
        swept += 1
    gone = waiting.where(Post.state.not_in((PostState.SCHEDULED, PostState.SENDING, PostState.APPROVED)))
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


def open_attempt(db: Session, runtime: Runtime, worker: str, *, now: datetime, channel_id: int | None = None) -> Claim | Delivery | None:
    """Take the first due delivery of the account whose turn it is, ask again whether it may go out, and write its attempt;
    the caller commits, then sends.

    channel_id -- only this account.
    returns    -- a Claim to send; a Delivery that was stopped instead; None when nothing is due.
    Raises UnpreparedError when this one delivery is broken: it must not stand in the way of the others.
    """
    delivery = _take(db, now, channel_id)
    if delivery is None:
        return None
    try:
        return _prepare(db, runtime, worker, delivery, now)
    except (OperationalError, StaleDataError):
        raise  # The database is away, or somebody changed the post this moment: nothing is wrong with the delivery.
    except Exception as error:
        raise UnpreparedError(delivery.id) from error


def _take(db: Session, now: datetime, channel_id: int | None) -> Delivery | None:
    """Lock the account whose turn it is and its first due delivery, and note the turn.

    Whoever takes something of an account holds its row, so two workers never both see it idle. What was true when its row was
    asked for may not be when it is held: then the next account has its turn.
    """
    whose, which = _ANY if channel_id is None else _ONE, _FIRST
    tried: list[int] = []
    while (account := db.scalar(lockable(whose, db, of=Channel, key=True), {"now": now, "tried": tried, "only": channel_id})) is not None:
        delivery = db.scalars(lockable(which, db, of=Delivery), {"account": account, "now": now}).first()
        if delivery is not None:
            db.execute(_TURN, {"account": account})
            return delivery
        tried.append(account)
    return None


def _prepare(db: Session, runtime: Runtime, worker: str, delivery: Delivery, now: datetime) -> Claim | Delivery:
    post, channel = delivery.post, delivery.post.channel
    verdict = rules.may_still_go_out(
        delivery,
        post,
        channel,
        digest=planning_rules.content_digest(post, post.asset, channel),
        gates=planning_rules.gates(post, post.asset, post.campaign, channel, at_the_gate(db, post), now),
        pauses=pauses.in_force(db, post),
        max_tries=runtime.settings.max_tries,
        now=now,
    )
    if verdict is not None:
        stop(db, delivery, verdict, now=now)
        return delivery
    earlier = list(delivery.attempts)
    delivery.tries += 1
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
        post=compose.outgoing(db, delivery, attempt, data_path=runtime.settings.data_path, base_url=runtime.settings.base_url),
    )


def send_next(runtime: Runtime, worker: str) -> int | None:
    """Claim, send and settle one due delivery; its id, or None when the outbox is quiet."""
    return send_one(runtime, worker, None)


def send_one(runtime: Runtime, worker: str, channel_id: int | None) -> int | None:
    """The same for one account (None: whose turn it is); a lost or doubled message about it is harmless."""
    try:
        with runtime.sessions.begin() as db:
            claim = open_attempt(db, runtime, worker, now=runtime.clock.decision_time(db), channel_id=channel_id)
            stopped = claim.id if isinstance(claim, Delivery) else None
    except UnpreparedError as error:
        log.error("a delivery could not be prepared", delivery=error.delivery_id, exc_info=error.__cause__)
        _set_aside(runtime, error.delivery_id)
        return error.delivery_id
    if not isinstance(claim, Claim):
        return stopped
    with Heartbeat(runtime, claim):
        outcome = _call(runtime, claim)
        _record(runtime, claim, outcome)
    return claim.delivery_id


def _set_aside(runtime: Runtime, delivery_id: int) -> None:
    with runtime.sessions.begin() as db:
        db.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state.in_(_WAITING))
            .values(
                next_at=runtime.clock.decision_time(db) + _ASIDE,
                reason=N_("The planner could not put this post together. Your administrator finds the cause in the log."),
            )
        )


def _call(runtime: Runtime, claim: Claim) -> Outcome:
    """What the platform answered; an adapter that breaks leaves an outcome nobody knows."""
    try:
        adapter = runtime.registry.adapter(claim.platform)
        with progress.heard(uploads.recorder(runtime, claim.delivery_id)):
            outcome: Outcome = adapter.publish(claim.post, claim.account, keep=lambda text: _keep(runtime, claim, text))
    except Exception as error:
        log.error("an adapter broke while sending", delivery=claim.delivery_id, exc_info=error)
        return Unknown(N_("The planner broke while it was sending."))
    return outcome


def _record(runtime: Runtime, claim: Claim, outcome: Outcome) -> None:
    """Write what came of it, as often as it takes for a database that is restarting or busy to answer."""
    end, pause = time.monotonic() + _HOLD_SECONDS, 0.1
    while True:
        try:
            with runtime.sessions.begin() as db:
                settle(db, runtime, claim.attempt_id, outcome, now=runtime.clock.decision_time(db))
        except (OperationalError, StaleDataError) as error:
            if time.monotonic() > end:
                raise
            log.warning("an outcome could not be written yet", delivery=claim.delivery_id, why=type(error).__name__)
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


def _keep(runtime: Runtime, claim: Claim, text: str) -> None:
    """Commit what must survive a crash before the adapter goes on."""
    with runtime.sessions.begin() as db:
        db.execute(update(Attempt).where(Attempt.id == claim.attempt_id).values(resume=text))
