"""The drawer beside the calendar: what is ready without a plan, and drafts without a time. Out of it onto a day, and back into it. None commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, case, cast, literal, literal_column, null, or_, select, union_all
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset, AssetKind
from planner.channels.models import Channel
from planner.channels.port import Limits
from planner.core.statements import written_out
from planner.planning import gaps, rules, service, states
from planner.planning.approving import still_approved
from planner.planning.gaps import Gap, Watch
from planner.planning.habits import AWAY
from planner.planning.models import Post, PostState
from planner.planning.moments import resolve_wall_time, zone_of
from planner.planning.proposals import first_words
from planner.planning.queries import known_to, knows
from planner.planning.rulebook import tuning_of
from planner.planning.saying import digest_of, findings_of, record
from planner.planning.surroundings import all_settings, surroundings
from planner.planning.values import PostValues
from planner.planning.values import settle as agreed

__all__ = ["Drawer", "InDrawer", "MORNING", "drawer", "moment_on", "plan_again", "plan_on", "put_on", "unplan"]

#: When a post stands that was given a day and no time.
MORNING = time(9, 0)
#: How long after it the day is still looked through for a time that is free, and in which steps.
_LOOKED_THROUGH, _STEP = timedelta(hours=9), timedelta(minutes=30)
_NO_ID: Any = cast(null(), Post.id.type)
_NO_TEXT: Any = cast(literal(""), String)
#: A time as near as this cannot be met by hand.
_SOON = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class InDrawer:
    """A ready asset without a plan; with `post_id`, a draft about one that has no time."""

    asset_id: int
    title: str
    kind: AssetKind
    embargo_until: datetime | None
    post_id: int | None = None
    version: int = 0
    channel_id: int | None = None
    channel: str = ""
    platform: str = ""
    colour: int = 0
    author_id: int | None = None
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Drawer:
    """What lies in it, drafts first; `more`: there is more than was read."""

    lines: list[InDrawer]
    more: bool
    #: Of the audiences that were asked about.
    gaps: list[Gap]


def drawer(db: Session, *, viewer: User | None, limit: int = 30, watched: Sequence[Watch] = (), now: datetime | None = None) -> Drawer:
    """Drafts without a time and ready assets that nobody planned, the freshest of each first, at most `limit` of each. One statement.

    watched -- audiences whose gaps at `now` are read along with it, for the page that shows both.
    """
    asked = tuple(watched) if now is not None else ()
    masked = viewer is not None and knows(viewer) is not None
    given: dict[str, Any] = {"most": limit + 1} | (gaps.bounds(asked, now) if now is not None and asked else {})
    rows: list[list[Any]] = [[], [], []]
    for row in db.connection().execute(_inside(masked, asked), given | ({"viewer": viewer.id} if masked and viewer else {})):
        rows[row[0]].append(row)
    lines = [sorted(one, key=lambda row: (row[1], row[6] or row[2]), reverse=True) for one in rows[:2]]
    silent = gaps.found_among(asked, [(row[2], row[1], row[5], row[9]) for row in rows[2]], now) if now is not None else []
    return Drawer([InDrawer(*row[2:]) for one in lines for row in one[:limit]], any(len(one) > limit for one in lines), silent)


@lru_cache(maxsize=64)
def _inside(masked: bool, watched: tuple[Watch, ...]) -> Any:
    """The statement, built once; `masked` for who may not know everything."""
    planned = select(Post.id).where(Post.asset_id == Asset.id, Post.state != PostState.CANCELLED).exists()
    # Its state is written out, not bound: SQLite uses the index of the ready ones only then.
    assets = select(
        literal(1).label("part"), Asset.updated_at.label("at"), Asset.id, Asset.title, Asset.kind, Asset.embargo_until.label("lift"), _NO_ID.label("post_id"),
        literal(0).label("version"), _NO_ID.label("channel_id"), _NO_TEXT.label("channel"), _NO_TEXT.label("platform"), literal(0).label("colour"),
        _NO_ID.label("author_id"), Asset.owner_id,
    ).where(Asset.state == literal_column("'ready'"), ~planned)  # fmt: skip
    drafts = (
        select(
            literal(0).label("part"), Post.updated_at, Asset.id, case((Post.title != "", Post.title), else_=Asset.title), Asset.kind, Asset.embargo_until, Post.id, Post.version,
            Channel.id, Channel.name, cast(Channel.platform, String), Channel.colour, Post.author_id, Asset.owner_id,
        )
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.state == PostState.DRAFT, Post.publish_at.is_(None))
    )  # fmt: skip
    if masked:
        viewer: Any = bindparam("viewer", type_=Post.id.type)
        assets, drafts = assets.where(known_to(viewer)), drafts.where(or_(known_to(viewer), Post.author_id == viewer))
    parts = [
        one.order_by(at.desc(), number.desc()).limit(bindparam("most", type_=Integer())).subquery()
        for one, at, number in ((assets, Asset.updated_at, Asset.id), (drafts, Post.updated_at, Post.id))
    ]
    wanted: list[Any] = [select(*part.c) for part in parts]
    for told in (one.subquery().c for one in gaps.ends(watched, masked)):
        rest = (_NO_ID, literal(0), _NO_ID, told.channel, _NO_TEXT, literal(0), _NO_ID, _NO_ID)
        wanted.append(select(literal(2), told.last, told.number, _NO_TEXT, cast(null(), String), told.following, *rest))
    return written_out(union_all(*wanted))


def plan_on(db: Session, asset: Asset, channel: Channel, day: date, *, actor: User | None, now: datetime) -> Post:
    """A draft about a ready asset on that day of the channel's calendar. Raises what planning a post raises."""
    at = _at(db, asset, None, channel, day, now)
    return service.plan(db, asset, channel, PostValues(**first_words(asset, channel), publish_at=at, time_zone=channel.time_zone), actor=actor, now=now)


