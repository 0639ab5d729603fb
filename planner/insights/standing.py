"""How an asset stands: each post beside its channel's others at the same age, how fast it lived, and what it was worth for its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels.port import Platform
from planner.insights.audiences import ChannelReach
from planner.insights.models import Latest, Snapshot
from planner.insights.queries import AssetPerformance, PostNumbers, together
from planner.insights.ranking import SEEN, RankedPost, metric_of, rank
from planner.insights.rules import is_mixed, way_of

__all__ = ["ChannelPart", "PostStanding", "Qualified", "as_told_last", "cost_per_view", "half_life", "kept", "of_post", "parts", "qualified", "standings"]


@dataclass(frozen=True, slots=True)
class PostStanding:
    """One live post: its numbers, where it stands among its channel's posts of that age (None: nothing to compare), its half-life."""

    post: PostNumbers
    seen: int | None
    standing: RankedPost | None
    half_life: timedelta | None
    #: Its part of what the asset has on platforms that count alike; None when that is not told.
    share: float | None


@dataclass(frozen=True, slots=True)
class ChannelPart:
    """One channel's posts together: how often seen and engagements, and their part of the asset's (seen: of those counted alike)."""

    channel_id: int
    channel: str
    platform: Platform
    seen: int | None
    seen_share: float | None
    engagements: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Qualified:
    """How often an asset was seen by people in target.

    views     -- over the channels on which somebody is identified; None where nobody is on any.
    left_out  -- channels on which it was seen and nobody is identified: whether those who saw it there are in target is unknown.
    seen      -- how often it was seen on all channels.
    platforms -- those whose counts are in `views`. all_platforms -- those whose counts are in `seen`.
    """

    views: float | None
    left_out: Sequence[ChannelPart]
    seen: int
    platforms: frozenset[Platform]
    all_platforms: frozenset[Platform]

    @property
    def unknown(self) -> float | None:
        """The part of all it was seen that is of the channels left out; None when it was not seen."""
        return sum(one.seen or 0 for one in self.left_out) / self.seen if self.seen else None

    @property
    def is_mixed(self) -> bool:
        """Whether `views` adds up what platforms count differently."""
        return len(self.platforms) > 1

    @property
    def is_all_mixed(self) -> bool:
        """Whether `seen`, of which `unknown` is a part, does."""
        return len(self.all_platforms) > 1


def half_life(points: Sequence[tuple[timedelta, int]]) -> timedelta | None:
    """The age at which half of the newest count was reached, on a straight line between two readings, the first of them (0, 0).

    points  -- (age, count) by age, all of one definition.
    returns -- None with fewer than two readings, or when the newest count is 0.
    """
    if len(points) < 2 or points[-1][1] <= 0:
        return None
    half = points[-1][1] / 2
    age, count = timedelta(0), 0
    for later, more in points:
        if more >= half:
            return age + (later - age) * ((half - count) / (more - count)) if more > count else later
        age, count = later, more
    return None


def standings(
    db: Session, performance: AssetPerformance, *, viewer: User | None, known: dict[int, Sequence[RankedPost]] | None = None
) -> list[PostStanding]:
    """Every live post of an asset, by publication. One statement for the readings, and one a channel for its other posts.

    known -- channel -> its posts as ranked, kept here from one asset to the next of the same viewer.
    """
    ranked: dict[int, RankedPost] = {}
    ids = {post.post_id for post in performance.posts}
    known = {} if known is None else known
    for channel_id in sorted({post.channel_id for post in performance.posts if post.counts}):
        if channel_id not in known:
            known[channel_id] = rank(db, channel_id=channel_id, viewer=viewer).posts
        ranked |= {one.post_id: one for one in known[channel_id] if one.post_id in ids}
    points = _points(db, performance.posts)
    totals: dict[str, int] = {}
    for post in performance.posts:
        totals[_seen(post.platform)] = totals.get(_seen(post.platform), 0) + (_value(post) or 0)
    return [_standing(post, ranked.get(post.post_id), points.get(post.post_id, ()), totals[_seen(post.platform)]) for post in performance.posts]


def of_post(db: Session, post: PostNumbers, *, viewer: User | None) -> RankedPost | None:
    """Where one live post stands among its channel's at that age; None while nothing was read of it. Two statements."""
    if post.counts is None:
        return None
    return next((one for one in rank(db, channel_id=post.channel_id, viewer=viewer).posts if one.post_id == post.post_id), None)


