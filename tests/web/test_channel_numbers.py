"""One channel's page: what it gained in a quarter, its best and weakest posts at their age, its followers, and the break in YouTube's counting."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, Confidentiality
from planner.channels.details import FollowerGain
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform, Reading
from planner.insights import gains, service
from planner.insights.channel_page import channel_numbers
from planner.insights.rules import YOUTUBE_BREAK, regime_of
from planner.planning.models import PostState
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.web.counting import statements

DAY = timedelta(days=1)
#: Five days after YouTube began to count views in another way.
AFTER = datetime(YOUTUBE_BREAK.year, YOUTUBE_BREAK.month, YOUTUBE_BREAK.day, 12, tzinfo=NOON.tzinfo) + 5 * DAY


def scene(db: Session, *, platform: Platform = Platform.LINKEDIN, posts: int = 7, now: datetime = NOON) -> Channel:
    """A channel whose posts went out two days apart, each with ten times its number in views or impressions at seven days of age."""
    channel = make_channel(db, platform=platform, name="Our page")
    for number in range(1, posts + 1):
        at = now - timedelta(days=30 - 2 * number)
        post = make_post(
            db, asset=make_asset(db, title=f"Story {number}"), channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at,
            external_id=f"urn:{number}",
        )  # fmt: skip
        for age in (1, 6, 7):
            count = number * (age + 3)
            told = {"views": count} if platform is Platform.YOUTUBE else {"impressions": count}
            moment = at + age * DAY
            service.record(db, [(post.id, Reading(f"urn:{number}", engagements=number, regime=regime_of(platform, moment), **told))], at=moment, now=now)
    db.flush()
    return channel


def test_a_channel_says_what_it_gained_its_best_and_its_weakest(client: Browser, app_db: Session) -> None:
    channel = scene(app_db)
    app_db.add_all(AudienceSlice(channel_id=channel.id, day=NOON.date() - back * DAY, dimension="followers", key="total", count=5000 - 10 * back) for back in (0, 1, 9))
    gains.keep(app_db, channel.id, [FollowerGain(NOON.date() - 9 * DAY, 12, 3, {})], now=NOON)
    app_db.commit()

    page = client.get(f"/performance/channels/{channel.id}").text

    # 10 × (1 + … + 7) impressions, all of them from the last quarter.
    assert "7 posts went out in 90 days; what is there was seen 280 times in them." in page
    assert "The best stands at ×1.8 of what is ordinary at its age: “Story 7”." in page
    assert "5,000 people follow it, +90 since 21 Feb 2026." in page
    best, weakest = page[page.index('id="best"') : page.index('id="weakest"')], page[page.index('id="weakest"') : page.index('id="gains"')]
    names = [re.findall(r">(Story \d)</a>", part) for part in (best, weakest)]
    assert names == [["Story 7", "Story 6", "Story 5", "Story 4"], ["Story 1", "Story 2", "Story 3"]]
    assert "70 after 7 days, ordinary: 40" in best and "×0.2" in weakest
    assert "+12</strong> organic" in page and "Of the page, never of a post" in page
    assert "Too few posts can be compared yet to say anything of an hour." in page
    totals = client.get("/performance/channels").text
    assert f'href="/performance/channels/{channel.id}"' in totals


def test_a_change_in_how_youtube_counts_is_drawn_as_a_break_and_never_summed_over(app_db: Session) -> None:
    channel = scene(app_db, platform=Platform.YOUTUBE, now=AFTER)

    found = channel_numbers(app_db, channel.id, viewer=None, now=AFTER)
    later = channel_numbers(app_db, channel.id, viewer=None, now=AFTER + 200 * DAY)

    assert (found.break_on, later.break_on) == (YOUTUBE_BREAK, None)
    assert found.quarter is not None
    assert found.quarter.gained["views"] is None and found.quarter.gained["engagements"] is not None
    assert dict(found.quarter.seen_by_day)[YOUTUBE_BREAK] is None


def test_what_is_ordinary_after_seven_days_is_the_median_of_all_that_were_read_then(app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.LINKEDIN)
    for number, age in enumerate((5.7, 6.2, 6.9, 7.0, 7.1, 8.2, 8.3), 1):
        at = NOON - 20 * DAY
        post = make_post(app_db, channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at)
        # The best beside those of its own age is the youngest.
        service.record(app_db, [(post.id, Reading("", impressions=5000 if number == 1 else 100 * number))], at=at + age * DAY, now=NOON)

    assert channel_numbers(app_db, channel.id, viewer=None, now=NOON).ordinary == (500, 7)


def test_every_post_of_the_window_went_out_read_or_not_and_none_of_the_day_before_it(app_db: Session) -> None:
    channel = scene(app_db)
    first = datetime(2025, 12, 3, tzinfo=UTC)  # The first of the ninety days to 2 March.
    for at in (first, first - timedelta(seconds=1), NOON - timedelta(minutes=5)):
        make_post(app_db, channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at)

    assert channel_numbers(app_db, channel.id, viewer=None, now=NOON).posts == 7 + 2


def test_the_break_stands_in_the_charts_table(sign_in: Callable[..., Browser], app_db: Session, clock: StoppedClock) -> None:
    clock.advance(AFTER - NOON)
    channel = scene(app_db, platform=Platform.YOUTUBE, now=AFTER)
    app_db.commit()

    page = sign_in().get(f"/performance/channels/{channel.id}").text

    assert re.findall(r'<tr data-break="([^"]+)"><th scope="row" data-value="([^"]+)">', page) == [("YouTube counts views in another way", YOUTUBE_BREAK.isoformat())]
    assert "7 posts went out in 90 days." in page and "the ways of counting do not compare" in page


def test_a_channel_that_tells_nothing_says_so_and_one_that_is_not_there_is_not_found(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.WEBHOOK, name="Town square")
    app_db.commit()

    page = client.get(f"/performance/channels/{channel.id}")

    assert (page.status_code, "Nothing told yet" in page.text) == (200, True)
    assert client.get("/performance/channels/99999").status_code == 404


def test_what_a_reader_may_not_know_is_not_named(sign_in: Callable[..., Browser], app_db: Session) -> None:
    channel = scene(app_db)
    secret = app_db.scalars(select(Asset).where(Asset.title == "Story 7")).one()
    secret.confidentiality = Confidentiality.CONFIDENTIAL
    app_db.commit()

    page = sign_in(roles=("viewer",)).get(f"/performance/channels/{channel.id}").text

    assert "Story 7" not in page and "Story 6" in page
    assert "6 posts went out in 90 days" in page


def test_the_page_asks_as_many_questions_whatever_there_is(app: Flask, client: Browser, app_db: Session) -> None:
    few = scene(app_db)
    app_db.commit()
    asked = statements(app, client, f"/performance/channels/{few.id}")
    for number in range(40):
        at = NOON - 60 * DAY + number * DAY
        post = make_post(app_db, channel=few, state=PostState.PUBLISHED, published_at=at, publish_at=at, external_id=f"more:{number}")
        service.record(app_db, [(post.id, Reading(f"more:{number}", impressions=number))], at=at + 7 * DAY, now=NOON)
    app_db.commit()

    assert statements(app, client, f"/performance/channels/{few.id}") == asked
