"""How an asset's videos were watched, out of the platform's own tables. An empty table is “not enough data”, never zero."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState, Credential, Trouble
from planner.channels.port import Platform
from planner.channels.scopes import lacking
from planner.channels.usage import Doing
from planner.insights import detailing
from planner.insights.models import PostReport
from planner.planning.models import Post, PostState

__all__ = ["PAID_SOURCES", "Part", "Untold", "Watched", "Why", "lacks_analytics", "untold", "viewers_told", "watched", "watched_of"]

#: Where views come from that somebody paid for.
PAID_SOURCES = frozenset({"ADVERTISING", "PROMOTED"})
#: Tables that are looked through for the groups they name, the newest first.
_LOOKED_AT = 1000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a table: its key, its count (views, or per cent), and its part of the whole table, a fraction."""

    key: str
    count: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Watched:
    """One video. A table is None when it was never asked for, and empty when the platform withholds it.

    people    -- (age, gender) as "age25-34,male", in per cent of the viewers YouTube can tell.
    retention -- (part of the video, part of its views that still watch there, rank among videos as long: 0.5 is ordinary).
    """

    post_id: int
    channel_name: str
    platform: Platform
    since: date
    until: date
    read_at: datetime
    total: Row | None
    sources: Sequence[Part] | None
    sites: Sequence[Part] | None
    countries: Sequence[Part] | None
    people: Sequence[Part] | None
    subscribed: Sequence[Part] | None
    retention: Sequence[tuple[float, float, float]] | None
    days: Sequence[tuple[date, Row]] | None

    @property
    def paid(self) -> float | None:
        """Part of the views that advertising brought, a fraction; None when sources are not told."""
        if not self.sources:
            return None
        whole = sum(part.count for part in self.sources)
        return sum(part.count for part in self.sources if part.key in PAID_SOURCES) / whole if whole else None

    @property
    def withheld(self) -> Sequence[str]:
        """Names of the tables that the platform withholds."""
        return [name for name in ("total", "sources", "sites", "countries", "people", "subscribed", "retention") if self._is_withheld(name)]

    def _is_withheld(self, name: str) -> bool:
        table = getattr(self, name)
        return table is not None and not table


class Why(StrEnum):
    """Why nothing is told about how a channel's videos were watched, the first that holds."""

    UNCONNECTED = "unconnected"
    NO_RIGHT = "no_right"
    FAILED = "failed"
    YOUNG = "young"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Untold:
    """A channel with a video of the asset that has no table. `reason` is the adapter's sentence (FAILED); `first_at` when the first is asked for."""

    channel_id: int
    channel_name: str
    why: Why
    reason: str
    first_at: datetime


def untold(db: Session, asset_id: int, *, now: datetime) -> list[Untold]:
    """The channels on which an asset's video is live and has no table, and why. One statement."""
    query = (
        select(Channel.id, Channel.name, Channel.platform, Channel.state, Credential.scopes, Trouble.reason, Post.published_at)
        .select_from(Post)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Credential, Credential.channel_id == Channel.id)
        .outerjoin(Trouble, and_(Trouble.channel_id == Channel.id, Trouble.doing == Doing.TABLES))
        .where(
            Post.asset_id == asset_id, Post.state == PostState.PUBLISHED, Post.published_at.is_not(None), Post.taken_down_at.is_(None),
            Channel.platform.in_(detailing.PLATFORMS), ~select(PostReport.id).where(PostReport.post_id == Post.id).exists(),
        )
        .order_by(Channel.name, Channel.id, Post.published_at)
    )  # fmt: skip
    found: dict[int, Untold] = {}
    for channel_id, name, platform, state, scopes, reason, published_at in db.execute(query):
        if published_at is None or channel_id in found:
            continue
        first_at = detailing.first_at(published_at)
        checks = (
            (Why.UNCONNECTED, state is not ChannelState.CONNECTED), (Why.NO_RIGHT, lacks_analytics(platform, scopes)), (Why.FAILED, bool(reason)),
            (Why.YOUNG, now < first_at), (Why.WAITING, True),
        )  # fmt: skip
        found[channel_id] = Untold(channel_id, name, next(why for why, holds in checks if holds), reason or "", first_at)
    return list(found.values())


