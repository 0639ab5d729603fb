"""Where YouTube changed what a view is: what was read before, after and across that day is never set beside each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Account, Platform
from planner.channels.youtube import YouTubeAdapter
from planner.insights import queries, service
from planner.insights.channel_page import channel_numbers
from planner.insights.importing import validate, write
from planner.insights.ranking import RankedPost, rank
from planner.insights.rules import is_mixed, regime_in, way_of
from planner.insights.standing import standings
from planner.insights.variants import Answer, of_post
from planner.planning.models import Post, PostState
from planner.promotion.gathering import gather
from tests.channels.fake_youtube import FakeYouTube
from tests.channels.test_youtube import ACCOUNT
from tests.factories import make_asset, make_channel, make_post
from tests.insights.files import as_csv, video

DAY = timedelta(days=1)
JULY, BREAK, SEPTEMBER = (datetime(2026, *day, 12, tzinfo=UTC) for day in ((7, 28), (8, 27), (9, 6)))
Read = Callable[[Post, datetime, int], None]


@pytest.fixture
def read(db: Session, httpserver: HTTPServer) -> Read:
    """Has YouTube's adapter ask for a post at a moment, when it is told so many views."""
    youtube = FakeYouTube(httpserver, SEPTEMBER)

    def ask(post: Post, at: datetime, views: int) -> None:
        statistics = {"viewCount": str(views), "likeCount": str(views // 10), "commentCount": "0"}
        youtube.videos[str(post.external_id)] = {"id": post.external_id, "statistics": statistics}
        account = Account(channel_id=post.channel_id, platform=Platform.YOUTUBE, name="Nordwave", external_id="UCnordwave", secret=ACCOUNT.secret)
        told = YouTubeAdapter(youtube.url, youtube.url, timeout_seconds=5, now=lambda: at).readings([str(post.external_id)], account).told
        service.record(db, [(post.id, told[0])], at=at, now=at)

    return ask


def films(db: Session, channel: Channel, out: datetime, count: int = 6) -> list[Post]:
    """Videos published an hour apart."""
    moments = [out + number * timedelta(hours=1) for number in range(count)]
    return [
        make_post(db, channel=channel, asset=make_asset(db), state=PostState.PUBLISHED, publish_at=at, published_at=at, external_id=f"{at:v%m%d%H}")
        for at in moments
    ]


def compared(posts: list[RankedPost]) -> list[tuple[str, bool, int, bool]]:
    return [(one.regime, one.is_mixed, one.peers, one.ratio is not None) for one in posts]


@pytest.mark.parametrize(
    ("regime", "out", "mixed"),
    [
        ("yt-2012", JULY, False),
        ("yt-2026-08", JULY, True),
        ("yt-2026-08", datetime(2026, 8, 26, 23, 59, tzinfo=UTC), True),
        ("yt-2026-08", datetime(2026, 8, 27, tzinfo=UTC), False),
        ("yt-shorts-2025", datetime(2025, 3, 30, tzinfo=UTC), True),
        ("yt-shorts-2025", datetime(2025, 3, 31, tzinfo=UTC), False),
        ("li-organic", JULY, False),
        ("", JULY, False),
    ],
)
def test_a_count_that_began_before_its_regime_is_counted_in_two_ways(regime: str, out: datetime, mixed: bool) -> None:
    way = way_of(regime, out)

    assert (is_mixed(way), regime_in(way)) == (mixed, regime)


def test_videos_that_were_out_before_the_break_and_read_after_it_are_compared_with_none(db: Session, read: Read) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    across, after = films(db, channel, JULY), films(db, channel, BREAK)
    for number, post in enumerate(across):
        read(post, JULY + 20 * DAY, 100 + number)
    before = rank(db, viewer=None).posts

    for number, post in enumerate(across + after):
        read(post, SEPTEMBER, 1000 + number)

    assert compared(before) == [("yt-2012", False, 6, True)] * 6
    assert compared(rank(db, viewer=None).posts) == [("yt-2026-08", False, 6, True)] * 6 + [("yt-2026-08", True, 1, False)] * 6
    assert compared(rank(db, age_days=40, viewer=None).posts) == [("yt-2026-08", True, 1, False)] * 6
    assert compared(rank(db, age_days=20, viewer=None).posts) == [("yt-2012", False, 6, True)] * 6
    # What people did is counted as ever.
    assert [one.is_mixed for one in rank(db, metric="likes", viewer=None).posts] == [False] * 12


def test_a_video_read_across_the_break_has_no_standing_and_no_half_life(db: Session, read: Read) -> None:
    post, *_others = films(db, make_channel(db, platform=Platform.YOUTUBE), JULY)
    for day in (1, 2, 3):
        read(post, BREAK + day * DAY, 1000 * day)

    (told,) = standings(db, queries.asset_performance(db, post.asset_id), viewer=None)

    assert told.standing is not None
    assert (told.standing.is_mixed, told.standing.ratio, told.half_life) == (True, None, None)


def test_what_is_ordinary_for_a_channel_is_said_in_the_way_that_counts_now(db: Session, read: Read) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    for posts, views in ((films(db, channel, JULY), 100), (films(db, channel, BREAK), 900)):
        for number, post in enumerate(posts):
            assert post.published_at is not None
            # The older ones differ more, so that the first of the ranking is one of them.
            read(post, post.published_at + 7 * DAY, views * (9 if number == 5 and views == 100 else 1))

    assert channel_numbers(db, channel.id, viewer=None, now=SEPTEMBER).ordinary == (900, 6)


def test_variants_are_not_compared_where_one_was_counted_in_two_ways(db: Session, read: Read) -> None:
    first, second, *_others = films(db, make_channel(db, platform=Platform.YOUTUBE), BREAK - DAY)
    second.variant_of_id, second.asset_id, second.text = first.id, first.asset_id, "Other words"
    for post, views in ((first, 4000), (second, 4000)):
        read(post, BREAK + 6 * DAY, views)

    found = of_post(db, first)

    assert found is not None
    assert (found.answer, [one.regime for one in found.shown]) == (Answer.COUNTED_APART, ["yt-2026-08"] * 2)


def test_a_forecast_is_made_of_no_video_that_was_counted_in_two_ways(db: Session, read: Read) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    across, after = films(db, channel, BREAK - 8 * DAY, 2), films(db, channel, BREAK, 2)
    for post in across + after:
        post.asset.kind = post.asset.kind.VIDEO
        read(post, SEPTEMBER, 1000)
    db.flush()

    series = [set(one.series) for one in gather(db, channel.id).videos]

    assert series == [{"yt-2026-08"}] * 2 + [{"yt-2026-08+older"}] * 2


def test_a_file_of_a_later_month_stands_apart_from_one_of_before(db: Session) -> None:
    now = SEPTEMBER + 60 * DAY
    for month, moment in (("2026-08", "2026-08-04T10:00:00+00:00"), ("2026-10", "2026-10-04T10:00:00+00:00")):
        rows = [video(number, published_at="2026-06-01T08:00:00Z", snapshot_month=month, snapshot_utc=moment, view_count=str(100 + number)) for number in range(1, 7)]
        for kind in ("assets", "readings"):
            write(db, validate(as_csv(rows), now=now, kind=kind, db=db), actor=None, now=now)

    assert {(one.is_mixed, one.ratio) for one in rank(db, viewer=None).posts} == {(True, None)}
