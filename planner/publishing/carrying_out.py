"""Carries out what was asked for live posts: claim, ask the rules again, call the platform with no transaction open, write what came of it.

Each of these calls may be made twice without harm, so what is unclear is made again, later and only so often.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts.models import User
from planner.channels import service as channels
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, Outcome, OutgoingPost, Platform, Refused, RetryLater, Sent, Unknown
from planner.channels.refreshing import key_lives
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.leases import lockable
from planner.planning import editing, pauses, rules
from planner.planning.models import Post
from planner.publishing import amending, compose, edit_steps
from planner.publishing.amending import SIGNED_OFF
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Attempt, Delivery
from planner.publishing.rules import UNPREPARED, next_try

__all__ = ["amend_next"]

log = get_logger(__name__)
_S, _K = AmendmentState, AmendmentKind
_DEFAULT_ACCOUNT_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Task:
    """One claimed amendment: everything the call needs."""

    amendment_id: int
    asked_at: datetime
    kind: AmendmentKind
    worker: str
    platform: Platform
    account: Account
    post: OutgoingPost
    external_id: str
    steps: tuple[str, ...]


def amend_next(runtime: Runtime, worker: str) -> int | None:
    """Carry out one amendment that is due; its id, or None when there is none."""
    with runtime.sessions.begin() as db:
        taken = _take(db, runtime, worker, now=runtime.clock.decision_time(db))
        if isinstance(taken, Amendment):
            return taken.id
    if taken is None:
        return None
    outcome = _call(runtime, taken)
    with runtime.sessions.begin() as db:
        _settle(db, runtime, taken, outcome, now=runtime.clock.decision_time(db))
    return taken.amendment_id


def _take(db: Session, runtime: Runtime, worker: str, *, now: datetime) -> Task | Amendment | None:
    """Claim the first that is due. An Amendment comes back when the rules ended it instead."""
    due = (
        select(Amendment)
        .join(Post, Post.id == Amendment.post_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(
            or_(Amendment.state == _S.QUEUED, (Amendment.state == _S.WORKING) & (Amendment.lease_until < now)),
            Amendment.next_at <= now,
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            key_lives(now),
        )
        .order_by(Amendment.next_at, Amendment.id)
        .limit(1)
    )
    amendment = db.scalars(lockable(due, db, of=Amendment)).first()
    if amendment is None:
        return None
    why_not = _why_not(db, amendment, runtime, now=now)
    if why_not:
        _end(amendment, _S.FAILED, why_not, now=now)
        return amendment
    if amendment.kind is _K.EDIT and amendment.lease_owner is None and not edit_steps.still_approved(db, amendment, runtime.settings.four_eyes):
        amending.reopen(db, amendment, now=now)
        return amendment
    if amendment.state is _S.WORKING:  # A worker died over it: give what it may have done the time to show.
        _later(amendment, now + timedelta(seconds=2 * runtime.settings.settle_seconds), N_("The worker that was doing it fell silent."), may_be_done=True)
        return amendment
    try:
        task = _prepared(db, runtime, amendment, worker, now)
    except (OperationalError, StaleDataError):
        raise  # The database is away, or somebody changed the post this moment.
    except Exception as error:  # A sealed key that does not open, say: it must not stand in the way of the others.
        log.error("an amendment could not be prepared", amendment=amendment.id, exc_info=error)
        _end(amendment, _S.FAILED, UNPREPARED, now=now)
        return amendment
    amendment.state, amendment.tries = _S.WORKING, amendment.tries + 1
    amendment.lease_owner, amendment.lease_until = worker, now + _lease(runtime)
    return task


def _prepared(db: Session, runtime: Runtime, amendment: Amendment, worker: str, now: datetime) -> Task:
    post = amendment.post
    content = amendment.content if amendment.kind is _K.EDIT else {}
    return Task(
        amendment_id=amendment.id,
        asked_at=now,
        kind=amendment.kind,
        worker=worker,
        platform=post.channel.platform,
        account=post.channel.account(),
        post=_outgoing(db, post, content, runtime),
        external_id=post.external_id or "",
        steps=tuple(amendment.content.get("steps", ())),
    )


def _why_not(db: Session, amendment: Amendment, runtime: Runtime, *, now: datetime) -> str:
    """What stops it at the last moment, as a sentence; empty when nothing does. Taking down is never stopped."""
    post = amendment.post
    if post.taken_down_at is not None:
        return N_("The post was taken down.")
    if amendment.kind is _K.TAKE_DOWN:
        return ""
    if pauses.in_force(db, post):
        return N_("Sending is paused. Try again once the pause has ended.")
    if amendment.kind is _K.EDIT and post.asset.sensitive:
        return SIGNED_OFF
    content = amendment.content if amendment.kind is _K.EDIT else {}
    # What was approved before each yes was kept was approved without what stands elsewhere.
    if amendment.kind is _K.EDIT and amendment.digest != editing.digest_of(post, content, alone=not amendment.said):
        return N_("The content is not the one that was approved.")
    limits = runtime.registry.limits(post.channel.platform) if amendment.kind is _K.EDIT else None
    for finding in rules.blocking(editing.judge(db, post, content, limits, at=now)):
        return finding.message if not finding.params else N_("A rule stands against it now. Open the edit again to see which.")
    return ""


def _outgoing(db: Session, post: Post, content: dict[str, object], runtime: Runtime) -> OutgoingPost:
    """The post as the adapter takes it, with the edited words in their place."""
    delivery = db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
    attempt = Attempt(number=0, fingerprint=hashlib.sha256(str(post.external_id).encode()).hexdigest(), resume=None)
    with db.no_autoflush:
        made = compose.outgoing_of(db, editing.edited(post, content), attempt, delivery_id=delivery.id if delivery else 0, data_path=runtime.settings.data_path, base_url=runtime.settings.base_url)
    return replace(made, resume=None)


def _call(runtime: Runtime, task: Task) -> Outcome:
    """What the platform answered; an adapter that breaks leaves an outcome nobody knows."""
    try:
        adapter = runtime.registry.adapter(task.platform)
        if task.kind is _K.EDIT:
            outcome: Outcome = adapter.edit(task.post, task.external_id, task.account)
        elif task.kind is _K.FINISH:
            outcome = adapter.finish(task.post, task.external_id, task.steps, task.account)
        else:
            outcome = adapter.delete(task.external_id, task.account)
    except Exception as error:
        log.error("an adapter broke while amending", amendment=task.amendment_id, exc_info=error)
        return Unknown(N_("The planner broke while it was doing it."))
    return outcome


def _settle(db: Session, runtime: Runtime, task: Task, outcome: Outcome, *, now: datetime) -> None:
    """Write what came of it. A success is a fact, whoever holds the lease by then."""
    query = select(Amendment).where(Amendment.id == task.amendment_id)
    if db.get_bind().dialect.name == "postgresql":
        query = query.with_for_update()
    amendment = db.scalars(query).one()
    gone = task.kind is _K.TAKE_DOWN and isinstance(outcome, Refused) and outcome.code == "not_found" and not outcome.account
    if isinstance(outcome, Sent) or gone:
        _succeed(db, amendment, outcome, now=now)
        return
    if amendment.lease_owner != task.worker or amendment.state is not _S.WORKING:
        return  # Thought dead and taken up by another: what that one learns counts.
    assert not isinstance(outcome, Sent)
    if isinstance(outcome, Refused) and outcome.account:
        if not channels.has_newer_key(db, amendment.post.channel, task.asked_at):
            channels.hold(db, amendment.post.channel, outcome.reason, now=now)
        _later(amendment, now, outcome.reason)  # It is taken up again once the channel is reconnected.
        amendment.tries -= 1
    elif isinstance(outcome, Refused) or amendment.tries >= runtime.settings.max_tries:
        _end(amendment, _S.FAILED, outcome.reason, now=now)
    else:
        when = next_try(amendment.tries, outcome.after if isinstance(outcome, RetryLater) else None, now)
        if isinstance(outcome, RetryLater) and outcome.account:
            when = when if outcome.after is not None else now + max(when - now, _DEFAULT_ACCOUNT_WAIT)
            channels.set_wait(db, amendment.post.channel, when, outcome.reason)
        elif isinstance(outcome, Unknown):
            when = max(when, now + timedelta(seconds=2 * runtime.settings.settle_seconds))
        _later(amendment, when, outcome.reason, may_be_done=isinstance(outcome, Unknown))


def _succeed(db: Session, amendment: Amendment, outcome: Outcome, *, now: datetime) -> None:
    if amendment.state is _S.DONE:
        return
    post = amendment.post
    note = outcome.note if isinstance(outcome, Sent) else N_("It was gone already.")
    undone = list(outcome.undone) if isinstance(outcome, Sent) else []
    _end(amendment, _S.FAILED if undone else _S.DONE, note, now=now)
    if amendment.kind is _K.EDIT:
        editing.take_over(db, post, amendment.content, edit_steps.yes_of(amendment), asked_by_id=amendment.asked_by_id, now=now)
    elif amendment.kind is _K.TAKE_DOWN:
        asker = db.get(User, amendment.asked_by_id) if amendment.asked_by_id else None
        editing.take_down(db, post, reason=amendment.reason, actor=asker, now=now)
    else:
        delivery = db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
        if delivery is not None:
            steps = set(amendment.content.get("steps", ()))
            delivery.undone = [name for name in delivery.undone if name not in steps] + undone
            delivery.reason = note


def _end(amendment: Amendment, state: AmendmentState, answer: str, *, now: datetime) -> None:
    amendment.state, amendment.answer, amendment.ended_at = state, answer[:2000], now
    amendment.lease_owner = amendment.lease_until = None


def _later(amendment: Amendment, when: datetime, answer: str, *, may_be_done: bool = False) -> None:
    """may_be_done -- whose call it was stays: an edit that may be live already is made certain, and asks for no step that came since."""
    amendment.state, amendment.next_at, amendment.answer = _S.QUEUED, when, answer[:2000]
    amendment.lease_owner, amendment.lease_until = amendment.lease_owner if may_be_done else None, None


def _lease(runtime: Runtime) -> timedelta:
    """Longer than any of these calls: several of a request each, and a captions file of 100 MB."""
    return timedelta(seconds=max(runtime.settings.lease_seconds, 20 * runtime.settings.call_timeout_seconds))
