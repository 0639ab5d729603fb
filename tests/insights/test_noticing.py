"""Old assets that come back, in the database: which are noticed, which are our own doing, what brought them, and what the desk shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Asset, Confidentiality
from planner.channels.details import Report
from planner.channels.port import Platform, Reading
from planner.core.errors import Forbidden, NotFound
from planner.core.runtime import Runtime
from planner.insights import detailing, noticing, service, visits
from planner.insights.models import Resurfaced
from planner.insights.noticing import bursts_of, look, on_desk
from planner.insights.resurfacing import Cause, CauseKind
from planner.insights.visit_rows import Key
from planner.planning.models import Post, PostState
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

DAY = timedelta(days=1)


@pytest.fixture
def runtime(app_on_each_database: Flask) -> Any:
    return app_on_each_database.extensions["planner"]


@pytest.fixture
def db(runtime: Runtime) -> Iterator[Session]:
    with runtime.sessions() as session:
        yield session


#: 42 days of ten, then three of a hundred.
RISEN = [10] * 42 + [100] * 3
SITES = ("insightTrafficSourceDetail", "views", "estimatedMinutesWatched")


def old_post(db: Session, gains: Sequence[int] = RISEN, *, platform: Platform = Platform.YOUTUBE, age_days: int = 200, **asset: Any) -> Post:
    """A post that is read at noon each day, gaining so much a day up to today."""
    at = NOON - age_days * DAY
    post = make_post(
        db, asset=make_asset(db, published_at=at, **asset), channel=make_channel(db, platform=platform), state=PostState.PUBLISHED, publish_at=at, published_at=at,
        external_id=f"n{at:%f}{age_days}",
    )  # fmt: skip
    name = "views" if platform is Platform.YOUTUBE else "impressions"
    counts = list(accumulate(gains, initial=500))
    service.record_rows(db, [(post.id, NOON - (len(gains) - place) * DAY, Reading("", **{name: count})) for place, count in enumerate(counts)])
    return post


def visited(db: Session, asset: Asset, source: str, medium: str, gains: Sequence[int], *, content: str = "", origin: str = "api") -> None:
    first = NOON.date() - len(gains) * DAY
    key: Any = lambda place: (first + place * DAY, source, medium, "", content)  # noqa: E731
    counted: list[tuple[int, Key, int]] = [(asset.id, key(place), count) for place, count in enumerate(gains)]
    visits.record(db, counted, origin=origin, actor=None, now=NOON)


def noticed(db: Session) -> list[tuple[int | None, str, int, CauseKind, str]]:
    db.expire_all()
    found = [(one.post_id, one.metric, one.gained, CauseKind(one.cause_kind), one.cause) for one in db.scalars(select(Resurfaced).order_by(Resurfaced.id))]
    db.rollback()
    return found


def test_an_old_post_that_rises_is_noticed_once_while_it_rises(runtime: Runtime, db: Session, clock: StoppedClock) -> None:
    post = old_post(db, platform=Platform.X)
    old_post(db, [10] * 45, platform=Platform.X)
    old_post(db, RISEN, platform=Platform.X, age_days=20)
    db.commit()

    assert (look(runtime), look(runtime)) == (1, 0)
    clock.advance(DAY)
    service.record(db, [(post.id, Reading("", impressions=500 + 420 + 300 + 400))], at=clock.now(), now=clock.now())
    db.commit()
    assert (look(runtime), noticed(db)) == (0, [(post.id, "impressions", 600, CauseKind.UNKNOWN, "")])
    (alert,) = bursts_of(db, post.asset_id)
    assert (alert.since, alert.until, alert.expected, alert.threshold) == (date(2026, 3, 1), date(2026, 3, 4), 40.0, 190)


def test_what_rises_because_we_published_about_it_is_no_news(runtime: Runtime, db: Session) -> None:
    post = old_post(db)
    make_post(db, asset=post.asset, state=PostState.PUBLISHED, published_at=NOON - 2 * DAY)
    db.commit()

    assert (look(runtime), noticed(db)) == (0, [])


def test_visits_name_the_site_that_links_to_the_page(runtime: Runtime, db: Session) -> None:
    linked, searched, marked = (make_asset(db, published_at=NOON - 100 * DAY, url=f"https://example.com/{number}") for number in range(3))
    for asset in (linked, searched, marked):
        visited(db, asset, "", "direct", [5] * 45)
    visited(db, linked, "reddit.com", "referral", [0] * 42 + [90] * 3)
    visited(db, searched, "google", "organic", [1] * 42 + [90] * 3)
    # What carries our mark is our own doing.
    visited(db, marked, "linkedin", "social", [0] * 42 + [90] * 3, content="post-1")
    db.commit()

    assert look(runtime) == 2
    assert noticed(db) == [(None, "visits", 285, CauseKind.EXTERNAL, "reddit.com"), (None, "visits", 285, CauseKind.SEARCH, "google")]
    assert bursts_of(db, linked.id)[0].cause == Cause(CauseKind.EXTERNAL, "reddit.com")


def test_a_rise_in_a_servers_log_is_no_news_on_days_that_an_export_told(runtime: Runtime, db: Session) -> None:
    asset, logged = (make_asset(db, published_at=NOON - 100 * DAY, url=f"https://example.com/{number}") for number in range(2))
    visited(db, asset, "", "direct", [5] * 45, origin="file")
    for one in (asset, logged):
        visited(db, one, "reddit.com", "", [1] * 42 + [90] * 3, origin="log")
    db.commit()

    assert look(runtime) == 1
    assert noticed(db) == [(None, "visits", 270, CauseKind.EXTERNAL, "reddit.com")]
    assert bursts_of(db, asset.id) == []


def mentions(asset: Asset, week: dict[str, int], *, weeks: int = 12, usual: int = 0, until: date = NOON.date()) -> noticing.Mentioned:
    """Days of mentions: some weeks with the usual few, then one with as many as told of each place."""
    days: dict[date, dict[str, int]] = {until - number * DAY: {} for number in range((weeks + 1) * 7 + 1)}
    for number in range(1, weeks + 1):
        days[until - (7 * number + 2) * DAY] = {"chronicle.example": usual}
    days[until - 3 * DAY] = dict(week)
    return asset.id, days


def test_mentions_of_an_old_asset_name_the_place_that_brought_most(runtime: Runtime, db: Session) -> None:
    old, steady, young = (make_asset(db, published_at=NOON - age * DAY) for age in (200, 200, 20))
    db.commit()
    told = [mentions(old, {"X": 2, "reddit.com": 7}, usual=1), mentions(steady, {"X": 4}, usual=3), mentions(young, {"X": 30})]

    assert (look(runtime, told), look(runtime, told)) == (1, 0)
    assert noticed(db) == [(None, "mentions", 9, CauseKind.EXTERNAL, "reddit.com")]
    (alert,) = bursts_of(db, old.id)
    assert (alert.since, alert.until, alert.expected, alert.threshold, alert.platform) == (date(2026, 2, 24), date(2026, 3, 3), 1.0, 6, None)


def test_what_was_written_when_an_asset_was_news_does_not_hide_that_it_comes_back(runtime: Runtime, db: Session) -> None:
    at = NOON - 57 * DAY
    asset, younger = (make_asset(db, published_at=NOON - age * DAY) for age in (57, 40))
    db.commit()
    days = {at.date() + number * DAY: {"X": 5} if number in (1, 3, 9) else {} for number in range(55)} | {NOON.date() - 2 * DAY: {"chronicle.example": 6}}

    assert look(runtime, [(asset.id, days), (younger.id, days)]) == 1
    assert [(gained, cause) for _post, _metric, gained, _kind, cause in noticed(db)] == [(6, "chronicle.example")]


def test_what_others_write_after_we_published_is_no_news(runtime: Runtime, db: Session) -> None:
    ours, before = (make_asset(db, published_at=NOON - 200 * DAY) for _ in range(2))
    make_post(db, asset=ours, state=PostState.PUBLISHED, published_at=NOON - 12 * DAY)
    make_post(db, asset=before, state=PostState.PUBLISHED, published_at=NOON - 15 * DAY)
    db.commit()

    assert look(runtime, [mentions(ours, {"X": 9}), mentions(before, {"X": 9})]) == 1
    assert bursts_of(db, ours.id) == []


def test_of_two_sources_the_one_that_tells_more_is_kept_and_of_late_files_the_week_that_tells_it(runtime: Runtime, db: Session) -> None:
    asset, late, stale = (make_asset(db, published_at=NOON - 200 * DAY) for _ in range(3))
    db.commit()
    few, many = mentions(asset, {"X": 5}), mentions(asset, {"chronicle.example": 9})

    told = [many, few, mentions(late, {"X": 8}, until=NOON.date() - 7 * DAY), mentions(stale, {"X": 8}, until=NOON.date() - 8 * DAY)]

    assert look(runtime, told) == 2
    assert [(gained, cause) for _post, _metric, gained, _kind, cause in noticed(db)] == [(9, "chronicle.example"), (8, "X")]


def test_youtube_is_asked_which_site_a_rising_video_owes_it_to(runtime: Runtime, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    post = old_post(db)
    number = post.id
    detailing.keep(db, number, [Report("sites", NOON.date(), NOON.date(), SITES, (("reddit.com", 5, 1), ("linkedin.com", 40, 9)))], now=NOON - 30 * DAY)
    db.commit()
    asked: list[int] = []

    def refresh(running: Runtime, asset_id: int) -> int:
        asked.append(asset_id)
        with running.sessions.begin() as told:
            detailing.keep(told, number, [Report("sites", NOON.date(), NOON.date(), SITES, (("reddit.com", 225, 40), ("linkedin.com", 45, 9)))], now=NOON)
        return 1

    monkeypatch.setattr(noticing.detailing, "refresh", refresh)

    assert (look(runtime), look(runtime)) == (1, 0)
    assert (len(asked), noticed(db)) == (1, [(number, "views", 300, CauseKind.EXTERNAL, "reddit.com")])


def test_the_desk_shows_it_for_a_week_or_until_somebody_has_seen_it(runtime: Runtime, db: Session) -> None:
    old_post(db, title="A film of then")
    db.commit()
    look(runtime)
    (alert,) = on_desk(db, viewer=None, now=NOON)[1]
    assert (alert.title, alert.platform, alert.gained) == ("A film of then", Platform.YOUTUBE, 300)
    assert [len(on_desk(db, viewer=None, now=NOON + days * DAY)[1]) for days in (6, 7)] == [1, 0]

    for viewer, error in ((make_user(db, roles=(RoleName.VIEWER,)), Forbidden), (None, NotFound)):
        with pytest.raises(error):
            noticing.settle(db, alert.alert_id + (viewer is None), actor=viewer, now=NOON)
    noticing.settle(db, alert.alert_id, actor=None, now=NOON)
    db.commit()

    assert (on_desk(db, viewer=None, now=NOON)[1], len(bursts_of(db, alert.asset_id))) == ([], 1)
    db.rollback()
    assert look(runtime) == 0


def test_nobody_learns_of_what_they_may_not_know(runtime: Runtime, db: Session) -> None:
    old_post(db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    db.commit()
    look(runtime)

    told = [[one.title for one in on_desk(db, viewer=make_user(db, roles=(role,)), now=NOON)[1]] for role in (RoleName.VIEWER, RoleName.PLANNER)]

    assert told == [[], ["Falcon"]]


def test_the_desk_reads_it_with_what_it_reads_anyway(runtime: Runtime, db: Session) -> None:
    for _ in range(3):
        old_post(db)
    db.commit()
    look(runtime)
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", note)
    counts, alerts = on_desk(db, viewer=None, now=NOON)
    event.remove(db.get_bind(), "before_cursor_execute", note)

    assert (counts, len(alerts), len([one for one in seen if not one.startswith("BEGIN")])) == ((0, 0), 3, 1)
