"""Statistics of websites: what is asked, in each one's documented form; days that are told, told again, missing; and which setting is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Asset
from planner.channels.port import Platform
from planner.core.db import make_engine, sessions_of
from planner.core.errors import Forbidden, Invalid, PlannerError
from planner.core.http import Http
from planner.core.settings import Settings
from planner.insights import ga4, site_reading, sites
from planner.insights.models import Site, SiteDay, Visits
from planner.insights.site_reading import read_all, wanted
from planner.insights.sites import SiteKind, SiteValues
from planner.insights.sources import Source
from planner.insights.traffic import asset_traffic
from planner.planning.models import PostState
from tests.conformance.discovery import Api
from tests.conftest import SECRET, StoppedClock
from tests.factories import make_asset, make_channel, make_post, make_user
from tests.insights.pretend_statistics import KEY, TOKEN, Came, PretendGoogle, PretendMatomo

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PAPER = "https://www.example.com/papers/energy-per-bit"
OTHER = "https://www.example.com/papers/other/"
#: What came on two days; the post is filled in by `world`.
CAME = [
    Came("2026-11-21", "/papers/energy-per-bit", "direct", count=5),
    Came("2026-11-21", "/papers/energy-per-bit", "search", "Google", 7),
    Came("2026-11-21", "/papers/energy-per-bit", "social", "LinkedIn", 11),
    Came("2026-11-21", "/papers/energy-per-bit", "social", "Twitter / X", 3),
    Came("2026-11-21", "/papers/energy-per-bit", "website", "news.example.org", 2),
    Came("2026-11-21", "/papers/energy-per-bit", "campaign", "energy-week", 13, "linkedin", "post-1"),
    Came("2026-11-21", "/papers/energy-per-bit", "campaign", "newsletter-11", 4),
    Came("2026-11-21", "/careers", "direct", count=99),
    Came("2026-11-22", "/papers/other", "social", "LinkedIn", 1),
]
EXPECTED = {
    Source.LINKEDIN: 24, Source.SEARCH: 7, Source.DIRECT: 5, Source.CAMPAIGN: 4, Source.X: 3, Source.WEBSITE: 2,
}  # fmt: skip


class World:
    """A product with two assets, a post that carries our mark, and statistics that answer on loopback."""

    def __init__(self, database_url: str, clock: StoppedClock, base: str) -> None:
        self.engine = make_engine(database_url)
        self.sessions, self.clock = sessions_of(self.engine), clock
        self.settings = Settings(secret_key=SECRET, google_analytics_url=base, google_token_url=base)
        self.registry = SimpleNamespace(http=Http(5, allow_private=True))
        self.clock.moment = NOW
        with self.sessions.begin() as db:
            paper, other = make_asset(db, url=PAPER, published_at=NOW - 2 * DAY), make_asset(db, url=OTHER)
            post = make_post(db, asset=paper, channel=make_channel(db, platform=Platform.LINKEDIN), state=PostState.PUBLISHED, published_at=NOW - 2 * DAY)
            self.paper, self.other, self.post = paper.id, other.id, post.id
        self.came = [replace(one, content=f"post-{self.post}") if one.content else one for one in CAME]

    def add(self, kind: SiteKind, *, address: str = "", number: str = "3", key: str = TOKEN) -> None:
        with self.sessions.begin() as db:
            added = sites.add(db, SiteValues("www.example.com", kind, number, key, address), actor=None, now=self.clock.moment)
            assert added.since == date(2026, 10, 24)
            added.since = date(2026, 11, 19)  # A whole month would take each test ten times as long.

    def sums(self, asset_id: int) -> dict[Source, int]:
        with self.sessions() as db:
            return {one.source: one.visits for one in asset_traffic(db, db.get_one(Asset, asset_id), zone="Europe/Paris").sources if one.visits}

    def site(self) -> Site:
        with self.sessions() as db:
            return db.scalars(select(Site)).one()

    def told(self) -> list[date]:
        with self.sessions() as db:
            return list(db.scalars(select(SiteDay.day).order_by(SiteDay.day)))


@pytest.fixture
def world(database_url: str, clock: StoppedClock, httpserver: HTTPServer) -> Any:
    made = World(database_url, clock, httpserver.url_for("").rstrip("/"))
    yield made
    made.engine.dispose()


@pytest.fixture(params=["matomo", "ga4"])
def statistics(request: pytest.FixtureRequest, world: World, httpserver: HTTPServer) -> PretendMatomo | PretendGoogle:
    """Either, counting what came, and read by the product."""
    if request.param == "matomo":
        matomo = PretendMatomo(httpserver, world.came)
        world.add(SiteKind.MATOMO, address=matomo.address)
        return matomo
    world.add(SiteKind.GA4, number="77", key=KEY)
    return PretendGoogle(httpserver, world.came)


def test_either_statistics_tell_the_same_visits_by_source_and_post(world: World, statistics: Any) -> None:
    assert read_all(world) > 0  # type: ignore[arg-type]

    assert (world.sums(world.paper), world.sums(world.other)) == (EXPECTED, {Source.LINKEDIN: 1})
    with world.sessions() as db:
        traffic = asset_traffic(db, db.get_one(Asset, world.paper), zone="Europe/Paris")
    assert [(one.post_id, one.visits) for one in traffic.posts] == [(world.post, 13)]
    # Nobody came on the second day: that was told, and is no gap. Before it was out, nobody could come.
    assert [(day.isoformat(), sum(came.values())) for day, came in traffic.days] == [("2026-11-21", 45), ("2026-11-22", 0)]


def test_what_of_a_query_names_the_page_tells_its_visits_apart_and_marks_do_not(world: World, statistics: Any) -> None:
    with world.sessions.begin() as db:
        seven, eight, home = (make_asset(db, url=f"https://www.example.com/{page}", published_at=NOW - 2 * DAY).id for page in ("show?id=7", "show/?id=8", "?p=12"))
    pages = (("/show?id=7", 3), ("/show?gclid=a&id=7&utm_source=b", 5), ("/show?id=8", 2), ("/show?id=9", 50), ("/show", 70), ("/?p=12", 4), ("/", 90), ("/papers/other?print=1", 6))
    statistics.came[:] = [Came("2026-11-21", page, "direct", count=count) for page, count in pages]

    read_all(world)  # type: ignore[arg-type]

    assert [world.sums(one) for one in (seven, eight, home, world.other)] == [{Source.DIRECT: count} for count in (8, 2, 4, 6)]


def test_reading_again_changes_nothing_and_a_count_that_is_gone_goes(world: World, statistics: Any) -> None:
    read_all(world)  # type: ignore[arg-type]
    world.clock.advance(DAY)
    again = read_all(world)  # type: ignore[arg-type]
    statistics.came[:] = [replace(one, count=10) if one.type == "social" and one.name == "LinkedIn" and one.day.endswith("22") else one for one in statistics.came]
    statistics.came.append(Came("2026-11-22", "/papers/other", "direct", count=2))
    world.clock.advance(DAY)

    assert (again, read_all(world), world.sums(world.other)) == (0, 2, {Source.LINKEDIN: 10, Source.DIRECT: 2})  # type: ignore[arg-type]
    statistics.came[:] = [one for one in statistics.came if one.page != "/papers/other"]
    world.clock.advance(DAY)
    # The day is final: what the statistics do to it from now on is not asked any more.
    assert (read_all(world), world.sums(world.other)) == (0, {Source.LINKEDIN: 10, Source.DIRECT: 2})  # type: ignore[arg-type]


def test_what_vanished_from_a_day_that_is_not_final_vanishes_here(world: World, statistics: Any) -> None:
    read_all(world)  # type: ignore[arg-type]
    statistics.came[:] = [one for one in statistics.came if one.page != "/papers/other"]
    world.clock.advance(DAY)

    assert (read_all(world), world.sums(world.other), world.sums(world.paper)) == (1, {}, EXPECTED)  # type: ignore[arg-type]


def test_it_is_read_once_a_night_and_days_that_were_missed_are_made_up(world: World, statistics: Any) -> None:
    read_all(world)  # type: ignore[arg-type]
    world.clock.advance(timedelta(hours=2))
    asked = len(statistics.asked)
    read_all(world)  # type: ignore[arg-type]
    assert len(statistics.asked) == asked
    assert world.site().next_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # half past three in Paris

    world.clock.advance(10 * DAY)
    read_all(world)  # type: ignore[arg-type]

    assert world.told() == [date(2026, 11, 19) + number * DAY for number in range(14)]


def test_a_site_that_does_not_answer_is_said_kept_and_tried_again_in_an_hour(world: World, httpserver: HTTPServer) -> None:
    world.add(SiteKind.MATOMO, address="http://127.0.0.1:9")
    read_all(world)  # type: ignore[arg-type]

    site = world.site()
    assert (site.trouble_field, site.trouble_params, site.failing_since, site.next_at, world.told()) == ("address", {"host": "127.0.0.1"}, NOW, NOW + timedelta(hours=1), [])
    with world.sessions() as db:
        (state,) = sites.states(db, zone="Europe/Paris", now=NOW)
    assert (state.days, state.gaps) == (0, [(date(2026, 11, 19), date(2026, 11, 23))])

    matomo = PretendMatomo(httpserver, world.came)
    with world.sessions.begin() as db:
        sites.change(db, db.scalars(select(Site)).one(), SiteValues("example.com", SiteKind.MATOMO, "3", "", matomo.address), actor=None, now=NOW)
    read_all(world)  # type: ignore[arg-type]
    assert (world.site().trouble, world.site().failing_since, world.sums(world.paper)) == ("", None, EXPECTED)


def test_without_the_plugin_a_marked_link_counts_as_a_campaign_by_name(world: World, httpserver: HTTPServer) -> None:
    matomo = PretendMatomo(httpserver, world.came, has_plugin=False)
    world.add(SiteKind.MATOMO, address=matomo.address)
    read_all(world)  # type: ignore[arg-type]

    assert world.sums(world.paper) == EXPECTED | {Source.LINKEDIN: 11, Source.CAMPAIGN: 17}


def test_no_key_is_ever_in_an_address_or_in_the_open(world: World, httpserver: HTTPServer) -> None:
    matomo = PretendMatomo(httpserver, world.came)
    world.add(SiteKind.MATOMO, address=matomo.address)
    read_all(world)  # type: ignore[arg-type]

    assert [one for request, _answer in httpserver.log for one in (request.method, request.query_string) if one not in ("POST", b"")] == []
    with world.engine.connect() as connection:
        sealed = bytes(connection.exec_driver_sql("SELECT key FROM sites").scalar_one())
    assert TOKEN.encode() not in sealed


def test_googles_form_is_what_its_discovery_document_describes(world: World, httpserver: HTTPServer) -> None:
    google = PretendGoogle(httpserver, world.came)
    world.add(SiteKind.GA4, number="77", key=KEY)
    read_all(world)  # type: ignore[arg-type]
    asking = sites.statistics(SiteValues("example.com", SiteKind.GA4, "77", KEY), settings=world.settings, http=world.registry.http, now=NOW)
    asking.check()
    api = Api("analyticsdata", "v1beta")

    assert [api.described(body, "RunReportRequest") for body in google.asked] == [[]] * len(google.asked)
    assert [api.described(told, "RunReportResponse") for told in google.told] == [[]] * len(google.told)
    assert len(google.asked) == 3


#: Matomo's methods and what each takes beside the standard parameters, as documented. Sources: the OpenAPI documents that Matomo's own plugin
#: writes of Actions, Referrers, VisitsSummary and MarketingCampaignsReporting (in api-evangelist/matomo, 951c5207, openapi/), and
#: plugins/Referrers/API.php of matomo-org/matomo; developer.matomo.org/guides/reporting-api for the standard parameters.
MATOMO = {
    "VisitsSummary.getVisits": {"segment"},
    "Actions.getEntryPageUrls": {"segment", "expanded", "idSubtable", "flat"},
    "Referrers.getSocials": {"segment", "expanded", "flat"},
    "Referrers.getCampaigns": {"segment", "expanded"},
    "Referrers.getWebsites": {"segment", "expanded", "flat"},
    "MarketingCampaignsReporting.getContent": {"segment"},
    "MarketingCampaignsReporting.getSource": {"segment"},
}
STANDARD = {"module", "method", "idSite", "period", "date", "format", "format_metrics", "filter_limit", "language", "token_auth"}
#: Segments: developer.matomo.org/api-reference/reporting-api-segmentation; the campaign's source and content are the plugin's
#: (Columns/CampaignSource.php, CampaignContent.php). Values are encoded as in an address, parts are joined by “;” for “and”.
SEGMENT = r"(referrerType==(direct|search|website|social|campaign)|(referrerName|campaignSource|campaignContent)==[^;,=]+)"


def test_matomo_is_asked_in_its_documented_form(world: World, httpserver: HTTPServer) -> None:
    matomo = PretendMatomo(httpserver, world.came)
    world.add(SiteKind.MATOMO, address=matomo.address)
    read_all(world)  # type: ignore[arg-type]
    sites.statistics(
        SiteValues("example.com", SiteKind.MATOMO, "3", TOKEN, matomo.address), settings=world.settings, http=world.registry.http, now=NOW
    ).check()

    assert {one["method"] for one in matomo.asked} == set(MATOMO)
    assert [one for one in matomo.asked if not STANDARD <= set(one) <= STANDARD | MATOMO[one["method"]]] == []
    assert [one for one in matomo.asked if not re.fullmatch(r"\d{4}-\d\d-\d\d", one["date"]) or (one["module"], one["period"], one["format"]) != ("API", "day", "JSON")] == []
    assert [one["segment"] for one in matomo.asked if "segment" in one and not re.fullmatch(rf"{SEGMENT}(;{SEGMENT})*", one["segment"])] == []


def test_many_pages_and_many_rows_are_asked_for_in_parts_and_counted_once(world: World, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga4, "_ROWS", 2)
    monkeypatch.setattr(ga4, "_PATHS", 1)
    google = PretendGoogle(httpserver, world.came, thin=True)
    world.add(SiteKind.GA4, number="77", key=KEY)
    read_all(world)  # type: ignore[arg-type]

    assert (world.sums(world.paper), world.site().is_thinned) == (EXPECTED, True)
    assert max(int(body["offset"]) for body in google.asked) == 6


FORBIDDEN = {"error": {"code": 403, "message": "User does not have sufficient permissions for this property.", "status": "PERMISSION_DENIED"}}
DISABLED = {"error": {"code": 403, "message": "Google Analytics Data API has not been used in project 1 before or it is disabled.", "status": "PERMISSION_DENIED"}}
QUOTA = {"error": {"code": 429, "message": "Exhausted property tokens per day.", "status": "RESOURCE_EXHAUSTED"}}


@pytest.mark.parametrize(
    ("fails", "field", "words"),
    [
        ((403, FORBIDDEN), "number", "may not read the property 77. Give it (reader@example.iam.gserviceaccount.com) the role Viewer"),
        ((403, DISABLED), "key", "enable it in Google's console"),
        ((429, QUOTA), "number", "quota at Google is used up"),
        ((400, {"error": {"code": 400, "message": "Field x is not valid"}}), "number", "refuses the property 77"),
        ((401, {}), "key", "does not accept this key"),
        ((503, {}), "number", "gave no clear answer"),
        ((200, {}), "number", "gave no clear answer"),
    ],
)  # fmt: skip
def test_what_google_refuses_is_said_of_the_setting(world: World, httpserver: HTTPServer, fails: Any, field: str, words: str) -> None:
    PretendGoogle(httpserver, [], fails=fails)
    asking = sites.statistics(SiteValues("example.com", SiteKind.GA4, "77", KEY), settings=world.settings, http=world.registry.http, now=NOW)

    with pytest.raises(PlannerError) as refused:
        asking.check()

    assert (refused.value.field, words in str(refused.value)) == (field, True)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"key": "wrong"}, "key", "does not accept the token"),
        ({"number": "4"}, "number", "may not read the site 4"),
        ({"address": "/nothing"}, "address", "is no Matomo"),
        ({"address": "/moved"}, "address", "leads somewhere else"),
    ],
)  # fmt: skip
def test_what_matomo_refuses_is_said_of_the_setting(world: World, httpserver: HTTPServer, change: dict[str, str], field: str, words: str) -> None:
    matomo = PretendMatomo(httpserver, [])
    httpserver.expect_request("/nothing/index.php").respond_with_data("<html>Welcome</html>")
    httpserver.expect_request("/moved/index.php").respond_with_data("", status=301, headers={"Location": matomo.address})
    told = {"number": "3", "key": TOKEN, "address": ""} | change
    values = SiteValues("example.com", SiteKind.MATOMO, told["number"], told["key"], matomo.address + told["address"])
    asking = sites.statistics(values, settings=world.settings, http=world.registry.http, now=NOW)

    with pytest.raises(PlannerError) as refused:
        asking.check()

    assert (refused.value.field, words in str(refused.value), TOKEN in str(refused.value)) == (field, True, False)


@pytest.mark.parametrize("key", ["", "{", "[]", '{"type": "authorized_user"}', '{"type": "service_account", "client_email": "a@b", "private_key": "no"}'])
def test_what_is_no_key_file_is_said_before_anything_is_asked(world: World, key: str) -> None:
    asking = sites.statistics(SiteValues("example.com", SiteKind.GA4, "77", key), settings=world.settings, http=world.registry.http, now=NOW)

    with pytest.raises(PlannerError) as refused:
        asking.check()

    assert (refused.value.field, "whole JSON file" in str(refused.value)) == ("key", True)


GOOD = SiteValues("https://WWW.Example.com/path", SiteKind.MATOMO, "3", TOKEN, "https://stats.example.com/matomo/index.php")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"host": "no host"}, "host"), ({"host": ""}, "host"), ({"number": "0"}, "number"), ({"number": "x"}, "number"), ({"address": "stats.example.com"}, "address"),
     ({"address": "https://user@stats.example.com"}, "address"), ({"key": " "}, "key"), ({"key": "k" * 10_001}, "key")],
)  # fmt: skip
def test_a_malformed_setting_is_named(change: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        sites.checked(replace(GOOD, **change))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_settings_are_kept_as_they_are_compared() -> None:
    kept = sites.checked(GOOD)
    assert (kept.host, kept.address) == ("example.com", "https://stats.example.com/matomo")


def test_one_website_is_read_once_and_only_administrators_say_which(db: Session) -> None:
    sites.add(db, GOOD, actor=None, now=NOW)
    with pytest.raises(Invalid, match="read already"):
        sites.add(db, GOOD, actor=None, now=NOW)
    planner = make_user(db, roles=(RoleName.PLANNER,))
    for step in (lambda: sites.add(db, GOOD, actor=planner, now=NOW), lambda: sites.remove(db, db.scalars(select(Site)).one(), actor=planner, now=NOW)):
        with pytest.raises(Forbidden):
            step()


def test_a_website_taken_away_leaves_its_visits_and_no_key(world: World, statistics: Any) -> None:
    read_all(world)  # type: ignore[arg-type]
    with world.sessions.begin() as db:
        sites.remove(db, db.scalars(select(Site)).one(), actor=None, now=NOW)
    with world.sessions() as db:
        assert [db.scalar(select(func.count()).select_from(table)) for table in (Site, SiteDay)] == [0, 0]
        assert db.scalar(select(func.sum(Visits.visits))) == 46
    assert world.sums(world.paper) == EXPECTED


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ({}, ["2026-11-20", "2026-11-21", "2026-11-22"]),
        # Told on the day after, it is asked again until it was told two days after its end.
        ({date(2026, 11, 20): NOW - 2 * DAY, date(2026, 11, 21): NOW - DAY, date(2026, 11, 22): NOW - timedelta(hours=5)}, ["2026-11-20", "2026-11-21"]),
        ({date(2026, 11, 20): NOW, date(2026, 11, 21): NOW}, ["2026-11-22"]),
    ],
)
def test_a_day_is_asked_for_until_it_is_final(told: dict[date, datetime], days: list[str]) -> None:
    assert [day.isoformat() for day in wanted(told, since=date(2026, 11, 20), zone="Europe/Paris", now=NOW)] == days


def test_nothing_is_open_while_statistics_are_asked(world: World, statistics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    open_now: list[int] = []
    real: Callable[..., Any] = world.registry.http.request

    def request(*args: Any, **more: Any) -> Any:
        open_now.append(world.engine.pool.checkedout())  # type: ignore[attr-defined]
        return real(*args, **more)

    monkeypatch.setattr(world.registry.http, "request", request)
    site_reading.read_all(world)  # type: ignore[arg-type]

    assert set(open_now) == {0}
