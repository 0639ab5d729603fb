"""Names that run from right to left keep to their place: they do not turn round the sentence, or the numbers, around them."""

from __future__ import annotations

import html

import pytest
from markupsafe import Markup
from sqlalchemy.orm import Session

from planner.core.text import isolated
from planner.planning.models import PostState, Standing
from planner.planning.quiet_models import Pause
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post

ARABIC = "حملة الخريف"


@pytest.mark.parametrize("text", ["Campaign 12", "Été", "港湾", "", None, 7, Markup("<b>a</b>")])
def test_what_runs_from_left_to_right_stays_as_it_is(text: object) -> None:
    assert isolated(text) is text


@pytest.mark.parametrize("text", [ARABIC, "קמפיין", "turned \u202e round"])
def test_what_turns_the_line_round_is_closed_off(text: str) -> None:
    assert isolated(text) == f"\u2068{text}\u2069"
    assert isolated(Markup("<b>") + text) == Markup("\u2068<b>") + text + "\u2069" and isinstance(isolated(Markup(text)), Markup)


def test_sentences_of_pages_and_of_pauses_close_it_off(client: Browser, app_db: Session) -> None:
    campaign, channel = make_campaign(app_db, name=ARABIC, standing=Standing.POSTPONED, standing_reason="Later.", standing_since=NOON), make_channel(app_db)
    for number in range(2):
        make_post(app_db, campaign=campaign, channel=channel, asset=make_asset(app_db, title=f"Post {number}"), state=PostState.IN_REVIEW)
    app_db.add(Pause(campaign_id=campaign.id, reason="Stop.", started_at=NOON))
    app_db.commit()

    calendar, approvals = html.unescape(client.get("/calendar").text), html.unescape(client.get("/approvals").text)

    assert f"“\u2068{ARABIC}\u2069” is postponed: Later." in calendar
    assert f"The campaign “\u2068{ARABIC}\u2069” is paused: Stop." in calendar
    assert f"The wave “\u2068{ARABIC}\u2069” (2)" in approvals
