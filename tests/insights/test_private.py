"""What X tells the author alone: the last reading that had it, what of it was not told, and how far people watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import queries, service
from planner.insights.private import PrivateNumbers, private_numbers
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_asset, make_channel, make_post

DAY = timedelta(days=1)
FAR = {"playback_0_count": 90, "playback_25_count": 60, "playback_50_count": 40, "playback_75_count": 30, "playback_100_count": 20}


def made(db: Session, platform: Platform = Platform.X) -> Post:
    return make_post(db, asset=make_asset(db), channel=make_channel(db, platform=platform), state=PostState.PUBLISHED, publish_at=NOON - 40 * DAY, published_at=NOON - 40 * DAY)


def told(db: Session, post: Post) -> list[PrivateNumbers]:
    return private_numbers(db, queries.asset_performance(db, post.asset_id))


def record(db: Session, post: Post, days_ago: int, raw: dict[str, Any] | None, **counts: int) -> None:
    service.record(db, [(post.id, Reading("", raw=raw, **counts))], at=NOON - days_ago * DAY, now=NOON)


def private(shown: int, clicks: int, **media: Any) -> dict[str, Any]:
    return {
        "public_metrics": {"impression_count": shown + 100}, "organic_metrics": {"impression_count": shown},
        "non_public_metrics": {"url_link_clicks": clicks, "user_profile_clicks": 2}, **({"media": media} if media else {}),
    }  # fmt: skip


def test_the_last_reading_that_had_it_is_told_also_when_x_tells_it_no_more(db: Session) -> None:
    post = made(db)
    record(db, post, 20, private(800, 7), clicks=7, impressions=900)
    record(db, post, 11, private(900, 8), clicks=8, impressions=1000)
    record(db, post, 1, {"public_metrics": {"impression_count": 1200}}, impressions=1200)

    (one,) = told(db, post)

    assert (one.read_at, one.impressions, one.organic, one.paid, one.link_clicks, one.profile_clicks, one.watched) == (NOON - 11 * DAY, 1000, 900, 100, 8, 2, None)


@pytest.mark.parametrize(
    ("media", "watched"),
    [
        ({"7_1": {"non_public_metrics": FAR}}, [90, 60, 40, 30, 20]),
        ({"7_1": {"non_public_metrics": FAR}, "7_2": {"non_public_metrics": FAR}}, [180, 120, 80, 60, 40]),
        # Half of it told is not told.
        ({"7_1": {"non_public_metrics": FAR}, "7_2": {"public_metrics": {"view_count": 3}}}, None),
        ({"7_1": {"non_public_metrics": FAR | {"playback_50_count": "40"}}}, None),
        ({"7_1": None}, None),
    ],
)
def test_how_far_people_watched_is_told_whole_or_not_at_all(db: Session, media: dict[str, Any], watched: list[int] | None) -> None:
    post = made(db)
    record(db, post, 11, private(900, 8, **media), clicks=8)

    assert [one.watched for one in told(db, post)] == [watched]


def test_what_was_not_told_is_none_and_other_platforms_tell_nothing_to_us_alone(db: Session) -> None:
    post, elsewhere, imported = made(db), made(db, Platform.LINKEDIN), made(db)
    record(db, post, 11, {"non_public_metrics": {"url_link_clicks": 0}}, clicks=0)
    record(db, elsewhere, 11, {"totalShareStatistics": {"clickCount": 9}}, clicks=9)
    record(db, imported, 11, None, clicks=9)

    (one,) = told(db, post)

    assert (one.impressions, one.organic, one.paid, one.link_clicks, one.profile_clicks) == (None, None, None, 0, None)
    assert (told(db, elsewhere), told(db, imported)) == ([], [])
