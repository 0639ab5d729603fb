"""Which posts are asked for, how often, in which batches; and what one channel's trouble means for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels.details import FollowerGain
from planner.channels.models import AudienceSlice, Channel, ChannelState
from planner.channels.port import Account, AudienceCount, Platform, Reading, Readings, Refused, RetryLater
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.insights import collecting, gains, queries, service
from planner.insights.budget import USER_READ, USUAL, budget_of, set_budget
from planner.insights.cadence import is_due
from planner.insights.collecting import Due
from planner.insights.models import FollowerGain as Stored
from planner.insights.models import Snapshot
from planner.insights.watching import watch
from planner.planning.models import Post, PostState
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_channel, make_post

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


class Telling:
    """A platform that tells the views it was given, and remembers what it was asked."""

    batch = 50

    def __init__(self) -> None:
        self.views: dict[str, int] = {}
        self.asked: list[tuple[str, list[str]]] = []
        self.failures: dict[str, Refused | RetryLater] = {}
        self.followers: int | None = None
        self.audiences_asked = 0
        self.tells_gains = False
        self.gained: dict[date, tuple[int | None, int | None]] = {}
        self.gains_since: list[date] = []

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        self.asked.append((account.name, list(external_ids)))
        if account.name in self.failures:
            return Readings(failed=self.failures[account.name])
        return Readings(
            told=[Reading(external_id=one, views=self.views[one]) for one in external_ids if one in self.views],
            gone=[one for one in external_ids if one not in self.views],
        )

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        self.audiences_asked += 1
        return None if self.followers is None else [AudienceCount("followers", "total", self.followers)]


    def gains(self, since: date, account: Account) -> Sequence[FollowerGain] | None:
        self.gains_since.append(since)
        return [FollowerGain(day, organic, paid, {"net": organic}) for day, (organic, paid) in sorted(self.gained.items()) if day >= since] or None


class OnePlatform:
    """Hands out the same platform whatever the channel."""

    def __init__(self, platform: Telling) -> None:
        self.platform = platform

    def adapter(self, platform: Platform) -> Telling:
        return self.platform


@pytest.fixture
def platform() -> Telling:
    return Telling()


@pytest.fixture
def runtime(database_url: str, clock: StoppedClock, platform: Telling, tmp_path: Path) -> Iterator[Runtime]:
    engine = make_engine(database_url)
    yield Runtime(
        settings=make_settings(tmp_path, database_url), clock=clock, engine=engine, sessions=sessions_of(engine),
        make_registry=lambda: OnePlatform(platform),
    )  # fmt: skip
    engine.dispose()


@pytest.fixture
def live(runtime: Runtime) -> Callable[..., list[int]]:
    """Makes live posts on a channel of their own; gives back their numbers."""

    def _live(count: int = 1, *, name: str = "Ours", age: timedelta = 3 * HOUR, **channel: Any) -> list[int]:
        with runtime.sessions.begin() as db:
            place = make_channel(db, name=name, **channel)
            posts = [
                make_post(db, channel=place, state=PostState.PUBLISHED, published_at=NOON - age, external_id=f"{name}-{number}", updated_at=NOON - age)
                for number in range(1, count + 1)
            ]
            return [post.id for post in posts]

    return _live


def views_of(db: Session, post_id: int) -> list[int | None]:
    return list(db.scalars(select(Snapshot.views).where(Snapshot.post_id == post_id).order_by(Snapshot.at)))


@pytest.mark.parametrize(
    ("age", "since_read", "expected"),
    [
        (HOUR, None, True),
        (HOUR, timedelta(minutes=1), True),  # Read in the hour before, a minute ago: hours are the clock's, so that batches are full.
        (HOUR, timedelta(0), False),
        (2 * DAY - HOUR, timedelta(minutes=59), True),
        (2 * DAY, 11 * HOUR, False),  # Read at one o'clock of the same UTC day.
        (2 * DAY, 13 * HOUR, True),  # Read at eleven the evening before.
        (89 * DAY, 11 * HOUR, False),
        (89 * DAY, 13 * HOUR, True),
        (90 * DAY, 13 * HOUR, False),
        (90 * DAY, 6 * DAY, False),
        (90 * DAY, 7 * DAY, True),
        (900 * DAY, 6 * DAY + 13 * HOUR, True),  # Six and a half days, but the seventh UTC day.
        (900 * DAY, None, True),
    ],
)
def test_a_post_is_read_hourly_then_daily_then_weekly(age: timedelta, since_read: timedelta | None, expected: bool) -> None:
    read_at = None if since_read is None else NOON - since_read

    assert is_due(NOON - age, read_at, NOON) is expected


@pytest.mark.parametrize(
    ("age", "since_asked", "expected"),
    [(HOUR, timedelta(minutes=15), True), (3 * DAY, HOUR, False), (3 * DAY, 13 * HOUR, True), (900 * DAY, HOUR, False), (900 * DAY, 13 * HOUR, True)],
)
def test_a_post_that_told_nothing_is_asked_again_once_a_day(age: timedelta, since_asked: timedelta, expected: bool) -> None:
    assert is_due(NOON - age, None, NOON, asked_at=NOON - since_asked) is expected


def test_the_day_is_utcs_whatever_the_zone_of_the_moments() -> None:
    # One in the morning in Paris is still the evening before in UTC.
    paris = datetime.fromisoformat("2026-03-03T00:30:00+01:00")

    assert is_due(MIDNIGHT - 10 * DAY, MIDNIGHT + HOUR, paris) is False
    assert is_due(MIDNIGHT - 10 * DAY, MIDNIGHT + HOUR, paris + HOUR) is True


def test_only_live_posts_with_a_number_on_a_connected_channel_are_asked_for(db: Session) -> None:
    connected = make_channel(db)
    wanted = make_post(db, channel=connected, state=PostState.PUBLISHED, published_at=NOON - HOUR, external_id="1")
    make_post(db, channel=connected, state=PostState.PUBLISHED, published_at=NOON - HOUR)
    make_post(db, channel=connected, state=PostState.SCHEDULED)
    for other in ({"state": ChannelState.NEEDS_RECONNECT}, {"state": ChannelState.NOT_CONNECTED}, {"wait_until": NOON + HOUR}):
        make_post(db, channel=make_channel(db, **other), state=PostState.PUBLISHED, published_at=NOON - HOUR, external_id="2")
    over = make_post(
        db, channel=make_channel(db, wait_until=NOON - HOUR), state=PostState.PUBLISHED, published_at=NOON - HOUR, external_id="3"
    )

    assert collecting.due(db, NOON) == {connected.id: {"1": Due(wanted.id, is_fresh=True)}, over.channel_id: {"3": Due(over.id, is_fresh=True)}}


def test_what_is_told_becomes_a_reading_and_what_is_not_stays_unknown(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    told, silent = live(2)
    platform.views = {"Ours-1": 120}

    assert collecting.collect(runtime) == 1

    with runtime.sessions() as db:
        assert (views_of(db, told), views_of(db, silent)) == ([120], [])
        assert queries.latest_of(db, [told, silent])[told]["views"] == 120
        assert silent not in queries.latest_of(db, [told, silent])
        assert db.scalars(select(Channel.last_collected_at)).one() == NOON
        assert service.compare(db) == []


def test_posts_are_asked_for_in_full_batches_of_their_channel(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    live(120, name="Many")
    live(2, name="Few")
    platform.views = {f"Many-{number}": number for number in range(1, 121)} | {"Few-1": 1, "Few-2": 2}

    assert collecting.collect(runtime) == 122

    assert sorted((name, len(numbers)) for name, numbers in platform.asked) == [("Few", 2), ("Many", 20), ("Many", 50), ("Many", 50)]


def test_a_platform_that_tells_no_numbers_is_not_asked(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    live(3)
    platform.batch = 0

    assert (collecting.collect(runtime), platform.asked) == (0, [])


def test_the_next_hour_brings_the_next_reading_and_no_round_between(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    (post,) = live()
    new = []
    for views in (10, 11, 12, 13, 15):
        platform.views = {"Ours-1": views}
        new.append(collecting.collect(runtime))
        clock.advance(timedelta(minutes=15))

    assert new == [1, 0, 0, 0, 1]
    with runtime.sessions() as db:
        assert views_of(db, post) == [10, 15]


def test_a_post_gone_from_its_platform_is_asked_for_once_a_day(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live(age=40 * DAY)
    for _ in range(4 * 24 * 3):
        collecting.collect(runtime)
        clock.advance(timedelta(minutes=15))

    assert len(platform.asked) == 4  # The first noon, then each of three midnights.


def test_a_post_that_came_after_the_last_round_is_asked_for_in_the_next(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    (old,) = live(age=40 * DAY)
    platform.views = {"Ours-1": 5, "found-later": 7}
    collecting.collect(runtime)
    clock.advance(timedelta(minutes=15))
    with runtime.sessions.begin() as db:
        channel = db.get_one(Channel, db.get_one(Post, old).channel_id)
        make_post(db, channel=channel, state=PostState.PUBLISHED, published_at=NOON - 30 * DAY, external_id="found-later", updated_at=clock.now())

    assert collecting.collect(runtime) == 1
    assert platform.asked[1:] == [("Ours", ["found-later"])]


def test_a_refused_key_holds_the_channel_and_is_told(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    live(name="Shut")
    live(name="Open")
    platform.views = {"Open-1": 3}
    platform.failures = {"Shut": Refused("unauthorised", "X no longer accepts this connection.", account=True)}

    assert collecting.collect(runtime) == 1

    with runtime.sessions() as db:
        shut = db.scalars(select(Channel).where(Channel.name == "Shut")).one()
        assert (shut.state, shut.state_reason) == (ChannelState.NEEDS_RECONNECT, "X no longer accepts this connection.")
        assert shut.last_collected_at is None
        assert db.scalars(select(Entry.action).where(Entry.subject_type == "channels")).all() == ["channel.refused"]


def test_a_no_for_now_ends_the_channels_round_and_changes_nothing(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    live(120)
    platform.failures = {"Ours": RetryLater("X asks for a pause.", timedelta(minutes=15), account=True)}

    assert collecting.collect(runtime) == 0

    assert len(platform.asked) == 1
    with runtime.sessions() as db:
        assert db.scalars(select(Channel.state)).one() is ChannelState.CONNECTED


def test_a_key_that_cannot_be_opened_does_not_keep_the_other_channels_from_being_read(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]]
) -> None:
    live(name="Broken")
    live(name="Whole")
    platform.views = {"Whole-1": 8}
    with runtime.sessions.begin() as db:
        broken = db.scalars(select(Channel.id).where(Channel.name == "Broken")).one()
        db.connection().exec_driver_sql(f"UPDATE credentials SET access_token = 'v1:broken' WHERE channel_id = {broken}")

    assert collecting.collect(runtime) == 1
    assert platform.asked == [("Whole", ["Whole-1"])]


def test_the_audience_is_asked_for_once_a_utc_day(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live()
    platform.views, platform.followers = {"Ours-1": 1}, 5000
    for _ in range(14):
        collecting.collect(runtime)
        clock.advance(HOUR)
        platform.followers += 1

    with runtime.sessions() as db:
        rows = db.execute(select(AudienceSlice.day, AudienceSlice.dimension, AudienceSlice.key, AudienceSlice.count).order_by(AudienceSlice.day)).all()
    assert [tuple(row) for row in rows] == [
        (date(2026, 3, 2), "followers", "total", 5000), (date(2026, 3, 3), "followers", "total", 5012),
    ]  # fmt: skip
    assert platform.audiences_asked == 2


def test_on_x_the_followers_are_asked_for_within_the_budget(runtime: Runtime, platform: Telling, live: Callable[..., list[int]]) -> None:
    live()
    platform.views, platform.followers = {"Ours-1": 1}, 5000
    with runtime.sessions.begin() as db:
        channel = db.scalars(select(Channel)).one()
        set_budget(db, channel, USER_READ, actor=None, now=NOON)

    collecting.collect(runtime)
    with runtime.sessions.begin() as db:
        set_budget(db, db.scalars(select(Channel)).one(), USER_READ + 1, actor=None, now=NOON)
    before = platform.audiences_asked
    collecting.refresh(runtime)

    assert (before, platform.audiences_asked) == (0, 1)


def test_gained_followers_are_asked_for_with_the_audience_and_the_newest_days_again(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live()
    platform.views, platform.followers, platform.tells_gains = {"Ours-1": 1}, 5000, True
    platform.gained = {date(2026, 2, 24): (7, 0), date(2026, 2, 26): (-2, None)}
    collecting.collect(runtime)
    clock.advance(HOUR)
    collecting.collect(runtime)
    # LinkedIn corrects a day, and tells two more, after an outage of 36 hours.
    clock.advance(timedelta(hours=36))
    platform.gained |= {date(2026, 2, 26): (-3, 1), date(2026, 2, 27): (4, 0), date(2026, 2, 28): (0, 0)}
    collecting.collect(runtime)

    assert platform.gains_since == [date(2025, 3, 2), date(2026, 2, 19)]
    with runtime.sessions() as db:
        (told,) = gains.gains(db, date(2026, 2, 1)).values()
        raw = db.scalars(select(Stored.raw).order_by(Stored.day)).all()
    assert [(one.day.day, one.organic, one.paid) for one in told.days] == [(24, 7, 0), (25, None, None), (26, -3, 1), (27, 4, 0), (28, 0, 0)]
    assert (told.organic, told.paid) == (8, 1)
    assert raw == [{"net": 7}, {"net": -3}, {"net": 4}, {"net": 0}]


def test_a_platform_that_tells_no_gains_is_not_asked_for_them(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]]
) -> None:
    live()
    platform.views, platform.followers = {"Ours-1": 1}, 5000
    collecting.collect(runtime)

    assert platform.gains_since == []


def test_an_audience_told_twice_for_a_day_keeps_the_later_one(db: Session) -> None:
    channel = make_channel(db)
    for count in (10, 12):
        collecting.keep_audience(db, channel.id, [AudienceCount("country", "FR", count, date(2026, 3, 1))], now=NOON)

    assert db.execute(select(AudienceSlice.day, AudienceSlice.key, AudienceSlice.count)).all() == [(date(2026, 3, 1), "FR", 12)]


def test_a_platform_that_asks_for_a_pause_is_not_asked_for_numbers_meanwhile_and_may_still_be_sent_to(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live()
    platform.views = {"Ours-1": 1}
    platform.failures = {"Ours": RetryLater("X asks for a pause.", timedelta(hours=2), account=True)}
    collecting.collect(runtime)
    platform.failures = {}
    new = []
    for _ in range(3):
        clock.advance(HOUR)
        new.append(collecting.collect(runtime))

    assert new == [0, 1, 1]
    with runtime.sessions() as db:
        assert db.scalars(select(Channel.wait_until)).one() is None


def test_what_the_budget_does_not_allow_waits_for_tomorrow_and_closing_posts_go_first(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    young, closing = live(3, age=5 * DAY), live(2, name="Closing", age=30 * DAY - 8 * HOUR)
    with runtime.sessions.begin() as db:
        ours = db.scalars(select(Channel).where(Channel.name == "Ours")).one()
        for post_id in closing:
            db.get_one(Post, post_id).channel_id = ours.id
        set_budget(db, ours, 3, actor=None, now=NOON)
    platform.views = {f"{name}-{number}": number for name in ("Ours", "Closing") for number in (1, 2, 3)}

    assert (collecting.collect(runtime), collecting.collect(runtime)) == (3, 0)

    assert platform.asked == [("Ours", ["Closing-1", "Closing-2", "Ours-1"])]
    clock.advance(DAY)
    collecting.collect(runtime)
    assert platform.asked[1] == ("Ours", ["Ours-1", "Ours-2", "Ours-3"])
    assert len(young) == 3


def test_reading_now_asks_about_everything_of_a_channel_and_x_charges_no_post_twice_a_day(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live(3, age=40 * DAY)
    platform.views = {"Ours-1": 1, "Ours-2": 2}
    seen: list[tuple[int, int]] = []
    new = [collecting.collect(runtime)]
    clock.advance(HOUR)
    with runtime.sessions() as db:
        channel_id = db.scalars(select(Channel.id)).one()

    new.append(collecting.refresh(runtime, channel_id=channel_id, progress=lambda done, total: seen.append((done, total))))

    assert (new, seen) == ([2, 2], [(3, 3)])
    with runtime.sessions() as db:
        told = budget_of(db, channel_id, now=clock.now(), units_day=10_000)
        assert (told.used, told.left) == (2, USUAL[Platform.X] - 2)


def test_a_post_that_is_gone_is_remembered_since_when_until_it_is_told_again(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    (post,) = live(age=5 * DAY)
    platform.views = {"Ours-1": 9}
    collecting.collect(runtime)
    platform.views = {}
    for _ in range(3):
        clock.advance(DAY)
        collecting.collect(runtime)

    def seen() -> list[tuple[int, datetime | None]]:
        with runtime.sessions() as db:
            found = watch(db, now=clock.now(), units_day=10_000, viewer=None)
            return [(one.post_id, one.since) for one in found.gone]

    assert seen() == [(post, NOON + DAY)]
    platform.views = {"Ours-1": 10}
    clock.advance(DAY)
    collecting.collect(runtime)
    assert seen() == []


def test_an_outage_is_a_gap_and_the_days_around_it_are_not(
    runtime: Runtime, platform: Telling, live: Callable[..., list[int]], clock: StoppedClock
) -> None:
    live(age=5 * DAY)
    platform.views = {"Ours-1": 9}
    clock.moment = MIDNIGHT
    for hour in range(10 * 24):
        if not 4 * 24 <= hour < 4 * 24 + 36:
            collecting.collect(runtime)
        clock.advance(HOUR)

    with runtime.sessions() as db:
        (told,) = watch(db, now=clock.now(), units_day=10_000, viewer=None).channels
    # Nobody read at the midnight that ends the 5th of March; the reading of the 7th at noon tells of the 7th.
    assert told.gaps == [(date(2026, 3, 5), date(2026, 3, 7))]
    assert (told.due, dict(told.paces)) == (1, {"daily": 1})  # It is midnight again.
