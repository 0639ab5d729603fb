"""What assets cost against how often people in target saw them: the numbers behind the scatter of the performance screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind
from planner.catalog.queries import known_to
from planner.channels import queries as channels
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.insights.audiences import DIMENSIONS, ChannelReach, mapping, reached
from planner.insights.models import Latest
from planner.insights.standing import ChannelPart, Qualified, qualified
from planner.insights.watched import watched_of
from planner.planning.models import Post, PostState

__all__ = ["MOST", "Costed", "Costs", "costs"]

#: Assets shown at most: those that cost most.
MOST = 300


@dataclass(frozen=True, slots=True)
class Costed:
    """One asset that cost something. seen -- over its channels; who -- how often by people in target, and of which channels nobody knows."""

    asset_id: int
    title: str
    kind: AssetKind
    cost: Decimal
    seen: int | None
    who: Qualified

    @property
    def qualified(self) -> float | None:
        """How often by people in target; None where nobody knows who they are."""
        return self.who.views

    @property
    def per_view(self) -> Decimal | None:
        """Cost of one qualified view; None without any."""
        return self.cost / Decimal(repr(self.qualified)) if self.qualified else None


@dataclass(frozen=True, slots=True)
class Costs:
    """Assets of one currency, the cheapest view first, those without an answer last.

    elsewhere -- how many more cost something in another currency; cut -- whether there are more than MOST.
    """

    currency: str
    assets: list[Costed]
    elsewhere: int
    cut: bool

    @property
    def placed(self) -> list[Costed]:
        """Those that have a place in the picture."""
        return [one for one in self.assets if one.qualified]

    @property
    def untold(self) -> list[Costed]:
        return [one for one in self.assets if not one.qualified]


def costs(db: Session, *, viewer: User | None, currency: str | None = None) -> Costs | None:
    """Every published asset with a cost, in that currency or the one most are in; None when no asset has any. Eight statements at most.

    A free asset is left out: it has no cost of a view.
    """
    found: Counter[str] = Counter({row[0]: row[1] for row in db.execute(_costly(select(Asset.currency, func.count()), viewer).group_by(Asset.currency))})
    if not found:
        return None
    chosen = currency if currency is not None and currency in found else min(found, key=lambda one: (-found[one], one))
    query = _costly(select(Asset), viewer).where(Asset.currency == chosen).order_by(Asset.cost.desc(), Asset.id).limit(MOST)
    assets = list(db.scalars(query))
    live = _seen(db, [one.id for one in assets])
    watched = watched_of(db, [one.id for one in assets], ("total", *DIMENSIONS[Platform.YOUTUBE]))
    known, audiences = mapping(db), channels.audience(db)
    told = [
        _costed(
            asset, live.get(asset.id, []),
            reached(
                [(one.channel_id, one.channel, one.platform) for one in live.get(asset.id, [])], {str(one) for one in asset.audiences},
                known=known, audiences=audiences, watched=watched.get(asset.id, []),
            ),
        )
        for asset in assets
    ]  # fmt: skip
    told.sort(key=lambda one: (one.per_view is None, one.per_view or 0, -one.cost, one.asset_id))
    return Costs(chosen, told, found.total() - found[chosen], found[chosen] > MOST)


def _costed(asset: Asset, live: list[ChannelPart], who: list[ChannelReach]) -> Costed:
    assert asset.cost is not None  # Only such assets were asked for.
    counts = [one.seen for one in live if one.seen is not None]
    return Costed(asset.id, asset.title, asset.kind, asset.cost, sum(counts) if counts else None, qualified(live, who))


def _costly(query: Any, viewer: User | None) -> Any:
    out = select(Post.id).where(Post.asset_id == Asset.id, Post.state == PostState.PUBLISHED).exists()
    query = query.where(Asset.cost > 0, out)
    knowing = known_to(viewer)
    return query if knowing is None else query.where(knowing)


def _seen(db: Session, asset_ids: list[int]) -> dict[int, list[ChannelPart]]:
    """Asset -> its channels with how often it was seen there, as the platform counts that. One statement."""
    seen = func.sum(case((Channel.platform == Platform.YOUTUBE, Latest.views), else_=Latest.impressions))
    rows = db.execute(
        select(Post.asset_id, Channel.id, Channel.name, Channel.platform, seen)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Latest, Latest.post_id == Post.id)
        .where(Post.asset_id.in_(asset_ids), Post.state == PostState.PUBLISHED)
        .group_by(Post.asset_id, Channel.id, Channel.name, Channel.platform)
    )
    found: dict[int, list[ChannelPart]] = {}
    for asset_id, channel_id, name, platform, count in rows:
        part = ChannelPart(channel_id, name, platform, None if count is None else int(count), None, None, None)
        found.setdefault(asset_id, []).append(part)
    return found
