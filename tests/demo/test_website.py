"""The demo's visits are the same for the same pages, join the posts, and begin when a page came out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetState
from planner.channels.port import Platform
from planner.demo import website
from planner.insights.models import Visits
from planner.insights.traffic import asset_traffic
from planner.planning.models import PostState
from tests.factories import NOON, make_asset, make_channel, make_post


def test_a_live_page_has_visits_that_networks_and_others_brought(db: Session) -> None:
    page = make_asset(db, url="https://www.norvane.example/paper", state=AssetState.LIVE)
    since = NOON - timedelta(days=20)
    post = make_post(db, asset=page, channel=make_channel(db, platform=Platform.LINKEDIN), state=PostState.PUBLISHED, published_at=since)
    make_asset(db, url="https://www.norvane.example/soon", state=AssetState.READY)

    assert website.tell(db, now=NOON) == db.scalar(select(func.count()).select_from(Visits)) != 0
    assert website.tell(db, now=NOON) == 0

    told = asset_traffic(db, page)
    assert told.days[0][0] == since.date()
    assert told.social is not None and 0.05 < told.social < 0.6
    assert told.first_direct is not None and 0.1 < told.first_direct < 0.7
    assert [one.post_id for one in told.posts] == [post.id]
    assert set(db.scalars(select(Visits.asset_id).distinct())) == {page.id}
