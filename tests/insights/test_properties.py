"""Whatever order, doubling or delay readings come in, in whatever time zone they are written: the same roll-ups, the sums of the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.channels.youtube_metrics import regime
from planner.core.db import make_engine, sessions_of
from planner.insights import queries, service
from planner.insights.models import AssetDay, AssetLatest, ChannelDay, Latest
from planner.insights.ranking import rank
from planner.planning.models import Post, PostState
from tests.factories import make_asset, make_channel, make_post

START = datetime(2026, 8, 25, tzinfo=UTC)
CLOSING = timedelta(hours=1)
#: Two assets on two channels; the first asset has two posts on the first channel.
PLACES = ((0, 0), (0, 0), (0, 1), (1, 0))
Told = tuple[int, datetime, int | None, int | None]


@dataclass
class World:
    db: Session
    posts: Sequence[Post]


@pytest.fixture(scope="module")
def world(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Four posts; each example's readings are rolled back."""
    path = tmp_path_factory.mktemp("properties") / "planner.sqlite3"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = make_engine(f"sqlite:///{path}")
    with sessions_of(engine)() as db:
        assets, channels = [make_asset(db) for _ in range(2)], [make_channel(db, platform=Platform.YOUTUBE) for _ in range(2)]
        posts = [
            make_post(db, asset=assets[asset], channel=channels[channel], state=PostState.PUBLISHED, publish_at=START, published_at=START)
            for asset, channel in PLACES
        ]
        db.commit()
        yield World(db, posts)
    engine.dispose()


count = st.none() | st.integers(0, 500)
#: Moments within six days, also in the hour that closes a day; a post's readings of one moment say the same, as in real life.
readings = st.lists(
    st.tuples(st.integers(0, len(PLACES) - 1), st.integers(0, 6 * 24 * 4).map(lambda quarter: START + timedelta(minutes=15 * quarter)), count, count),
    min_size=1, max_size=25, unique_by=lambda told: told[:2],
)  # fmt: skip
offsets = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def day_of(at: datetime) -> date:
    return (at - CLOSING).date()


def expected(told: Sequence[Told]) -> tuple[dict[Any, Any], ...]:
    """Latest, asset_day, asset_latest and channel_day by their definition, told from the truth and nothing else."""

    def total(posts: Sequence[int], day: date) -> tuple[int | None, ...]:
        last = [max((one for one in told if one[0] == post and day_of(one[1]) <= day), key=lambda one: one[1], default=None) for post in posts]
        columns = [[one[place] for one in last if one is not None and one[place] is not None] for place in (2, 3)]
        return tuple(sum(column) if column else None for column in columns)

    latest = {post: max((one for one in told if one[0] == post), key=lambda one: one[1])[1:] for post in {one[0] for one in told}}
    assets, channels = {}, {}
    for post, at, *_counts in told:
        asset, channel = PLACES[post]
        day = day_of(at)
        assets[day, asset, channel] = total([number for number, place in enumerate(PLACES) if place == (asset, channel)], day)
        channels[day, channel] = total([number for number, place in enumerate(PLACES) if place[1] == channel], day)
    newest = {place: max(day for day, *other in assets if tuple(other) == place) for place in {(asset, channel) for _day, asset, channel in assets}}
    return latest, assets, {place: (day, *assets[day, *place]) for place, day in newest.items()}, channels


def stored(world: World) -> tuple[dict[Any, Any], ...]:
    posts = {post.id: number for number, post in enumerate(world.posts)}
    assets = {post.asset_id: PLACES[number][0] for number, post in enumerate(world.posts)}
    channels = {post.channel_id: PLACES[number][1] for number, post in enumerate(world.posts)}
    latest = {posts[row[0]]: tuple(row[1:]) for row in world.db.execute(select(Latest.post_id, Latest.at, Latest.views, Latest.likes))}
    by_asset = world.db.execute(select(AssetDay.day, AssetDay.asset_id, AssetDay.channel_id, AssetDay.views, AssetDay.likes))
    newest = world.db.execute(select(AssetLatest.asset_id, AssetLatest.channel_id, AssetLatest.day, AssetLatest.views, AssetLatest.likes))
    by_channel = world.db.execute(select(ChannelDay.day, ChannelDay.channel_id, ChannelDay.views, ChannelDay.likes))
    return (
        latest, {(row[0], assets[row[1]], channels[row[2]]): tuple(row[3:]) for row in by_asset},
        {(assets[row[0]], channels[row[1]]): tuple(row[2:]) for row in newest},
        {(row[0], channels[row[1]]): tuple(row[2:]) for row in by_channel},
    )  # fmt: skip


