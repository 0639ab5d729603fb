"""Asks for the tables that a platform keeps of each post: how a video was watched, by whom, and where viewers came from.

They change slowly and cost a call each, so they are asked for at certain ages: after 4, 7, 14, 28, 60, 90, 180 and 365 days, then
twice a year. Each replaces the one before, which it contains.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels import usage
from planner.channels.details import Report
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, Platform, Refused, RetryLater
from planner.channels.refreshing import key_lives
from planner.channels.usage import Doing
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.insights.models import PostReport
from planner.insights.rollups import upsert
from planner.ledger.jobs import JobContext
from planner.planning.models import Post, PostState

__all__ = ["MOST_A_DAY", "PLATFORMS", "collect", "due", "first_at", "is_due", "refresh", "run", "told_today"]

log = get_logger(__name__)
_MILESTONES = tuple(timedelta(days=days) for days in (4, 7, 14, 28, 60, 90, 180, 365))
_AFTERWARDS = timedelta(days=182)
#: Tables one channel is asked for on one UTC day.
MOST_A_DAY = 400
#: Platforms whose adapters have tables (channels.details).
PLATFORMS = (Platform.YOUTUBE,)
#: The calendar by which a platform counts days is not ours: the day before may be its day of publication.
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A post whose tables are due."""

    post_id: int
    external_id: str
    since: date


def first_at(published_at: datetime) -> datetime:
    """When a video's tables are asked for the first time."""
    return published_at + _MILESTONES[0]


def is_due(published_at: datetime, read_at: datetime | None, now: datetime) -> bool:
    """Whether a milestone of its age lies between the last reading (None: there is none) and now."""
    passed = _passed(now - published_at)
    return passed > (0 if read_at is None else _passed(read_at - published_at))


def due(db: Session, now: datetime, *, asset_id: int | None = None) -> dict[int, list[Wanted]]:
    """Channel -> posts whose tables are due, newest first; with an asset, all of its live posts old enough. One statement."""
    last = select(PostReport.post_id, func.max(PostReport.read_at).label("read_at")).group_by(PostReport.post_id).subquery()
    query = (
        select(Post.id, Post.channel_id, Post.external_id, Post.published_at, last.c.read_at)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(last, last.c.post_id == Post.id)
        .where(
            Post.state == PostState.PUBLISHED, Post.external_id.is_not(None), Post.published_at.is_not(None), Post.taken_down_at.is_(None),
            Channel.platform.in_(PLATFORMS), Channel.state == ChannelState.CONNECTED, key_lives(now),
        )
        .order_by(Post.channel_id, Post.published_at.desc(), Post.id)
    )  # fmt: skip
    if asset_id is not None:
        query = query.where(Post.asset_id == asset_id)
    found: dict[int, list[Wanted]] = {}
    for row in db.execute(query):
        old_enough = now - row.published_at >= _MILESTONES[0]
        if row.external_id and (old_enough if asset_id is not None else is_due(row.published_at, row.read_at, now)):
            found.setdefault(row.channel_id, []).append(Wanted(row.id, row.external_id, (row.published_at - _DAY).astimezone(UTC).date()))
    return found


def collect(runtime: Runtime, progress: Callable[[int, int], None] | None = None) -> int:
    """Ask for every table that is due; how many were told."""
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db))
    return _collect(runtime, wanted, progress)


def refresh(runtime: Runtime, asset_id: int) -> int:
    """Ask for the tables of an asset's posts now, within the same limit; how many were told."""
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db), asset_id=asset_id)
    return _collect(runtime, wanted, None)


def run(ctx: JobContext) -> dict[str, int]:
    """`collect` as a job."""
    return {"reports": collect(ctx.runtime, lambda done, total: ctx.progress(done, total))}


def _collect(runtime: Runtime, wanted: dict[int, list[Wanted]], progress: Callable[[int, int], None] | None) -> int:
    told, done, total = 0, 0, sum(map(len, wanted.values()))
    for channel_id, posts in wanted.items():
        try:
            with runtime.sessions() as db:
                account = db.get_one(Channel, channel_id).account()
                left = MOST_A_DAY - told_today(db, runtime.clock.decision_time(db)).get(channel_id, 0)
            for one in posts:
                got = _of_post(runtime, account, one, left)
                if got is None:
                    break
                told, left, done = told + got, left - got, done + 1
                if progress is not None:
                    progress(done, total)
        except Exception as error:  # One channel's broken key does not keep the others from being asked.
            log.error("tables not collected", channel=channel_id, exc_info=error)
    return told


def _of_post(runtime: Runtime, account: Account, one: Wanted, left: int) -> int | None:
    """The tables of one post, kept together; how many. None: the channel's round is over."""
    adapter = runtime.registry.adapter(account.platform)
    names = getattr(adapter, "reports", ())
    if not names or len(names) > left:
        return None
    with runtime.sessions() as db:
        asked_at = runtime.clock.decision_time(db)
    reports = []
    for name in names:
        answer = adapter.report(name, one.external_id, one.since, account)
        if not isinstance(answer, Report):
            with runtime.sessions.begin() as db:
                _note_failure(db, account.channel_id, answer, asked_at, runtime.clock.decision_time(db))
            return None if answer_ends(answer) else 0
        reports.append(answer)
    with runtime.sessions.begin() as db:
        keep(db, one.post_id, reports, now=runtime.clock.decision_time(db))
        usage.forget_trouble(db, account.channel_id, Doing.TABLES)
    return len(reports)


def answer_ends(answer: Refused | RetryLater) -> bool:
    """Whether a failure concerns the whole channel, so that asking about its other posts is of no use."""
    return answer.account or isinstance(answer, RetryLater) or answer.code == "forbidden"


def keep(db: Session, post_id: int, reports: list[Report], *, now: datetime) -> None:
    """Store tables as they were told, over those of the same names."""
    rows: list[dict[str, Any]] = [
        {
            "post_id": post_id, "name": one.name, "since": one.since, "until": one.until, "read_at": now, "columns": list(one.columns),
            "rows": [list(row) for row in one.rows],
        }
        for one in reports
    ]  # fmt: skip
    upsert(db, PostReport, ("post_id", "name"), rows)


def _note_failure(db: Session, channel_id: int, failed: Refused | RetryLater, asked_at: datetime, now: datetime) -> None:
    channel = db.get_one(Channel, channel_id)
    log.warning("tables not told", channel=channel.name, why=failed.reason)
    # A missing permission for Analytics keeps nobody from posting: only a dead key holds the channel.
    if isinstance(failed, Refused) and failed.account and failed.code == "unauthorised" and not channels.has_newer_key(db, channel, asked_at):
        channels.hold(db, channel, failed.reason, now=now)


def told_today(db: Session, now: datetime) -> dict[int, int]:
    """Channel -> tables it was told on this UTC day, as MOST_A_DAY counts them. One statement."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    query = select(Post.channel_id, func.count()).select_from(PostReport).join(Post, Post.id == PostReport.post_id).where(PostReport.read_at >= midnight)
    return {channel_id: int(count) for channel_id, count in db.execute(query.group_by(Post.channel_id))}


def _passed(age: timedelta) -> int:
    """How many milestones an age has passed."""
    last = _MILESTONES[-1]
    return bisect_right(_MILESTONES, age) if age < last else len(_MILESTONES) + (age - last) // _AFTERWARDS
