"""An asset's numbers in full, assets side by side, and the table of audiences."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, Audience, Confidentiality
from planner.channels.details import FollowerGain, Report
from planner.channels.models import AudienceSlice
from planner.channels.port import Platform, Reading
from planner.insights import detailing, gains, service
from planner.insights.audiences import OUTSIDE, mapping
from planner.insights.rules import YOUTUBE_BREAK, regime_of
from planner.planning.models import Post, PostState
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.web.test_catalog import known
from tests.web.test_performance import texts

DAY = timedelta(days=1)
ENGINEERING, OTHER = "urn:li:function:8", "urn:li:function:99"


def scene(db: Session) -> Asset:
    """A page with five posts ten days old, read for a week; the third is about our asset, for experts."""
    channel = make_channel(db, platform=Platform.LINKEDIN, name="Our page")
    for key, count in ((ENGINEERING, 380), ("urn:li:function:25", 620), (OTHER, 1000)):
        db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension="function", key=key, count=count))
    ours = make_asset(db, title="Field trial", cost=Decimal(100), currency="EUR")
    ours.audiences = [Audience.EXPERTS]
    for number, count in enumerate((100, 200, 540, 300, 400)):
        asset = ours if number == 2 else make_asset(db, title=f"Other {number}")
        post = make_post(db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=NOON - 10 * DAY, published_at=NOON - 10 * DAY)
        for day in range(1, 8):
            service.record(db, [(post.id, Reading("", impressions=count * day // 7, engagements=day))], at=NOON - (10 - day) * DAY, now=NOON)
    db.commit()
    return ours


def test_an_assets_numbers_tell_its_standing_its_half_life_its_target_and_its_cost(client: Browser, app_db: Session) -> None:
    asset = scene(app_db)

    page = client.get(f"/performance/assets/{asset.id}").text

    assert texts(page, "Against its channel") == ["×1.8place 1 of 5"]
    assert texts(page, "Half-life") == ["4 days"]
    assert "One post was read on one channel. The best stands at ×1.8 of what is ordinary on Our page at its age, 1 of 5." in page
    assert "38%" in page and "of the 50% identified; 50% unknown" in page
    assert "€0.49" in page  # 100 € for 540 × 38 %.
    assert page.count('data-value="1"') == 6  # Six days gained one engagement each; the first day's gain nobody knows.
    seen = page[page.index('id="seen-table"') : page.index('id="daily-table"')]
    assert len(re.findall(r'<td class="end" data-value="\d+">', seen)) == 6 and "data-break" not in seen
    assert f"/performance/assets/{asset.id}" in client.get(f"/assets/{asset.id}").text


def test_the_half_life_of_two_posts_in_the_median_lies_between_them(client: Browser, app_db: Session) -> None:
    channel, asset = make_channel(app_db, platform=Platform.LINKEDIN), make_asset(app_db)
    for half in (2, 8):
        at = NOON - 20 * DAY
        post = make_post(app_db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=at, published_at=at)
        for age, count in ((half, 50), (20, 100)):
            service.record(app_db, [(post.id, Reading("", impressions=count))], at=at + age * DAY, now=NOON)
    app_db.commit()

    page = client.get(f"/performance/assets/{asset.id}").text

    assert sorted(texts(page, "Half-life")) == ["2 days", "8 days"]
    assert "Its posts had half of what they have within 5 days, in the median." in page


def test_a_live_posts_own_page_tells_its_numbers_and_where_it_stands_on_its_channel(client: Browser, app_db: Session) -> None:
    asset = scene(app_db)
    (post,) = app_db.scalars(select(Post).where(Post.asset_id == asset.id))
    unread = make_post(app_db, channel=post.channel, state=PostState.PUBLISHED, publish_at=NOON - DAY, published_at=NOON - DAY)
    draft = make_post(app_db, channel=post.channel)
    app_db.commit()

    def card(number: int) -> str:
        page = client.get(f"/posts/{number}").text
        return " ".join(re.sub(r"<[^>]+>", " ", page[page.index('aria-labelledby="numbers"') : page.index("All numbers of the asset")]).split()) if "All numbers of the asset" in page else ""

    told = card(post.id)
    assert re.search(r"Impressions 540 , what is this number", told) and re.search(r"Engagements 7 ,", told)
    assert "Views" not in told.partition("Against its channel")[0], "what is not told has no line"
    assert "Against its channel ×1.8 place 1 of 5" in told and "Last read" in told
    assert "Not read yet" in card(unread.id)
    assert card(draft.id) == ""


def test_what_was_seen_a_day_has_a_break_where_youtube_began_to_count_in_another_way(sign_in: Any, app_db: Session, clock: StoppedClock) -> None:
    at = datetime(YOUTUBE_BREAK.year, YOUTUBE_BREAK.month, YOUTUBE_BREAK.day, 12, tzinfo=NOON.tzinfo)
    clock.advance(at + 4 * DAY - NOON)
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.YOUTUBE, name="Our films")
    post = make_post(app_db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=at - 5 * DAY, published_at=at - 5 * DAY, external_id="film")
    for day in range(-4, 4):
        moment = at + day * DAY
        service.record(
            app_db, [(post.id, Reading("film", views=1000 + 100 * day + (5000 if day >= 0 else 0), regime=regime_of(Platform.YOUTUBE, moment)))],
            at=moment, now=at + 4 * DAY,
        )  # fmt: skip
    app_db.commit()

    page = sign_in().get(f"/performance/assets/{asset.id}").text
    rows = re.findall(r'<tr( data-break="[^"]+")?><th scope="row" data-value="([^"]+)">.*?</th><td class="end"(?: data-value="(\d+)")?>', page[page.index('id="seen-table"') :])

    assert [count for _break, _day, count in rows] == ["100"] * 3 + [""] + ["100"] * 3
    assert [day for found, day, _count in rows if found] == [YOUTUBE_BREAK.isoformat()]


def test_what_x_told_us_alone_stands_on_the_page_as_it_was_told_last(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.X, name="Group on X")
    post = make_post(app_db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=NOON - 40 * DAY, published_at=NOON - 40 * DAY)
    raw = {
        "public_metrics": {"impression_count": 1000}, "organic_metrics": {"impression_count": 900}, "non_public_metrics": {"url_link_clicks": 8, "user_profile_clicks": 2},
        "media": {"7_1": {"non_public_metrics": {f"playback_{part}_count": 100 - part for part in (0, 25, 50, 75, 100)}}},
    }  # fmt: skip
    service.record(app_db, [(post.id, Reading("", impressions=1000, clicks=8, raw=raw))], at=NOON - 11 * DAY, now=NOON)
    app_db.commit()

    page = client.get(f"/performance/assets/{asset.id}").text

    assert [texts(page, name)[-1] for name in ("Organic impressions", "Paid impressions", "Visits to the profile", "Watched to")] == [
        "900", "100", "2", "0% 100 · 25% 75 · 50% 50 · 75% 25 · 100% 0",
    ]  # fmt: skip
    assert "as told on 19 Feb 2026" in page


def test_what_a_page_tells_is_said_to_be_of_the_page(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    app_db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension="followers", key="total", count=5000))
    app_db.commit()

    assert "All of this is of the page: its followers and its visitors." in client.get("/performance/audience").text


@pytest.mark.parametrize(("clicks", "badge", "said"), [
    (300, "does better", "“Say it shorter”: +1.33 points above the next, between +0.88 and +1.8, nineteen times in twenty."),
    (205, "cannot tell yet", "it may be chance"),
    (None, "cannot tell yet", "Not all of them were read at the same age"),
])  # fmt: skip
def test_variants_stand_side_by_side_with_what_can_be_said_of_them(clicks: int | None, badge: str, said: str, client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    asset = make_asset(app_db)
    ids: list[int] = []
    for number, (text, seen, clicked) in enumerate((("Say it at length", 10_000, 200), ("Say it shorter", 9_000, clicks))):
        at = NOON - 20 * DAY + number * 3 * DAY
        post = make_post(
            app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at, external_id=f"urn:{number}", text=text,
            variant_of_id=ids[0] if ids else None,
        )  # fmt: skip
        ids.append(post.id)
        service.record(app_db, [(post.id, Reading(f"urn:{number}", impressions=seen, clicks=clicked))], at=at + 7 * DAY, now=NOON)
    app_db.commit()

    numbers, page = client.get(f"/performance/assets/{asset.id}").text, client.get(f"/posts/{ids[1]}").text

    for shown in (numbers, page):
        assert badge in shown and said in shown
        assert "They went out 3 days apart: the hour, the day, the order" in shown
    assert f'/performance/assets/{asset.id}#variants"' in page
    assert ("3.3%" in numbers, "2.0%" in numbers) == ((clicks == 300), clicks is not None)


def test_gained_followers_are_shown_by_day_organic_and_paid_apart(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    day = NOON.date() - 9 * DAY
    app_db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension="followers", key="total", count=5000))
    gains.keep(
        app_db, channel.id,
        [FollowerGain(day, 1200, 30, {}), FollowerGain(day + DAY, -4, None, {}), FollowerGain(day + 3 * DAY, 0, 0, {})], now=NOON,
    )  # fmt: skip
    app_db.commit()

    page = client.get("/performance/audience").text

    rows = re.findall(r'<tr><th scope="row" data-value="(2026-[^"]+)">.*?</th>(.*?)</tr>', page[page.index(f'id="gains-{channel.id}"') :])
    cells = [(on, re.findall(r'<td class="end"(?: data-value="(-?\d+)")?>', tds)) for on, tds in rows]
    assert cells == [
        (f"{day:%Y-%m-%d}", ["1200", "30"]), (f"{day + DAY:%Y-%m-%d}", ["-4", ""]), (f"{day + 2 * DAY:%Y-%m-%d}", ["", ""]),
        (f"{day + 3 * DAY:%Y-%m-%d}", ["0", "0"]),
    ]  # fmt: skip
    assert ">+1,196</strong> organic" in page and ">+30</strong> paid" in page
    assert "Of the page, never of a post" in page


def test_assets_stand_side_by_side_and_can_be_taken_out_again(client: Browser, app_db: Session) -> None:
    asset, other = scene(app_db), make_asset(app_db, title="Nothing live")
    app_db.commit()

    page = client.get(f"/performance/compare?asset={asset.id}&asset={other.id}&asset=x&asset={asset.id}").text

    assert texts(page, "Best against its channel") == ["×1.8Our page", "–"]
    assert texts(page, "Impressions")[0] == "540"
    assert f"/performance/compare?asset={asset.id}&quot;" not in page
    assert client.get("/performance/compare").status_code == 200
    assert client.get("/performance/compare?asset=999999").status_code == 404


def test_any_asset_can_be_found_to_be_compared_however_little_it_gained(sign_in: Any, app_db: Session) -> None:
    asset, quiet = scene(app_db), known(app_db, title="A quiet white paper")
    known(app_db, title="A quiet secret", confidentiality=Confidentiality.CONFIDENTIAL)
    app_db.commit()
    reader = sign_in(roles=("viewer",))

    pages = {words: reader.get(f"/performance/compare?asset={asset.id}&q={words}").text for words in ("quiet", "nothing+like+it", "")}
    offered = {words: re.findall(r'<option value="(\d+)">([^<]+)</option>', page) for words, page in pages.items()}

    assert [offered[words] for words in ("quiet", "nothing+like+it")] == [[(str(quiet.id), "A quiet white paper")], []]
    assert "A quiet white paper" not in {title for _number, title in offered[""]} and len(offered[""]) == 4
    assert "One asset found" in pages["quiet"] and "No other asset has these words." in pages["nothing+like+it"]
    assert all(page.count(f'name="asset" value="{asset.id}"') >= 1 for page in pages.values())


def test_an_asset_without_posts_says_where_numbers_will_come_from(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    app_db.commit()

    assert "Numbers appear here once a post about it is live." in client.get(f"/performance/assets/{asset.id}").text


def test_groups_are_put_into_audiences_by_those_who_may(app: Flask, app_db: Session, sign_in: Any) -> None:
    scene(app_db)
    planner, viewer = sign_in(roles=("planner",)), sign_in(roles=("viewer",))
    page = planner.get("/performance/audiences").text
    name = next(part.partition('"')[0] for part in page.split('name="') if part.partition('"')[0].endswith(f":function:{OTHER}"))

    answers = [person.submit("/performance/audiences", **{name: OUTSIDE}).status_code for person in (viewer, planner)]

    assert answers == [403, 302]
    app_db.expire_all()
    assert mapping(app_db)[Platform.LINKEDIN, "function", OTHER] == OUTSIDE
    assert "<select" not in viewer.get("/performance/audiences").text
    assert "Engineering" in page
    assert "#99" in page


def test_a_country_put_into_an_audience_tells_what_part_of_a_videos_viewers_is_in_target(sign_in: Any, app_db: Session) -> None:
    asset, channel = make_asset(app_db, title="A film", cost=Decimal(190), currency="EUR"), make_channel(app_db, platform=Platform.YOUTUBE, name="Our films")
    asset.audiences = [Audience.EXPERTS]
    post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - 10 * DAY, published_at=NOON - 10 * DAY)
    service.record(app_db, [(post.id, Reading("", views=1000, regime="yt-2012"))], at=NOON - DAY, now=NOON)
    since, until = NOON.date() - 10 * DAY, NOON.date() - 3 * DAY
    tables = [
        Report("total", since, until, ["views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "likes", "comments", "shares", "subscribersGained"], [[1000, 600, 36, 41.5, 9, 4, 2, 1]]),
        Report("countries", since, until, ["country", "views"], [["FR", 304], ["DE", 496]]),
    ]  # fmt: skip
    detailing.keep(app_db, post.id, tables, now=NOON)
    app_db.commit()
    planner, number = sign_in(roles=("planner",)), asset.id
    assert "Nobody who saw it, or follows the page, can be identified." in planner.get(f"/performance/assets/{number}").text

    table = planner.get("/performance/audiences").text
    names = {key: name for name, key in re.findall(r'<select name="(\d+:countries:(\w+))"', table)}
    assert re.search(r'aria-label="Audience of France"', table) and sorted(names) == ["DE", "FR"]
    assert planner.submit("/performance/audiences", **{names["FR"]: "experts", names["DE"]: OUTSIDE}).status_code == 302

    page = planner.get(f"/performance/assets/{number}").text
    assert "In target, Our films" in page and "Viewers of the video, as YouTube tells them" in page
    # 304 of the 800 whose country is told; 200 of the 1,000 views come from nowhere that YouTube names.
    assert ">38%<" in page and "of the 80% identified; 20% unknown" in page
    assert "€0.50" in page  # 190 € for 1,000 × 38 %.


def test_a_cost_per_qualified_view_says_whom_it_leaves_out_on_every_page(client: Browser, app_db: Session) -> None:
    asset, page = make_asset(app_db, title="Everywhere", cost=Decimal(1000), currency="EUR"), make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    asset.audiences = [Audience.EXPERTS]
    app_db.add(AudienceSlice(channel_id=page.id, day=NOON.date(), dimension="function", key=ENGINEERING, count=80))
    films, group = make_channel(app_db, platform=Platform.YOUTUBE, name="Our films"), make_channel(app_db, platform=Platform.X, name="Group on X")
    for channel, counts in ((films, {"views": 9000}), (page, {"impressions": 500}), (group, {"impressions": 500})):
        post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - 10 * DAY, published_at=NOON - 10 * DAY)
        service.record(app_db, [(post.id, Reading("", **counts))], at=NOON - DAY, now=NOON)
    app_db.commit()

    numbers, compared, costs = (client.get(path).text for path in (f"/performance/assets/{asset.id}", f"/performance/compare?asset={asset.id}", "/performance/costs"))

    said = "Left out, because nobody there is identified: Group on X, Our films. That is 95% of all views, of which it is unknown whether they are in target. Mixed definitions: A sum"
    assert said in " ".join(numbers.split())
    briefly = "Mixed definitions95% of all views unknown: Group on X, Our films"
    assert texts(compared, "Cost per qualified view") == [f"€2{briefly}"]
    assert (texts(costs, "Qualified views"), texts(costs, "Seen")) == ([f"500{briefly}"], ["10,000Mixed definitions"])


def test_each_post_says_how_many_comments_it_brought_and_who_told_none(client: Browser, app_db: Session) -> None:
    asset, page = make_asset(app_db), make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    for days, comments in ((12, 1204), (11, 0), (10, None)):
        post = make_post(app_db, asset=asset, channel=page, state=PostState.PUBLISHED, publish_at=NOON - days * DAY, published_at=NOON - days * DAY)
        service.record(app_db, [(post.id, Reading("", impressions=100, comments=comments))], at=NOON - DAY, now=NOON)
    app_db.commit()

    assert texts(client.get(f"/performance/assets/{asset.id}").text, "Comments") == ["1,204", "0", "–"]
