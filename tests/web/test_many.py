"""A great many of everything: a list that does not show all says so, shows those that matter first, and a page stays one that a browser can draw."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.models import Resurfaced
from planner.planning import guests, queries, shares
from planner.planning.approval_models import ReviewLink
from planner.planning.models import PostState, Share, ShareKind, Standing
from planner.planning.quiet_models import Pause
from planner.planning.shared import shared
from planner.planning.shares import NewShare
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery, DeliveryState, Hold
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)


def listed(page: str, section: str) -> str:
    """The card of that name."""
    return re.split(r"</section>", page.split(f'aria-labelledby="{section}"', 1)[1], maxsplit=1)[0]


def gone_wrong(db: Session, channel: Channel, count: int) -> None:
    for number in range(count):
        make_post(db, channel=channel, asset=make_asset(db, title=f"Missed {number}."), state=PostState.MISSED, publish_at=NOON - (count - number) * DAY)


def test_of_many_pauses_three_are_said_and_how_many_more_hold_the_whole_one_first(client: Browser, app_db: Session) -> None:
    for number in range(5):
        app_db.add(Pause(channel_id=make_channel(app_db).id, reason=f"Reason {number}.", started_at=NOON))
    app_db.add(Pause(reason="Stop everything.", started_at=NOON))
    app_db.commit()

    page = client.get("/assets").text

    assert re.findall(r"Stop everything\.|Reason \d\.|3 more pauses hold\.", page) == ["Stop everything.", "Reason 0.", "Reason 1.", "3 more pauses hold."]


def test_of_many_campaigns_that_do_not_go_on_the_calendar_says_three(client: Browser, app_db: Session) -> None:
    for _number in range(5):
        off = make_campaign(app_db, standing=Standing.POSTPONED, standing_reason="The plant is not ready.", standing_since=NOON)
        make_post(app_db, campaign=off)
    app_db.commit()

    page = client.get("/calendar").text

    assert (page.count("The plant is not ready."), "2 more campaigns do not go on." in page) == (3, True)


@pytest.mark.parametrize(("count", "said"), [(50, False), (52, True)])
def test_the_desk_lists_the_latest_fifty_that_went_wrong_and_says_that_there_are_more(client: Browser, app_db: Session, count: int, said: bool) -> None:
    gone_wrong(app_db, make_channel(app_db), count)
    app_db.commit()

    card = listed(client.get("/").text, "trouble")

    assert re.findall(r"Missed (\d+)\.", card) == [str(number) for number in range(count - 50, count)]
    assert ("Only the latest 50 are listed." in card, "50+" in card) == (said, said)


def test_the_desk_says_that_more_wait_and_that_more_came_back_than_it_lists(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    for number in range(62):
        make_post(app_db, channel=channel, state=PostState.IN_REVIEW, publish_at=NOON + number * DAY)
    for _number in range(22):
        asset = make_asset(app_db)
        app_db.add(
            Resurfaced(
                asset_id=asset.id, metric="visits", since=NOON.date(), until=NOON.date() + DAY, gained=90, expected=1.0, threshold=9, noticed_at=NOON
            )
        )  # fmt: skip
    app_db.commit()

    page = client.get("/").text

    assert ("60+" in listed(page, "asked"), "See them all" in listed(page, "asked")) == (True, True)
    assert ("20+" in listed(page, "returned"), "Only the first 20 are listed" in listed(page, "returned")) == (True, True)


def test_what_waits_for_approval_says_when_more_wait_than_are_listed(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.approvals._LISTED", 2)
    channel = make_channel(app_db)
    for number in (3, 1, 2):
        make_post(app_db, channel=channel, asset=make_asset(app_db, title=f"Waits {number}."), state=PostState.IN_REVIEW, publish_at=NOON + number * DAY)
    app_db.commit()

    page = client.get("/approvals").text

    assert re.findall(r">Waits (\d)\.<", page) == ["1", "2"]
    assert ("The first 2 are listed" in page, "2+" in page) == (True, True)


@pytest.mark.parametrize(("address", "most"), [("/", "desk._ASKED"), ("/approvals", "approvals._LISTED")])
def test_edits_of_live_posts_say_when_more_wait_than_are_listed(
    client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch, address: str, most: str
) -> None:
    monkeypatch.setattr(f"planner.web.{most}", 2)
    channel = make_channel(app_db)
    for number in range(3):
        post = make_post(app_db, channel=channel, state=PostState.PUBLISHED, published_at=NOON - DAY)
        app_db.add(
            Amendment(
                post=post, kind=AmendmentKind.EDIT, state=AmendmentState.IN_REVIEW, content={"text": f"Words {number}"}, was={"text": post.text}, asked_by="Jane",
                asked_at=NOON, next_at=NOON,
            )
        )  # fmt: skip
    app_db.commit()

    page = client.get(address).text

    assert (page.count("#edit-"), ">2+<" in page) == (2, True)


def test_a_campaign_of_too_many_posts_lists_the_latest_and_says_so(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.campaigns._LISTED", 2)
    campaign, channel = make_campaign(app_db), make_channel(app_db)
    for number in (3, 1, 2):
        make_post(app_db, campaign=campaign, channel=channel, asset=make_asset(app_db, title=f"Step {number}."), publish_at=NOON + number * DAY)
    app_db.commit()

    page = client.get(f"/campaigns/{campaign.id}").text

    assert re.findall(r">Step (\d)\.<", page) == ["2", "3"]
    assert "Only the latest 2 are listed; what lies before is on the calendar." in page
    assert [one.title for one in queries.posts_of(app_db, campaign_id=campaign.id, viewer=None, limit=1)] == ["Step 3."]


def test_the_composer_says_that_it_offers_not_every_asset(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.composing.OFFERED", 2)
    make_channel(app_db)
    for number in range(2):
        make_asset(app_db, title=f"Offered {number}")
    app_db.commit()
    assert "that changed last are offered" not in client.get("/posts/new").text
    old = make_asset(app_db, title="Older", updated_at=NOON - DAY).id
    app_db.commit()

    page, chosen = client.get("/posts/new").text, client.get(f"/posts/new?asset={old}").text

    assert ("The 2 that changed last are offered." in page, ">Older<" in page, ">Older<" in chosen) == (True, False, True)


def test_of_many_campaigns_the_latest_are_listed_and_any_is_found_by_its_name(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.campaigns._MOST", 21)
    for number in range(21):
        make_campaign(app_db, name=f"Dated {number}", starts_on=NOON.date())
    assert "Only the latest" not in client.get("/campaigns").text
    make_campaign(app_db, name="Été sans date")
    app_db.commit()

    page, found = client.get("/campaigns").text, client.get("/campaigns?q=ete").text

    assert ("Only the latest 21 are listed." in page, "Été sans date" in page) == (True, False)
    assert re.findall(r'class="row-link"[^>]*>(.*?)</a>', found) == ["Été sans date"]
    assert "No campaign of that name" in client.get("/campaigns?q=winter").text


def test_held_posts_that_a_pause_stopped_are_listed_first_and_more_are_told(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.held._LISTED", 2)
    channel = make_channel(app_db)
    for number, hold in enumerate((Hold.EMBARGO, Hold.PAUSE, Hold.PAUSE)):
        post = make_post(app_db, channel=channel, asset=make_asset(app_db, title=f"Held {number}."), state=PostState.SCHEDULED, publish_at=NOON + number * DAY)
        app_db.add(
            Delivery(
                post_id=post.id, channel_id=channel.id, state=DeliveryState.HELD, hold=hold, due_at=post.publish_at, next_at=NOON, digest="d" * 64, created_at=NOON
            )
        )  # fmt: skip
    app_db.commit()

    page = client.get("/held").text

    assert re.findall(r">Held (\d)\.<", page) == ["1", "2"]
    assert ("Only 2 are listed; the others follow as these are decided." in page, "All that are listed:" in page) == (True, True)


def test_a_feed_of_too_many_posts_keeps_the_latest(db: Session) -> None:
    channel = make_channel(db)
    for number in (3, 1, 2):
        make_post(db, channel=channel, asset=make_asset(db, title=f"Told {number}"), state=PostState.APPROVED, publish_at=NOON + number * DAY)
    share, _token = shares.make(db, NewShare(name="Feed", kind=ShareKind.FEED), actor=make_user(db), now=NOON)

    assert [one.title for one in shared(db, share, NOON, NOON + 9 * DAY, now=NOON, limit=2).posts] == ["Told 2", "Told 3"]


def test_an_asset_of_many_posts_lists_the_newest_and_totals_them_all(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.LINKEDIN)
    for number in range(53):
        post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=NOON - number * DAY, publish_at=NOON - number * DAY)
        insights.record(app_db, [(post.id, Reading("", impressions=100))], at=NOON, now=NOON)
    number = asset.id
    app_db.commit()

    page, numbers = client.get(f"/assets/{number}").text, client.get(f"/performance/assets/{number}").text

    assert (page.count('data-label="Impressions"'), "5,300" in page) == (50, True)
    assert "3 earlier posts are not listed here; the totals have them." in page
    assert (numbers.count('data-label="Half-life"'), "3 earlier posts are not listed here." in numbers) == (50, True)


def test_assets_compared_on_the_same_channels_ask_for_each_channel_once(app: Flask, client: Browser, app_db: Session) -> None:
    channels = [make_channel(app_db, platform=Platform.LINKEDIN) for _number in range(3)]
    assets = [make_asset(app_db) for _number in range(3)]
    for asset in assets:
        for channel in channels:
            post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=NOON - DAY, publish_at=NOON - DAY)
            insights.record(app_db, [(post.id, Reading("", impressions=10))], at=NOON, now=NOON)
    numbers = [asset.id for asset in assets]
    app_db.commit()

    costs = [statements(app, client, "/performance/compare?" + "&".join(f"asset={number}" for number in numbers[:many])) for many in (1, 2, 3)]

    assert costs[2] - costs[1] == costs[1] - costs[0] < costs[0] - len(channels)


def test_a_chart_of_an_old_asset_on_many_channels_has_the_newest_days(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.web.assets._MOST_COUNTS", 6)
    asset = make_asset(app_db)
    channels = [make_channel(app_db, platform=Platform.LINKEDIN, name=f"Page {number}") for number in range(2)]
    posts = [make_post(app_db, asset=asset, channel=one, state=PostState.PUBLISHED, published_at=NOON - 9 * DAY, publish_at=NOON - 9 * DAY) for one in channels]
    for day in range(8):
        insights.record(app_db, [(one.id, Reading("", impressions=day)) for one in posts], at=NOON - (8 - day) * DAY, now=NOON)
    number = asset.id
    app_db.commit()

    page = client.get(f"/assets/{number}").text

    chart = page.split('id="chart-impressions"', 1)[1].split("</table>", 1)[0]
    assert re.findall(r'data-value="(\d+)"', chart) == ["5", "5", "6", "6", "7", "7"]


def test_beside_a_total_five_channels_are_named_and_the_others_counted(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    for number in range(8):
        channel = make_channel(app_db, platform=Platform.LINKEDIN if number < 7 else Platform.YOUTUBE, name=f"Page {number}")
        post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=NOON - DAY, publish_at=NOON - DAY)
        insights.record(app_db, [(post.id, Reading("", **({"impressions": 10} if number < 7 else {"views": 10})))], at=NOON, now=NOON)
    number = asset.id
    app_db.commit()

    assert "Page 0, Page 1, Page 2, Page 3, Page 4 and 2 more" in client.get(f"/assets/{number}").text


def test_a_link_that_still_works_is_listed_before_all_that_ended(db: Session) -> None:
    admin = make_user(db)

    def made(model: Any, number: int, **values: Any) -> Any:
        row = model(digest=f"{number}", name=f"Link {number}", language="en", created_by_id=admin.id, created_at=NOON, **values)
        db.add(row)
        db.flush()
        return row

    for number, ends in enumerate((NOON + DAY, NOON - DAY, NOON + DAY, NOON - DAY)):
        made(Share, number, kind=ShareKind.PAGE, scope={}, expires_at=ends)
        made(ReviewLink, number, posts=[], expires_at=ends)
    made(Share, 4, kind=ShareKind.FEED, scope={})

    assert [one.name for one in shares.lines(db, viewer=admin, now=NOON, limit=4)] == ["Link 4", "Link 2", "Link 0", "Link 3"]
    assert [one.name for one in guests.lines(db, viewer=admin, now=NOON, limit=3)] == ["Link 2", "Link 0", "Link 3"]
