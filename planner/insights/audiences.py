"""Which of our audiences a platform's groups are, and what part of the people we know of an asset reaches whom it is for.

A group is put into one audience, or outside all of them; one that nobody put anywhere is unknown, and is counted as neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset, Audience
from planner.channels import queries as channels
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.insights.models import AudienceMapping
from planner.insights.watched import Watched, viewers_told
from planner.planning.models import Post, PostState

__all__ = ["DIMENSIONS", "OUTSIDE", "ChannelReach", "Group", "Reach", "asset_reach", "groups", "mapping", "put", "reach", "reached"]

#: Put outside every audience of ours.
OUTSIDE = "outside"
#: Ways of splitting people that can be put into audiences.
DIMENSIONS: dict[Platform, tuple[str, ...]] = {
    Platform.LINKEDIN: ("function", "seniority", "industry", "country"),
    Platform.YOUTUBE: ("people", "countries"),
}
#: A page's visitors are told by the same groups as its followers, in views of the page and not in people: what is said of a group holds for both.
_VISITORS = "visits_"
Segment = tuple[Platform, str, str]

_FUNCTION = "urn:li:function:"
#: Where nobody has said otherwise: functions that name an audience by themselves.
_USUAL: dict[Segment, str] = {
    (Platform.LINKEDIN, "function", _FUNCTION + number): str(audience)
    for audience, numbers in {
        Audience.JOURNALISTS: ("16",), Audience.ANALYSTS: ("6", "24"), Audience.EXPERTS: ("8", "13", "22"), Audience.INVESTORS: ("10",),
        Audience.CUSTOMERS: ("4", "18", "19", "20", "21", "25"),
    }.items()
    for number in numbers
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """One group of people on the page of the table. `audience` is an Audience's value, OUTSIDE, or None: unknown.

    people -- None where the platform tells the group in per cent or in views only.
    """

    platform: Platform
    dimension: str
    key: str
    people: int | None
    audience: str | None
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Of some people (or per cent of them): those in target, those whom the table knows at all, and all."""

    in_target: float
    identified: float
    total: float

    @property
    def part(self) -> float | None:
        """Of the identified, the part in target; None when nobody is identified."""
        return self.in_target / self.identified if self.identified else None

    @property
    def unknown(self) -> float | None:
        """Of all, the part that nobody can identify."""
        return 1 - self.identified / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """One channel's people and whom of them an asset is for. `is_viewers`: viewers of its video; else the page's followers."""

    channel_id: int
    channel: str
    platform: Platform
    dimension: str
    day: date
    is_viewers: bool
    reach: Reach


def mapping(db: Session) -> dict[Segment, str | None]:
    """Segment -> audience, OUTSIDE, or None where somebody took away what is usual. One statement."""
    return {**_USUAL, **_said(db)}


def _said(db: Session) -> dict[Segment, str | None]:
    return {(row.platform, row.dimension, row.key): row.audience for row in db.scalars(select(AudienceMapping))}


def put(db: Session, segment: Segment, audience: str | None, *, actor: User | None, now: Any) -> bool:
    """Put a group into an audience, OUTSIDE, or None for unknown; whether anything changed. Raises Forbidden, Invalid."""
    require(actor, "audiences.map")
    platform, dimension, key = segment
    if dimension not in DIMENSIONS.get(platform, ()) or not 0 < len(key) <= 120:
        raise Invalid(N_("There is no such group."))
    if audience is not None and audience != OUTSIDE and audience not in list(Audience):
        raise Invalid(N_("There is no such audience."))
    before = mapping(db).get(segment)
    if before == audience:
        return False
    row = db.scalars(select(AudienceMapping).filter_by(platform=platform, dimension=dimension, key=key)).first()
    if row is None:
        row = AudienceMapping(platform=platform, dimension=dimension, key=key)
        db.add(row)
    row.audience = audience
    history.record(db, actor, "audience.mapped", row, now=now, was={"audience": before}, became={"audience": audience}, note=key)
    return True


def reach(people: Mapping[str, float], known: Mapping[str, str | None], targets: Collection[str], total: float | None = None) -> Reach:
    """How many of some people are in target.

    people  -- group -> people (or per cent), each >= 0; a person is in one group only.
    known   -- group -> audience, OUTSIDE or None.
    targets -- the audiences meant.
    total   -- all there are, when more than the groups hold.
    """
    identified = {key: count for key, count in people.items() if known.get(key) is not None}
    inside = sum(count for key, count in identified.items() if known[key] in targets)
    return Reach(inside, sum(identified.values()), max(total or 0, sum(people.values())))


