"""Every heading with a number explains itself: meaning, what it is made of, how fresh it is, and the way of counting of the reading."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import service
from planner.insights.definitions import DEFINITIONS
from planner.planning.models import PostState
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


def headings(page: str) -> list[str]:
    """Places on the page of definitions that the headings lead to."""
    heads = "".join(re.findall(r"<thead>.*?</thead>", page, re.S))
    return re.findall(r'/performance/definitions#(\w+)"', heads)


def test_headings_of_numbers_lead_to_their_definitions(client: Browser, asset_id: int) -> None:
    found = {path: headings(client.get(path).text) for path in ("/performance", f"/performance/assets/{asset_id}", f"/performance/compare?asset={asset_id}", f"/assets/{asset_id}")}

    assert list(found.values()) == [
        ["seen", "against"],
        ["seen", "channel_share", "against", "half_life", "clicks", "seen", "channel_share", "engagements", "mixed"],
        ["views", "impressions", "engagements", "against", "cost_per_view"],
        ["growth"],
    ]
    assert {key for keys in found.values() for key in keys} <= KEYS


def test_a_heading_says_what_it_is_made_of_and_how_fresh_it_is(client: Browser, asset_id: int) -> None:
    page = client.get(f"/performance/compare?asset={asset_id}").text
    sheet = re.search(r'What is “Views”\?.*?</details>', page, re.S)

    assert sheet is not None
    assert [words in sheet[0] for words in ("How often a video was started", "YouTube statistics.viewCount · X includes.media", "Read hourly in a post&#39;s first two days")] == [True] * 3


def test_a_figure_says_by_which_way_of_counting_it_was_read(client: Browser, asset_id: int) -> None:
    pages = [client.get(path).text for path in ("/performance", f"/assets/{asset_id}", f"/performance/assets/{asset_id}")]
    assert ["<dd>YouTube, before: A view counted once somebody had watched" in page for page in pages] == [True] * 3
