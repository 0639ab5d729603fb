"""Good hours in the composer: each with the number of posts behind it, and the moment that its button fills in."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.best_times import LEAST
from planner.planning.models import PostState
from tests.conftest import Browser
from tests.factories import make_asset, make_channel, make_post
from tests.insights.test_best_times import TUESDAY, WEEK


def test_a_hint_says_its_hours_how_much_better_they_are_and_from_how_many_posts(client: Browser, app_db: Session) -> None:
    channel, quiet, asset = make_channel(app_db, name="Group", platform=Platform.LINKEDIN), make_channel(app_db, name="Quiet"), make_asset(app_db)
    told = []
    for number in range(LEAST):
        good = number % 3 == 0
        at = TUESDAY - (number + 1) * WEEK + timedelta(hours=0 if good else 8)
        post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=at, published_at=at, external_id=f"urn:{number}")
        told.append((post.id, at + WEEK, Reading(f"urn:{number}", impressions=300 if good else 100)))
    insights.record_rows(app_db, told)
    numbers = [channel.id, quiet.id]
    app_db.commit()

    page = client.get("/posts/good-hours", query_string={"channels": numbers}).text

    assert "Tuesday, 09:00–12:00" in page
    assert "3 times the ordinary, from 7 posts" in page
    assert 'data-wall-time="2026-03-03T09:00" data-zone="Europe/Paris"' in page
    assert "What did well before is no promise." in page
    assert f"No post with numbers after seven days yet: hints begin at {LEAST}." in page