def groups(db: Session) -> list[Group]:
    """Every group that a platform told, with its people as told last, and where it is put. Four statements.

    Of videos only the newest tables are looked through (watched.viewers_told); a group that somebody put somewhere is there in any case.
    """
    own = _said(db)
    known = {**_USUAL, **own}
    platforms = {row.id: row.platform for row in db.execute(select(Channel.id, Channel.platform))}
    people: dict[Segment, int | None] = {}
    for channel_id, audience in channels.audience(db).items():
        for dimension in audience.dimensions:
            name = dimension.name.removeprefix(_VISITORS)
            if name in DIMENSIONS.get(platforms[channel_id], ()):
                for key, count in dimension.people:
                    segment = (platforms[channel_id], name, key)
                    people[segment] = people.get(segment) if name != dimension.name else (people.get(segment) or 0) + count
    views = {(Platform.YOUTUBE, name, key): count for (name, key), count in viewers_told(db, DIMENSIONS[Platform.YOUTUBE]).items()}
    segments = {**dict.fromkeys(known), **dict.fromkeys(views), **people}
    found = [Group(*segment, people.get(segment), known.get(segment), segment not in own) for segment in segments]
    order = {name: place for names in DIMENSIONS.values() for place, name in enumerate(names)}
    sizes = {**views, **people}
    return sorted(found, key=lambda one: (one.platform, order.get(one.dimension, 9), -(sizes.get((one.platform, one.dimension, one.key)) or 0), one.key))


def asset_reach(db: Session, asset: Asset, watched: Sequence[Watched]) -> list[ChannelReach]:
    """For each channel on which the asset is live and whose people are known, the part for whom it is; empty when it is for nobody in
    particular. Viewers where the platform tells them, else the page's followers. Three statements."""
    targets = {str(one) for one in asset.audiences}
    if not targets:
        return []
    known = mapping(db)
    live = db.execute(
        select(Channel.id, Channel.name, Channel.platform).where(
            Channel.id.in_(select(Post.channel_id).where(Post.asset_id == asset.id, Post.state == PostState.PUBLISHED))
        )
    ).all()
    audiences = channels.audience(db) if any(row.platform is Platform.LINKEDIN for row in live) else {}
    return reached([(row.id, row.name, row.platform) for row in live], targets, known=known, audiences=audiences, watched=watched)


def reached(
    live: Iterable[tuple[int, str, Platform]], targets: Collection[str], *, known: Mapping[Segment, str | None],
    audiences: Mapping[int, channels.Audience], watched: Sequence[Watched],
) -> list[ChannelReach]:  # fmt: skip
    """The same of what was read already: the channels (number, name, platform) on which an asset for these audiences is live."""
    if not targets:
        return []
    found = []
    for channel_id, name, platform in live:
        tables = _viewers(watched, name) if platform is Platform.YOUTUBE else _followers(audiences.get(channel_id))
        best: ChannelReach | None = None
        for dimension, (day, people, total) in tables.items():
            told = reach(people, {key: known.get((platform, dimension, key)) for key in people}, targets, total)
            if told.identified and (best is None or told.identified / told.total > best.reach.identified / best.reach.total):
                best = ChannelReach(channel_id, name, platform, dimension, day, platform is Platform.YOUTUBE, told)
        if best is not None:
            found.append(best)
    return found


def _followers(told: channels.Audience | None) -> dict[str, tuple[date, dict[str, float], float | None]]:
    if told is None:
        return {}
    return {
        one.name: (one.day, {key: float(count) for key, count in one.people}, told.followers)
        for one in told.dimensions
        if one.name in DIMENSIONS[Platform.LINKEDIN]
    }


def _viewers(watched: Sequence[Watched], channel: str) -> dict[str, tuple[date, dict[str, float], float | None]]:
    """By the tables of all the channel's videos, each with the weight of its views, of those of videos whose tables are withheld too. People
    are told in per cent of each video: where the views of one are not told, all of them weigh alike."""
    own = [one for one in watched if one.channel_name == channel]
    views = [(one.total or {}).get("views") for one in own]
    alike = any(count is None for count in views)
    found: dict[str, tuple[date, dict[str, float], float | None]] = {}
    for name in DIMENSIONS[Platform.YOUTUBE]:
        people: dict[str, float] = {}
        days, total = [], 0.0
        for one, count in zip(own, views, strict=True):
            parts = getattr(one, name) or ()
            weight = (1.0 if alike else float(count or 0)) / 100 if name == "people" else 1.0
            for part in parts:
                people[part.key] = people.get(part.key, 0) + part.count * weight
            total += weight * 100 if name == "people" else max(count or 0, sum(part.count for part in parts))
            days += [one.until] if parts else []
        if days:
            found[name] = (max(days), people, total)
    return found
