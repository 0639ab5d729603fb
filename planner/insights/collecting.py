"""Asks platforms for numbers: which posts, when, in which batches. No transaction is open while a platform is asked.

Daily at the reporting midnight (UTC) for 90 days, then weekly; hourly in a post's first two days, when most happens.
Reading all of a channel that is due together keeps batches full and daily series exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels.models import AudienceSlice, Channel, ChannelState
from planner.channels.port import Account, AudienceCount, Refused, RetryLater
from planner.channels.refreshing import key_lives
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.insights import service
from planner.insights.models import Latest
from planner.ledger.jobs import JobContext
from planner.planning.models import Post, PostState

__all__ = ["collect", "due", "is_due", "run"]

log = get_logger(__name__)
_FRESH = timedelta(days=2)
_YOUNG = timedelta(days=90)


def is_due(published_at: datetime, read_at: datetime | None, now: datetime, *, asked_at: datetime | None = None) -> bool:
    """Whether a post wants a reading: hourly for two days, daily for ninety (once a UTC day), then weekly.

    asked_at -- when its channel was last asked for everything due, the post included. Of a post that never told anything, deleted
                on its platform perhaps, nobody asks more than once a UTC day after its first two.
    """
    age, today = now - published_at, now.astimezone(UTC).date()
    if read_at is None:
        return asked_at is None or age < _FRESH or asked_at.astimezone(UTC).date() < today
    if age < _FRESH:
        return now - read_at >= timedelta(minutes=59)
    read_day = read_at.astimezone(UTC).date()
    return read_day < today if age < _YOUNG else (today - read_day).days >= 7


def due(db: Session, now: datetime) -> dict[int, dict[str, int]]:
    """Channel -> platform's number -> post, of every live post on a connected channel that wants a reading. One statement."""
    rows = db.execute(
        select(
            Post.channel_id, Post.external_id, Post.id, Post.published_at, Latest.at,
            case((Channel.last_collected_at > Post.updated_at, Channel.last_collected_at)),
        )
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .where(
            Post.state == PostState.PUBLISHED,
            Post.external_id.is_not(None),
            Post.taken_down_at.is_(None),
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            key_lives(now),
        )
        .order_by(Post.channel_id, Post.published_at.desc())
    )  # fmt: skip
    found: dict[int, dict[str, int]] = {}
    for channel_id, external_id, post_id, published_at, read_at, asked_at in rows:
        if published_at and external_id and is_due(published_at, read_at, now, asked_at=asked_at):
            found.setdefault(channel_id, {})[external_id] = post_id
    return found


def collect(runtime: Runtime) -> int:
    """Read everything that is due, platform by platform in its own batches; how many readings were new."""
    recorded = 0
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db))
    for channel_id, posts in wanted.items():
        try:
            with runtime.sessions() as db:
                account = db.get_one(Channel, channel_id).account()
            recorded += _collect_channel(runtime, account, posts)
        except Exception as error:  # One channel's broken key or answer does not keep the others from being read.
            log.error("numbers not collected", channel=channel_id, exc_info=error)
    return recorded


def run(ctx: JobContext) -> dict[str, int]:
    """The same as a job."""
    return {"readings": collect(ctx.runtime)}


def _collect_channel(runtime: Runtime, account: Account, posts: dict[str, int]) -> int:
    adapter = runtime.registry.adapter(account.platform)
    if not adapter.batch:
        return 0
    recorded = 0
    for numbers in _batches(list(posts), adapter.batch):
        with runtime.sessions() as db:
            asked_at = runtime.clock.decision_time(db)
        answer = adapter.readings(numbers, account)
        with runtime.sessions.begin() as db:
            now = runtime.clock.decision_time(db)
            told = [(posts[one.external_id], one) for one in answer.told if one.external_id in posts]
            recorded += service.record(db, told, at=now, now=now)
            if answer.failed is not None:
                _note_failure(db, account.channel_id, answer.failed, asked_at, now)
                return recorded
            db.get_one(Channel, account.channel_id).last_collected_at = now
    _collect_audience(runtime, account)
    return recorded


def _collect_audience(runtime: Runtime, account: Account) -> None:
    """Once a UTC day."""
    with runtime.sessions() as db:
        today = runtime.clock.decision_time(db).astimezone(UTC).date()
        known = db.scalar(select(AudienceSlice.id).where(AudienceSlice.channel_id == account.channel_id, AudienceSlice.day == today).limit(1))
    if known is not None:
        return
    slices = runtime.registry.adapter(account.platform).audience(account)
    if slices:
        with runtime.sessions.begin() as db:
            keep_audience(db, account.channel_id, slices, now=runtime.clock.decision_time(db))


def keep_audience(db: Session, channel_id: int, slices: Sequence[AudienceCount], *, now: datetime) -> None:
    """Store a day's audience; told twice, the later one stays."""
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(AudienceSlice)
    values = [
        {"channel_id": channel_id, "day": one.day or now.astimezone(UTC).date(), "dimension": one.dimension[:32], "key": one.key[:120], "count": one.count}
        for one in slices
    ]
    db.execute(
        insert.on_conflict_do_update(index_elements=["channel_id", "day", "dimension", "key"], set_={"count": insert.excluded.count}), values
    )


def _note_failure(db: Session, channel_id: int, failed: RetryLater | Refused, asked_at: datetime, now: datetime) -> None:
    channel = db.get_one(Channel, channel_id)
    log.warning("numbers not told", channel=channel.name, why=failed.reason)
    if isinstance(failed, Refused) and failed.account and not channels.has_newer_key(db, channel, asked_at):
        channels.hold(db, channel, failed.reason, now=now)


def _batches(numbers: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
