"""Asks connected accounts what others wrote to or about them. No transaction is open while a platform is asked.

Once an hour, from the newest message that is known; the first time thirty days back. Each message costs what reading a post costs there, so no more are
asked for than the channel's budget for reading allows: a listing that was cut short goes on with the next try where it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels.hearing import Heard, Hearing, Mentions
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, Platform, Refused, RetryLater
from planner.channels.refreshing import key_lives
from planner.core.db import reading
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.networks import network_of, site_of
from planner.core.runtime import Runtime
from planner.core.text import shorten
from planner.listening import service
from planner.listening.models import Mention, MentionLook
from planner.listening.rules import Told, day_of, key_at, plain

__all__ = ["LEAST", "PLATFORMS", "collect"]

log = get_logger(__name__)
#: Whose accounts are asked.
PLATFORMS = (Platform.X,)
_BACK = timedelta(days=30)
#: A round asked for by hand does not ask again what was just asked.
_EVERY = timedelta(minutes=55)
#: How long a platform that asks for fewer calls, and does not say for how long, is left alone.
_PAUSE = timedelta(minutes=15)
#: X lists no fewer at a time, and no more in all.
LEAST, _MOST = 5, 800

#: How many messages a channel's budget still allows.
Left = Callable[[Session, int, datetime], int]


def collect(runtime: Runtime, left: Left) -> int:
    """Ask every account that is due, one after the other; how many mentions are new."""
    with runtime.sessions() as db:
        wanted = _due(db, runtime.clock.decision_time(db))
    new = 0
    for channel_id in wanted:
        try:
            new += _ask(runtime, channel_id, left)
        except Exception as error:  # One channel's broken key or answer does not keep the others from being asked.
            log.error("mentions were not collected", channel=channel_id, exc_info=error)
    return new


def _due(db: Session, now: datetime) -> list[int]:
    """The connected channels that were not asked within the hour, and that are not to be left alone. One statement."""
    query = (
        select(Channel.id)
        .outerjoin(MentionLook, MentionLook.channel_id == Channel.id)
        .where(
            Channel.platform.in_(PLATFORMS),
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            (MentionLook.asked_at.is_(None)) | (MentionLook.asked_at <= now - _EVERY),
            (MentionLook.next_at.is_(None)) | (MentionLook.next_at <= now),
            key_lives(now),
        )
        .order_by(Channel.id)
    )
    return list(db.scalars(query))


def _ask(runtime: Runtime, channel_id: int, left: Left) -> int:
    with runtime.sessions() as db:
        asked_at = runtime.clock.decision_time(db)
        account: Account = db.get_one(Channel, channel_id).account()
        allowed = min(left(db, channel_id, asked_at), _MOST)
        look = db.get(MentionLook, channel_id)
        after, before = (look.known_to, look.oldest) if look is not None else ("", "")
    adapter = runtime.registry.adapter(account.platform)
    if not getattr(adapter, "hears", False):
        return 0
    if allowed < LEAST:
        log.info("reading budget used up", channel=account.name)
        return 0
    since = asked_at - _BACK
    told = cast("Hearing", adapter).mentions(account, after=after, before=before, since=since, most=allowed)
    source = f"api-{channel_id}"
    with runtime.sessions(bind=reading(runtime.engine)) as db:  # What it is about is looked up before anything is held.
        ours = set(db.scalars(select(Channel.external_id).where(Channel.platform == account.platform, Channel.external_id != "")))
        heard = [_told(one, source) for one in told.heard if not one.author_id or one.author_id not in ours]
        found = service.sort_out(db, heard) if heard else heard
    with runtime.sessions.begin() as db:
        now = runtime.clock.decision_time(db)
        done = service.keep(db, found, actor=None, now=now)
        _note(db, channel_id, told, went_on=bool(before), since=since, asked_at=asked_at, now=now)
    return done.new


def _told(one: Heard, source: str) -> Told:
    """A message as a mention; it is about what it leads to, and about the asset of our post that it stands below."""
    address = one.receipt.url
    # The address of the message at the head of the thread differs in its number alone.
    below = [f"{address.rpartition('/')[0]}/{one.thread}"] if one.thread and one.thread != one.receipt.external_id else []
    at = one.receipt.at
    assert at is not None  # An adapter leaves out what has no moment.
    return Told(
        at, source, network_of(address), site_of(address), author=shorten(plain(one.author), 200), address=address, excerpt=shorten(plain(one.text), 1000), links=(*one.links, *below),
    )  # fmt: skip


def _note(db: Session, channel_id: int, told: Mentions, *, went_on: bool, since: datetime, asked_at: datetime, now: datetime) -> None:
    """How far it came, which days are told with that, and what a refusal means for the channel. went_on -- where an earlier listing was cut short."""
    look = db.get(MentionLook, channel_id)
    if look is None:
        look = MentionLook(channel_id=channel_id, known_to="", newest="", oldest="")
        db.add(look)
    numbers = [one.receipt.external_id for one in told.heard]
    newest = look.newest or max(numbers, key=int, default="")
    look.asked_at, look.next_at, look.trouble = now, None, told.failed.reason if told.failed else ""
    if told.complete:
        first, source = look.told_to or since, f"api-{channel_id}"
        # What came while a listing waited to go on was not asked for: that comes next.
        last = _written_at(db, newest) if went_on else asked_at
        if last is not None:
            # What lies before the last 800, in however many parts they came, is not told.
            ends = db.scalar(select(Mention.at).where(Mention.source == source, Mention.at >= first).order_by(Mention.at.desc()).offset(_MOST - 1).limit(1))
            if len(told.heard) >= _MOST:
                ends = max(ends or first, min(cast("Any", one.receipt.at) for one in told.heard))
            service.say_days(db, source, day_of(ends or first), day_of(last))
            look.told_to = last
        look.known_to, look.newest, look.oldest = newest or look.known_to, "", ""
        return
    look.newest, look.oldest = newest, min(numbers, key=int, default=look.oldest)
    if isinstance(told.failed, RetryLater):
        look.next_at = now + (told.failed.after or _PAUSE)
    log.warning("mentions were not told whole", channel=channel_id, why=look.trouble or N_("The budget for reading is used up."))
    channel = db.get_one(Channel, channel_id)
    # Only a key that is refused lets nothing be sent either; who may not read mentions, or has used up what reading them costs, may still post.
    if isinstance(told.failed, Refused) and told.failed.code == "unauthorised" and not channels.has_newer_key(db, channel, asked_at):
        channels.hold(db, channel, told.failed.reason, now=now)


def _written_at(db: Session, number: str) -> datetime | None:
    """When X's message of that number was written; None where it is not kept, as one of our own."""
    at: datetime | None = db.scalar(select(Mention.at).where(Mention.key == key_at(f"https://x.com/i/web/status/{number}")))
    return at
