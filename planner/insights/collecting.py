"""Asks platforms for numbers: which posts, when, in which batches, within which budget. No transaction is open while a platform is asked.

When a post is due says insights.cadence; everything of a channel that is due is asked for together, so batches are full and daily
series exact. Posts whose numbers close soon come first, then the newest; what a budget does not allow waits for the next day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels import usage
from planner.channels.models import AudienceSlice, Channel, ChannelState
from planner.channels.port import Account, AudienceCount, Platform, Readings, Refused, RetryLater
from planner.channels.refreshing import key_lives
from planner.channels.usage import Doing, Kind
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.insights import budget, detailing, gains, service
from planner.insights.cadence import Pace, cadence_of, is_due, pace_of
from planner.insights.models import Latest, ReadingPlan, Silence
from planner.ledger.jobs import JobContext
from planner.planning.models import Post, PostState

__all__ = ["Due", "collect", "due", "refresh", "run", "run_now"]

log = get_logger(__name__)
#: How long a platform that asks for fewer calls, and does not say for how long, is left alone.
_PAUSE = timedelta(minutes=15)
#: The most that asking for an audience uses up.
_AUDIENCE_COST = {Platform.X: budget.USER_READ}
_USUAL_AUDIENCE_COST = 4

#: Told how many of how many posts were asked about.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Due:
    """A post to ask about. `is_fresh`: it was not read on this UTC day yet."""

    post_id: int
    is_fresh: bool


def due(db: Session, now: datetime) -> dict[int, dict[str, Due]]:
    """Channel -> platform's number -> post, of every live post that wants a reading; see `_live`. One statement."""
    soon: dict[int, dict[str, Due]] = {}
    others: dict[int, dict[str, Due]] = {}
    for row in _live(db, now):
        cadence = cadence_of(row.platform)
        if is_due(row.published_at, row.at, now, asked_at=row.asked_at, cadence=cadence):
            closes = (cadence.last_day(row.published_at) or date.max) <= _day(now) and pace_of(row.published_at, now, cadence) != Pace.OVER
            (soon if closes else others).setdefault(row.channel_id, {})[row.external_id] = _due(row, now)
    return {channel_id: soon.get(channel_id, {}) | others.get(channel_id, {}) for channel_id in sorted(soon.keys() | others.keys())}


def collect(runtime: Runtime, progress: Progress | None = None) -> int:
    """Read everything that is due, platform by platform in its own batches; how many readings were new."""
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db))
    return _collect(runtime, wanted, progress)


def refresh(runtime: Runtime, *, channel_id: int | None = None, asset_id: int | None = None, progress: Progress | None = None) -> int:
    """Read a channel's or an asset's live posts now, whenever they were read last, within the budget; how many readings were new."""
    wanted: dict[int, dict[str, Due]] = {}
    with runtime.sessions() as db:
        now = runtime.clock.decision_time(db)
        for row in _live(db, now, channel_id=channel_id, asset_id=asset_id):
            closing = cadence_of(row.platform).closing(row.published_at)
            if closing is None or now < closing or not cadence_of(row.platform).ends:
                wanted.setdefault(row.channel_id, {})[row.external_id] = _due(row, now)
    return _collect(runtime, wanted, progress)


def run(ctx: JobContext) -> dict[str, int]:
    """`collect` as a job."""
    return {"readings": collect(ctx.runtime, lambda done, total: ctx.progress(done, total))}


def run_now(ctx: JobContext) -> dict[str, int]:
    """`refresh` as a job; its arguments name a channel or an asset."""
    channel_id, asset_id = ctx.args.get("channel_id"), ctx.args.get("asset_id")
    if asset_id is not None:
        detailing.refresh(ctx.runtime, asset_id)
    return {"readings": refresh(ctx.runtime, channel_id=channel_id, asset_id=asset_id, progress=lambda done, total: ctx.progress(done, total))}


def _live(db: Session, now: datetime, *, channel_id: int | None = None, asset_id: int | None = None) -> Iterator[Any]:
    """Every live post on a connected channel that is not to be left alone, newest first."""
    query = (
        select(
            Post.channel_id, Channel.platform, Post.external_id, Post.id.label("post_id"), Post.published_at, Latest.at, Silence.asked_at
        )
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .outerjoin(Silence, Silence.post_id == Post.id)
        .outerjoin(ReadingPlan, ReadingPlan.channel_id == Channel.id)
        .where(
            Post.state == PostState.PUBLISHED,
            Post.external_id.is_not(None),
            Post.published_at.is_not(None),
            Post.taken_down_at.is_(None),
            Channel.state == ChannelState.CONNECTED,
            (Channel.wait_until.is_(None)) | (Channel.wait_until <= now),
            (ReadingPlan.wait_until.is_(None)) | (ReadingPlan.wait_until <= now),
            key_lives(now),
        )
        .order_by(Post.channel_id, Post.published_at.desc(), Post.id)
    )
    if channel_id is not None:
        query = query.where(Post.channel_id == channel_id)
    if asset_id is not None:
        query = query.where(Post.asset_id == asset_id)
    for row in db.execute(query):
        if row.external_id:
            yield row


def _due(row: Any, now: datetime) -> Due:
    return Due(row.post_id, row.at is None or _day(row.at) < _day(now))


