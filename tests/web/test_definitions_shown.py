"""Every heading with a number explains itself: meaning, what it is made of, how fresh it is, and the way of counting of the reading."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, Audience
from planner.channels.details import Report
from planner.channels.models import AudienceSlice
from planner.channels.port import Platform, Reading
from planner.insights import detailing, service, visits
from planner.insights.definitions import DEFINITIONS
from planner.listening import service as listening
from planner.listening.rules import Told
from planner.planning.models import Post, PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post

KEYS = {one.key for one in DEFINITIONS}


@pytest.fixture
def asset_id(app_db: Session) -> int:
    at = NOON - timedelta(days=10)
    post = make_post(
        app_db, asset=make_asset(app_db, title="A film"), channel=make_channel(app_db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, publish_at=at, published_at=at,
    )  # fmt: skip
    service.record(app_db, [(post.id, Reading("", views=1200, likes=3, engagements=3, regime="yt-2012"))], at=NOON, now=NOON)
    number = post.asset_id
    app_db.commit()
    return number


@pytest.fixture
def told(app_db: Session, asset_id: int) -> dict[str, int]:
    """The asset with every number that its pages can have: tables of the video, visits, a cost; a page with groups of followers."""
    asset = app_db.get_one(Asset, asset_id)
    asset.cost, asset.currency, asset.audiences = Decimal(100), "EUR", [Audience.EXPERTS]
    (film,) = app_db.scalars(select(Post).where(Post.asset_id == asset_id))
    page = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    for number in range(1, 8):
        at = NOON - timedelta(days=20 + number)
        post = make_post(app_db, asset=asset if number == 7 else make_asset(app_db), channel=page, state=PostState.PUBLISHED, publish_at=at, published_at=at)
        service.record(app_db, [(post.id, Reading("", impressions=10 * number, clicks=number, engagements=number))], at=at + timedelta(days=7), now=NOON)
    days = [(NOON - timedelta(days=back)).date() for back in (1, 0)]
    for day in days:
        for dimension, key in (("followers", "total"), ("function", "urn:li:function:8")):
            app_db.add(AudienceSlice(channel_id=page.id, day=day, dimension=dimension, key=key, count=50))
    until = days[0]
    detailing.keep(app_db, film.id, [
        Report("total", until, until, ["views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "likes", "comments", "shares", "subscribersGained"], [[900, 60, 4, 41.5, 3, 2, 1, 0]]),
        Report("sources", until, until, ["insightTrafficSourceType", "views"], [["YT_SEARCH", 900]]),
        Report("people", until, until, ["ageGroup", "gender", "viewerPercentage"], [["age25-34", "male", 100.0]]),
        Report("retention", until, until, ["elapsedVideoTimeRatio", "audienceWatchRatio", "relativeRetentionPerformance"], [[0.01, 1.0, 0.5]]),
    ], now=NOON)  # fmt: skip
    visits.record(app_db, [(asset_id, (until, "google", "organic", "", ""), 5), (asset_id, (until, "t.co", "social", "", f"post-{film.id}"), 3)], actor=None, now=NOON)
    for back in (1, 2):
        told_of = Told(NOON - timedelta(days=back), "api-1", "web", address=f"https://a.example/{back}", about=str(asset_id))
        listening.keep(app_db, [told_of], actor=None, now=NOON)
    numbers = {"asset": asset_id, "channel": page.id}
    app_db.commit()
    return numbers


def headings(page: str) -> list[str]:
    """Places on the page of definitions that the headings lead to, of tables, lists and charts."""
    page = page[page.index("<main") : page.index("</main>")]
    infos = re.findall(r'<details class="explain explain--info.*?</details>', page, re.S)
    return [place for one in infos for place in re.findall(r'/performance/definitions#(\w+)"', one)]


def test_headings_of_numbers_lead_to_their_definitions(client: Browser, told: dict[str, int]) -> None:
    asset, channel = told["asset"], told["channel"]
    expected = {
        "/performance": ["seen", "against", "against", "engagements"],
        "/performance/times": ["against"],
        "/performance/costs": ["cost", "seen", "qualified", "cost_per_view"],
        "/performance/channels": ["seen", "engagements", "seen", "engagements"],
        f"/performance/channels/{channel}": ["impressions", "against", "against", "followers", "against"],
        "/performance/audience": ["followers", "group_people"],
        "/performance/audiences": ["group_people"],
        f"/performance/assets/{asset}": ["seen", "channel_share", "against", "half_life", "clicks", "comments", "seen", "channel_share", "engagements", "mixed"],
        f"/performance/compare?asset={asset}": ["views", "impressions", "engagements", "against", "cost_per_view"],
        f"/assets/{asset}": [
            "views", "impressions", "engagements", "growth", "analytics_views", "analytics_views", "analytics_views", "viewers", "analytics_views", "retention",
            "visits", "visits", "visits", "short_link_clicks", "mentions",
        ],
    }  # fmt: skip

    assert {path: headings(client.get(path).text) for path in expected} == expected
    assert {key for keys in expected.values() for key in keys} <= KEYS


def test_no_figure_leads_to_the_top_of_the_definitions_where_it_has_a_place_there(client: Browser, told: dict[str, int]) -> None:
    paths = ("/performance", "/performance/channels", "/performance/audience", f"/performance/assets/{told['asset']}", f"/performance/compare?asset={told['asset']}", f"/assets/{told['asset']}")
    assert {path: [place for place in re.findall(r'/performance/definitions(#\w+)?"', client.get(path).text.partition("<main")[2]) if not place] for path in paths} == {path: [] for path in paths}


def test_assets_side_by_side_say_when_they_were_read_and_by_which_way_of_counting(client: Browser, told: dict[str, int]) -> None:
    page = client.get(f"/performance/compare?asset={told['asset']}").text

    assert re.search(r'A film</a><div class="thing__sub">Last read <time', page)
    views = re.search(r'<td data-label="Views".*?</td>', page, re.S)
    assert views is not None
    assert [words in views[0] for words in ("<dd>The platforms, summed over all posts</dd>", "<dt>Read</dt><dd><time", "<dd>YouTube, before: A view counted once")] == [True] * 3


def test_a_heading_says_what_it_is_made_of_and_how_fresh_it_is(client: Browser, asset_id: int) -> None:
    page = client.get(f"/performance/compare?asset={asset_id}").text
    sheet = re.search(r'What is “Views”\?.*?</details>', page, re.S)

    assert sheet is not None
    assert [words in sheet[0] for words in ("How often a video was started", "YouTube statistics.viewCount · X includes.media", "Read hourly in a post&#39;s first two days")] == [True] * 3


def test_a_figure_says_by_which_way_of_counting_it_was_read(client: Browser, asset_id: int) -> None:
    pages = [client.get(path).text for path in ("/performance", f"/assets/{asset_id}", f"/performance/assets/{asset_id}")]
    assert ["<dd>YouTube, before: A view counted once somebody had watched" in page for page in pages] == [True] * 3
