"""When a zone changes its rules, a planned post keeps what the clock on the wall shows: its instant is worked out again, and that is reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from planner.accounts.models import Entry, User
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.ledger.jobs import JobContext
from planner.planning import service, states
from planner.planning.models import Post
from planner.planning.moments import wall_of, zone_of
from planner.planning.queries import knows

__all__ = ["Retimed", "meant", "retime_all", "retimed", "run"]

log = get_logger(__name__)
#: How long the desk tells of it, while the post is still to come.
_TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Retimed:
    """One post whose instant changed, for the desk. was, at -- the instants; wall_time -- what the clock shows, before and after."""

    post_id: int
    title: str
    channel: str
    platform: Platform
    colour: int
    zone: str
    was: datetime
    at: datetime


def meant(at: datetime, wall_time: str, zone: str) -> datetime | None:
    """The instant that `wall_time` means in `zone` by the rules of today; None when it is `at` still.

    Of a time that comes twice by now, the one nearer to `at`; a time that no longer exists is read by the clock before the change, so that
    clocks show later then. Raises Invalid for a zone that is none (any more).
    """
    place = zone_of(zone)
    if wall_of(at, zone) == wall_time:
        return None
    naive = datetime.fromisoformat(wall_time)
    return min((naive.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in _folds(naive, place)), key=lambda one: abs(one - at))


def _folds(naive: datetime, place: ZoneInfo) -> tuple[int, ...]:
    first, second = (naive.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return (0,) if first.astimezone(place).replace(tzinfo=None) != naive else (0, 1) if first != second else (0,)


def retime_all(db: Session, *, now: datetime) -> list[int]:
    """Give each open, coming post the instant that its wall time means by now: the numbers of those that changed.

    One whose time would have passed by the new rules keeps its instant: it goes out late by that clock rather than not at all.
    """
    posts = db.scalars(
        select(Post)
        .where(Post.state.in_(states.OPEN), Post.publish_at > now, Post.wall_time.is_not(None), Post.time_zone.is_not(None))
        .options(joinedload(Post.asset), joinedload(Post.channel), joinedload(Post.campaign))
        .order_by(Post.id)
    )
    changed = []
    for post in posts:
        assert post.publish_at is not None
        assert post.wall_time is not None
        assert post.time_zone is not None
        try:
            to = meant(post.publish_at, post.wall_time, post.time_zone)
        except (Invalid, ValueError):
            log.warning("a post's time zone or wall time cannot be read", post=post.id, zone=post.time_zone, wall_time=post.wall_time)
            continue
        if to is not None and to > now:
            service.retime(db, post, to, wall_of(to, post.time_zone), note=N_("The clocks of its time zone changed their rules; it keeps its time of day."), now=now)
            changed.append(post.id)
    return changed


def retimed(db: Session, *, viewer: User | None, now: datetime) -> list[Retimed]:
    """Posts to come whose instant changed within a fortnight, the next first. One statement."""
    query = (
        select(Post.id, Asset.title, Channel.name, Channel.platform, Channel.colour, Post.time_zone, Entry.was, Post.publish_at)
        .join(Entry, (Entry.subject_id == Post.id) & (Entry.subject_type == "posts") & (Entry.action == "post.retimed"))
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Entry.at > now - _TOLD_FOR, Post.state.in_(states.OPEN), Post.publish_at > now)
        .order_by(Post.publish_at, Entry.id)
        .limit(100)
    )
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    rows = {row[0]: row for row in db.execute(query)}.values()  # The last change of each post.
    return [Retimed(row[0], row[1], row[2], row[3], row[4], row[5], datetime.fromisoformat(row[6]["publish_at"]), row[7]) for row in rows]


def run(ctx: JobContext) -> dict[str, int]:
    """The same as a job."""
    with ctx.sessions.begin() as db:
        return {"changed": len(retime_all(db, now=ctx.clock.decision_time(db)))}
