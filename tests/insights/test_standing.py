"""An asset's posts beside their channels' others, half-lives, shares of what counts alike, and numbers kept from before they closed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights import queries, service
from planner.insights.audiences import ChannelReach, Reach
from planner.insights.standing import ChannelPart, as_told_last, cost_per_view, half_life, kept, parts, qualified, standings
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_asset, make_channel, make_post

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def read(db: Session, channel: Channel, counts: list[int], **values: object) -> list[Post]:
    """Posts of ten days ago, read at the age of seven days."""
    posts = []
    for count in counts:
        post = make_post(db, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - 10 * DAY, published_at=NOON - 10 * DAY, **values)
        service.record(db, [(post.id, Reading("", impressions=count, views=count, engagements=count // 10))], at=NOON - 3 * DAY, now=NOON)
        posts.append(post)
    return posts


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], None),
        ([(DAY, 100)], None),
        ([(DAY, 0), (2 * DAY, 0)], None),
        ([(DAY, 25), (2 * DAY, 75), (3 * DAY, 100)], 1.5 * DAY),
        ([(DAY, 80), (9 * DAY, 100)], DAY * 50 / 80),
        ([(DAY, 120), (2 * DAY, 100)], DAY * 50 / 120),  # Corrected downwards since: half of what it has now.
        ([(timedelta(0), 60), (DAY, 100)], timedelta(0)),
    ],
)
def test_the_half_life_is_the_age_at_which_half_was_reached(points: list[tuple[timedelta, int]], expected: timedelta | None) -> None:
    assert half_life(points) == expected


def test_a_post_has_its_place_among_its_channels_posts_of_that_age(db: Session) -> None:
    channel = make_channel(db)
    read(db, channel, [100, 200, 300, 400])
    (ours,) = read(db, channel, [360])
    (alone,) = read(db, make_channel(db), [5], asset=ours.asset)

    first, second = standings(db, queries.asset_performance(db, ours.asset_id), viewer=None)

    assert first.standing is not None and second.standing is not None
    assert (first.post.post_id, first.standing.ratio, first.standing.place, first.standing.peers) == (ours.id, 1.2, 2, 5)
    assert (second.post.post_id, second.standing.ratio, second.standing.peers) == (alone.id, None, 1)
    assert (first.share, second.share) == (360 / 365, 5 / 365)


def test_shares_of_how_often_it_was_seen_are_of_platforms_that_count_alike(db: Session) -> None:
    asset = make_asset(db)
    for platform, count in ((Platform.YOUTUBE, 900), (Platform.X, 300), (Platform.LINKEDIN, 100)):
        read(db, make_channel(db, platform=platform, name=platform.value), [count], asset=asset)

    told = {one.channel: (one.seen, one.seen_share, one.share) for one in parts(queries.asset_performance(db, asset.id))}

    assert told == {"youtube": (900, 1.0, 90 / 130), "x": (300, 0.75, 30 / 130), "linkedin": (100, 0.25, 10 / 130)}
    assert queries.asset_performance(db, asset.id).mixed["engagements"] == (Platform.LINKEDIN, Platform.X, Platform.YOUTUBE)


def test_a_qualified_view_costs_what_the_asset_cost_and_nothing_is_said_where_nobody_is_known(db: Session) -> None:
    asset = make_asset(db, cost=Decimal("1500.00"))
    channel = make_channel(db, platform=Platform.YOUTUBE)
    read(db, channel, [800], asset=asset)
    told = parts(queries.asset_performance(db, asset.id))
    reached = [ChannelReach(channel.id, channel.name, channel.platform, "countries", date(2026, 3, 1), True, Reach(30, 80, 100))]

    assert (qualified(told, reached).views, qualified(told, []).views) == (300.0, None)
    assert (cost_per_view(asset, 300.0), cost_per_view(asset, None), cost_per_view(make_asset(db), 300.0)) == (Decimal(5), None, None)


def test_channels_where_nobody_is_identified_are_left_out_by_name_and_their_part_of_all_views_is_unknown() -> None:
    told = [
        ChannelPart(number, platform.value, platform, seen, None, None, None)
        for number, (platform, seen) in enumerate(((Platform.YOUTUBE, 9000), (Platform.LINKEDIN, 500), (Platform.X, 500), (Platform.WEBHOOK, None)))
    ]
    followers = ChannelReach(1, "linkedin", Platform.LINKEDIN, "function", date(2026, 3, 1), False, Reach(80, 80, 100))
    viewers = ChannelReach(0, "youtube", Platform.YOUTUBE, "countries", date(2026, 3, 1), True, Reach(0, 50, 100))

    some, more, nobody = qualified(told, [followers]), qualified(told, [followers, viewers]), qualified([], [])

    assert (some.views, [one.channel for one in some.left_out], some.unknown, some.is_mixed, some.is_all_mixed) == (500.0, ["x", "youtube"], 0.95, False, True)
    assert (more.views, [one.channel for one in more.left_out], more.unknown, more.is_mixed) == (500.0, ["x"], 0.05, True)
    assert (nobody.views, nobody.left_out, nobody.unknown, nobody.is_all_mixed) == (None, [], None, False)


def test_clicks_are_kept_from_the_last_reading_that_told_them(db: Session) -> None:
    (post,) = read(db, make_channel(db), [50])
    for hours, clicks in ((1, 7), (2, 9), (3, None)):
        service.record(db, [(post.id, Reading("", impressions=60, clicks=clicks))], at=NOON + hours * HOUR, now=NOON)

    performance = queries.asset_performance(db, post.asset_id)
    told = kept(db, performance)

    assert told == {post.id: (NOON + 2 * HOUR, 9)}
    assert (performance.totals["clicks"], as_told_last(performance, told).totals["clicks"], as_told_last(performance, told).silent["clicks"]) == (None, 9, ())
    assert as_told_last(performance, {}) == performance


def test_no_half_life_is_told_across_two_ways_of_counting(db: Session) -> None:
    post = make_post(db, channel=make_channel(db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON)
    for days, regime in ((1, "yt-2012"), (2, "yt-2026-08")):
        service.record(db, [(post.id, Reading("", views=100 * days, regime=regime))], at=NOON + days * DAY, now=NOON)

    assert standings(db, queries.asset_performance(db, post.asset_id), viewer=None)[0].half_life is None
