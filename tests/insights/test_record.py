"""Readings in any order, twice, late or shrinking: the roll-ups always say what the snapshots say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from planner.channels.port import Reading
from planner.core.errors import Invalid, NotFound
from planner.insights import service
from planner.insights.models import AssetDay, AssetLatest, ChannelDay, Latest, Snapshot
from planner.planning.models import Post, PostState
from tests.conftest import POSTGRES
from tests.factories import make_asset, make_channel, make_post

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def read(views: int | None = None, *, likes: int | None = None, regime: str = "") -> Reading:
    return Reading(external_id="", views=views, likes=likes, regime=regime)


def days_of_asset(db: Session, asset_id: int) -> list[tuple[date, int | None, int | None]]:
    rows = db.execute(select(AssetDay.day, AssetDay.views, AssetDay.likes).where(AssetDay.asset_id == asset_id).order_by(AssetDay.day))
    return [tuple(row) for row in rows]


def days_of_channel(db: Session, channel_id: int) -> list[tuple[date, int | None, int | None]]:
    rows = db.execute(select(ChannelDay.day, ChannelDay.views, ChannelDay.likes).where(ChannelDay.channel_id == channel_id).order_by(ChannelDay.day))
    return [tuple(row) for row in rows]


def make_posts(db: Session, assets: int, posts_each: int = 1, *, channels: int = 1) -> list[Post]:
    """Live posts: `posts_each` of each asset, spread over the channels."""
    made = [make_channel(db) for _ in range(channels)]
    return [
        make_post(
            db, asset=asset, channel=made[number % channels], state=PostState.PUBLISHED, published_at=MONDAY,
            external_id=f"{asset.id}-{number}",
        )
        for asset in [make_asset(db) for _ in range(assets)]
        for number in range(posts_each)
    ]  # fmt: skip


def test_a_reading_reaches_the_snapshot_the_latest_and_both_days(db: Session) -> None:
    (post,) = make_posts(db, 1)

    new = service.record(db, [(post.id, read(120, likes=None))], at=MONDAY, now=MONDAY)

    assert new == 1
    latest = db.get_one(Latest, post.id)
    assert (latest.at, latest.views, latest.likes) == (MONDAY, 120, None)
    assert days_of_asset(db, post.asset_id) == [(MONDAY.date(), 120, None)]
    assert days_of_channel(db, post.channel_id) == [(MONDAY.date(), 120, None)]


def test_the_same_reading_twice_counts_once_and_keeps_the_first(db: Session) -> None:
    (post,) = make_posts(db, 1)
    service.record(db, [(post.id, read(120))], at=MONDAY, now=MONDAY)

    again = service.record(db, [(post.id, read(999))], at=MONDAY, now=MONDAY)

    assert again == 0
    assert db.scalar(select(func.count()).select_from(Snapshot)) == 1
    assert db.get_one(Latest, post.id).views == 120
    assert service.compare(db) == []


def test_an_asset_with_two_posts_carries_the_silent_one_forward(db: Session) -> None:
    first, second = make_posts(db, 1, 2)
    service.record(db, [(first.id, read(100)), (second.id, read(10))], at=MONDAY, now=MONDAY)

    service.record(db, [(first.id, read(150))], at=MONDAY + timedelta(days=2), now=MONDAY)

    assert days_of_asset(db, first.asset_id) == [(MONDAY.date(), 110, None), (date(2026, 3, 4), 160, None)]
    assert days_of_channel(db, first.channel_id) == [(MONDAY.date(), 110, None), (date(2026, 3, 4), 160, None)]


def test_a_late_reading_changes_its_day_and_the_days_after_until_the_next(db: Session) -> None:
    first, second = make_posts(db, 1, 2)
    for day, views in ((0, 100), (3, 130)):
        service.record(db, [(first.id, read(views))], at=MONDAY + timedelta(days=day), now=MONDAY)
    service.record(db, [(second.id, read(7))], at=MONDAY + timedelta(days=2), now=MONDAY)

    service.record(db, [(first.id, read(120))], at=MONDAY + timedelta(days=1), now=MONDAY)

    assert days_of_asset(db, first.asset_id) == [
        (date(2026, 3, 2), 100, None), (date(2026, 3, 3), 120, None), (date(2026, 3, 4), 127, None), (date(2026, 3, 5), 137, None),
    ]  # fmt: skip
    assert db.get_one(Latest, first.id).views == 130


def test_a_count_that_shrinks_is_kept_as_told(db: Session) -> None:
    (post,) = make_posts(db, 1)
    service.record(db, [(post.id, read(500))], at=MONDAY, now=MONDAY)

    service.record(db, [(post.id, read(480))], at=MONDAY + timedelta(hours=3), now=MONDAY)

    assert days_of_channel(db, post.channel_id) == [(MONDAY.date(), 480, None)]


def test_a_count_that_is_no_longer_told_leaves_the_sum(db: Session) -> None:
    first, second = make_posts(db, 2)
    service.record(db, [(first.id, read(10, likes=3)), (second.id, read(20, likes=4))], at=MONDAY, now=MONDAY)

    service.record(db, [(first.id, read(12))], at=MONDAY + timedelta(days=1), now=MONDAY)

    assert days_of_channel(db, first.channel_id) == [(date(2026, 3, 2), 30, 7), (date(2026, 3, 3), 32, 4)]
    service.record(db, [(second.id, read(21))], at=MONDAY + timedelta(days=1, hours=1), now=MONDAY)
    assert days_of_channel(db, first.channel_id)[-1] == (date(2026, 3, 3), 33, None)


def test_a_day_ends_at_midnight_utc_whatever_the_readings_zone(db: Session) -> None:
    (post,) = make_posts(db, 1)
    late_evening_in_new_york = datetime.fromisoformat("2026-03-02T22:30:00-05:00")

    service.record(db, [(post.id, read(5))], at=late_evening_in_new_york, now=MONDAY)

    assert days_of_asset(db, post.asset_id) == [(date(2026, 3, 3), 5, None)]


def test_a_negative_count_is_refused_and_nothing_is_written(db: Session) -> None:
    (post,) = make_posts(db, 1)

    with pytest.raises(Invalid, match="below zero"):
        service.record(db, [(post.id, read(-1))], at=MONDAY, now=MONDAY)

    assert db.scalar(select(func.count()).select_from(Snapshot)) == 0


def test_a_count_beyond_reason_is_refused_because_its_sums_could_not_be_stored(db: Session) -> None:
    posts = make_posts(db, 2)

    with pytest.raises(Invalid, match="“1000000000000000” is larger than a count can be"):
        service.record(db, [(post.id, read(10**15)) for post in posts], at=MONDAY, now=MONDAY)

    assert db.scalar(select(func.count()).select_from(Snapshot)) == 0


def test_a_reading_of_an_unknown_post_is_refused(db: Session) -> None:
    with pytest.raises(NotFound):
        service.record(db, [(987654, read(1))], at=MONDAY, now=MONDAY)


@pytest.mark.parametrize("size", [1, 3, 250])
def test_what_is_told_of_many_is_kept_like_what_is_told_of_few(db: Session, size: int) -> None:
    posts = make_posts(db, size)
    fields = [None if number % 3 == 1 else {"count": str(number), "note": "déjà vu, “said”\n\t\\", "none": None} for number in range(size)]
    rows = [(post.id, MONDAY, Reading("", views=7, likes=number or None, raw=raw, regime="way")) for number, (post, raw) in enumerate(zip(posts, fields, strict=True))]

    assert service.record_rows(db, rows, source="import") == size

    kept = db.execute(select(Snapshot.post_id, Snapshot.at, Snapshot.source, Snapshot.regime, Snapshot.views, Snapshot.likes, Snapshot.clicks, Snapshot.raw))
    assert sorted(tuple(row) for row in kept) == [(post_id, MONDAY, "import", "way", 7, one.likes, None, one.raw) for post_id, _at, one in rows]
    assert days_of_channel(db, posts[0].channel_id) == [(MONDAY.date(), 7 * size, sum(range(size)) or None)]
    assert service.compare(db) == []


def test_readings_in_one_transaction_after_others_in_it(db: Session) -> None:
    posts = make_posts(db, 150)
    for hours in range(3):
        assert service.record(db, [(post.id, read(hours)) for post in posts], at=MONDAY + timedelta(hours=hours), now=MONDAY) == 150

    assert days_of_channel(db, posts[0].channel_id) == [(MONDAY.date(), 300, None)]
    assert service.compare(db) == []


@pytest.mark.parametrize("seed", range(6))
def test_after_any_ingest_the_roll_ups_equal_a_rebuild(db: Session, seed: int) -> None:
    chance = random.Random(seed)
    posts = make_posts(db, 6, 3, channels=2)
    moments = [MONDAY + timedelta(hours=hour) for hour in range(0, 24 * 12, 5)]
    for _ in range(60):
        service.record_rows(db, _some(chance, posts, moments))

    assert service.compare(db) == []
    before = [tuple(row) for row in db.execute(select(AssetDay.__table__).order_by(AssetDay.day, AssetDay.asset_id, AssetDay.channel_id))]
    assert service.rebuild(db) == len(before)
    db.expire_all()
    after = [tuple(row) for row in db.execute(select(AssetDay.__table__).order_by(AssetDay.day, AssetDay.asset_id, AssetDay.channel_id))]
    assert after == before


def test_thousands_of_rows_in_no_order_leave_the_roll_ups_equal_to_the_snapshots(db: Session) -> None:
    chance = random.Random(5000)
    posts = make_posts(db, 12, 3, channels=3)
    moments = [MONDAY + timedelta(hours=hour) for hour in range(0, 24 * 90, 3)]
    rows = [(chance.choice(posts).id, chance.choice(moments), read(chance.choice([None, chance.randrange(9000)]))) for _ in range(5000)]

    new = sum(service.record_rows(db, rows[first : first + 500]) for first in range(0, 5000, 500))
    again = sum(service.record_rows(db, rows[first : first + 500]) for first in range(0, 5000, 500))

    assert (new, again) == (len({row[:2] for row in rows}), 0)
    assert service.compare(db) == []


def _some(chance: random.Random, posts: Sequence[Post], moments: Sequence[datetime]) -> list[tuple[int, datetime, Reading]]:
    """A few readings: of one moment or of several, new, late or known, growing or not, told or not."""
    together = chance.choice(moments)
    return [
        (
            post.id,
            together if chance.random() < 0.7 else chance.choice(moments),
            read(chance.choice([None, 0, chance.randrange(1000)]), likes=chance.choice([None, chance.randrange(50)])),
        )
        for post in chance.choices(posts, k=chance.randrange(1, 9))
    ]


def test_a_wrong_roll_up_is_named(db: Session) -> None:
    (post,) = make_posts(db, 1)
    service.record(db, [(post.id, read(5))], at=MONDAY, now=MONDAY)
    db.get_one(AssetDay, (post.asset_id, post.channel_id, MONDAY.date())).views = 6
    db.get_one(Latest, post.id).views = 4
    db.flush()

    found = service.compare(db)

    assert found == [f"latest: post {post.id}", f"asset_day: 2026-03-02, asset {post.asset_id}, channel {post.channel_id}"]


def test_a_newest_day_that_is_not_the_newest_is_named_and_put_right(db: Session) -> None:
    posts = make_posts(db, 3)
    for day in range(2):
        service.record(db, [(post.id, read(5)) for post in posts], at=MONDAY + timedelta(days=day), now=MONDAY)
    first, second, third = (db.get_one(AssetLatest, (post.asset_id, post.channel_id)) for post in posts)
    first.day, second.views = MONDAY.date(), None
    db.delete(third)
    db.flush()

    assert service.compare(db) == [f"asset_latest: asset {post.asset_id}, channel {post.channel_id}" for post in posts]
    service.rebuild(db)
    assert service.compare(db) == []


def test_a_late_reading_leaves_the_newest_day_where_it_is(db: Session) -> None:
    (post,) = make_posts(db, 1)
    for day, views in ((3, 9), (1, 4), (0, None)):
        service.record(db, [(post.id, read(views))], at=MONDAY + timedelta(days=day), now=MONDAY)

    newest = db.execute(select(AssetLatest.asset_id, AssetLatest.channel_id, AssetLatest.day, AssetLatest.views)).all()
    assert newest == [(post.asset_id, post.channel_id, (MONDAY + timedelta(days=3)).date(), 9)]


def test_without_the_readings_of_a_post_the_newest_day_is_the_one_of_those_that_stay(db: Session) -> None:
    post, other = make_posts(db, 1, 2)
    service.record(db, [(post.id, read(5)), (other.id, read(2))], at=MONDAY, now=MONDAY)
    service.record(db, [(post.id, read(8))], at=MONDAY + timedelta(days=1), now=MONDAY)

    service.forget(db, post.id)

    days = select(AssetLatest.day, AssetLatest.views)
    assert db.execute(days).all() == [(MONDAY.date(), 2)]
    assert service.compare(db) == []
    service.forget(db, other.id)
    assert db.execute(days).all() == []
    assert service.compare(db) == []


@pytest.mark.parametrize(("database_url", "sizes"), [("sqlite", (2, 200))], indirect=["database_url"])
def test_the_number_of_statements_does_not_grow_with_the_number_of_readings(db: Session, sizes: tuple[int, int]) -> None:
    counts = _statements_of(db, sizes, apart=timedelta(0))

    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("sizes", [(2, 90), (100, 200)])  # PostgreSQL takes in many in another way than few.
@pytest.mark.parametrize("apart", [timedelta(0), timedelta(days=1)])
def test_neither_does_it_among_few_or_among_many(db: Session, sizes: tuple[int, int], apart: timedelta) -> None:
    counts = _statements_of(db, sizes, apart=apart)

    assert counts[0] == counts[1] <= 10


def _statements_of(db: Session, sizes: tuple[int, int], *, apart: timedelta) -> list[int]:
    """How many statements it takes to record so many posts' readings, one after the other."""
    known, *posts = make_posts(db, sum(sizes) + 1)
    service.record(db, [(one.id, read(1)) for one in ([known, *posts] if apart else [known])], at=MONDAY, now=MONDAY)
    counts = []
    for number, size in enumerate(sizes, 1):
        said: list[str] = []
        listen = lambda _c, _cu, statement, *_rest: said.append(statement)  # noqa: E731
        event.listen(db.get_bind(), "before_cursor_execute", listen)
        some, posts = posts[:size], posts[size if not apart else 0 :]
        service.record(db, [(post.id, read(number)) for post in some], at=MONDAY + number * apart, now=MONDAY)
        event.remove(db.get_bind(), "before_cursor_execute", listen)
        counts.append(len(said))
    return counts