def record(world: World, told: Sequence[Told]) -> None:
    rows = [(world.posts[post].id, at, Reading("", views=views, likes=likes)) for post, at, views, likes in told]
    service.record_rows(world.db, rows)


@quick
@given(data=st.data(), told=readings)
def test_any_order_doubling_delay_and_time_zone_gives_the_roll_ups_of_the_definition(world: World, data: st.DataObject, told: list[Told]) -> None:
    doubled = told + data.draw(st.lists(st.sampled_from(told), max_size=10))
    shuffled = [(post, at.astimezone(data.draw(offsets)), views, likes) for post, at, views, likes in data.draw(st.permutations(doubled))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    try:
        for first, last in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
            record(world, shuffled[first:last])

        assert stored(world) == expected(told)
        assert service.compare(world.db) == []
    finally:
        world.db.rollback()


@quick
@given(told=readings)
def test_a_channels_last_day_is_the_sum_of_its_assets_and_of_the_latest(world: World, told: list[Told]) -> None:
    try:
        record(world, sorted(told, key=lambda one: one[1]))
        for channel_id in {post.channel_id for post in world.posts}:
            of_channel = world.db.scalar(select(ChannelDay.views).where(ChannelDay.channel_id == channel_id).order_by(ChannelDay.day.desc()).limit(1))
            of_posts = world.db.scalar(select(func.sum(Latest.views)).join(Post, Post.id == Latest.post_id).where(Post.channel_id == channel_id))
            newest = select(AssetDay.asset_id, func.max(AssetDay.day).label("day")).where(AssetDay.channel_id == channel_id).group_by(AssetDay.asset_id).subquery()
            of_assets = world.db.scalar(
                select(func.sum(AssetDay.views)).join(newest, (AssetDay.asset_id == newest.c.asset_id) & (AssetDay.day == newest.c.day)).where(AssetDay.channel_id == channel_id)
            )
            assert of_channel == of_posts == of_assets
        before = stored(world)
        service.rebuild(world.db)
        assert stored(world) == before
    finally:
        world.db.rollback()


@quick
@given(told=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(1, 500)), min_size=1, max_size=8, unique_by=lambda one: one[:2]))
def test_two_ways_of_counting_are_never_compared(world: World, told: list[tuple[int, int, int]]) -> None:
    moments = (START + timedelta(days=1), START + timedelta(days=5))  # All came out before the break between the two.
    try:
        rows = [(world.posts[post].id, moments[way], Reading("", views=views, regime=regime(moments[way]))) for post, way, views in told]
        service.record_rows(world.db, rows)
        newest = {post: max(way for other, way, _views in told if other == post) for post, _way, _views in told}

        for one in rank(world.db, metric="views", viewer=None).posts:
            number = next(number for number, post in enumerate(world.posts) if post.id == one.post_id)
            alike = [post for post, way in newest.items() if way == 0 and PLACES[post][1] == PLACES[number][1]]
            assert (one.is_mixed, one.peers) == ((True, 1) if newest[number] else (False, len(alike)))
        for asset_id in {post.asset_id for post in world.posts}:
            for numbers in queries.asset_performance(world.db, asset_id).posts:
                read = [way for post, way, _views in told if world.posts[post].id == numbers.post_id]
                if len(read) == 2:
                    assert numbers.growth is not None
                    assert numbers.growth["views"] is None
    finally:
        world.db.rollback()