def lacks_analytics(platform: Platform, scopes: Sequence[str] | None) -> bool:
    """Whether a key is known to be without the right to YouTube Analytics."""
    return any(need.name == "yt-analytics.readonly" for need in lacking(platform, scopes or ()))


def watched(db: Session, asset_id: int) -> list[Watched]:
    """Every live video of an asset that has tables, by publication. One statement."""
    return watched_of(db, [asset_id]).get(asset_id, [])


def watched_of(db: Session, asset_ids: Collection[int], names: Collection[str] | None = None) -> dict[int, list[Watched]]:
    """The same for several assets; names -- only these tables, as if the others had not been asked for. One statement."""
    query = (
        select(
            Post.asset_id, Post.id, Channel.name, Channel.platform, PostReport.name, PostReport.since, PostReport.until, PostReport.read_at,
            PostReport.columns, PostReport.rows,
        )
        .join(Post, Post.id == PostReport.post_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.asset_id.in_(asset_ids), Post.state == PostState.PUBLISHED)
        .order_by(Post.published_at, Post.id)
    )  # fmt: skip
    if names is not None:
        query = query.where(PostReport.name.in_(names))
    tables: dict[tuple[int, int], dict[str, Any]] = {}
    heads: dict[int, tuple[str, Platform, date, date, datetime]] = {}
    for asset_id, post_id, channel, platform, name, since, until, read_at, columns, told in db.execute(query):
        tables.setdefault((asset_id, post_id), {})[name] = [dict(zip(columns, row, strict=False)) for row in told]
        heads[post_id] = (channel, platform, since, until, read_at)
    found: dict[int, list[Watched]] = {}
    for (asset_id, post_id), own in tables.items():
        found.setdefault(asset_id, []).append(_watched(post_id, heads[post_id], own))
    return found


def viewers_told(db: Session, names: Collection[str], most: int = _LOOKED_AT) -> dict[tuple[str, str], float]:
    """(table, group) -> its views in the newest tables of these names (people or countries); 0 for people, who are told in per cent of
    each video. One statement, of `most` tables at most."""
    newest = select(PostReport.name, PostReport.columns, PostReport.rows).where(PostReport.name.in_(names)).order_by(PostReport.id.desc()).limit(most)
    found: dict[tuple[str, str], float] = {}
    for name, columns, told in db.execute(newest):
        rows = [dict(zip(columns, row, strict=False)) for row in told]
        for part in (_people(rows) if name == "people" else _parts(rows, "country")) or ():
            found[name, part.key] = found.get((name, part.key), 0) + (0 if name == "people" else part.count)
    return found


def _watched(post_id: int, head: tuple[str, Platform, date, date, datetime], tables: Mapping[str, list[Row]]) -> Watched:
    total, retention, days = tables.get("total"), tables.get("retention"), tables.get("days")
    return Watched(
        post_id, *head,
        total=None if total is None else (total[0] if total else {}),
        sources=_parts(tables.get("sources"), "insightTrafficSourceType"),
        sites=_parts(tables.get("sites"), "insightTrafficSourceDetail"),
        countries=_parts(tables.get("countries"), "country"),
        people=_people(tables.get("people")),
        subscribed=_parts(tables.get("subscribed"), "subscribedStatus"),
        retention=None if retention is None else [
            (float(row["elapsedVideoTimeRatio"]), float(row["audienceWatchRatio"]), float(row["relativeRetentionPerformance"])) for row in retention
        ],
        days=None if days is None else sorted(((date.fromisoformat(str(row["day"])), row) for row in days), key=itemgetter(0)),
    )  # fmt: skip


def _parts(rows: Sequence[Row] | None, key: str) -> list[Part] | None:
    """The rows of a table of views, the largest first."""
    if rows is None:
        return None
    whole = sum(int(row["views"]) for row in rows)
    parts = [Part(str(row[key]), int(row["views"]), int(row["views"]) / whole if whole else None) for row in rows]
    return sorted(parts, key=lambda part: (-part.count, part.key))


def _people(rows: Sequence[Row] | None) -> list[Part] | None:
    if rows is None:
        return None
    return [Part(f"{row['ageGroup']},{row['gender']}", float(row["viewerPercentage"]), float(row["viewerPercentage"]) / 100) for row in rows]
