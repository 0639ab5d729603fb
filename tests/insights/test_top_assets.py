"""Who gained most: whatever was read when, with gaps, silence and posts of any age, the ranking is the one of the plain definition."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName, User
from planner.catalog.models import Asset, Confidentiality
from planner.channels.port import Reading
from planner.core.db import make_engine, sessions_of
from planner.insights import queries, service
from planner.insights.models import AssetDay
from planner.planning.models import Post, PostState
from tests.factories import make_asset, make_channel, make_post, make_user

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = 10
#: (asset, channel) of each post: two assets have two posts on one channel.
PLACES = ((0, 0), (0, 0), (0, 1), (1, 0), (1, 2), (2, 1), (2, 1), (3, 2))
#: A reading: which post, how many days before now, views, likes.
Told = tuple[int, int, int | None, int | None]


@dataclass
class World:
    db: Session
    posts: Sequence[Post]
    viewer: User


def make_world(db: Session) -> World:
    viewer = make_user(db, roles=(RoleName.VIEWER,))
    secret = {"confidentiality": Confidentiality.CONFIDENTIAL}
    assets = [make_asset(db), make_asset(db, **secret), make_asset(db, **secret, owner=viewer), make_asset(db), make_asset(db)]
    channels = [make_channel(db) for _ in range(4)]
    posts = [make_post(db, asset=assets[asset], channel=channels[channel], state=PostState.PUBLISHED, publish_at=NOW, published_at=NOW) for asset, channel in PLACES]
    db.commit()
    return World(db, posts, viewer)


@pytest.fixture(scope="module")
def world(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Posts of five assets, one of them never shown; each example's readings and ages are rolled back."""
    path = tmp_path_factory.mktemp("ranking") / "planner.sqlite3"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = make_engine(f"sqlite:///{path}")
    with sessions_of(engine)() as db:
        yield make_world(db)
    engine.dispose()


