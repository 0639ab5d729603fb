"""The demo's web statistics: who came to the pages of what is live, with the marks of the posts that led there."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetState
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.insights import visits
from planner.insights.visit_rows import Key
from planner.planning.models import Post, PostState

__all__ = ["tell"]

#: Source, medium, visits on the first day of a page that does neither well nor badly.
_ALWAYS = (("(direct)", "(none)", 46), ("google", "organic", 38), ("newsletter", "email", 14), ("reddit.com", "referral", 3), ("chronicle.example", "referral", 7))
#: Platform -> what of a post's visitors carries our mark, and what comes by the network's own address.
_BROUGHT = {Platform.LINKEDIN: (("linkedin", 22), ("lnkd.in", 6)), Platform.X: (("x", 12), ("t.co", 9)), Platform.YOUTUBE: (("youtube", 5), ("youtube.com", 3))}
_LONGEST = 90


def tell(db: Session, *, now: datetime) -> int:
    """Visits of every day since each live page came out, the same for the same page; how many counts there are."""
    first_live = func.min(Post.published_at)
    pages = db.execute(
        select(Asset.id, first_live)
        .join(Post, Post.asset_id == Asset.id)
        .where(Asset.url != "", Asset.state == AssetState.LIVE, Post.state == PostState.PUBLISHED)
        .group_by(Asset.id)
        .order_by(Asset.id)
    ).all()
    posts = db.execute(
        select(Post.asset_id, Post.id, Channel.platform, Post.published_at)
        .join(Post.channel)
        .where(Post.state == PostState.PUBLISHED, Channel.platform.in_(_BROUGHT))
        .order_by(Post.id)
    ).all()
    counted: list[visits.Counted] = []
    for asset_id, since in pages:
        assert since is not None  # A published post has its moment.
        own = [(post_id, platform, at) for owner, post_id, platform, at in posts if owner == asset_id and at is not None]
        counted += [(asset_id, key, count) for key, count in sorted(_page(asset_id, since.date(), own, now.date()).items()) if count]
    return visits.record(db, counted, actor=None, now=now)


def _page(asset_id: int, since: date, posts: list[tuple[int, Platform, datetime]], until: date) -> Counter[Key]:
    """One page's counts: many at first, fewer every day, and each post's visitors from its own day on."""
    chance = random.Random(asset_id)
    liked = chance.uniform(0.4, 3)
    counts: Counter[Key] = Counter()
    for age in range(min((until - since).days, _LONGEST)):
        day = since + timedelta(days=age)
        rest = 0.35 if day.weekday() >= 5 else 1.0
        for source, medium, size in _ALWAYS:
            counts[day, source, medium, "", ""] += int(size * liked * rest * chance.uniform(0.6, 1.4) / (1 + age * 0.3))
        for post_id, platform, at in posts:
            late = (day - at.date()).days
            for place, (source, size) in enumerate(_BROUGHT[platform]) if late >= 0 else ():
                mark = ("social", "", f"post-{post_id}") if place == 0 else ("referral", "", "")
                counts[day, source, *mark] += int(size * liked * rest * chance.uniform(0.6, 1.4) / (1 + late * 0.8))
    return counts
