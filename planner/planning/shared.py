"""What a shared link shows: the plan's posts, with everything that is not public yet reduced to “something is planned then”."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.people.models import Event, EventKind
from planner.planning.leaks import watch_of
from planner.planning.models import Campaign, Post, PostState, Share
from planner.planning.quiet_models import Blackout
from planner.planning.surroundings import embargoed_terms

__all__ = ["Quiet", "Shared", "SharedEvent", "SharedPost", "ShownEvents", "is_secret", "shared"]

#: Events that a link shows at most.
_MOST_EVENTS = 500


class ShownEvents(StrEnum):
    """Which events a link shows."""

    NONE = "none"
    #: Those that are no rival's.
    OURS = "ours"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class SharedPost:
    """One dated post for somebody who is not signed in. Of a `masked` one only the moment is told: the rest is None or empty."""

    post_id: int
    at: datetime
    time_zone: str
    version: int
    #: When anything shown of it last changed: the post, its asset, or the lift of an embargo.
    changed: datetime
    masked: bool
    state: PostState | None = None
    title: str = ""
    kind: AssetKind | None = None
    channel: str = ""
    platform: Platform | None = None
    colour: int = 0
    #: Where it is live; empty until it is.
    url: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A blackout, [first day, day after the last). Its name is empty where it says what may not be said yet."""

    id: int
    name: str
    starts_on: date
    ends_on: date
    #: Names of the channels it holds on, of those that the link shows and that may be said; empty: it holds everywhere, or on none that may be said.
    channels: tuple[str, ...] = ()
    #: It holds on every channel that the link shows.
    everywhere: bool = True

    @property
    def last(self) -> date:
        return self.ends_on - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SharedEvent:
    """An event, [first day, day after the last). Of a `masked` one, which says what may not be said yet, only the days are told."""

    id: int
    starts_on: date
    ends_on: date
    version: int
    changed: datetime
    masked: bool
    name: str = ""
    kind: EventKind | None = None
    rival: str = ""
    place: str = ""
    url: str = ""

    @property
    def last(self) -> date:
        return self.ends_on - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shared:
    """All that a link shows of a stretch of time. The link's name is empty where it says what may not be said yet."""

    name: str
    posts: list[SharedPost]
    blackouts: list[Quiet]
    events: list[SharedEvent] = field(default_factory=list)


def is_secret(confidentiality: Confidentiality, sensitive: bool, lifts: Sequence[datetime | None], now: datetime) -> bool:
    """Whether nobody outside may know more than that something is planned: anything not public, sensitive, or under an embargo that holds now.

    lifts -- when the embargoes of the asset and of the campaign lift; None where there is none.
    """
    return confidentiality is not Confidentiality.PUBLIC or sensitive or any(lift is not None and now < lift for lift in lifts)


def shared(db: Session, share: Share, start: datetime, end: datetime, *, now: datetime, cancelled: bool = False, limit: int = 5000) -> Shared:
    """What this link shows of [start, end), earliest first, at most `limit` posts: of more, the latest. Three statements, one more where a blackout holds on some channels only, and for events.

    cancelled -- also the cancelled posts, as far as they are no secret: a feed tells calendar apps that they are off.
    """
    words = watch_of(embargoed_terms(db, except_asset=None, after=now))
    told: dict[str, bool] = {}

    def tells(text: str) -> bool:
        if text not in told:
            told[text] = words.says(text)
        return told[text]

    hides = share.leaves_out or bool(share.scope.get("kinds") or share.scope.get("campaigns"))
    posts = []
    for row in db.execute(_query(share, start, end, cancelled).limit(limit)).all()[::-1]:
        lifts = row.asset_lift, row.campaign_lift
        secret = is_secret(row.confidentiality, row.sensitive, lifts, now) or any(map(tells, (row.title, row.channel, row.url)))
        if secret and (hides or row.state is PostState.CANCELLED):
            continue
        changed = max([row.updated_at, *(moment for moment in (row.asset_updated_at, *lifts) if moment is not None and moment <= now)])
        posts.append(_masked(row) if secret else _clear(row, changed))
    return Shared("" if tells(share.name) else share.name, posts, _quiet(db, share, start.date(), end.date(), tells), _events(db, share, start.date(), end.date(), tells, hides))


