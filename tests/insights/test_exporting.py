"""Tables handed out, on each database: the plan and the numbers, row by row as text, an empty cell for what was not told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import exporting, service
from planner.planning import exporting as planned
from planner.planning.models import PostState
from planner.planning.queries import Filters
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post

DAY = timedelta(days=1)


def test_numbers_go_out_by_post_and_by_reading(db: Session) -> None:
    post = make_post(
        db, asset=make_asset(db, title="A film"), channel=make_channel(db, platform=Platform.YOUTUBE, name="Our films"), state=PostState.PUBLISHED,
        publish_at=NOON - 9 * DAY, published_at=NOON - 9 * DAY, external_id="abc", external_url="https://example.com/abc",
    )  # fmt: skip
    for days_ago, views in ((2, 10), (1, 0)):
        service.record(db, [(post.id, Reading("", views=views, regime="yt-2012"))], at=NOON - days_ago * DAY, now=NOON)
    head, newest = exporting.table(db, viewer=None)
    every = list(exporting.table(db, every_reading=True, viewer=None))[1:]
    known = [str(post.id), "youtube", "abc", "https://example.com/abc"]
    about = ["yt-2012", "Our films", "A film", "blog_post", "2026-02-21T12:00:00Z"]

    assert head == exporting.HEADINGS
    assert newest == [*known, "2026-03-01T12:00:00Z", "0", *[""] * 8, *about]
    assert every == [[*known, "2026-02-28T12:00:00Z", "10", *[""] * 8, *about], newest]


def test_the_plan_goes_out_with_its_words_and_its_tags(db: Session) -> None:
    asset, channel = make_asset(db, title="A paper"), make_channel(db, name="Group on X", time_zone="Europe/Paris")
    post = make_post(db, asset=asset, channel=channel, campaign=make_campaign(db, name="Spring"), tags=["5G", "énergie"], publish_at=NOON, link="https://example.com")
    head, row = planned.table(db, NOON - DAY, NOON + DAY, viewer=None, filters=Filters())

    assert head == planned.HEADINGS
    assert list(row) == [
        "2026-03-02", "13:00", "Europe/Paris", "Group on X", "A paper", "What we have to say.", "", "https://example.com", "", "5G, énergie", "Spring", str(post.id),
        "draft", "blog_post", "", "",
    ]  # fmt: skip
