"""The tables of each video: when they are asked for, kept as told, and read back with what is withheld said to be so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.details import Report
from planner.channels.models import Channel, ChannelState, Trouble
from planner.channels.port import Account, Platform, Refused, RetryLater
from planner.channels.sandbox.seeding import seed_post
from planner.channels.sandbox.server import Sandbox
from planner.channels.sandbox.serving import serve
from planner.channels.usage import Counted, keeper
from planner.channels.youtube import YouTubeAdapter
from planner.channels.youtube_reports import QUERIES
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.insights import detailing
from planner.insights.models import PostReport
from planner.insights.watched import Part, Why, untold, watched
from planner.planning.models import PostState
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_channel, make_post

DAY = timedelta(days=1)


class Tables:
    """A platform with two tables."""

    reports = ("total", "people")

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.failed: Refused | RetryLater | None = None

    def report(self, name: str, external_id: str, since: date, account: Account) -> Any:
        self.asked.append((name, external_id))
        if self.failed is not None:
            return self.failed
        rows = [[700, 90]] if name == "total" else []
        columns = ["views", "estimatedMinutesWatched"] if name == "total" else ["ageGroup", "gender", "viewerPercentage"]
        return Report(name, since, since + 10 * DAY, columns, rows)


class OnePlatform:
    def __init__(self, platform: Any) -> None:
        self.platform = platform

    def adapter(self, platform: Platform) -> Any:
        return self.platform


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def runtime(database_url: str, clock: StoppedClock, tables: Tables, tmp_path: Path) -> Iterator[Runtime]:
    engine = make_engine(database_url)
    yield Runtime(make_settings(tmp_path, database_url), clock, engine, sessions_of(engine), lambda: OnePlatform(tables))
    engine.dispose()


def add_video(db: Session, *, age: timedelta, number: str = "v1", channel: Channel | None = None) -> int:
    channel = channel or make_channel(db, platform=Platform.YOUTUBE)
    return make_post(db, channel=channel, state=PostState.PUBLISHED, published_at=NOON - age, external_id=number).id


@pytest.mark.parametrize(
    ("age", "read_ago", "expected"),
    [(3, None, False), (4, None, True), (6, 2, False), (7, 2, True), (300, 100, False), (365, 100, True), (500, 100, False), (600, 100, True), (2000, None, True)],
)
def test_tables_are_asked_for_at_certain_ages(age: int, read_ago: int | None, expected: bool) -> None:
    assert detailing.is_due(NOON - age * DAY, None if read_ago is None else NOON - read_ago * DAY, NOON) is expected


def test_tables_are_kept_and_not_asked_for_again_until_the_next_age(runtime: Runtime, tables: Tables, clock: StoppedClock) -> None:
    with runtime.sessions.begin() as db:
        add_video(db, age=5 * DAY)
        add_video(db, age=2 * DAY, number="young")
    told = []
    for _ in range(3):
        told.append(detailing.collect(runtime))
        clock.advance(DAY)

    assert told == [2, 0, 4]  # On the third day the first is a week old and the other four days.
    assert tables.asked[:2] == [("total", "v1"), ("people", "v1")]
    with runtime.sessions() as db:
        rows = db.execute(select(PostReport.name, PostReport.rows, PostReport.read_at).order_by(PostReport.post_id, PostReport.name)).all()
    assert [tuple(row) for row in rows[:2]] == [("people", [], NOON + 2 * DAY), ("total", [[700, 90]], NOON + 2 * DAY)]


def test_a_channels_day_has_an_end(runtime: Runtime, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detailing, "MOST_A_DAY", 5)
    with runtime.sessions.begin() as db:
        channel = make_channel(db, platform=Platform.YOUTUBE)
        for number in range(4):
            add_video(db, age=5 * DAY, number=f"v{number}", channel=channel)

    assert (detailing.collect(runtime), detailing.collect(runtime)) == (4, 0)


@pytest.mark.parametrize(
    ("failed", "state"),
    [
        (Refused("forbidden", "A permission is missing."), ChannelState.CONNECTED),
        (Refused("forbidden", "No Analytics for this project.", account=True), ChannelState.CONNECTED),
        (Refused("unauthorised", "Connect again.", account=True), ChannelState.NEEDS_RECONNECT),
        (RetryLater("Later.", account=True), ChannelState.CONNECTED),
    ],
)
def test_a_failure_ends_the_channels_round_and_only_a_dead_key_holds_it(
    runtime: Runtime, tables: Tables, failed: Refused | RetryLater, state: ChannelState
) -> None:
    with runtime.sessions.begin() as db:
        channel = make_channel(db, platform=Platform.YOUTUBE)
        for number in range(3):
            add_video(db, age=5 * DAY, number=f"v{number}", channel=channel)
    tables.failed = failed

    assert detailing.collect(runtime) == 0
    assert len(tables.asked) == 1
    with runtime.sessions() as db:
        assert db.scalars(select(Channel.state)).one() is state


def test_what_is_withheld_is_empty_and_what_was_never_asked_for_is_none(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        post_id = add_video(db, age=5 * DAY)
    detailing.collect(runtime)

    with runtime.sessions() as db:
        asset_id = db.scalars(select(PostReport.post_id)).first() and db.execute(select(detailing.Post.asset_id)).scalar_one()
        (one,) = watched(db, asset_id)
    assert (one.post_id, one.total, one.people, one.sources, list(one.withheld)) == (
        post_id, {"views": 700, "estimatedMinutesWatched": 90}, [], None, ["people"],
    )  # fmt: skip


def test_the_sandbox_tells_every_table_and_the_parts_sum_to_the_whole(sqlite_url: str, tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3", now=lambda: now)
    video = seed_post(sandbox, "youtube", "sandbox-tables", created_at=now - 60 * DAY, title="Field trial", seconds=180)
    engine = make_engine(sqlite_url)
    with serve(sandbox) as running, sessions_of(engine).begin() as db:
        adapter = YouTubeAdapter(running.url, running.url, timeout_seconds=20, now=lambda: now)
        account = Account(1, Platform.YOUTUBE, "Ours", secret="sandbox-tables")
        told = [adapter.report(name, video.external_id, (now - 61 * DAY).date(), account) for name in QUERIES]
        post = make_post(db, channel=make_channel(db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=now - 60 * DAY)
        detailing.keep(db, post.id, [one for one in told if isinstance(one, Report)], now=now)
        (one,) = watched(db, post.asset_id)
    engine.dispose()

    assert one.total is not None
    views = one.total["views"]
    assert [sum(part.count for part in table or ()) for table in (one.sources, one.countries, one.subscribed)] == [views] * 3
    assert sum(row["views"] for _day, row in one.days or ()) == views
    external = next(part for part in one.sources or () if part.key == "EXT_URL")
    assert sum(part.count for part in one.sites or ()) == external.count
    assert (one.paid, list(one.withheld)) == (0.0, [])
    assert len(one.retention or ()) == 100
    assert isinstance((one.people or [])[0], Part)


def test_what_analytics_refused_is_remembered_until_it_tells_again(runtime: Runtime, tables: Tables) -> None:
    with runtime.sessions.begin() as db:
        asset_id = make_post(
            db, channel=make_channel(db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON - 5 * DAY, external_id="v1",
        ).asset_id  # fmt: skip
    tables.limits, tables.batch = None, 0  # type: ignore[attr-defined]
    counted = Counted(tables, keeper(runtime.sessions, runtime.clock))  # type: ignore[arg-type]
    asking = replace(runtime, make_registry=lambda: OnePlatform(counted))
    tables.failed = Refused("forbidden", "A permission is missing.")

    detailing.collect(asking)
    with runtime.sessions() as db:
        (one,) = untold(db, asset_id, now=NOON)
        assert (one.why, one.reason) == (Why.FAILED, "A permission is missing.")
    tables.failed = None
    detailing.collect(asking)

    with runtime.sessions() as db:
        assert untold(db, asset_id, now=NOON) == [] and db.scalars(select(Trouble)).all() == []


@pytest.mark.parametrize(
    ("age", "values", "scopes", "why"),
    [
        (1, {}, [], Why.YOUNG), (9, {}, [], Why.WAITING), (9, {"state": ChannelState.NEEDS_RECONNECT}, [], Why.UNCONNECTED),
        (9, {}, ["https://www.googleapis.com/auth/youtube"], Why.NO_RIGHT),
        (9, {}, ["https://www.googleapis.com/auth/youtube", "https://www.googleapis.com/auth/yt-analytics.readonly"], Why.WAITING),
    ],
)  # fmt: skip
def test_why_nothing_is_told_of_a_video(db: Session, age: int, values: dict[str, Any], scopes: list[str], why: Why) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE, **values)
    assert channel.credential is not None
    channel.credential.scopes = scopes
    asset = make_post(db, channel=channel, state=PostState.PUBLISHED, published_at=NOON - age * DAY, external_id="v1").asset
    db.flush()

    (one,) = untold(db, asset.id, now=NOON)

    assert (one.why, one.first_at) == (why, NOON - (age - 4) * DAY)
