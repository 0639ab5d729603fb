"""What each channel used of its platform's quota and credits, and what went wrong last, noted beside each call to an adapter.

The counts are ours: a platform may see more (other programs on the same keys). A process that is killed during a call loses that call's count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from planner.channels.details import Detailed, FollowerGain, Gaining, Report
from planner.channels.hearing import Hearing, Mentions
from planner.channels.models import Channel, Trouble, Use
from planner.channels.port import (
    Account,
    Adapter,
    AudienceCount,
    Keep,
    Listing,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    Readings,
    Refused,
    RetryLater,
    Sent,
)
from planner.core import meter
from planner.core.clock import Clock
from planner.core.db import Sessions
from planner.core.log import get_logger

__all__ = ["Counted", "Doing", "Kind", "Note", "Noted", "Spent", "forget_trouble", "keep", "keep_all", "keeper", "later", "put_down", "quota_day", "spent", "troubles"]

log = get_logger(__name__)
T = TypeVar("T")
_PACIFIC = ZoneInfo("America/Los_Angeles")


class Kind(StrEnum):
    """What is counted."""

    CALLS = "calls"
    #: YouTube's own measure; uploads and searches have quotas of their own.
    UNITS = "units"
    UPLOADS = "uploads"
    SEARCHES = "searches"
    #: X charges these two differently.
    POSTS = "posts"
    LINK_POSTS = "link_posts"
    #: Of the calls and units, those that read numbers; and on X the posts that were read, each once a day, as X charges them.
    READ_CALLS = "read_calls"
    READ_UNITS = "read_units"
    READS = "reads"
    #: On X, looks at an account's own entry, as it charges them; its followers are counted there.
    USER_READS = "user_reads"


class Doing(StrEnum):
    """What was being done when something went wrong."""

    SEND = "send"
    LOOK = "look"
    READ = "read"
    #: A platform's own tables about one post, which need a right of their own.
    TABLES = "tables"
    DELETE = "delete"


#: Told after each call to an adapter: the account, what was done, what it used, and the reason when it failed ("" when it did not).
Note = Callable[[Account, Doing, Mapping[str, int], str], None]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was counted, by kind. `since` is the first day on which this channel was counted; None means that nothing is known.

    everybody -- the same for all channels of the platform today: YouTube's quota is one for the whole project.
    """

    since: date | None = None
    today: Mapping[str, int] = field(default_factory=dict)
    month: Mapping[str, int] = field(default_factory=dict)
    everybody: Mapping[str, int] = field(default_factory=dict)


class Counted:
    """An adapter whose calls are noted. It answers exactly as the adapter does."""

    def __init__(self, adapter: Adapter, note: Note) -> None:
        self._adapter = adapter
        self._note = note
        self.limits = adapter.limits
        self.batch = adapter.batch
        self.reports: Sequence[str] = getattr(adapter, "reports", ())
        self.tells_gains: bool = getattr(adapter, "tells_gains", False)
        self.hears: bool = getattr(adapter, "hears", False)

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        return self._noted(Doing.SEND, account, lambda: self._adapter.publish(post, account, keep=keep), _outcome)

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        return self._noted(Doing.LOOK, account, lambda: self._adapter.find(post, since, account), lambda told: told.reason)

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        return self._noted(Doing.LOOK, account, lambda: self._adapter.recent(since, account), _failed)

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        return self._noted(Doing.SEND, account, lambda: self._adapter.edit(post, external_id, account), _outcome)

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        return self._noted(Doing.SEND, account, lambda: self._adapter.finish(post, external_id, steps, account), _outcome)

    def delete(self, external_id: str, account: Account) -> Outcome:
        return self._noted(Doing.DELETE, account, lambda: self._adapter.delete(external_id, account), _outcome)

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        return self._noted(Doing.READ, account, lambda: self._adapter.readings(external_ids, account), _failed)

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        return self._noted(Doing.READ, account, lambda: self._adapter.audience(account), lambda _told: "")

    def report(self, name: str, external_id: str, since: date, account: Account) -> Report | Refused | RetryLater:
        detailed = cast("Detailed", self._adapter)
        return self._noted(
            Doing.TABLES, account, lambda: detailed.report(name, external_id, since, account), lambda told: "" if isinstance(told, Report) else told.reason
        )

    def gains(self, since: date, account: Account) -> Sequence[FollowerGain] | None:
        gaining = cast("Gaining", self._adapter)
        return self._noted(Doing.READ, account, lambda: gaining.gains(since, account), lambda _told: "")

    def mentions(self, account: Account, *, after: str, before: str, since: datetime, most: int) -> Mentions:
        hearing = cast("Hearing", self._adapter)
        return self._noted(Doing.READ, account, lambda: hearing.mentions(account, after=after, before=before, since=since, most=most), _failed)

    def _noted(self, doing: Doing, account: Account, call: Callable[[], T], why: Callable[[T], str]) -> T:
        reason = ""
        with meter.counting() as tally:
            try:
                told = call()
                reason = why(told)
            finally:
                if doing in (Doing.READ, Doing.TABLES):
                    tally |= {f"read_{kind}": tally[kind] for kind in (Kind.CALLS, Kind.UNITS) if kind in tally}
                self._note(account, doing, tally, reason)
        return told


