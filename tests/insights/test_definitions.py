"""The page of definitions says what the adapters do: each platform tells exactly the counts that have fields of its own there."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from planner.channels import linkedin_metrics, x_posts, youtube_metrics
from planner.channels.port import Platform, Reading
from planner.insights.definitions import DEFINITIONS, REGIMES
from planner.insights.models import METRICS
from planner.insights.rules import breaks, regime_of
from tests.conftest import Browser

X = {
    "id": "1", "attachments": {"media_keys": ["7_1"]}, "non_public_metrics": {"url_link_clicks": 3},
    "public_metrics": {"repost_count": 1, "reply_count": 2, "like_count": 4, "quote_count": 8, "bookmark_count": 16, "impression_count": 500},
}  # fmt: skip
LINKEDIN = {
    "impressionCount": 100, "uniqueImpressionsCount": 80, "clickCount": 4, "likeCount": 3, "commentCount": 2, "shareCount": 1,
}  # fmt: skip
READINGS: dict[Platform, Reading] = {
    Platform.YOUTUBE: youtube_metrics._reading("v", {"viewCount": "9", "likeCount": "2", "commentCount": "1"}, "yt-2026-08"),
    Platform.LINKEDIN: linkedin_metrics._reading("urn", LINKEDIN),
    Platform.X: x_posts.reading(X, {"7_1": {"public_metrics": {"view_count": 7}}}),
}


@pytest.mark.parametrize("platform", READINGS)
def test_a_platform_tells_exactly_what_the_definitions_say(platform: Platform) -> None:
    told = {name for name in METRICS if getattr(READINGS[platform], name) is not None}

    assert told == {one.key for one in DEFINITIONS if one.key in METRICS and platform in one.fields}


def test_engagements_are_the_sum_that_is_written_there() -> None:
    sums = {Platform.YOUTUBE: 2 + 1, Platform.LINKEDIN: 4 + 3 + 2 + 1, Platform.X: 1 + 4 + 2 + 8 + 16}

    assert {platform: reading.engagements for platform, reading in READINGS.items()} == sums


def test_every_regime_that_a_reading_can_carry_is_explained() -> None:
    moments = [datetime(year, 9, 1, tzinfo=UTC) for year in (2024, 2025, 2026)]
    carried = {regime_of(platform, at, short=short) for platform in READINGS for at in moments for short in (False, True)}
    carried |= {reading.regime for reading in READINGS.values()} | {"li-organic"}

    assert carried - {""} == {one.code for one in REGIMES}


def test_shorts_changed_earlier_than_other_videos() -> None:
    assert breaks(Platform.YOUTUBE, date(2025, 1, 1), date(2026, 9, 1), short=True) == (date(2025, 3, 31), date(2026, 8, 27))
    assert breaks(Platform.YOUTUBE, date(2025, 1, 1), date(2026, 9, 1)) == (date(2026, 8, 27),)
    assert breaks(Platform.YOUTUBE, date(2026, 8, 27), date(2026, 9, 1)) == breaks(Platform.X, date(2024, 1, 1), date(2027, 1, 1)) == ()


def test_the_page_has_a_place_for_every_number(client: Browser) -> None:
    page = client.get("/performance/definitions").text

    assert [one.key for one in DEFINITIONS if f'id="{one.key}"' not in page] == []
    assert "statistics.viewCount" in page and "yt-shorts-2025" in page