def put_on(db: Session, post: Post, day: date, *, version: int | None = None, actor: User | None, now: datetime) -> Post:
    """Give a draft without a time one on that day. Raises what moving a post raises."""
    at = _at(db, post.asset, post, post.channel, day, now)
    return service.move(db, post, at, version=version, zone=post.time_zone or post.channel.time_zone, actor=actor, now=now)


def unplan(db: Session, post: Post, *, version: int | None = None, actor: User | None, now: datetime) -> Post:
    """Take a post's time away: it lies in the drawer as a draft. What was said of it holds again when it is put back by `plan_again`.

    Raises Forbidden, WrongState for one that is out or could not go out, Conflict.
    """
    require(actor, "post.move", post)
    states.require(post, "unplan")
    service.check_version(post, version)
    if post.publish_at is None:
        return post
    was = {"publish_at": post.publish_at, "time_zone": post.time_zone, "state": post.state}
    post.state, post.publish_at, post.wall_time, post.approved_digest, post.updated_at = PostState.DRAFT, None, None, None, now
    record(db, actor, "post.unplanned", post, now, was=was, became={"state": post.state})
    db.flush()
    return post


def plan_again(
    db: Session, post: Post, was: dict[str, Any], *, limits: Limits | None = None, four_eyes: str = "releases", actor: User | None, now: datetime
) -> Post:
    """Bring a post back to where `unplan` took it from: approved again only if that very content and moment was, and nothing blocks it.

    was -- what the history kept of it: publish_at (ISO), time_zone, state.
    Raises EmbargoActive, PastMoment, Refused (leak), WrongState when it was changed since.
    """
    require(actor, "post.move", post)
    states.require(post, "plan_again")
    at, wall, zone = agreed(datetime.fromisoformat(was["publish_at"]), None, was.get("time_zone") or post.channel.time_zone)
    assert at is not None  # Only a post with a time is unplanned.
    rules.check_embargo(post.asset, post.campaign, at)
    rules.check_moment(at, now)
    state = PostState(was["state"])
    if state is not PostState.DRAFT:
        around = surroundings(db, post, at=at)
        rules.refuse(one for one in rules.gates(post, post.asset, post.campaign, post.channel, around, at) if one.code == "leak")
    post.publish_at, post.wall_time, post.time_zone, post.updated_at = at, wall, zone, now
    if state in states.GOING_OUT | {PostState.IN_REVIEW}:
        approved = not rules.blocking(findings_of(db, post, limits, now)) and still_approved(db, post, digest_of(post), four_eyes)
        state = PostState.APPROVED if approved else PostState.IN_REVIEW
    post.state, post.approved_digest = state, digest_of(post) if state is PostState.APPROVED else None
    record(db, actor, "post.planned_again", post, now, became={"publish_at": at, "time_zone": zone, "state": state})
    db.flush()
    return post


def moment_on(day: date, zone: str, *, soonest: datetime, lift: datetime | None, taken: Sequence[datetime], gap: timedelta) -> datetime:
    """When something stands that is put on a day: at nine by the clocks of `zone`, at the embargo's lift where that comes later that day,
    else the next half hour that keeps `gap` from what is there. Where the day has none, nine all the same: a rule says what is wrong with it.

    soonest -- what can still be met.
    taken   -- moments of what stands on the channel.
    """
    morning = resolve_wall_time(datetime.combine(day, MORNING), zone, fold=0)
    ends = datetime.combine(day + timedelta(days=1), time.min, zone_of(zone)).astimezone(UTC)
    first = max(morning, lift) if lift is not None else morning
    while first < soonest:
        first += _STEP
    if first >= ends:
        return morning
    at = first
    while at <= max(first, morning + _LOOKED_THROUGH):
        if all(abs(at - other) >= gap for other in taken):
            return at
        at += _STEP
    return first


def _at(db: Session, asset: Asset, post: Post | None, channel: Channel, day: date, now: datetime) -> datetime:
    """Two statements."""
    lift = rules.embargo_of(asset, post.campaign if post is not None else None)
    zone = (post.time_zone if post is not None else None) or channel.time_zone
    start = datetime.combine(day, time.min, zone_of(zone)).astimezone(UTC)
    around = timedelta(days=1)
    taken = db.scalars(
        select(Post.publish_at).where(
            Post.channel_id == channel.id, Post.publish_at > start - around, Post.publish_at < start + 2 * around, Post.state.not_in(AWAY)
        )
    )
    gap = timedelta(minutes=tuning_of(all_settings(db), channel.id).of("gap").values["minutes"])
    return moment_on(day, zone, soonest=now + _SOON, lift=lift[1] if lift else None, taken=[one for one in taken if one is not None], gap=gap)