def parts(performance: AssetPerformance) -> list[ChannelPart]:
    """What each channel has of the asset, by name."""
    found: dict[int, list[PostNumbers]] = {}
    for post in performance.posts:
        found.setdefault(post.channel_id, []).append(post)
    seen = {number: _sum([_value(post) for post in posts]) for number, posts in found.items()}
    engaged = {number: _sum([post.counts["engagements"] if post.counts else None for post in posts]) for number, posts in found.items()}
    alike: dict[str, int] = {}
    for number, posts in found.items():
        alike[_seen(posts[0].platform)] = alike.get(_seen(posts[0].platform), 0) + (seen[number] or 0)
    everything = sum(count or 0 for count in engaged.values())
    told = [
        ChannelPart(
            number, posts[0].channel_name, posts[0].platform, seen[number], _part(seen[number], alike[_seen(posts[0].platform)]), engaged[number],
            _part(engaged[number], everything),
        )
        for number, posts in found.items()
    ]  # fmt: skip
    return sorted(told, key=lambda one: one.channel)


def qualified(seen: Sequence[ChannelPart], reached: Sequence[ChannelReach]) -> Qualified:
    """How often the asset was seen by people in target: each channel's count times its part in target, and which channels that leaves out."""
    part = {one.channel_id: one.reach.part for one in reached if one.reach.part is not None}
    told = sorted((one for one in seen if one.seen is not None), key=lambda one: one.channel)
    counted = [one for one in told if one.channel_id in part]
    return Qualified(
        sum((one.seen or 0) * part[one.channel_id] for one in counted) if counted else None, [one for one in told if one.seen and one.channel_id not in part],
        sum(one.seen or 0 for one in told), frozenset(one.platform for one in counted), frozenset(one.platform for one in told),
    )  # fmt: skip


def cost_per_view(asset: Asset, views: float | None) -> Decimal | None:
    """What one qualified view cost, in the asset's currency; None without a cost or without such views."""
    if asset.cost is None or not views:
        return None
    return asset.cost / Decimal(repr(views))


def kept(db: Session, performance: AssetPerformance, name: str = "clicks") -> dict[int, tuple[datetime, int]]:
    """Post -> (moment, count) as last told, of posts on X, which tells the count no more after thirty days. One statement, none without such posts."""
    silent = [post.post_id for post in performance.posts if post.platform is Platform.X and post.counts and post.counts[name] is None]
    if not silent:
        return {}
    other, column = aliased(Snapshot), getattr(Snapshot, name)
    last = select(func.max(other.at)).where(other.post_id == Latest.post_id, getattr(other, name).is_not(None)).correlate(Latest).scalar_subquery()
    rows = db.execute(
        select(Snapshot.post_id, Snapshot.at, column).join(Latest, (Latest.post_id == Snapshot.post_id) & (Snapshot.at == last)).where(Latest.post_id.in_(silent))
    )
    return {post_id: (at, int(count)) for post_id, at, count in rows}


def as_told_last(performance: AssetPerformance, kept: Mapping[int, tuple[datetime, int]], name: str = "clicks") -> AssetPerformance:
    """The same with what `kept` has of this count in the place of what is told no more, in each post and in their total."""
    posts = [replace(one, counts={**(one.counts or {}), name: kept[one.post_id][1]}) if one.post_id in kept else one for one in performance.posts]
    return together(posts, performance.series)


def _standing(post: PostNumbers, ranked: RankedPost | None, points: Sequence[tuple[timedelta, int]], alike: int) -> PostStanding:
    value = _value(post)
    return PostStanding(post, value, ranked, half_life(points), _part(value, alike))


def _points(db: Session, posts: Sequence[PostNumbers]) -> dict[int, list[tuple[timedelta, int]]]:
    """Post -> (age, how often seen) of its readings, by age; none of a post that was counted in two ways."""
    born = {post.post_id: post.published_at for post in posts if post.published_at and post.read_at}
    if not born:
        return {}
    rows = db.execute(
        select(Snapshot.post_id, Snapshot.at, Snapshot.regime, Snapshot.views, Snapshot.impressions)
        .where(Snapshot.post_id.in_(born))
        .order_by(Snapshot.post_id, Snapshot.at)
    )
    columns = {post.post_id: _seen(post.platform) for post in posts}
    found: dict[int, list[tuple[timedelta, int]]] = {}
    ways: dict[int, set[str]] = {}
    for row in rows:
        count = getattr(row, columns[row.post_id])
        at = born[row.post_id]
        if count is not None and at is not None:
            ways.setdefault(row.post_id, set()).add(way_of(row.regime, at) if columns[row.post_id] == "views" else row.regime)
            found.setdefault(row.post_id, []).append((max(row.at - at, timedelta(0)), int(count)))
    return {post_id: told for post_id, told in found.items() if len(ways[post_id]) == 1 and not any(map(is_mixed, ways[post_id]))}


def _seen(platform: Platform) -> str:
    return metric_of(platform, SEEN)


def _value(post: PostNumbers) -> int | None:
    return post.counts[_seen(post.platform)] if post.counts else None


def _sum(values: Sequence[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None


def _part(value: int | None, whole: int) -> float | None:
    return value / whole if value is not None and whole > 0 else None
