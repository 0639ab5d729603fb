"""Audiences that hear nothing, on the desk and above the calendar, each leading to what there is for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import AssetAudience, Audience
from planner.planning.models import PostState, RuleSetting
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.web.counting import statements

DAY = timedelta(days=1)
WEEK = "/calendar?view=week&date=2026-03-02"


def an_asset(db: Session, audience: Audience) -> int:
    asset = make_asset(db, title=f"For {audience}")
    db.add(AssetAudience(asset_id=asset.id, audience=audience))
    return asset.id


def test_a_gap_is_told_on_the_desk_and_above_the_calendar_until_something_is_planned(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    app_db.add(AssetAudience(asset_id=asset.id, audience=Audience.ANALYSTS))
    channel = make_channel(app_db, name="Town")
    make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - 16 * DAY, published_at=NOON - 16 * DAY)
    app_db.commit()

    desk, calendar = unescape(client.get("/").text), unescape(client.get(WEEK).text)

    assert "Audiences that hear nothing" in desk and "One audience hears nothing for too long" in calendar
    for page in (desk, calendar):
        assert "Analysts: nothing since 14 Feb." in page and "Nothing is planned." in page
        assert 'href="/assets?audience=analysts&state=ready&state=live"' in page
    assert client.get("/assets?audience=analysts&state=ready&state=live").status_code == 200
    make_post(app_db, asset=asset, channel=channel, publish_at=NOON + DAY)
    app_db.commit()
    assert "hear nothing" not in client.get("/").text and "hears nothing" not in client.get(WEEK).text


def test_what_an_administrator_set_counts_and_a_channel_s_own_is_named(client: Browser, app_db: Session) -> None:
    an_asset(app_db, Audience.ANALYSTS)
    channel = make_channel(app_db, name="Town")
    app_db.commit()
    fields = {"enabled": "y", **{one.value: "0" for one in Audience}}
    assert client.submit("/settings/rules/silence", **fields).status_code == 302
    assert "hear nothing" not in client.get("/").text

    assert client.submit(f"/settings/rules/silence?channel={channel.id}", **{**fields, "analysts": "9"}).status_code == 302

    assert "Analysts: nothing on “Town” for 9 days. Nothing is planned." in " ".join(unescape(client.get("/").text).split())
    page = client.get("/settings/rules/silence").text
    assert 'name="analysts"' in page and 'name="must_not"' not in page
    assert app_db.query(RuleSetting).count() == 2


def test_it_is_told_to_who_can_mend_it_and_not_where_there_is_no_channel(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    an_asset(app_db, Audience.ANALYSTS)
    app_db.commit()
    assert "hear nothing" not in client.get("/").text and "hears nothing" not in client.get(WEEK).text
    make_channel(app_db)
    app_db.commit()

    assert [["hear nothing" in sign_in(roles=(role,)).get("/").text, "hears nothing" in sign_in(roles=(role,)).get(WEEK).text] for role in ("author", "viewer")] == [
        [True, True], [False, False],
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 4])
def test_watching_many_costs_the_desk_and_the_calendar_one_statement(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        channel = make_channel(app_db)
        make_post(app_db, channel=channel)
        app_db.add(RuleSetting(code="silence", channel_id=channel.id, enabled=True, parameters={one.value: 9 for one in Audience}))
        an_asset(app_db, list(Audience)[number])
    make_user(app_db)
    app_db.commit()

    assert statements(app, client, WEEK) <= 8
    assert statements(app, client, "/") <= 20