def test_days_after_all_that_is_known_are_written_without_reading_a_snapshot_again(db: Session) -> None:
    read_now, silent, *others = make_posts(db, 4, 2)
    service.record(db, [(silent.id, read(7)), *((post.id, read(1)) for post in others)], at=MONDAY, now=MONDAY)
    said: list[str] = []
    listen = lambda _c, _cu, statement, *_rest: said.append(statement)  # noqa: E731
    event.listen(db.get_bind(), "before_cursor_execute", listen)
    rows = [(read_now.id, MONDAY + timedelta(hours=8 * number), read(100 + number)) for number in range(1, 31)]
    service.record_rows(db, rows)
    event.remove(db.get_bind(), "before_cursor_execute", listen)

    assert [one for one in said if "FROM snapshots" in one] == []
    assert days_of_asset(db, silent.asset_id)[-1] == (date(2026, 3, 12), 137, None)
    assert days_of_channel(db, silent.channel_id)[-1] == (date(2026, 3, 12), 137 + len(others), None)
    assert service.compare(db) == []


@pytest.mark.parametrize("late", [0, 1, 150])
def test_many_new_readings_with_known_and_late_ones_among_them(db: Session, late: int) -> None:
    posts = make_posts(db, 75, 2)
    service.record(db, [(post.id, read(5)) for post in posts], at=MONDAY, now=MONDAY)
    known = [(post.id, MONDAY if number % 2 else MONDAY - timedelta(days=2), read(4)) for number, post in enumerate(posts[:late])]

    new = service.record_rows(db, [*((post.id, MONDAY + timedelta(days=day), read(6 + day)) for post in posts for day in (1, 2)), *known])

    assert new == 300 + (late + 1) // 2
    assert days_of_channel(db, posts[0].channel_id)[-3:] == [(date(2026, 3, 2 + day), 150 * views, None) for day, views in ((0, 5), (1, 7), (2, 8))]
    assert service.compare(db) == []


@pytest.mark.parametrize("database_url", ["postgresql"] if POSTGRES else [], indirect=True)
def test_postgresql_does_not_compile_our_short_statements_and_plans_what_is_streamed_for_its_end(db: Session) -> None:
    db.rollback()
    assert db.scalar(text("SHOW jit")) == "off"
    assert db.scalar(text("SHOW cursor_tuple_fraction")) == "1"
