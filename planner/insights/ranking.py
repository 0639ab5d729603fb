"""Ranks live posts against their own channel: each beside the median of the channel's posts at the same age."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, String, case, func, literal, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind
from planner.catalog.queries import known_to
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.insights.models import METRICS, Latest, Snapshot
from planner.insights.rules import is_mixed, way_of
from planner.planning.models import Post, PostState

__all__ = ["MIN_PEERS", "SEEN", "RankedPost", "Ranking", "metric_of", "ordinary", "rank", "relative_to_median", "same_age"]

#: Fewer comparable posts than this say nothing about what is ordinary.
MIN_PEERS = 5
#: How far two ages may lie apart and still be the same: this part of the age, or half a day.
_SLACK, _LEAST_SLACK = 0.2, timedelta(hours=12)
#: "How often was it seen" is a platform's views where it tells them, else its impressions; the two are never mixed on one channel.
SEEN = "seen"
#: How many of the newest live posts are compared.
_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class RankedPost:
    """One live post at one age. `ratio` is None while there are not enough comparable posts; 1.0 is ordinary for its channel.
    It is compared with none when its views are counted in two ways (`is_mixed`): they began under another definition.

    peers, median -- how many posts of the channel there are at that age, this one among them, and what they usually have.
    """

    post_id: int
    asset_id: int
    title: str
    kind: AssetKind
    channel_id: int
    channel: str
    platform: Platform
    colour: int
    published_at: datetime
    read_at: datetime
    metric: str
    value: int
    median: float | None
    peers: int
    ratio: float | None
    #: Its position among those posts, 1 for the largest count; posts of one count share theirs.
    place: int
    #: By which definition of a view it was counted.
    regime: str = ""
    is_mixed: bool = False

    @property
    def age(self) -> timedelta:
        return self.read_at - self.published_at


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranked posts, those that can be compared first; `cut` when older live posts were left out of the comparison."""

    posts: Sequence[RankedPost]
    cut: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """One reading of one post, before it is compared. Readings counted in another way are not comparable."""

    row: Any
    age: timedelta
    group: tuple[int, str]
    value: int
    is_mixed: bool


def relative_to_median(value: int, peers: Sequence[int]) -> float | None:
    """How a post did against its channel.

    value   -- its count at some age, >= 0.
    peers   -- the counts of all posts of the channel at that age, itself among them, each >= 0.
    returns -- value divided by the median of peers: 1.0 is ordinary, 2.0 twice that. None when there are fewer than MIN_PEERS
               of them, and when their median is 0: both are no answer, not a bad one.
    Raises ValueError on a negative count.
    """
    if value < 0:
        raise ValueError("a count is never negative")
    middle = ordinary(peers)
    return None if middle is None else value / middle


def ordinary(peers: Sequence[int]) -> float | None:
    """What posts like these usually have: their median; None when there are fewer than MIN_PEERS, or when it is 0.

    Raises ValueError on a negative count.
    """
    if peers and min(peers) < 0:
        raise ValueError("a count is never negative")
    return median(peers) or None if len(peers) >= MIN_PEERS else None


def same_age(age: timedelta, other: timedelta) -> bool:
    """Whether two posts are about as old: within a fifth of the first's age, or half a day."""
    return abs(other - age) <= _slack(age)


def metric_of(platform: Platform, metric: str) -> str:
    """The count that is meant on this platform."""
    if metric != SEEN:
        return metric
    return "views" if platform is Platform.YOUTUBE else "impressions"


def rank(db: Session, *, metric: str = SEEN, age_days: int | None = None, channel_id: int | None = None, viewer: User | None) -> Ranking:
    """Live posts by their ratio, the best first; those without one after them, by their count. One statement.

    metric   -- SEEN or one of METRICS. Raises ValueError for another.
    age_days -- each post by its reading nearest to that age, if there is one; None: by its newest reading, beside the
                channel's posts that were about as old at theirs.
    Posts that the viewer may not know of count among the peers, and are not listed.
    """
    if metric != SEEN and metric not in METRICS:
        raise ValueError(f"not a metric: {metric}")
    rows = db.execute(_newest(metric, channel_id, viewer) if age_days is None else _at_age(db, metric, age_days, channel_id, viewer)).all()
    told = _readings(rows, metric, None if age_days is None else timedelta(days=age_days))
    groups: dict[tuple[int, str], list[_Told]] = {}
    for one in sorted(told, key=lambda one: one.age):
        groups.setdefault(one.group, []).append(one)
    posts = [post for group in groups.values() for post in _ranked(group, metric)]
    posts.sort(key=lambda post: (post.ratio is None, -(post.ratio or 0), -post.value, post.post_id))
    return Ranking(posts, cut=len({row.post_id for row in rows}) >= _COMPARED)