def _quiet(db: Session, share: Share, start: date, end: date, tells: Callable[[str], bool]) -> list[Quiet]:
    """The blackouts on the channels that the link shows. One statement, one more where one holds on some channels only."""
    query = select(Blackout.id, Blackout.name, Blackout.starts_on, Blackout.ends_on, Blackout.channel_ids).where(
        Blackout.starts_on <= end, Blackout.ends_on >= start, Blackout.removed_at.is_(None)
    )
    rows, shows = db.execute(query.order_by(Blackout.starts_on, Blackout.id)).all(), set(share.scope.get("channels") or ())
    names: dict[int, str] = {}
    if any(row.channel_ids for row in rows):
        names.update((row.id, row.name) for row in db.execute(select(Channel.id, Channel.name).order_by(Channel.name, Channel.id)))
    found = []
    for row in rows:
        on = set(row.channel_ids)
        if on and shows and on.isdisjoint(shows):
            continue
        some = bool(on) and not (shows and on >= shows)
        everywhere = not some or on.issuperset(names)
        told = tuple(name for number, name in names.items() if number in on and (not shows or number in shows) and not tells(name)) if some else ()
        found.append(Quiet(row.id, "" if tells(row.name) else row.name, row.starts_on, row.ends_on, told, everywhere))
    return found


def _events(db: Session, share: Share, start: date, end: date, tells: Callable[[str], bool], hides: bool) -> list[SharedEvent]:
    """The events that the link was made to show, without their notes. One statement, or none."""
    wanted = ShownEvents(share.scope.get("events") or ShownEvents.NONE)
    if wanted is ShownEvents.NONE:
        return []
    query = select(Event).where(Event.starts_on <= end, Event.ends_on > start, Event.removed_at.is_(None))
    if wanted is ShownEvents.OURS:
        query = query.where(Event.rival == "")
    found = []
    for one in db.scalars(query.order_by(Event.starts_on, Event.id).limit(_MOST_EVENTS)):
        secret = any(map(tells, (one.name, one.rival, one.place, one.url)))
        told: dict[str, Any] = {} if secret else {"name": one.name, "kind": one.kind, "rival": one.rival, "place": one.place, "url": one.url}
        if not (secret and hides):
            found.append(SharedEvent(one.id, one.starts_on, one.ends_on, one.version, one.updated_at, secret, **told))
    return found


def _query(share: Share, start: datetime, end: datetime, cancelled: bool) -> Any:
    title = func.coalesce(func.nullif(Post.title, ""), Asset.title)
    query = (
        select(
            Post.id, Post.state, Post.publish_at, func.coalesce(Post.time_zone, Channel.time_zone).label("zone"), Post.version, Post.updated_at,
            Post.external_url.label("url"), title.label("title"), Asset.kind, Asset.confidentiality, Asset.sensitive,
            Asset.updated_at.label("asset_updated_at"), Asset.embargo_until.label("asset_lift"), Campaign.embargo_until.label("campaign_lift"),
            Channel.name.label("channel"), Channel.platform, Channel.colour,
        )
        .join(Asset, Asset.id == Post.asset_id)
        .join(Channel, Channel.id == Post.channel_id)
        .outerjoin(Campaign, Campaign.id == Post.campaign_id)
        .where(Post.publish_at >= start, Post.publish_at < end)
        .order_by(Post.publish_at.desc(), Post.id.desc())
    )  # fmt: skip
    if not cancelled:
        query = query.where(Post.state != PostState.CANCELLED)
    for name, column in (("channels", Post.channel_id), ("kinds", Asset.kind), ("campaigns", Post.campaign_id)):
        if share.scope.get(name):
            query = query.where(column.in_(share.scope[name]))
    return query


def _masked(row: Any) -> SharedPost:
    """Only the moment. Of changes only those of the post: another's would tell that something happened to the asset."""
    return SharedPost(row.id, row.publish_at, row.zone, row.version, row.updated_at, True)


def _clear(row: Any, changed: datetime) -> SharedPost:
    url = row.url if row.state is PostState.PUBLISHED else ""
    return SharedPost(
        row.id, row.publish_at, row.zone, row.version, changed, False, row.state, row.title, row.kind, row.channel, row.platform, row.colour, url
    )
