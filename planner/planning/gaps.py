"""Audiences that nothing is said to for too long: one pure rule over the post before now and the one after, for each audience that is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, String, bindparam, cast, literal, select, type_coerce, union_all
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetAudience, AssetState, Audience
from planner.channels.models import Channel
from planner.core.types import UtcDateTime
from planner.planning.habits import AWAY
from planner.planning.models import Post, PostState
from planner.planning.queries import known_to, knows
from planner.planning.rulebook import Setting, Tuned, tuning_of

__all__ = ["CODE", "LEAD", "Gap", "Watch", "bounds", "ends", "found_among", "gap_of", "gaps", "watches"]

#: The rule of the book that says how long.
CODE = "silence"
#: A gap is told this long before it is as long as was set, while it can still be mended.
LEAD = timedelta(days=7)
#: What was said to an audience.
_OUT = (PostState.PUBLISHED, PostState.SENDING, PostState.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Watch:
    """How many days an audience may go without a post; on one channel, or on whichever (None)."""

    audience: Audience
    channel_id: int | None
    days: int


@dataclass(frozen=True, slots=True)
class Gap:
    """An audience without a post. last -- the latest that is out, None: none within those days; following -- the next that is planned, None: none before long."""

    watch: Watch
    channel: str
    last: datetime | None
    following: datetime | None
    #: When it is, or was, as long as was set.
    due: datetime


def watches(settings: Iterable[Setting]) -> list[Watch]:
    """What is watched: for all channels together as was set for all, or as the book has it; for one channel alone only where that was set."""
    own = [one for one in settings if one.code == CODE]
    found = _watched(None, tuning_of([one for one in own if one.channel_id is None], None).of(CODE))
    for number in sorted({one.channel_id for one in own if one.channel_id is not None}):
        found += _watched(number, tuning_of([one for one in own if one.channel_id == number], number).of(CODE))
    return found


def gap_of(watch: Watch, last: datetime | None, following: datetime | None, now: datetime, channel: str = "") -> Gap | None:
    """The gap that runs now or within LEAD, and that nothing planned ends in time; None when there is none.

    last      -- the latest post at `now` or before, None: none within watch.days.
    following -- the next post after `now`, None: none within watch.days + LEAD.
    """
    due = now if last is None else max(last + timedelta(days=watch.days), now)
    if due > now + LEAD or (following is not None and following <= max(due, now + LEAD)):
        return None
    return Gap(watch, channel, last, following, due if last is None else last + timedelta(days=watch.days))


def gaps(db: Session, wanted: Sequence[Watch], *, viewer: User | None, now: datetime) -> list[Gap]:
    """The gaps among what is watched, as far as this viewer may know the posts; an audience that no asset is for has none. One statement, none without watches."""
    if not wanted:
        return []
    masked = knows(viewer) is not None
    rows = db.execute(_everything(tuple(wanted), masked), bounds(wanted, now) | ({"viewer": viewer.id} if masked and viewer else {}))
    return found_among(wanted, rows, now)


def ends(wanted: Sequence[Watch], masked: bool) -> list[Select[Any]]:
    """What a statement has to read for them: rows of (number of the watch, last, following, channel). `bounds` has its times; `masked` asks for `viewer`."""
    return [_ends(number, one, masked) for number, one in enumerate(wanted)]


def bounds(wanted: Sequence[Watch], now: datetime) -> dict[str, datetime]:
    """What is bound in those rows."""
    found = {"now": now}
    for number, one in enumerate(wanted):
        days = timedelta(days=one.days)
        found |= {f"since_{number}": now - days, f"until_{number}": now + days + LEAD}
    return found


def found_among(wanted: Sequence[Watch], rows: Iterable[Any], now: datetime) -> list[Gap]:
    """The gaps among those rows, in the order of the watches."""
    told = sorted(rows, key=lambda row: row[0])
    return [gap for number, last, following, channel in told if (gap := gap_of(wanted[number], last, following, now, channel or "")) is not None]


@lru_cache(maxsize=64)
def _everything(wanted: tuple[Watch, ...], masked: bool) -> Any:
    return union_all(*ends(wanted, masked))


def _watched(channel_id: int | None, stands: Tuned) -> list[Watch]:
    if not stands.enabled:
        return []
    return [Watch(one, channel_id, stands.values[one.value]) for one in Audience if stands.values[one.value]]


def _ends(number: int, watch: Watch, masked: bool) -> Select[Any]:
    """The posts on both sides of now, each found by walking the index of moments to the first that fits."""
    now, since, until = (bindparam(name, type_=UtcDateTime()) for name in ("now", f"since_{number}", f"until_{number}"))
    heard = select(AssetAudience.asset_id).where(AssetAudience.asset_id == Post.asset_id, AssetAudience.audience == watch.audience)
    if masked:
        heard = heard.join(Asset, Asset.id == AssetAudience.asset_id).where(known_to(bindparam("viewer", type_=BigInteger())))
    posts = select(Post.publish_at).where(heard.correlate(Post).exists(), Post.taken_down_at.is_(None))
    if watch.channel_id is not None:
        posts = posts.where(Post.channel_id == watch.channel_id)
    last = posts.where(Post.publish_at <= now, Post.publish_at > since, Post.state.in_(_OUT)).order_by(Post.publish_at.desc())
    following = posts.where(Post.publish_at > now, Post.publish_at <= until, Post.state.not_in(AWAY)).order_by(Post.publish_at)
    name = select(Channel.name).where(Channel.id == watch.channel_id) if watch.channel_id is not None else select(cast(literal(""), String))
    # The state is asked of each asset that is for this audience: joined, SQLite would walk the whole catalogue to find one.
    state = select(Asset.state).where(Asset.id == AssetAudience.asset_id).correlate(AssetAudience).scalar_subquery()
    spoken_to = select(AssetAudience.asset_id).where(AssetAudience.audience == watch.audience, state != AssetState.RETIRED)
    return select(
        cast(literal(number), Integer).label("number"),
        type_coerce(last.limit(1).scalar_subquery(), UtcDateTime()).label("last"),
        type_coerce(following.limit(1).scalar_subquery(), UtcDateTime()).label("following"),
        name.scalar_subquery().label("channel"),
    ).where(spoken_to.exists())
