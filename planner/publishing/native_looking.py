"""Looks through each connected account for messages published directly. No transaction is open while a platform is asked.

Once an hour, two days back: cheap, and late enough for listings that lag. Now and then all thirty days, which also tells what was
deleted: daily where listing is free, weekly on X, which bills each post that it lists once a UTC day (0.001 $ to the owner of the
developer app, 0.005 $ to others).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, OwnPosts, Platform, Refused, RetryLater
from planner.channels.refreshing import key_lives
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.jobs import JobContext
from planner.publishing import natives, rules
from planner.publishing.models import NativeLook

__all__ = ["BACK", "Look", "due", "look_all", "run"]

log = get_logger(__name__)
#: How far the first look goes back, and the deep ones.
BACK = timedelta(days=30)
_OVERLAP = timedelta(days=2)
_DEEP_EVERY = {Platform.X: timedelta(days=7)}
_DAILY = timedelta(days=1)
#: A round asked for by hand does not ask again what was just asked.
_EVERY = timedelta(minutes=55)


@dataclass(frozen=True, slots=True)
class Look:
    """One channel to look through, from when on, and whether that is all thirty days."""

    channel_id: int
    platform: Platform
    since: datetime
    deep: bool


def due(db: Session, now: datetime) -> list[Look]:
    """The connected channels whose platform lists our messages and that were not asked within the hour. One statement."""
    rows = db.execute(
        select(Channel.id, Channel.platform, NativeLook.looked_at, NativeLook.deep_at)
        .outerjoin(NativeLook, NativeLook.channel_id == Channel.id)
        .where(
            Channel.state == ChannelState.CONNECTED,
            Channel.platform.in_(rules.LOOKED_UP),
            (NativeLook.channel_id.is_(None)) | (NativeLook.enabled.is_(True)),
            (NativeLook.asked_at.is_(None)) | (NativeLook.asked_at <= now - _EVERY),
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            key_lives(now),
        )
        .order_by(Channel.id)
    )
    return [_look(channel_id, platform, looked_at, deep_at, now) for channel_id, platform, looked_at, deep_at in rows]


def look_all(runtime: Runtime, ctx: JobContext | None = None) -> int:
    """Look through everything that is due, one channel after the other; how many messages were new."""
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db))
    found = 0
    for number, look in enumerate(wanted, 1):
        try:
            found += _look_through(runtime, look)
        except Exception as error:  # One channel's broken key or answer does not keep the others from being looked at.
            log.error("a channel was not looked through", channel=look.channel_id, exc_info=error)
        if ctx is not None:
            ctx.progress(number, len(wanted))
    return found


def run(ctx: JobContext) -> dict[str, int]:
    """The same as a job, whose lease is renewed after each channel."""
    return {"found": look_all(ctx.runtime, ctx)}


def _look(channel_id: int, platform: Platform, looked_at: datetime | None, deep_at: datetime | None, now: datetime) -> Look:
    deep = deep_at is None or looked_at is None or now - deep_at >= _DEEP_EVERY.get(platform, _DAILY)
    since = now - BACK if deep or looked_at is None else max(looked_at - _OVERLAP, now - BACK)
    return Look(channel_id, platform, since, deep)


def _look_through(runtime: Runtime, look: Look) -> int:
    with runtime.sessions() as db:
        asked_at = runtime.clock.decision_time(db)
        account: Account = db.get_one(Channel, look.channel_id).account()
    told = _ask(runtime, look, account)
    with runtime.sessions.begin() as db:
        now = runtime.clock.decision_time(db)
        found = natives.keep(db, look.channel_id, told, since=look.since, now=now)
        _note(db, look, told, asked_at, now)
    return found


def _ask(runtime: Runtime, look: Look, account: Account) -> OwnPosts:
    try:
        told: OwnPosts = runtime.registry.adapter(look.platform).recent(look.since, account)
    except Exception as error:
        log.error("an adapter broke while listing", channel=look.channel_id, exc_info=error)
        return OwnPosts(complete=False, failed=RetryLater(N_("The planner broke while it was looking.")))
    return told


def _note(db: Session, look: Look, told: OwnPosts, asked_at: datetime, now: datetime) -> None:
    """How far it came, and what a refusal means for the channel."""
    row = db.get(NativeLook, look.channel_id)
    if row is None:
        row = NativeLook(channel_id=look.channel_id, enabled=True)
        db.add(row)
    row.asked_at, row.trouble = now, ""
    if told.complete:
        row.looked_at = now
        row.deep_at = now if look.deep else row.deep_at
        return
    row.trouble = told.failed.reason if told.failed else ""
    log.warning("a listing was not whole", channel=look.channel_id, why=row.trouble)
    channel = db.get_one(Channel, look.channel_id)
    if isinstance(told.failed, Refused) and told.failed.account and not channels.has_newer_key(db, channel, asked_at):
        channels.hold(db, channel, told.failed.reason, now=now)
