"""Reads of numbers: what an asset did, on which channel, since when; what channels did together. None is “not told”."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Date, Integer, bindparam, case, cast, func, select, true, union_all
from sqlalchemy.orm import Session, aliased

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind
from planner.catalog.queries import known_to
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.types import UtcDateTime
from planner.insights import rules
from planner.insights.models import METRICS, AssetDay, AssetLatest, ChannelDay, Latest, Snapshot
from planner.insights.rollups import midnight
from planner.planning.models import Post, PostState

__all__ = ["AssetPerformance", "AssetTotal", "ChannelSeries", "Live", "PostNumbers", "asset_performance", "channel_totals", "latest_of", "live_of", "post_numbers", "together", "top_assets"]

Counts = Mapping[str, int | None]
#: A live post is read at least weekly: its last reading before a window is not older than this.
_LOOK_BACK = timedelta(days=8)
#: How many assets a ranking looks at first.
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class PostNumbers:
    """One live post and the newest numbers about it; `counts` is None while nothing was read yet."""

    post_id: int
    channel_id: int
    channel_name: str
    platform: Platform
    published_at: datetime | None
    url: str
    read_at: datetime | None
    regime: str
    counts: Counts | None
    #: Increase between the first and the newest reading, and the moment of the first.
    first_read_at: datetime | None = None
    growth: Counts | None = None
    #: When it was taken off its platform; its numbers stay.
    taken_down_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelSeries:
    """Day by day on one channel: day, counts at its end."""

    channel_id: int
    channel_name: str
    platform: Platform
    days: Sequence[tuple[date, Counts]]
    #: Days from which the platform counts views differently; the line is broken there.
    breaks: Sequence[date] = ()


@dataclass(frozen=True, slots=True)
class AssetPerformance:
    """Everything the asset's page shows. `totals` adds what was told; `silent` names channels that tell none of a count."""

    posts: Sequence[PostNumbers]
    series: Sequence[ChannelSeries]
    totals: Counts
    silent: Mapping[str, Sequence[str]]
    #: Counts that more than one platform told, each by its own definition: their total is no more than an order of size.
    mixed: Mapping[str, Sequence[Platform]]


@dataclass(frozen=True, slots=True)
class AssetTotal:
    """One asset in a ranking. is_mixed -- more than one platform told of the count, each by its own definition."""

    asset_id: int
    title: str
    kind: AssetKind
    counts: Counts
    is_mixed: bool = False


class Live(NamedTuple):
    """An asset's live posts: how many, and their views together (None: nobody told); is_mixed -- of several platforms, by several definitions."""

    posts: int
    views: int | None
    is_mixed: bool


@dataclass(frozen=True, slots=True)
class ChannelTotal:
    """What a channel's posts had at the end of the last day read, and what they gained in the window. start -- the last day read before it."""

    channel_id: int
    channel_name: str
    platform: Platform
    day: date | None
    counts: Counts
    gained: Counts
    start: date | None = None


def asset_performance(db: Session, asset_id: int) -> AssetPerformance:
    """What an asset did everywhere. Three statements by index, whatever the number of snapshots."""
    posts = _live(db, Post.asset_id, asset_id)
    shorts = {post.channel_id for post in posts if rules.is_short(post.url)}
    series = _series(db, asset_id, {post.channel_id: (post.channel_name, post.platform) for post in posts}, shorts)
    return together(posts, series)


def together(posts: Sequence[PostNumbers], series: Sequence[ChannelSeries]) -> AssetPerformance:
    """An asset's live posts as one: what their counts add up to, and who tells none."""
    return AssetPerformance(posts, series, _totals(posts), _silent(posts), _mixed(posts))


def post_numbers(db: Session, post_id: int) -> PostNumbers | None:
    """One live post and its newest numbers; None for one that is not live. Two statements."""
    return next(iter(_live(db, Post.id, post_id)), None)


def latest_of(db: Session, post_ids: Sequence[int]) -> dict[int, Counts]:
    """The newest counts of these posts. One statement."""
    if not post_ids:
        return {}
    rows = db.execute(select(Latest.post_id, *(getattr(Latest, name) for name in METRICS)).where(Latest.post_id.in_(post_ids)))
    return {row[0]: _counts(row[1:]) for row in rows}


