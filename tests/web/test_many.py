"""A great many of everything: a list that does not show all says so, shows those that matter first, and a page stays one that a browser can draw."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from planner.planning.models import Standing
from planner.planning.quiet_models import Pause
from tests.conftest import Browser
from tests.factories import NOON, make_campaign, make_channel, make_post

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)


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