def _collect(runtime: Runtime, wanted: Mapping[int, Mapping[str, Due]], progress: Progress | None) -> int:
    recorded, done, total = 0, 0, sum(map(len, wanted.values()))
    for channel_id, posts in wanted.items():
        try:
            with runtime.sessions() as db:
                account = db.get_one(Channel, channel_id).account()
            recorded += _collect_channel(runtime, account, posts)
        except Exception as error:  # One channel's broken key or answer does not keep the others from being read.
            log.error("numbers not collected", channel=channel_id, exc_info=error)
        done += len(posts)
        if progress is not None:
            progress(done, total)
    return recorded


def _collect_channel(runtime: Runtime, account: Account, posts: Mapping[str, Due]) -> int:
    adapter = runtime.registry.adapter(account.platform)
    if not adapter.batch:
        return 0
    recorded = 0
    for numbers in _batches(list(posts), adapter.batch):
        with runtime.sessions() as db:
            asked_at = runtime.clock.decision_time(db)
            left = budget.budget_of(db, account.channel_id, now=asked_at, units_day=runtime.settings.youtube_units_day).left
        allowed = _allowed(account.platform, numbers, posts, left)
        if not allowed:
            log.info("reading budget used up", channel=account.name, waiting=len(numbers))
            return recorded
        answer = adapter.readings(allowed, account)
        with runtime.sessions.begin() as db:
            now = runtime.clock.decision_time(db)
            told = [(posts[one.external_id].post_id, one) for one in answer.told if one.external_id in posts]
            recorded += service.record(db, told, at=now, now=now)
            if answer.failed is not None:
                _note_failure(db, account.channel_id, answer.failed, asked_at, now)
                return recorded
            _note_silence(db, allowed, posts, answer, now)
            _note_reads(db, account, [posts[one.external_id] for one in answer.told if one.external_id in posts], now)
            db.get_one(Channel, account.channel_id).last_collected_at = now
    _collect_audience(runtime, account)
    return recorded


def _allowed(platform: Platform, numbers: list[str], posts: Mapping[str, Due], left: int) -> list[str]:
    """Those of a batch that the budget allows: on X, where each post is charged, as many as it allows, elsewhere all or none."""
    if platform is not Platform.X:
        return numbers if budget.cost_of(platform, 0) <= left else []
    allowed, fresh = [], 0
    for number in numbers:
        fresh += posts[number].is_fresh
        if budget.cost_of(platform, fresh) > left:
            break
        allowed.append(number)
    return allowed


def _note_silence(db: Session, asked: Sequence[str], posts: Mapping[str, Due], answer: Readings, now: datetime) -> None:
    """Remember who told nothing, and forget it of those who tell again."""
    told, gone = {one.external_id for one in answer.told}, set(answer.gone)
    silent = [
        {"post_id": posts[number].post_id, "asked_at": now, "gone_since": now if number in gone else None} for number in asked if number not in told
    ]
    speaking = [posts[number].post_id for number in asked if number in told]
    if speaking:
        db.execute(delete(Silence).where(Silence.post_id.in_(speaking)))
    if silent:
        insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Silence)
        set_ = {"asked_at": insert.excluded.asked_at, "gone_since": func.coalesce(Silence.gone_since, insert.excluded.gone_since)}
        db.execute(insert.on_conflict_do_update(index_elements=["post_id"], set_=set_), silent)


def _note_reads(db: Session, account: Account, told: Sequence[Due], now: datetime) -> None:
    fresh = sum(one.is_fresh for one in told)
    if account.platform is Platform.X and fresh:
        usage.keep(db, account.channel_id, account.platform, Doing.READ, {Kind.READS: fresh}, "", now=now)


def _collect_audience(runtime: Runtime, account: Account) -> None:
    """Once a UTC day."""
    with runtime.sessions() as db:
        today = _day(runtime.clock.decision_time(db))
        known = db.scalar(select(AudienceSlice.id).where(AudienceSlice.channel_id == account.channel_id, AudienceSlice.day == today).limit(1))
        left = budget.budget_of(db, account.channel_id, now=runtime.clock.decision_time(db), units_day=runtime.settings.youtube_units_day).left
    if known is not None or left < _AUDIENCE_COST.get(account.platform, _USUAL_AUDIENCE_COST):
        return
    slices = runtime.registry.adapter(account.platform).audience(account)
    if slices:
        with runtime.sessions.begin() as db:
            keep_audience(db, account.channel_id, slices, now=runtime.clock.decision_time(db))
        gains.collect(runtime, account)


def keep_audience(db: Session, channel_id: int, slices: Sequence[AudienceCount], *, now: datetime) -> None:
    """Store a day's audience; told twice, the later one stays."""
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(AudienceSlice)
    values = [
        {"channel_id": channel_id, "day": one.day or _day(now), "dimension": one.dimension[:32], "key": one.key[:120], "count": one.count}
        for one in slices
    ]
    db.execute(
        insert.on_conflict_do_update(index_elements=["channel_id", "day", "dimension", "key"], set_={"count": insert.excluded.count}), values
    )


def _note_failure(db: Session, channel_id: int, failed: RetryLater | Refused, asked_at: datetime, now: datetime) -> None:
    channel = db.get_one(Channel, channel_id)
    log.warning("numbers not told", channel=channel.name, why=failed.reason)
    if isinstance(failed, RetryLater):
        if failed.account:
            budget.wait(db, channel_id, now + (failed.after or _PAUSE), failed.reason)
    elif failed.account and not channels.has_newer_key(db, channel, asked_at):
        channels.hold(db, channel, failed.reason, now=now)


def _batches(numbers: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