def live_of(db: Session, asset_ids: Sequence[int]) -> dict[int, Live]:
    """Asset -> its live posts. One statement."""
    if not asset_ids:
        return {}
    rows = db.execute(
        select(Post.asset_id, func.count(), func.sum(Latest.views), func.count(case((Latest.views.is_not(None), Channel.platform)).distinct()))
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .where(Post.asset_id.in_(asset_ids), Post.state == PostState.PUBLISHED)
        .group_by(Post.asset_id)
    )
    return {asset_id: Live(count, None if views is None else int(views), platforms > 1) for asset_id, count, views, platforms in rows}


def top_assets(
    db: Session, *, metric: str = "views", days: int = 30, now: datetime, viewer: User | None, limit: int = 20
) -> list[AssetTotal]:
    """Assets by what they gained in the last `days`, over all channels that tell `metric`. One statement.

    Gained since the last reading before the window; without one, since nothing for what was published in the window, and since the
    first reading in it for what is older: a lifetime's views are not a month's.
    That is told by asset and channel, as the days are: an old post that is first read in the window counts whole where another of its asset was read
    there before. To tell it apart would take a look at each post of each asset that may be among the best.

    No asset gained more than it has, and what it has is soon asked. So those that have most are looked at first; of the others, only those
    that have as much as the last of the best among these gained.
    """
    if metric not in METRICS:
        raise ValueError(f"not a metric: {metric}")
    since, knowing = now.astimezone(UTC).date() - timedelta(days=days), known_to(viewer)
    query = _ranking(metric) if knowing is None else _ranked(metric, knowing)
    window = {"since": since, "back": since - _LOOK_BACK, "opens": midnight(since + timedelta(days=1))}
    rows = db.execute(query, {**window, "looked_at": max(_LOOKED_AT, limit), "most": limit, "last": limit - 1})
    return [AssetTotal(number, title, kind, {metric: int(count)}, told > 1) for number, title, kind, count, told in rows]


@lru_cache(maxsize=len(METRICS))
def _ranking(metric: str) -> Any:
    """For who may know of every asset; built once, since building it takes longer than many a dashboard."""
    return _ranked(metric, true())


def _ranked(metric: str, knowing: Any) -> Any:
    """The statement of `top_assets`, with the days of its window and its numbers still to be bound."""
    since = bindparam("since", type_=Date())
    watched, ends = _watched(), _end(metric, since)
    told = (
        select(AssetLatest.asset_id.label("id"), cast(func.sum(ends), BigInteger).label("has"))
        .join(Asset, Asset.id == AssetLatest.asset_id)
        .where(AssetLatest.day > since, knowing)
        .group_by(AssetLatest.asset_id)
        .cte("told")
        .prefix_with("MATERIALIZED")
    )
    most = select(told).where(told.c.has.is_not(None)).order_by(told.c.has.desc(), told.c.id).limit(bindparam("looked_at", type_=Integer())).subquery()
    first = select(most.c.id, (most.c.has - _had(metric, watched, most.c.id)).label("gained")).offset(0).cte("first").prefix_with("MATERIALIZED")
    enough = select(first.c.gained).order_by(first.c.gained.desc()).offset(bindparam("last", type_=Integer())).limit(1).scalar_subquery()
    others = (
        select(told.c.id, (told.c.has - _had(metric, watched, told.c.id)).label("gained"))
        .where(told.c.has >= func.coalesce(enough, told.c.has), told.c.id.not_in(select(first.c.id)))
        .offset(0)  # Looked up once for an asset: without it, as above, once more wherever the sum is named.
        .subquery()
    )
    hopeful = union_all(select(first), select(others)).subquery()
    query = select(Asset.id, Asset.title, Asset.kind, hopeful.c.gained).join(hopeful, hopeful.c.id == Asset.id)
    best = query.order_by(hopeful.c.gained.desc(), Asset.id).limit(bindparam("most", type_=Integer())).subquery()
    platforms = (  # Of the best alone.
        select(func.count(Channel.platform.distinct()))
        .select_from(AssetLatest)
        .join(Channel, Channel.id == AssetLatest.channel_id)
        .where(AssetLatest.asset_id == best.c.id, AssetLatest.day > since, ends.is_not(None))
        .correlate(best)
        .scalar_subquery()
    )
    return select(best, platforms).order_by(best.c.gained.desc(), best.c.id)