@pytest.fixture(scope="module", params=[1, 100], autouse=True)
def looked_at(request: pytest.FixtureRequest) -> Iterator[None]:
    """How many assets are looked at first: so few that some are left for later, and all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "_LOOKED_AT", request.param)
        yield


def gains(db: Session, metric: str, days: int) -> dict[int, int]:
    """Asset -> gained, said once more from the days and the posts, row by row."""
    since = NOW.date() - days * DAY
    told: dict[tuple[int, int], dict[date, int]] = {}
    for row in db.execute(select(AssetDay.asset_id, AssetDay.channel_id, AssetDay.day, getattr(AssetDay, metric))):
        if row[3] is not None:
            told.setdefault((row[0], row[1]), {})[row[2]] = row[3]
    found: dict[int, int] = {}
    for (asset_id, channel_id), counts in told.items():
        inside = [day for day in counts if day > since]
        before = [day for day in counts if since - 8 * DAY < day <= since]
        if not inside:
            continue
        out = db.scalars(select(Post.published_at).where(Post.asset_id == asset_id, Post.channel_id == channel_id, Post.state == PostState.PUBLISHED)).all()
        is_older = any(at is not None and at.astimezone(UTC).date() <= since for at in out)
        start = counts[max(before)] if before else counts[min(inside)] if is_older else 0
        found[asset_id] = found.get(asset_id, 0) + counts[max(inside)] - start
    return found


def may_see(asset: Asset, viewer: User | None) -> bool:
    return viewer is None or asset.confidentiality is not Confidentiality.CONFIDENTIAL or asset.owner_id == viewer.id


def check(world: World, *, days: int, limit: int) -> None:
    for metric in ("views", "likes", "clicks"):
        for viewer in (None, world.viewer):
            gained = {number: count for number, count in gains(world.db, metric, days).items() if may_see(world.db.get_one(Asset, number), viewer)}
            best = sorted(gained.items(), key=lambda one: (-one[1], one[0]))[:limit]
            shown = queries.top_assets(world.db, metric=metric, days=days, now=NOW, viewer=viewer, limit=limit)
            assert [(one.asset_id, one.counts) for one in shown] == [(number, {metric: count}) for number, count in best]


def arrange(world: World, told: Sequence[Told], ages: Sequence[int | None], states: Sequence[PostState]) -> None:
    """Give each post its age in days (None: not out) and state, and record what was told."""
    for post, age, state in zip(world.posts, ages, states, strict=True):
        post.published_at = None if age is None else NOW - age * DAY
        post.state = state if age is not None or state is not PostState.PUBLISHED else PostState.CANCELLED
    world.db.flush()
    rows = [(world.posts[post].id, NOW - back * DAY, Reading("", views=views, likes=likes)) for post, back, views, likes in told]
    service.record_rows(world.db, rows)


count = st.none() | st.integers(0, 60)
readings = st.lists(
    st.tuples(st.integers(0, len(PLACES) - 1), st.integers(0, WINDOW + 14), count, count), min_size=1, max_size=30, unique_by=lambda told: told[:2]
)
ages = st.lists(st.none() | st.integers(-3, WINDOW + 20), min_size=len(PLACES), max_size=len(PLACES))
states = st.lists(st.sampled_from([PostState.PUBLISHED] * 4 + [PostState.CANCELLED]), min_size=len(PLACES), max_size=len(PLACES))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=readings, ages=ages, states=states, limit=st.integers(1, 5))
def test_the_ranking_is_the_one_of_the_definition(
    world: World, told: list[Told], ages: list[int | None], states: list[PostState], limit: int
) -> None:
    try:
        arrange(world, told, ages, states)
        check(world, days=WINDOW, limit=limit)
    finally:
        world.db.rollback()


@pytest.mark.parametrize("seed", range(4))
def test_the_ranking_is_the_one_of_the_definition_on_each_database(db: Session, seed: int) -> None:
    world, chance = make_world(db), random.Random(seed)
    for _ in range(6):
        told = {
            (chance.randrange(len(PLACES)), chance.randrange(WINDOW + 15)): (chance.choice([None, chance.randrange(60)]), chance.choice([None, chance.randrange(60)]))
            for _ in range(chance.randrange(1, 60))
        }
        out = [chance.choice([None, *range(-3, WINDOW + 20)]) for _ in PLACES]
        arrange(world, [(*key, *counts) for key, counts in told.items()], out, [chance.choice([PostState.PUBLISHED, PostState.PUBLISHED, PostState.CANCELLED]) for _ in PLACES])
        check(world, days=chance.choice([1, 3, WINDOW]), limit=5)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # The plan is SQLite's.
def test_no_day_is_walked_and_each_step_is_by_index(db: Session) -> None:
    world = make_world(db)
    arrange(world, [(0, 1, 5, None)], [40] * len(PLACES), [PostState.PUBLISHED] * len(PLACES))
    said: list[tuple[str, tuple[object, ...]]] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda _c, _cu, statement, values, *_rest: said.append((statement, values)))
    queries.top_assets(db, now=NOW, viewer=None)

    plans = [str(row[3]) for statement, values in list(said) for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert {plan for plan in plans if "asset_day" in plan} == {
        "SEARCH asset_day USING PRIMARY KEY (asset_id=? AND channel_id=? AND day>?)",
        "SEARCH asset_day USING PRIMARY KEY (asset_id=? AND channel_id=? AND day>? AND day<?)",
    }
    assert {plan for plan in plans if "asset_latest" in plan} == {
        "SCAN asset_latest", "SEARCH asset_latest USING PRIMARY KEY (asset_id=?)", "SEARCH asset_latest USING PRIMARY KEY (asset_id=? AND channel_id=?)"
    }
    # Of the few looked at first, and of those that may have gained as much.
    assert [plan for plan in plans if "posts" in plan] == ["SEARCH posts USING COVERING INDEX ix_posts_asset_id_channel_id_published_at_state (asset_id=? AND channel_id=? AND published_at<?)"] * 2
