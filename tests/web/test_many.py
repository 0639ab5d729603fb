"""A great many of everything: a list that does not show all says so, shows those that matter first, and a page stays one that a browser can draw."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.insights.models import Resurfaced
from planner.planning import queries
from planner.planning.models import PostState, Standing
from planner.planning.quiet_models import Pause
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post

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
    assert ("The 2 that go out first are listed" in page, "2+" in page) == (True, True)


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