@dataclass(frozen=True, slots=True)
class Noted:
    """One call to an adapter: what it used, by kind, and the reason when it failed ("" when it did not)."""

    account: Account
    doing: Doing
    tally: Mapping[str, int]
    reason: str
    at: datetime


_later: ContextVar[list[Noted] | None] = ContextVar("later", default=None)


@contextmanager
def later() -> Iterator[list[Noted]]:
    """What is noted in this thread inside the block, for a writer who has more to write: nothing of it is in the database yet."""
    noted: list[Noted] = []
    token = _later.set(noted)
    try:
        yield noted
    finally:
        _later.reset(token)


def keeper(sessions: Sessions, clock: Clock) -> Note:
    """Notes into the database, in a short transaction of its own after the call, unless somebody writes it `later`."""

    def note(account: Account, doing: Doing, tally: Mapping[str, int], reason: str) -> None:
        if not tally and not reason:
            return
        one = Noted(account, doing, tally, reason, clock.now())
        waiting = _later.get()
        if waiting is None:
            put_down(sessions, [one])
        else:
            waiting.append(one)

    return note


def put_down(sessions: Sessions, noted: Sequence[Noted]) -> None:
    """Write what was noted, each call by itself. What cannot be written is logged: it never changes an outcome."""
    for one in noted:
        try:
            with sessions.begin() as db:
                keep_all(db, [one])
        except SQLAlchemyError as error:
            log.warning("a channel's use could not be noted", channel=one.account.channel_id, why=type(error).__name__)


def keep(
    db: Session, channel_id: int, platform: Platform, doing: Doing, tally: Mapping[str, int], reason: str, *, now: datetime
) -> None:
    """Add to the channel's day, and remember the last failure of each sort. Two who add at once both count."""
    keep_all(db, [Noted(Account(channel_id, platform, "", secret=""), doing, tally, reason, now)])


def keep_all(db: Session, noted: Sequence[Noted]) -> None:
    """The same for several calls, in one order whoever writes. Two statements at most."""
    insert: Any = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert
    amounts: Counter[tuple[int, date, str]] = Counter()
    failed: dict[tuple[int, Doing], Noted] = {}
    for one in noted:
        day = quota_day(one.account.platform, one.at)
        amounts.update({(one.account.channel_id, day, kind): amount for kind, amount in one.tally.items()})
        if one.reason:
            failed[one.account.channel_id, one.doing] = one
    if amounts:
        added = insert(Use.__table__)
        db.connection().execute(
            added.on_conflict_do_update(
                index_elements=["channel_id", "day", "kind"], set_={"amount": Use.__table__.c.amount + added.excluded.amount}
            ),
            [{"channel_id": channel_id, "day": day, "kind": kind, "amount": amounts[channel_id, day, kind]} for channel_id, day, kind in sorted(amounts)],
        )
    if failed:
        added = insert(Trouble.__table__)
        db.connection().execute(
            added.on_conflict_do_update(index_elements=["channel_id", "doing"], set_={"at": added.excluded.at, "reason": added.excluded.reason}),
            [{"channel_id": key[0], "doing": key[1], "at": failed[key].at, "reason": failed[key].reason} for key in sorted(failed)],
        )


def quota_day(platform: Platform, now: datetime) -> date:
    """The day on which the platform books a call made now: YouTube's ends at midnight in California, the others' at midnight UTC."""
    return now.astimezone(_PACIFIC if platform is Platform.YOUTUBE else UTC).date()


def spent(db: Session, channel_id: int, platform: Platform, *, now: datetime) -> Spent:
    """What this channel used today and this month, by the platform's calendar. Two statements."""
    today = quota_day(platform, now)
    since = db.scalar(select(func.min(Use.day)).where(Use.channel_id == channel_id))
    rows = db.execute(
        select(Use.channel_id, Use.day, Use.kind, Use.amount)
        .join(Channel, Channel.id == Use.channel_id)
        .where(Channel.platform == platform, Use.day >= today.replace(day=1), Use.day <= today)
    )
    found: dict[str, dict[str, int]] = {"today": {}, "month": {}, "everybody": {}}
    for owner, day, kind, amount in rows:
        is_ours, is_today = owner == channel_id, day == today
        for name, counts in (("today", is_ours and is_today), ("month", is_ours), ("everybody", is_today)):
            if counts:
                found[name][kind] = found[name].get(kind, 0) + amount
    return Spent(since, **found)


def troubles(db: Session, channel_id: int) -> list[Trouble]:
    """The last failure of each sort, the newest first. One statement."""
    return list(db.scalars(select(Trouble).where(Trouble.channel_id == channel_id).order_by(Trouble.at.desc(), Trouble.doing)))


def forget_trouble(db: Session, channel_id: int, doing: Doing) -> None:
    """It went well since."""
    db.execute(delete(Trouble).where(Trouble.channel_id == channel_id, Trouble.doing == doing))


def _failed(told: Readings | OwnPosts | Mentions) -> str:
    return told.failed.reason if told.failed else ""


def _outcome(told: Outcome) -> str:
    return "" if isinstance(told, Sent) else told.reason
