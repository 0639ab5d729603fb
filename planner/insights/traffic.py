"""What the visits to one asset's page came from: by source, by day, and by our posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.pages import page_key
from planner.insights.models import LinkClicks, ShortLink, Site, SiteDay, Visits
from planner.insights.sources import NETWORKS, Source, classify, traffic_share
from planner.insights.visit_rows import believed
from planner.planning.marks import post_of
from planner.planning.models import Post, PostState

__all__ = ["AssetTraffic", "PostTraffic", "SourceVisits", "asset_traffic"]

_kind_of = lru_cache(maxsize=4096)(classify)
#: In the place of an origin: the day was told as a whole.
_WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class SourceVisits:
    """What one source brought; `share` is a fraction of all visits."""

    source: Source
    visits: int
    share: float


@dataclass(frozen=True, slots=True)
class PostTraffic:
    """The visits that carry one post's mark, and the clicks on its short link (None: it has none)."""

    post_id: int
    channel_name: str
    platform: Platform
    colour: int
    published_at: datetime | None
    visits: int
    clicks: int | None


@dataclass(frozen=True, slots=True)
class AssetTraffic:
    """Visits to an asset's page over all the days that were told; no days at all when nothing was.

    social       -- the least that networks brought, a fraction; None when nobody came. Who followed a link in an app or a
                    message often arrives without a source, so the true part is larger.
    first_direct -- part of the visits of the day of publication and the next that came from nowhere the statistics can name;
                    None when nothing is known of those days.
    days         -- (day, visits by source), earliest first.
    """

    total: int
    sources: Sequence[SourceVisits]
    social: float | None
    first_direct: float | None
    first_visits: int
    days: Sequence[tuple[date, dict[Source, int]]]
    posts: Sequence[PostTraffic]
    told_at: datetime | None

    @property
    def networks(self) -> list[SourceVisits]:
        """The networks that brought somebody, the largest first."""
        return [one for one in self.sources if one.source in NETWORKS and one.visits]


def asset_traffic(db: Session, asset: Asset, *, zone: str = "UTC") -> AssetTraffic:
    """The visits to one asset's page. `zone` is the web statistics' own. Two statements, and two more where posts are named.

    Where the statistics' own interface, an export and a server's log told one day, the first of these is believed: they are never added. On a day that the
    interface told and nobody is counted on, nobody came; a day that nobody told is not here.
    """
    rows = db.execute(_told_of(asset)).all()
    told = believed((day, "api" if origin == _WHOLE else origin) for day, origin, *_rest in rows)
    first = _first_day(db, asset, zone) if rows else None
    since = min((day for day, origin, *_rest in rows if origin != _WHOLE), default=first)
    days: dict[date, Counter[Source]] = {day: Counter() for day, origin, *_rest in rows if origin == _WHOLE and since is not None and day >= since}
    by_post: Counter[int] = Counter()
    for day, origin, source, medium, campaign, content, visits, _told_at in rows:
        if origin == _WHOLE or origin != told[day]:
            continue
        days.setdefault(day, Counter())[_kind_of(source, medium, campaign)] += visits
        post_id = post_of(content)
        if post_id is not None:
            by_post[post_id] += visits
    together = sum(days.values(), Counter[Source]())
    share = traffic_share(together)
    first_visits, first_direct = _first_days(days, first)
    return AssetTraffic(
        total=together.total(),
        sources=sorted((SourceVisits(one, together[one], share[one]) for one in share), key=lambda one: (-one.visits, one.source)),
        social=sum(share.get(one, 0.0) for one in NETWORKS) if share else None,
        first_direct=first_direct,
        first_visits=first_visits,
        days=[(day, dict(days[day])) for day in sorted(days)],
        posts=_posts(db, asset.id, by_post),
        told_at=max((row.told_at for row in rows), default=None),
    )


def _told_of(asset: Asset) -> Any:
    """What was told about its page, and the days of which its website's statistics told everything: on those, nobody is zero."""
    nothing = literal("")
    counted = select(Visits.day, Visits.origin, Visits.source, Visits.medium, Visits.campaign, Visits.content, Visits.visits, Visits.told_at).where(
        Visits.asset_id == asset.id
    )
    host = page_key(asset.url)[0] if asset.url else ""
    if not host:
        return counted
    whole = select(SiteDay.day, literal(_WHOLE), nothing, nothing, nothing, nothing, literal(0), SiteDay.told_at)
    return union_all(counted, whole.join(Site, Site.id == SiteDay.site_id).where(Site.host == host))


def _first_day(db: Session, asset: Asset, zone: str) -> date | None:
    """The day the asset came out: its own, else that of its first live post."""
    at = asset.published_at or db.scalar(select(func.min(Post.published_at)).where(Post.asset_id == asset.id, Post.state == PostState.PUBLISHED))
    return at.astimezone(ZoneInfo(zone)).date() if at else None


def _first_days(days: dict[date, Counter[Source]], first: date | None) -> tuple[int, float | None]:
    """Visits of the day of publication and the next, and the part of them that nobody can name the source of."""
    if first is None:
        return 0, None
    both = sum((days.get(one, Counter()) for one in (first, first + timedelta(days=1))), Counter[Source]())
    return both.total(), traffic_share(both).get(Source.DIRECT, 0.0) if both.total() else None


def _posts(db: Session, asset_id: int, by_post: Counter[int]) -> list[PostTraffic]:
    """Posts of this asset that brought somebody or have a short link, the most visited first. A mark that names another's post counts for none."""
    clicks = dict(_clicks(db, asset_id))
    wanted = sorted({*by_post, *clicks})
    if not wanted:
        return []
    query = select(Post.id, Channel.name, Channel.platform, Channel.colour, Post.published_at).join(Post.channel)
    found = [
        PostTraffic(post_id, name, platform, colour, at, by_post[post_id], clicks.get(post_id))
        for post_id, name, platform, colour, at in db.execute(query.where(Post.asset_id == asset_id, Post.id.in_(wanted[:10_000])))
    ]
    return sorted(found, key=lambda one: (-one.visits, -(one.clicks or 0), one.post_id))


def _clicks(db: Session, asset_id: int) -> Iterable[tuple[int, int]]:
    query = (
        select(ShortLink.post_id, func.coalesce(func.sum(LinkClicks.clicks), 0))
        .join(Post, Post.id == ShortLink.post_id)
        .outerjoin(LinkClicks, LinkClicks.link_id == ShortLink.id)
        .where(Post.asset_id == asset_id)
        .group_by(ShortLink.post_id)
    )
    return [(post_id, int(clicks)) for post_id, clicks in db.execute(query)]