def channel_totals(db: Session, *, days: int = 30, now: datetime) -> list[ChannelTotal]:
    """Each channel with what it has and what it gained in the last `days`; gained is None where nothing was read before the window,
    because nobody knows then what was there at its start. Three statements."""
    since = now.astimezone(UTC).date() - timedelta(days=days)
    newest, start = _day_rows(db, None), _day_rows(db, since)
    unknown: dict[str, int | None] = dict.fromkeys(METRICS)
    found = []
    for number, name, platform in db.execute(select(Channel.id, Channel.name, Channel.platform).order_by(Channel.name)):
        day, counts = newest.get(number, (None, unknown))
        start_day, earlier = start.get(number, (None, unknown))
        gained = {key: _less(counts[key], earlier[key]) for key in METRICS}
        found.append(ChannelTotal(number, name, platform, day, counts, gained, start_day))
    return found


def _had(metric: str, watched: Any, asset_id: Any) -> Any:
    """What an asset, which was told, had of that already at the end of the day `since`; see `top_assets`. The window's days are still to be bound.

    Each of the asset's channels is a step or two in the key of asset_day: how many days the window has, and how many the years before it,
    does not matter. A channel that told nothing in the window counts nothing, whatever it told before.
    """
    since = bindparam("since", type_=Date())
    is_older = (
        select(Post.id)
        .where(
            Post.asset_id == asset_id, Post.channel_id == AssetLatest.channel_id, Post.published_at < bindparam("opens", type_=UtcDateTime()),
            Post.state == PostState.PUBLISHED,
        )
        .correlate(asset_id.table, AssetLatest)
        .exists()
    )  # fmt: skip
    before = _told(metric, AssetDay.day <= since, AssetDay.day > bindparam("back", type_=Date()))
    first = _told(metric, AssetDay.day > since, newest=False)
    stood = case((watched.c.was_read_before, case((_end(metric, since).is_not(None), before))))
    had = func.sum(func.coalesce(stood, case((is_older, first)), 0))
    here = select(cast(had, BigInteger)).select_from(AssetLatest).join(watched, watched.c.id == AssetLatest.channel_id)
    return here.where(AssetLatest.asset_id == asset_id, AssetLatest.day > since).correlate(asset_id.table).scalar_subquery()


def _end(metric: str, since: Any) -> Any:
    """What an asset has on a channel that was read after `since`: of its newest day, and where that did not tell, of the newest one that did."""
    return func.coalesce(getattr(AssetLatest, metric), _told(metric, AssetDay.day > since))


def _told(metric: str, *days: Any, newest: bool = True) -> Any:
    """A count of an asset on a channel on the newest (or first) of these days on which it was told. One step in the key of asset_day."""
    column, same = getattr(AssetDay, metric), (AssetDay.asset_id == AssetLatest.asset_id, AssetDay.channel_id == AssetLatest.channel_id)
    there = select(column).where(*same, *days, column.is_not(None)).order_by(AssetDay.day.desc() if newest else AssetDay.day)
    return there.limit(1).correlate(AssetLatest).scalar_subquery()


def _watched() -> Any:
    """The channels that were read after the day `since`, and whether also in the time before it in which a reading is looked for: after the day `back`."""
    since, back = bindparam("since", type_=Date()), bindparam("back", type_=Date())
    read = select(ChannelDay.day).where(ChannelDay.channel_id == Channel.id)
    before = read.where(ChannelDay.day <= since, ChannelDay.day > back).exists()
    watched = select(Channel.id, before.label("was_read_before")).where(read.where(ChannelDay.day > since).exists())
    return watched.cte("watched").prefix_with("MATERIALIZED")


def _day_rows(db: Session, until: date | None) -> dict[int, tuple[date, dict[str, int | None]]]:
    rows = db.connection().execute(_last_days(until is not None), {} if until is None else {"until": until})
    return {row[0]: (row[1], dict(_counts(row[2:]))) for row in rows}


@lru_cache(maxsize=2)
def _last_days(bounded: bool) -> Any:
    """Each channel's last day, or its last until a day that is still to be bound."""
    days = select(ChannelDay.channel_id, func.max(ChannelDay.day).label("day")).group_by(ChannelDay.channel_id)
    if bounded:
        days = days.where(ChannelDay.day <= bindparam("until", type_=Date()))
    last = days.subquery()
    return select(ChannelDay.channel_id, ChannelDay.day, *(getattr(ChannelDay, name) for name in METRICS)).join(
        last, (last.c.channel_id == ChannelDay.channel_id) & (last.c.day == ChannelDay.day)
    )


def _live(db: Session, of: Any, number: int) -> list[PostNumbers]:
    """The live posts whose column `of` is `number`, the first published first."""
    connection = db.connection()  # Rows as they come: an asset may have hundreds of posts, and a session looks at each.
    rows = connection.execute(_live_rows(of), {"number": number}).all()
    # Each post's first reading: moment, regime, counts in the order of METRICS.
    firsts = {row[0]: (row[1], row[2], row[3:]) for row in connection.execute(_first_rows(of), {"number": number}).all()} if rows else {}
    return [_numbers(row, firsts.get(row[0])) for row in rows]


