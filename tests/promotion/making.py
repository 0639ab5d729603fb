"""Channels with a past for the promotion desk's tests: videos that grow as videos do, read on given days."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind
from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.rules import regime_of
from planner.planning.models import Post, PostState
from planner.promotion.forecast import curve
from tests.factories import NOON, make_asset, make_channel, make_post

DAY = timedelta(days=1)
AGES = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0)


def views_at(age: float, first_day: float, *, pace: float = 0.4) -> int:
    """Views at an age in days of a video that had `first_day` on its first."""
    return round(first_day * math.exp(pace * curve(age)))


def make_video(
    db: Session, channel: Channel, *, published_at: datetime, first_day: float = 100, ages: Iterable[float] = AGES, until: datetime = NOON,
    watched: float | None = None, pace: float = 0.4, **asset: object,
) -> Post:  # fmt: skip
    """A published video and its readings until a moment; `watched` is the average part that was watched."""
    asset.setdefault("kind", AssetKind.VIDEO)
    asset.setdefault("duration_seconds", 100)
    post = make_post(
        db, channel=channel, asset=make_asset(db, **asset), state=PostState.PUBLISHED, publish_at=published_at, published_at=published_at
    )
    read(db, post, first_day=first_day, ages=ages, until=until, watched=watched, pace=pace)
    return post


def read(
    db: Session, post: Post, *, first_day: float = 100, ages: Iterable[float] = AGES, until: datetime = NOON, watched: float | None = None,
    pace: float = 0.4,
) -> None:  # fmt: skip
    """Readings of a post at these ages, none after `until`."""
    assert post.published_at is not None
    rows = []
    for age in ages:
        at = post.published_at + age * DAY
        if at <= until:
            views = views_at(age, first_day, pace=pace)
            seconds = None if watched is None else round(views * watched * 100)
            rows.append((post.id, at, Reading("", views=views, watch_seconds=seconds, regime=regime_of(Platform.YOUTUBE, at))))
    insights.record_rows(db, rows)


def make_past(db: Session, *, count: int = 12, channel: Channel | None = None, watched: float | None = None, now: datetime = NOON) -> Channel:
    """A channel with that many videos, one every ten days, the last 70 days ago, their first days between 60 and 140 views."""
    channel = channel or make_channel(db, platform=Platform.YOUTUBE, name="Group TV")
    for number in range(count):
        make_video(db, channel, published_at=now - (70 + 10 * number) * DAY, first_day=60 + 80 * number / max(count - 1, 1), watched=watched, until=now)
    return channel


def asset_of(db: Session, post: Post) -> Asset:
    return db.get_one(Asset, post.asset_id)
