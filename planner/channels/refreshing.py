"""Renews keys before they end: claim one, ask the platform with no transaction open, store what it gave.

    due --claim (refresh_after = now + LEASE, committed)--> asked --> stored | held | again after refresh_after

A no to our application (a wrong client id or secret) is said at once on the channel and on the desk. What the key still opens goes
on until it ends; then the channel is held like any other, and nobody asks again.

A worker that dies in between leaves a lease that runs out. The platform may have spent the refresh token by then; the next
try then finds a dead grant, and the channel is held with a sentence that asks a person to connect it again.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts import history
from planner.channels import rules, service
from planner.channels.grants import SET_UP
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Grant, Platform, Refused, RetryLater
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.leases import lockable

__all__ = ["LEASE", "is_due", "key_lives", "refresh_due", "refresh_next"]

log = get_logger(__name__)
#: How long a claimed key is left alone; longer than any call may take, and than its outcome is held in memory.
LEASE = timedelta(minutes=5)
#: When to ask again after a “not now” that named no wait.
_PAUSE = timedelta(minutes=1)
#: When to ask again after a no to our application, while the key still lives: a restart with the right settings is then enough.
_SET_UP_PAUSE = timedelta(hours=1)
#: How long a new key is held in memory while the database does not answer: the old refresh token may be spent.
_HOLD_SECONDS = 60.0
_ENDED = N_("The key of this channel has ended, and it cannot be renewed without you. Connect the channel again.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A key to renew, as it was when it was claimed."""

    credential_id: int
    channel_id: int
    platform: Platform
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def key_lives(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """For a query that names Channel: its key has not ended, as far as the platform told. One that has would earn a certain 401."""
    # By the tables, so that a query which asks them alone stays one that needs no mapper.
    key, channel = Credential.__table__.c, Channel.__table__.c
    return ~select(key.id).where(key.channel_id == channel.id, key.expires_at <= now).exists()


def is_due(runtime: Runtime) -> bool:
    """Whether `refresh_next` would find anything to do. One statement."""
    renewable = _renewable(runtime)
    with runtime.sessions() as db:
        now = runtime.clock.decision_time(db)
        wants = or_(and_(*_due(renewable, now)), and_(*_ended(renewable, now)))
        return db.scalar(_connected(Channel.id).where(wants).limit(1)) is not None


def refresh_due(runtime: Runtime) -> int:
    """Renew whatever wants it; how many were asked for."""
    asked = 0
    while refresh_next(runtime) is not None:
        asked += 1
    return asked


def refresh_next(runtime: Runtime) -> int | None:
    """Renew the key that ends first; its channel's id, or None when no key wants it now."""
    renewable = _renewable(runtime)
    with runtime.sessions.begin() as db:
        now = runtime.clock.decision_time(db)
        _hold_ended(db, renewable, now)
        taken = _take(db, renewable, now)
    if taken is None:
        return None
    claim = _read(runtime, taken)
    if claim is not None:
        _record(runtime, claim, _ask(runtime, claim))
    return int(taken.channel_id)


def _renewable(runtime: Runtime) -> list[Platform]:
    """Where the planner has an application of its own, which is who a refresh token belongs to."""
    return [platform for platform in rules.MARGINS if runtime.registry.connect(platform) is not None]


def _connected(*columns: Any) -> Select[Any]:
    joined = select(*columns).select_from(Credential).join(Channel, Channel.id == Credential.channel_id)
    return joined.where(Channel.state == ChannelState.CONNECTED)


def _due(renewable: Collection[Platform], now: datetime) -> list[ColumnElement[bool]]:
    """As `rules.may_be_renewed` within the platform's margin, for the database."""
    return [
        or_(*(and_(Channel.platform == platform, Credential.expires_at <= now + rules.MARGINS[platform]) for platform in renewable), false()),
        Credential.refresh_token.is_not(None),
        or_(Credential.refresh_expires_at.is_(None), Credential.refresh_expires_at > now),
        or_(Credential.refresh_after.is_(None), Credential.refresh_after <= now),
    ]


def _ended(renewable: Collection[Platform], now: datetime) -> list[ColumnElement[bool]]:
    """The key has ended and nobody but a person can get another."""
    for_good = or_(Credential.refresh_token.is_(None), Credential.refresh_expires_at <= now, Channel.platform.not_in(renewable))
    return [Credential.expires_at <= now, for_good]


def _hold_ended(db: Session, renewable: Collection[Platform], now: datetime) -> None:
    for channel in db.scalars(lockable(_connected(Channel).where(*_ended(renewable, now)), db, of=Channel)):
        service.hold(db, channel, _ENDED, now=now)


def _take(db: Session, renewable: Collection[Platform], now: datetime) -> Row[Any] | None:
    """Lease one key: (id, channel_id). Nothing is opened yet, so that one whose seal is broken steps aside like the others."""
    query = _connected(Credential.id, Credential.channel_id).where(*_due(renewable, now)).order_by(Credential.expires_at, Credential.id)
    row: Row[Any] | None = db.execute(lockable(query.limit(1), db, of=Credential)).first()
    if row is not None:
        db.execute(update(Credential).where(Credential.id == row.id).values(refresh_after=now + LEASE))
    return row


def _read(runtime: Runtime, taken: Row[Any]) -> Claim | None:
    try:
        with runtime.sessions() as db:
            known = db.get_one(Credential, taken.id)
            return Claim(known.id, known.channel_id, known.channel.platform, known.access_token, known.refresh_token or "")
    except Exception as error:
        log.error("a key could not be opened", channel=taken.channel_id, why=str(error))
        return None


def _ask(runtime: Runtime, claim: Claim) -> Grant | Refused | RetryLater:
    try:
        answer: Grant | Refused | RetryLater = runtime.registry.connect(claim.platform).refresh(claim.refresh_token)
    except Exception as error:  # A bug in one platform's door must not end the worker, nor hold an account.
        log.error("a key could not be asked for", channel=claim.channel_id, exc_info=error)
        return RetryLater("The planner broke while it asked for a new key.")
    return answer


def _record(runtime: Runtime, claim: Claim, answer: Grant | Refused | RetryLater) -> None:
    """Write what came of it, as often as it takes for a database that is restarting or busy to answer."""
    end, pause = time.monotonic() + _HOLD_SECONDS, 0.1
    while True:
        try:
            with runtime.sessions.begin() as db:
                _settle(db, claim, answer, runtime.clock.decision_time(db))
        except (OperationalError, StaleDataError) as error:
            if time.monotonic() > end:
                raise
            log.warning("a renewed key could not be stored yet", channel=claim.channel_id, why=type(error).__name__)
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


def _settle(db: Session, claim: Claim, answer: Grant | Refused | RetryLater, now: datetime) -> None:
    """Store, hold or wait; but what a person stored meanwhile stays. Rows are taken in the order in which reconnecting takes them."""
    channel = db.scalars(_alone(db, select(Channel).where(Channel.id == claim.channel_id))).one()
    known = db.scalars(_alone(db, select(Credential).where(Credential.id == claim.credential_id))).one_or_none()
    if known is None or known.refresh_token != claim.refresh_token:
        log.info("a renewed key came too late", channel=claim.channel_id)
        return
    match answer:
        case Grant():
            _store(known, claim, answer, now)
            service.calm(channel)
            history.record(db, None, "channel.refreshed", channel, now=now)
        case Refused(code=code, reason=reason) if code == SET_UP and (known.expires_at is None or known.expires_at > now):
            known.refresh_after = min(now + _SET_UP_PAUSE, known.expires_at or now + _SET_UP_PAUSE)
            log.error("the planner's application is not accepted", channel=claim.channel_id, why=reason)
            service.warn(db, channel, reason, now=now)
        case Refused(reason=reason) if known.access_token == claim.access_token:
            known.refresh_after = None
            service.hold(db, channel, reason, now=now)
        case Refused(reason=reason) | RetryLater(reason=reason):
            after = answer.after if isinstance(answer, RetryLater) else None
            known.refresh_after = now + (after or _PAUSE)
            log.warning("a key was not renewed", channel=claim.channel_id, why=reason)
            if known.expires_at is not None and known.expires_at <= now:
                service.set_wait(db, channel, known.refresh_after, reason)


def _store(known: Credential, claim: Claim, grant: Grant, now: datetime) -> None:
    """The rotated refresh token always, for the old one is spent; the key unless a person gave another one meanwhile."""
    if grant.refresh_token and grant.refresh_token != known.refresh_token:
        known.refresh_token, known.refresh_expires_at = grant.refresh_token, grant.refresh_expires_at
    elif grant.refresh_expires_at is not None:
        known.refresh_expires_at = grant.refresh_expires_at
    known.refresh_after = now + _PAUSE
    if known.access_token == claim.access_token:
        known.access_token, known.expires_at = grant.access_token, grant.expires_at
        known.scopes = list(grant.scopes) or known.scopes
        known.updated_at = now
        if grant.expires_at is not None:
            # A platform may give a key that is shorter than its margin: half its life goes by before it is asked again.
            known.refresh_after = max(known.refresh_after, now + (grant.expires_at - now) / 2)


def _alone(db: Session, query: Select[Any]) -> Select[Any]:
    """The same query, waiting for its row; a writing transaction of SQLite has it already."""
    return query.with_for_update() if db.get_bind().dialect.name == "postgresql" else query
