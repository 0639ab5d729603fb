"""The calendar's days: public holidays of the channels' countries on page and in the rows, and the strip of what gets in its own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import AssetAudience, Audience, Confidentiality
from planner.planning.models import RuleSetting
from tests.conftest import Browser
from tests.factories import make_asset, make_channel, make_post, make_user
from tests.web.counting import statements

BASTILLE = datetime(2026, 7, 14, 9, 0, tzinfo=UTC)
WEEK = "/calendar?date=2026-07-14"


def a_crowded_day(db: Session, *, name: str = "Group on X") -> None:
    """Three posts on a holiday: two assets for analysts, five minutes apart, and a confidential one."""
    channel = make_channel(db, name=name)
    assets = [make_asset(db), make_asset(db), make_asset(db, confidentiality=Confidentiality.CONFIDENTIAL)]
    db.add_all(AssetAudience(asset_id=one.id, audience=Audience.ANALYSTS) for one in assets)
    for number, asset in enumerate(assets):
        make_post(db, asset=asset, channel=channel, publish_at=BASTILLE + timedelta(minutes=5 * number), text=f"Text {number}.")


def test_a_holiday_is_on_the_page_and_a_row_of_the_whole_day(client: Browser, app_db: Session) -> None:
    make_channel(app_db)
    app_db.commit()

    page = unescape(client.get(WEEK).text)
    rows = client.get("/calendar/events?start=2026-07-13T00:00:00%2B02:00&end=2026-07-20T00:00:00%2B02:00").get_json()

    assert "National Day (FR)" in page
    assert rows == [
        {
            "id": "holiday-2026-07-14-0", "title": "National Day (FR)", "start": "2026-07-14", "end": "2026-07-15", "allDay": True, "url": None,
            "move_url": None, "editable": False, "origin": "holiday",
        }
    ]  # fmt: skip


def test_a_channel_that_is_filtered_away_or_keeps_no_holidays_brings_none(client: Browser, app_db: Session) -> None:
    german = make_channel(app_db, time_zone="Europe/Berlin").id
    french = make_channel(app_db).id
    app_db.commit()
    assert ["National Day" in client.get(f"{WEEK}{more}").text for more in ("", f"&channel={french}", f"&channel={german}")] == [True, True, False]

    app_db.add(RuleSetting(code="holiday", enabled=False, parameters={"country": ""}))
    app_db.commit()
    assert "National Day" not in client.get(WEEK).text


def test_the_strip_says_what_gets_in_the_way_and_in_french_too(client: Browser, sign_in: Any, app_db: Session) -> None:
    a_crowded_day(app_db)
    reader = make_user(app_db, language="fr")
    app_db.commit()

    page, french = unescape(client.get(WEEK).text), unescape(sign_in(reader).get(WEEK).text)

    assert "3 things get in the way from" in page
    assert "3 posts on “Group on X” within its gap of 15 minutes." in page
    assert "Posts on a public holiday (FR, National Day): 3." in page
    assert "3 different assets for one audience that day: Analysts." in page
    assert "Fête nationale" in french


def test_who_may_not_know_a_confidential_asset_does_not_meet_its_audience(sign_in: Any, app_db: Session) -> None:
    a_crowded_day(app_db)
    app_db.commit()

    page = unescape(sign_in(roles=("viewer",)).get(WEEK).text)

    assert "2 different assets for one audience that day: Analysts." in page
    assert "3 posts on “Group on X” within its gap of 15 minutes." in page


def test_a_quiet_week_has_no_strip(client: Browser, app_db: Session) -> None:
    make_post(app_db, publish_at=BASTILLE + timedelta(days=1))
    app_db.commit()

    assert "gets in the way" not in client.get(WEEK).text


@pytest.mark.parametrize("count", [1, 4])
def test_the_calendar_costs_eight_statements_at_most_however_crowded(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        a_crowded_day(app_db, name=f"Group {number}")
    app_db.commit()

    assert statements(app, client, WEEK) <= 8
    assert statements(app, client, "/calendar/events?start=2026-07-01&end=2026-08-01") <= 8
