"""What X told of our posts to us alone, for their first 30 days: what was organic, whom the post led where, and how far people watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from planner.channels.port import Platform
from planner.insights.models import Snapshot
from planner.insights.queries import AssetPerformance, PostNumbers

__all__ = ["QUARTERS", "PrivateNumbers", "numbers_of", "private_numbers", "watched_quarters"]

#: Parts of a video, per cent, by which X counts who still watches.
QUARTERS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class PrivateNumbers:
    """One post on X as last told to its author. None: not told.

    impressions -- all of them, as told at the same moment; organic -- those nobody paid for.
    watched     -- how many had seen each of QUARTERS of its videos, added up; None for a post without one.
    """

    post: PostNumbers
    read_at: datetime
    impressions: int | None
    organic: int | None
    link_clicks: int | None
    profile_clicks: int | None
    watched: Sequence[int] | None

    @property
    def paid(self) -> int | None:
        """Impressions that promotion brought."""
        return None if self.impressions is None or self.organic is None else max(self.impressions - self.organic, 0)


def private_numbers(db: Session, performance: AssetPerformance) -> list[PrivateNumbers]:
    """The asset's posts on X of which something was told, by publication. One statement, none without posts there."""
    posts = {post.post_id: post for post in performance.posts if post.platform is Platform.X}
    if not posts:
        return []
    other = aliased(Snapshot)
    # Clicks are among what X tells the author alone: the last reading that has them has the rest.
    last = select(func.max(other.at)).where(other.post_id == Snapshot.post_id, other.clicks.is_not(None)).correlate(Snapshot).scalar_subquery()
    rows = db.execute(
        select(Snapshot.post_id, Snapshot.at, Snapshot.raw).where(Snapshot.post_id.in_(posts), Snapshot.clicks.is_not(None), Snapshot.at == last)
    )
    told = {row.post_id: row for row in rows if row.raw}
    return [_numbers(post, told[post_id].at, told[post_id].raw) for post_id, post in posts.items() if post_id in told]


def _numbers(post: PostNumbers, at: datetime, raw: Mapping[str, Any]) -> PrivateNumbers:
    return PrivateNumbers(post, at, *numbers_of(raw), watched_quarters(raw.get("media")))


def numbers_of(raw: Mapping[str, Any]) -> tuple[int | None, int | None, int | None, int | None]:
    """Of X's own fields: impressions, organic ones, clicks on links and on the profile. Source: docs.x.com, “Metrics”."""
    return (
        _count(raw, "public_metrics", "impression_count"), _count(raw, "organic_metrics", "impression_count"),
        _count(raw, "non_public_metrics", "url_link_clicks"), _count(raw, "non_public_metrics", "user_profile_clicks"),
    )  # fmt: skip


def watched_quarters(media: Any) -> list[int] | None:
    """Who had seen each quarter; None when a quarter of any video was not told."""
    if not isinstance(media, dict) or not media:
        return None
    sums = [0] * len(QUARTERS)
    for video in media.values():
        for place, part in enumerate(QUARTERS):
            count = _count(video, "non_public_metrics", f"playback_{part}_count") if isinstance(video, dict) else None
            if count is None:
                return None
            sums[place] += count
    return sums


def _count(told: Mapping[str, Any], group: str, name: str) -> int | None:
    value = told[group].get(name) if isinstance(told.get(group), dict) else None
    return value if type(value) is int and value >= 0 else None