@lru_cache(maxsize=2)
def _live_rows(of: Any) -> Any:
    """Built once: building a statement takes as long as reading fifty posts."""
    return (
        select(
            Post.id, Post.channel_id, Channel.name, Channel.platform, Post.published_at, Post.external_url,
            Latest.at, Latest.regime, Post.taken_down_at, *(getattr(Latest, name) for name in METRICS),
        )
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .where(of == bindparam("number"), Post.state == PostState.PUBLISHED)
        .order_by(Post.published_at, Post.id)
    )  # fmt: skip


@lru_cache(maxsize=2)
def _first_rows(of: Any) -> Any:
    """By index, however often a post was read."""
    other = aliased(Snapshot)
    first = select(func.min(other.at)).where(other.post_id == Post.id).scalar_subquery()
    return (
        select(Snapshot.post_id, Snapshot.at, Snapshot.regime, *(getattr(Snapshot, name) for name in METRICS))
        .join(Post, (Post.id == Snapshot.post_id) & (Snapshot.at == first))
        .where(of == bindparam("number"), Post.state == PostState.PUBLISHED)
    )


@lru_cache(maxsize=1)
def _day_by_day() -> Any:
    columns = AssetDay.channel_id, AssetDay.day, *(getattr(AssetDay, name) for name in METRICS)
    return select(*columns).where(AssetDay.asset_id == bindparam("number")).order_by(AssetDay.channel_id, AssetDay.day)


def _numbers(row: Sequence[Any], first: tuple[datetime, str, Sequence[int | None]] | None) -> PostNumbers:
    post_id, channel_id, name, platform, published_at, url, read_at, regime, taken_down_at, *told = row
    counts = growth = None
    if read_at is not None:
        counts = _counts(told)
        if first is not None and first[0] < read_at:
            growth = {name: _less(later, earlier) for name, later, earlier in zip(METRICS, told, first[2], strict=True)}
            if first[1] != regime:
                growth["views"] = None  # Counted in another way since: the two do not compare.
    return PostNumbers(
        post_id, channel_id, name, platform, published_at, url or "", read_at, regime or "", counts, first[0] if first else None, growth,
        taken_down_at,
    )  # fmt: skip


def _series(db: Session, asset_id: int, channels: Mapping[int, tuple[str, Platform]], shorts: Collection[int]) -> list[ChannelSeries]:
    rows = db.connection().execute(_day_by_day(), {"number": asset_id}).all()
    days: dict[int, list[tuple[date, Counts]]] = {}
    for row in rows:
        days.setdefault(row[0], []).append((row[1], _counts(row[2:])))
    return [
        ChannelSeries(number, *channels[number], tuple(told), _breaks(channels[number][1], told, short=number in shorts))
        for number, told in days.items()
        if number in channels
    ]


def _breaks(platform: Platform, days: Sequence[tuple[date, Counts]], *, short: bool) -> tuple[date, ...]:
    return rules.breaks(platform, days[0][0], days[-1][0], short=short) if days else ()


def _totals(posts: Sequence[PostNumbers]) -> Counts:
    return {name: _sum([post.counts[name] for post in posts if post.counts]) for name in METRICS}


def _silent(posts: Sequence[PostNumbers]) -> dict[str, tuple[str, ...]]:
    """Count -> names of the channels with a live post that did not tell it."""
    found: dict[str, tuple[str, ...]] = {}
    for name in METRICS:
        told = {post.channel_name for post in posts if post.counts and post.counts[name] is not None}
        found[name] = tuple(sorted({post.channel_name for post in posts} - told))
    return found


def _mixed(posts: Sequence[PostNumbers]) -> dict[str, tuple[Platform, ...]]:
    """Count -> the platforms in its total, where there are several."""
    told = {name: {post.platform for post in posts if post.counts and post.counts[name] is not None} for name in METRICS}
    return {name: tuple(sorted(platforms)) for name, platforms in told.items() if len(platforms) > 1}


def _counts(values: Sequence[Any]) -> dict[str, int | None]:
    return dict(zip(METRICS, values, strict=True))


def _sum(values: Sequence[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None


def _less(later: int | None, earlier: int | None) -> int | None:
    return None if later is None or earlier is None else later - earlier
