"""What screens read: growth between readings, day by day, who tells what, who gained most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Platform, Reading
from planner.insights import queries, service
from planner.insights.models import METRICS
from planner.planning.models import Post, PostState
from tests.factories import make_asset, make_channel, make_post, make_user

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def read(views: int | None = None, *, regime: str = "", **counts: int | None) -> Reading:
    return Reading(external_id="", views=views, regime=regime, **counts)


def live_post(db: Session, *, published_at: datetime = START, **values: Any) -> Post:
    return make_post(db, state=PostState.PUBLISHED, published_at=published_at, publish_at=published_at, **values)


def told(**counts: int | None) -> dict[str, int | None]:
    return {name: counts.get(name) for name in METRICS}


def statements(db: Session, act: Callable[[], object]) -> int:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", listen)
    act()
    event.remove(db.get_bind(), "before_cursor_execute", listen)
    return len(said)


def test_the_asset_shows_latest_counts_growth_and_totals_per_channel(db: Session) -> None:
    asset = make_asset(db, kind=AssetKind.VIDEO)
    youtube = make_channel(db, platform=Platform.YOUTUBE, name="Films")
    linkedin = make_channel(db, platform=Platform.LINKEDIN, name="Page")
    film, card = live_post(db, asset=asset, channel=youtube), live_post(db, asset=asset, channel=linkedin, published_at=START + DAY)
    service.record(db, [(film.id, read(1000, likes=40))], at=START, now=START)
    service.record(db, [(film.id, read(1300, likes=39))], at=START + 7 * DAY, now=START)
    service.record(db, [(card.id, read(None, impressions=500))], at=START + 7 * DAY, now=START)

    shown = queries.asset_performance(db, asset.id)

    assert [(post.channel_name, post.counts, post.growth, post.first_read_at) for post in shown.posts] == [
        ("Films", told(views=1300, likes=39), told(views=300, likes=-1), START),
        ("Page", told(impressions=500), None, START + 7 * DAY),
    ]
    assert [(one.channel_name, one.days, one.breaks) for one in shown.series] == [
        ("Films", ((date(2026, 3, 2), told(views=1000, likes=40)), (date(2026, 3, 9), told(views=1300, likes=39))), ()),
        ("Page", ((date(2026, 3, 9), told(impressions=500)),), ()),
    ]
    assert shown.totals == told(views=1300, likes=39, impressions=500)
    assert (shown.silent["views"], shown.silent["impressions"], shown.silent["clicks"]) == (("Page",), ("Films",), ("Films", "Page"))


def test_nothing_read_yet_is_not_zero(db: Session) -> None:
    post = live_post(db)

    shown = queries.asset_performance(db, post.asset_id)

    assert [(one.counts, one.growth) for one in shown.posts] == [(None, None)]
    assert shown.totals == told()
    assert shown.series == []


def test_views_counted_in_another_way_are_not_compared(db: Session) -> None:
    post = live_post(db, channel=make_channel(db, platform=Platform.YOUTUBE), published_at=datetime(2026, 8, 1, tzinfo=UTC))
    service.record(db, [(post.id, read(100, likes=5, regime="yt-2012"))], at=datetime(2026, 8, 20, tzinfo=UTC), now=START)
    service.record(db, [(post.id, read(400, likes=9, regime="yt-2026-08"))], at=datetime(2026, 9, 3, tzinfo=UTC), now=START)

    shown = queries.asset_performance(db, post.asset_id)

    assert shown.posts[0].growth == told(likes=4)
    assert shown.series[0].breaks == (date(2026, 8, 27),)


def test_a_lifetime_is_not_a_months_gain(db: Session) -> None:
    now = START + 20 * DAY
    old = live_post(db, asset=make_asset(db, title="Known for years"), published_at=START - 900 * DAY)
    new = live_post(db, asset=make_asset(db, title="New here"), published_at=START + 2 * DAY)
    steady = live_post(db, asset=make_asset(db, title="Read before"), published_at=START - 100 * DAY)
    service.record(db, [(steady.id, read(5000))], at=now - 33 * DAY, now=now)
    service.record(db, [(old.id, read(90_000)), (new.id, read(10))], at=START + 3 * DAY, now=now)
    service.record(db, [(old.id, read(90_040)), (new.id, read(700)), (steady.id, read(5300))], at=START + 10 * DAY, now=now)

    found = queries.top_assets(db, now=now, viewer=None)

    assert [(one.title, one.counts) for one in found] == [
        ("New here", {"views": 700}), ("Read before", {"views": 300}), ("Known for years", {"views": 40}),
    ]  # fmt: skip


def test_who_may_not_know_of_an_asset_does_not_meet_it_in_a_ranking(db: Session) -> None:
    secret = live_post(db, asset=make_asset(db, title="Secret", confidentiality=Confidentiality.CONFIDENTIAL))
    service.record(db, [(secret.id, read(10))], at=START + DAY, now=START)
    viewer = make_user(db, roles=(RoleName.VIEWER,))

    assert queries.top_assets(db, now=START + 2 * DAY, viewer=viewer) == []
    assert [one.title for one in queries.top_assets(db, now=START + 2 * DAY, viewer=None)] == ["Secret"]


def test_an_unknown_metric_is_a_mistake_of_ours(db: Session) -> None:
    with pytest.raises(ValueError, match="not a metric"):
        queries.top_assets(db, metric="title", now=START, viewer=None)


def test_a_channel_gains_only_what_was_read_before_and_after(db: Session) -> None:
    known, fresh = make_channel(db, name="Known"), make_channel(db, name="Fresh")
    first, second = live_post(db, channel=known), live_post(db, channel=fresh)
    service.record(db, [(first.id, read(100))], at=START - 40 * DAY, now=START)
    service.record(db, [(first.id, read(150)), (second.id, read(80))], at=START, now=START)

    found = queries.channel_totals(db, now=START)

    assert [(one.channel_name, one.day, one.counts["views"], one.gained["views"]) for one in found] == [
        ("Fresh", START.date(), 80, None), ("Known", START.date(), 150, 50),
    ]  # fmt: skip


def test_live_posts_and_views_of_many_assets_in_one_statement(db: Session) -> None:
    asset, silent, idle = make_asset(db), make_asset(db), make_asset(db)
    service.record(db, [(live_post(db, asset=asset).id, read(7)), (live_post(db, asset=asset).id, read(5))], at=START, now=START)
    live_post(db, asset=silent)
    make_post(db, asset=idle)
    found: dict[int, queries.Live] = {}

    count = statements(db, lambda: found.update(queries.live_of(db, [asset.id, silent.id, idle.id])))

    assert found == {asset.id: (2, 12, False), silent.id: (1, None, False)}
    assert count == 1


def test_a_sum_over_several_platforms_is_known_to_be_mixed_and_one_of_a_single_platform_not(db: Session) -> None:
    youtube, other, x = (make_channel(db, platform=one) for one in (Platform.YOUTUBE, Platform.YOUTUBE, Platform.X))
    both, one, silent = (make_asset(db, title=title) for title in ("Both", "One", "One told"))
    for asset, channels in ((both, (youtube, x)), (one, (youtube, other)), (silent, (youtube, x))):
        for channel in channels:
            told = None if asset is silent and channel is x else 10
            service.record(db, [(live_post(db, asset=asset, channel=channel).id, read(told, likes=1))], at=START + DAY, now=START)

    assert {number: live.is_mixed for number, live in queries.live_of(db, [both.id, one.id, silent.id]).items()} == {both.id: True, one.id: False, silent.id: False}
    assert [(found.title, found.is_mixed) for found in queries.top_assets(db, now=START + 2 * DAY, viewer=None)] == [("Both", True), ("One", False), ("One told", False)]
    assert {found.title for found in queries.top_assets(db, metric="likes", now=START + 2 * DAY, viewer=None) if found.is_mixed} == {"Both", "One told"}


def test_the_asset_page_takes_as_many_statements_for_many_readings(db: Session) -> None:
    post, busy = live_post(db), live_post(db)
    service.record_rows(db, [(busy.id, START + hour * timedelta(hours=1), read(hour)) for hour in range(300)])
    service.record(db, [(post.id, read(1))], at=START, now=START)

    counts = [statements(db, lambda one=one: queries.asset_performance(db, one.asset_id)) for one in (post, busy)]  # type: ignore[misc]

    assert counts == [3, 3]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # The plan is SQLite's.
def test_the_first_reading_is_found_by_index(db: Session) -> None:
    post = live_post(db)
    service.record(db, [(post.id, read(1))], at=START, now=START)
    said: list[tuple[str, Any]] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda _c, _cu, statement, values, *_rest: said.append((statement, values)))
    queries.asset_performance(db, post.asset_id)

    plans = [str(row) for statement, values in list(said) for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert [plan for plan in plans if "SCAN" in plan and "SCAN (" not in plan] == []
