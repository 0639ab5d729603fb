"""The demo's mentions: the same for the same pages, about pages that are out, and one page that comes back."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from planner.catalog.models import AssetState
from planner.demo import echo
from planner.insights import noticing
from planner.insights.resurfacing import MENTIONED
from planner.ledger.models import Job
from planner.listening.models import Mention, MentionAsset
from planner.listening.queries import asset_mentions, days_told
from planner.planning.models import PostState
from tests.factories import NOON, make_asset, make_post


def test_pages_are_mentioned_when_they_come_out_and_one_is_again(app_on_each_database: Flask) -> None:
    runtime = app_on_each_database.extensions["planner"]
    with runtime.sessions() as db:
        back, other = (make_asset(db, url=f"https://www.norvane.example/library/{name}", title=name, state=AssetState.LIVE) for name in ("latency-at-the-quay", "guide"))
        for page in (back, other):
            make_post(db, asset=page, state=PostState.PUBLISHED, published_at=NOON - timedelta(days=55))
        make_asset(db, url="https://www.norvane.example/soon", state=AssetState.READY)

        assert echo.tell(db, now=NOON) == db.scalar(select(func.count()).select_from(Mention)) != 0
        assert echo.tell(db, now=NOON) == 0

        assert set(db.scalars(select(MentionAsset.asset_id).distinct())) == {back.id, other.id}
        assert set(asset_mentions(db, back.id).places) >= {("forum.opennetworks.example", 6)}
        assert set(db.scalars(select(Job.name))) == {"resurfaced.look"}
        since, lately = noticing.mentions_from(NOON)
        told = days_told(db, since=since, lately=lately, least=MENTIONED.least)
        db.commit()

    assert noticing.look(runtime, told) == 1
    with runtime.sessions() as db:
        (alert,) = noticing.bursts_of(db, back.id)
        assert (alert.metric, alert.gained, alert.cause.name) == ("mentions", 8, "forum.opennetworks.example")
