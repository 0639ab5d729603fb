"""Ranking: the pure rules, what is comparable with what, who sees what; and what channels gained in a window."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights import service, trend
from planner.insights.models import Snapshot
from planner.insights.ranking import rank, relative_to_median, same_age
from planner.insights.rollups import day_of
from planner.insights.trend import ChannelMonth, months
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

DAY = timedelta(days=1)


def live(db: Session, channel: Channel, *, out: int, title: str = "", **asset: object) -> Post:
    """A post published `out` days ago."""
    at = NOON - out * DAY
    about = make_asset(db, **({"title": title} if title else {}), **asset)
    return make_post(db, channel=channel, asset=about, state=PostState.PUBLISHED, publish_at=at, published_at=at)


def read(db: Session, post: Post, days_ago: float, count: int | None, *, regime: str = "", **counts: int) -> None:
    at = NOON - days_ago * DAY
    told = {"views" if post.channel.platform is Platform.YOUTUBE else "impressions": count, **counts}
    service.record(db, [(post.id, Reading("", regime=regime, **told))], at=at, now=NOON)


@pytest.mark.parametrize(
    ("value", "peers", "ratio"),
    [
        (30, [10, 20, 30, 40, 50], 1.0),
        (60, [10, 20, 30, 40, 60], 2.0),
        (0, [0, 20, 30, 40, 60], 0.0),
        (35, [10, 20, 30, 40, 50, 60], 1.0),
        (50, [20, 30, 40, 50], None),
        (5, [0, 0, 0, 5, 9], None),
        (5, [], None),
    ],
)
def test_a_count_is_relative_to_the_median_of_at_least_five(value: int, peers: list[int], ratio: float | None) -> None:
    assert relative_to_median(value, peers) == ratio


@pytest.mark.parametrize(("value", "peers"), [(-1, [1, 2, 3, 4, 5]), (1, [1, 2, 3, 4, -5])])
def test_a_negative_count_is_a_mistake(value: int, peers: list[int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        relative_to_median(value, peers)


@given(st.lists(st.integers(1, 10**9), min_size=5), st.integers(2, 1000))
def test_the_ratio_does_not_change_when_everything_is_seen_more_often(peers: list[int], factor: int) -> None:
    value = peers[0]

    before, after = relative_to_median(value, peers), relative_to_median(value * factor, [peer * factor for peer in peers])

    assert after == pytest.approx(before)


@pytest.mark.parametrize(("age", "other", "same"), [(10, 12, True), (10, 8, True), (10, 12.1, False), (0.1, 0.6, True), (0.1, 0.7, False)])
def test_ages_are_the_same_within_a_fifth_or_half_a_day(age: float, other: float, same: bool) -> None:
    assert same_age(age * DAY, other * DAY) is same


def test_each_post_stands_beside_its_own_channel_at_the_same_age(db: Session) -> None:
    small, large = make_channel(db, name="Small"), make_channel(db, platform=Platform.YOUTUBE, name="Large")
    for channel, times in ((small, 1), (large, 1000)):
        for number, count in enumerate((10, 20, 30, 40, 90)):
            post = live(db, channel, out=20 + number, title=f"{channel.name} {count}")
            read(db, post, 20 + number - 7, count * times)
            read(db, post, 0, count * times * 5)

    ranking = rank(db, age_days=7, viewer=None)

    assert [(post.title, post.value, post.median, post.peers, post.ratio) for post in ranking.posts[:4]] == [
        ("Large 90", 90000, 30000, 5, 3.0),
        ("Small 90", 90, 30, 5, 3.0),
        ("Large 40", 40000, 30000, 5, pytest.approx(4 / 3)),
        ("Small 40", 40, 30, 5, pytest.approx(4 / 3)),
    ]
    assert {post.metric for post in ranking.posts} == {"views", "impressions"}
    assert ranking.cut is False


def test_with_four_comparable_posts_nobody_is_ranked(db: Session) -> None:
    channel = make_channel(db)
    for number in range(4):
        read(db, live(db, channel, out=10 + number), 3 + number, 100)

    posts = rank(db, age_days=7, viewer=None).posts

    assert [(post.median, post.peers, post.ratio) for post in posts] == [(None, 4, None)] * 4


def test_readings_of_another_age_or_another_way_of_counting_are_not_compared(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    for number in range(4):
        read(db, live(db, channel, out=40 + number), 33 + number, 100, regime="new")
    read(db, live(db, channel, out=50), 43, 100, regime="old")  # Another regime.
    read(db, live(db, channel, out=60), 30, 100, regime="new")  # Thirty days old by then.

    assert sorted((post.peers, post.ratio) for post in rank(db, age_days=7, viewer=None).posts) == [(1, None), *[(4, None)] * 4]


def test_the_reading_nearest_to_the_age_is_taken(db: Session) -> None:
    post = live(db, make_channel(db), out=30)
    for days_ago, count in ((24.5, 55), (23.1, 69), (22.0, 80), (0, 300)):
        read(db, post, days_ago, count)

    assert [one.value for one in rank(db, age_days=7, viewer=None).posts] == [69]
    assert [one.value for one in rank(db, viewer=None).posts] == [300]
    assert rank(db, age_days=1, viewer=None).posts == []


def test_as_last_read_a_post_is_compared_with_those_about_as_old(db: Session) -> None:
    channel = make_channel(db)
    for number in range(5):
        read(db, live(db, channel, out=10, title=f"Young {number}"), 0, 10 * (number + 1))
        read(db, live(db, channel, out=100 + number, title=f"Old {number}"), 0, 1000 * (number + 1))

    posts = {post.title: post for post in rank(db, viewer=None).posts}

    assert (posts["Young 4"].median, posts["Young 4"].peers, posts["Young 4"].ratio) == (30, 5, pytest.approx(50 / 30))
    assert (posts["Old 0"].median, posts["Old 0"].peers, posts["Old 0"].ratio) == (3000, 5, pytest.approx(1 / 3))


def test_a_count_that_was_not_told_is_no_zero(db: Session) -> None:
    channel = make_channel(db)
    for count in (0, 1, 2, 3, 4):
        read(db, live(db, channel, out=5), 0, 10, engagements=count)
    read(db, live(db, channel, out=5), 0, 10)

    posts = rank(db, metric="engagements", viewer=None).posts

    assert sorted((post.value, post.peers, post.ratio) for post in posts) == [(0, 5, 0.0), (1, 5, 0.5), (2, 5, 1.0), (3, 5, 1.5), (4, 5, 2.0)]


def test_what_a_person_may_not_know_counts_but_is_not_listed(db: Session) -> None:
    channel, viewer = make_channel(db), make_user(db, roles=("viewer",))
    for number in range(4):
        read(db, live(db, channel, out=5, title=f"Open {number}"), 0, 100)
    read(db, live(db, channel, out=5, title="Secret", confidentiality=Confidentiality.CONFIDENTIAL), 0, 100)

    assert {(post.title, post.peers) for post in rank(db, viewer=viewer).posts} == {(f"Open {number}", 5) for number in range(4)}
    assert len(rank(db, viewer=None).posts) == 5


def test_one_channel_alone_and_an_unknown_count(db: Session) -> None:
    here, there = make_channel(db), make_channel(db)
    for channel in (here, there):
        read(db, live(db, channel, out=5), 0, 100)

    assert {post.channel_id for post in rank(db, channel_id=here.id, viewer=None).posts} == {here.id}
    with pytest.raises(ValueError, match="not a metric"):
        rank(db, metric="applause", viewer=None)


def month(db: Session) -> ChannelMonth:
    (found,) = months(db, days=30, now=NOON)
    return found


def test_a_window_counts_what_came_in_it_day_by_day(db: Session) -> None:
    channel = make_channel(db, name="Group", colour=3)
    post = live(db, channel, out=60)
    for days_ago, count in ((40, 100), (31, 150), (2, 400), (1, 420), (0, 450)):
        read(db, post, days_ago, count, engagements=count // 10)

    found = month(db)

    assert (found.name, found.colour, found.day, found.seen) == ("Group", 3, date(2026, 3, 2), "impressions")
    assert (found.counts["impressions"], found.gained["impressions"]) == (450, 300)
    assert (found.counts["engagements"], found.gained["engagements"]) == (45, 30)
    assert (found.counts["views"], found.gained["views"]) == (None, None)
    assert [(day.day, value) for day, value in found.seen_by_day if value is not None] == [(1, 20), (2, 30)]
    assert len(found.seen_by_day) == 30


def test_a_lifetime_that_is_read_for_the_first_time_is_nobodys_gain(db: Session) -> None:
    channel = make_channel(db)
    known, old, new = live(db, channel, out=60), live(db, channel, out=900), live(db, channel, out=1)
    for days_ago in (40, 2, 1, 0):
        read(db, known, days_ago, 100)
    read(db, old, 1, 1_000_000)
    read(db, old, 0, 1_000_007)
    read(db, new, 1, 20)
    read(db, new, 0, 50)

    found = month(db)

    assert found.gained["impressions"] == 57
    assert [value for _day, value in found.seen_by_day[-2:]] == [20, 37]


def test_a_channel_that_began_in_the_window_gained_all_it_has(db: Session) -> None:
    channel = make_channel(db)
    post = live(db, channel, out=5)
    read(db, post, 4, 10)
    read(db, post, 0, 70)

    assert month(db).gained["impressions"] == 70


def test_a_channel_without_readings_is_not_told(db: Session) -> None:
    make_channel(db)

    found = month(db)

    assert (found.day, found.counts["impressions"], found.gained["impressions"]) == (None, None, None)
    assert {value for _day, value in found.seen_by_day} == {None}


def test_an_old_post_that_is_first_read_now_is_nobodys_gain_though_its_asset_was_read_before(db: Session) -> None:
    channel = make_channel(db)
    known = live(db, channel, out=60)
    for days_ago in (40, 2, 1, 0):
        read(db, known, days_ago, 100)
    at = NOON - 900 * DAY
    old = make_post(db, channel=channel, asset=known.asset, state=PostState.PUBLISHED, publish_at=at, published_at=at)
    read(db, old, 1, 1_000_000)
    read(db, old, 0, 1_000_007)

    found = month(db)

    assert found.gained["impressions"] == 7
    assert [value for _day, value in found.seen_by_day[-2:]] == [0, 7]


def test_a_channel_last_read_before_views_were_counted_in_another_way_gained_nothing_that_compares(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    post = live(db, channel, out=60)
    now = datetime(2026, 9, 30, 12, tzinfo=UTC)  # Of its thirty days the first lies after the break, the last reading before it not.
    for at, views in ((datetime(2026, 8, 20, 12, tzinfo=UTC), 100), (now, 900)):
        service.record(db, [(post.id, Reading("", views=views, likes=views // 10))], at=at, now=now)

    (found,) = months(db, days=30, now=now)

    assert (found.gained["views"], found.gained["likes"]) == (None, 80)


@pytest.mark.parametrize("seed", range(3))
def test_what_first_readings_hide_is_the_same_post_by_post(db: Session, seed: int) -> None:
    chance, channels = random.Random(seed), [make_channel(db) for _ in range(2)]
    posts = [live(db, chance.choice(channels), out=chance.choice([1, 2, 3, 29, 30, 31, 32, 400])) for _ in range(30)]
    for post in posts:
        if chance.random() < 0.2:
            post.state, post.published_at = PostState.CANCELLED, None
        for back in sorted(chance.sample(range(40), 5), reverse=True):
            read(db, post, back + chance.choice([0, 11.2 / 24, 13 / 24]), chance.choice([None, *range(50)]))
    db.flush()

    opens, hidden = NOON.date() - 29 * DAY, Counter[tuple[int, date, bool]]()
    for post in posts:
        first = db.scalars(select(Snapshot).where(Snapshot.post_id == post.id).order_by(Snapshot.at).limit(1)).one()
        out, day = post.published_at and post.published_at.date(), day_of(first.at)
        if day >= opens and (out is None or out < day):
            hidden[post.channel_id, day, out is None or out < opens] += first.impressions or 0

    assert {(one.channel_id, one.day, one.is_old): one.counts["impressions"] or 0 for one in trend._arrivals(db, opens - DAY)} == hidden


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # The plan is SQLite's.
def test_first_readings_are_looked_up_by_index_and_no_reading_is_walked(db: Session) -> None:
    read(db, live(db, make_channel(db), out=60), 1, 10)
    said: list[tuple[str, Any]] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda _c, _cu, statement, values, *_rest: said.append((statement, values)))
    month(db)

    plans = [str(row[3]) for statement, values in list(said) for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert {plan.partition(" USING ")[0] + plan.rpartition(" ")[2] for plan in plans if "snapshots" in plan} == {"SEARCH snapshots_1(post_id=?)", "SEARCH snapshotsat=?)"}