def _readings(rows: Sequence[Any], metric: str, wanted: timedelta | None) -> list[_Told]:
    """One reading a post: its only one, or the one nearest to the wanted age."""
    found: dict[int, _Told] = {}
    for row in rows:
        way = way_of(row.regime, row.published_at) if metric_of(row.platform, metric) == "views" else row.regime
        one = _Told(row, max(row.read_at - row.published_at, timedelta(0)), (row.channel_id, way), int(row.value), is_mixed(way))
        kept = found.get(row.post_id)
        if kept is None or (wanted is not None and abs(one.age - wanted) < abs(kept.age - wanted)):
            found[row.post_id] = one
    return list(found.values())


def _ranked(group: Sequence[_Told], metric: str) -> list[RankedPost]:
    """The posts of one channel and way of counting, by age, each beside those of its own age."""
    if group[0].is_mixed:
        return [_beside(one, 1, None, 1, metric) for one in group if one.row.known]
    ages = [one.age for one in group]
    windows: dict[tuple[int, int], tuple[list[int], float | None]] = {}
    found = []
    for one in group:
        if one.row.known:
            window = bisect_left(ages, one.age - _slack(one.age)), bisect_right(ages, one.age + _slack(one.age))
            if window not in windows:  # Posts of one age share their peers.
                values = sorted(other.value for other in group[slice(*window)])
                windows[window] = values, ordinary(values)
            values, middle = windows[window]
            found.append(_beside(one, len(values), middle, len(values) - bisect_right(values, one.value) + 1, metric))
    return found


def _beside(one: _Told, peers: int, middle: float | None, place: int, metric: str) -> RankedPost:
    row = one.row
    return RankedPost(
        row.post_id, row.asset_id, row.title, row.kind, row.channel_id, row.channel, row.platform, row.colour, row.published_at,
        row.read_at, metric_of(row.platform, metric), one.value, middle, peers, None if middle is None else one.value / middle,
        place, row.regime, one.is_mixed,
    )  # fmt: skip


def _slack(age: timedelta) -> timedelta:
    return max(age * _SLACK, _LEAST_SLACK)


def _value(source: Any, metric: str) -> ColumnElement[Any]:
    if metric != SEEN:
        return getattr(source, metric)  # type: ignore[no-any-return]
    return case((Channel.platform == Platform.YOUTUBE, source.views), else_=source.impressions)


def _columns(source: Any, metric: str, viewer: User | None) -> Any:
    """Of the newest live posts: all that the comparison and the page need."""
    known = known_to(viewer)
    return select(
        Post.id.label("post_id"), Post.asset_id, Asset.title, Asset.kind, Post.channel_id, Channel.name.label("channel"),
        Channel.platform, Channel.colour, Post.published_at, source.at.label("read_at"), source.regime,
        _value(source, metric).label("value"), (literal(True) if known is None else known).label("known"),
    ).where(_value(source, metric).is_not(None))  # fmt: skip


def _compared(channel_id: int | None) -> Any:
    ids = select(Post.id).where(Post.state == PostState.PUBLISHED, Post.published_at.is_not(None))
    if channel_id is not None:
        ids = ids.where(Post.channel_id == channel_id)
    return ids.order_by(Post.publish_at.desc(), Post.id.desc()).limit(_COMPARED).subquery()


def _newest(metric: str, channel_id: int | None, viewer: User | None) -> Any:
    ids = _compared(channel_id)
    query = _columns(Latest, metric, viewer).select_from(ids).join(Post, Post.id == ids.c.id).join(Latest, Latest.post_id == Post.id)
    return query.join(Asset, Asset.id == Post.asset_id).join(Channel, Channel.id == Post.channel_id)


def _at_age(db: Session, metric: str, age_days: int, channel_id: int | None, viewer: User | None) -> Any:
    """Every reading about that old; the nearest is chosen afterwards."""
    ids, age = _compared(channel_id), timedelta(days=age_days)
    slack = _slack(age)
    query = _columns(Snapshot, metric, viewer).select_from(ids).join(Post, Post.id == ids.c.id).join(Snapshot, Snapshot.post_id == Post.id)
    return (
        query.join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Snapshot.at >= _later(db, age - slack), Snapshot.at <= _later(db, age + slack))
        .order_by(Post.id, Snapshot.at)
    )


def _later(db: Session, by: timedelta) -> ColumnElement[Any]:
    """The moment of publication plus `by`, so that an index on (post, moment) finds the readings."""
    seconds = by.total_seconds()
    if db.get_bind().dialect.name == "postgresql":
        return Post.published_at + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    # Moments are ISO texts on SQLite and compare as such.
    return func.strftime("%Y-%m-%d %H:%M:%f", Post.published_at, literal(f"{seconds:+.0f} seconds", String), type_=String)
