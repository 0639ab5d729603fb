"""Reads of planning: the calendar's rows, one post, ready assets without a plan, campaigns; frozen read models, fixed statement counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Integer, and_, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, selectinload

from planner.accounts.models import Entry, User
from planner.accounts.rules import may
from planner.catalog.models import Asset, AssetAudience, AssetKind, AssetState, Audience, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import NotFound
from planner.core.seeking import holding
from planner.core.types import UtcDateTime
from planner.planning.models import Campaign, Post, PostState, Standing
from planner.planning.surroundings import surroundings

__all__ = [
    "CalendarEntry", "CampaignCard", "CampaignEmbargo", "Filters", "LAST_ID", "calendar", "campaign", "campaigns", "cancellation_of", "conditions",
    "embargoes", "entry_rows", "known_to", "knows", "lists_of", "plannable", "post", "posts_of", "posts_of_states", "seen_by", "surroundings", "titles_of",
]  # fmt: skip

#: Larger numbers are nobody's: the databases count in 64 bits.
LAST_ID = 2**63 - 1

_LIFT_OF_ASSET: ColumnElement[datetime] = cast("ColumnElement[datetime]", Asset.embargo_until)
_LIFT_OF_CAMPAIGN: ColumnElement[datetime] = cast("ColumnElement[datetime]", Campaign.embargo_until)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the calendar shows; an empty part asks nothing. Cancelled posts are shown only when asked for by state."""

    channels: Sequence[int] = ()
    kinds: Sequence[AssetKind] = ()
    states: Sequence[PostState] = ()
    audiences: Sequence[Audience] = ()
    campaign_id: int | None = None
    author_id: int | None = None
    #: Of the asset.
    owner_id: int | None = None
    language: str = ""


class CalendarEntry(NamedTuple):
    """One dated post as a calendar shows it; a tuple, since a month makes hundreds of them. `masked`: the viewer may know only that something is planned, so title, kind,
    asset and campaign are None."""

    post_id: int
    state: PostState
    publish_at: datetime
    time_zone: str
    version: int
    author_id: int | None
    channel_id: int
    channel: str
    platform: Platform
    colour: int
    asset_id: int | None
    title: str | None
    kind: AssetKind | None
    owner_id: int | None
    campaign_id: int | None
    embargo_until: datetime | None
    masked: bool
    #: It was live and is gone from its platform.
    taken_down: bool = False


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """One campaign in the list, with how many posts it has and how many of them are live."""

    campaign_id: int
    name: str
    summary: str
    starts_on: date | None
    ends_on: date | None
    embargo_until: datetime | None
    owner: str | None
    posts: int
    published: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class CampaignEmbargo:
    """Something whose embargo lifts soon: an asset or a campaign."""

    kind: str
    thing_id: int
    title: str
    #: Never None: only what has one is read.
    lifts_at: datetime


def knows(viewer: User | None) -> ColumnElement[bool] | None:
    """Condition on Asset (and Post, when joined) for what this viewer may know of; None when that is everything."""
    if viewer is None or may(viewer, "asset.read_confidential"):
        return None
    return known_to(viewer.id)


def known_to(viewer_id: Any) -> ColumnElement[bool]:
    """The same for somebody who may not read what is confidential; the number may be a bound parameter, of a statement that is built once."""
    return or_(Asset.confidentiality != Confidentiality.CONFIDENTIAL, Asset.owner_id == viewer_id)


def calendar(
    db: Session, start: datetime, end: datetime, *, viewer: User | None, filters: Filters | None = None, limit: int = 5000
) -> list[CalendarEntry]:
    """Dated posts in [start, end), earliest first, at most `limit`. One statement, whatever the size.

    Confidential ones that the viewer may not know stay as masked entries, unless a filter asks about what is hidden.
    """
    if filters is None or filters == _EVERYTHING:
        rows = db.connection().execute(_WINDOW, {"start": start, "end": end, "most": limit}).all()
        return seen_by(viewer, rows)
    return _entries(db, [Post.publish_at >= start, Post.publish_at < end], viewer, filters, limit)


_LATEST = (Post.publish_at.desc(), Post.id.desc())


def posts_of(
    db: Session, *, asset_id: int | None = None, campaign_id: int | None = None, viewer: User | None, limit: int = 500
) -> list[CalendarEntry]:
    """The dated posts of an asset or a campaign, earliest first, cancelled ones left out; of more than `limit`, the latest. One statement."""
    where: list[ColumnElement[bool]] = [Post.publish_at.is_not(None)]
    if asset_id is not None:
        where.append(Post.asset_id == asset_id)
    if campaign_id is not None:
        where.append(Post.campaign_id == campaign_id)
    latest = _ROWS.where(*where, *conditions(Filters(), viewer)).order_by(None).order_by(*_LATEST).limit(limit)
    return seen_by(viewer, db.connection().execute(latest).all()[::-1])


def posts_of_states(db: Session, filters: Filters, *, viewer: User | None, limit: int = 50) -> list[CalendarEntry]:
    """Dated posts that fit, the soonest first, whatever their date. One statement."""
    return _entries(db, [Post.publish_at.is_not(None)], viewer, filters, limit)


def lists_of(db: Session, wanted: Sequence[tuple[list[ColumnElement[bool]], Filters, int]], *, viewer: User | None) -> list[list[CalendarEntry]]:
    """Several lists of dated posts, each the soonest first: what else it asks of them, its filters, and how many at most (below zero: so many,
    the latest). One statement."""
    parts = []
    for where, filters, most in wanted:
        rows_of = _ROWS.where(Post.publish_at.is_not(None), *where, *conditions(filters, viewer)).limit(abs(most))
        parts.append((rows_of if most >= 0 else rows_of.order_by(None).order_by(*_LATEST)).subquery())
    rows = db.connection().execute(union_all(*(select(literal(number).label("list"), *part.c) for number, part in enumerate(parts)))).all()
    found: list[list[Any]] = [[] for _ in parts]
    for row in sorted(rows, key=lambda row: (row[3], row[1])):  # The moment, then the number of the post.
        found[row[0]].append(row[1:])
    return [seen_by(viewer, one) for one in found]


def post(db: Session, post_id: int, *, viewer: User | None) -> Post:
    """One post with its asset, channel and campaign. NotFound also when the viewer may not know of it."""
    if not 0 < post_id <= LAST_ID:
        raise NotFound()
    found = db.scalars(
        select(Post)
        .where(Post.id == post_id)
        .options(
            joinedload(Post.asset).selectinload(Asset.files),
            joinedload(Post.channel),
            joinedload(Post.campaign),
            joinedload(Post.author),
            selectinload(Post.approvals),
        )
    ).one_or_none()
    if found is None or not may(viewer, "read", found):
        raise NotFound()
    return found


def titles_of(db: Session, numbers: Collection[int], *, viewer: User | None) -> dict[int, str]:
    """What those posts are about, for as many as the viewer may open. One statement, none without numbers."""
    if not numbers:
        return {}
    query = select(Post.id, Asset.title).join(Asset, Asset.id == Post.asset_id).where(Post.id.in_(numbers))
    known = knows(viewer)
    if known is not None and viewer is not None:
        query = query.where(or_(known, Post.author_id == viewer.id))
    return {row.id: row.title for row in db.execute(query)}


def cancellation_of(db: Session, post: Post) -> Entry | None:
    """How it was cancelled last: by whom, when and why; None for a post that nobody ever cancelled. One statement."""
    return db.scalars(
        select(Entry)
        .where(Entry.subject_type == "posts", Entry.subject_id == post.id, Entry.action == "post.cancelled")
        .order_by(Entry.id.desc())
        .limit(1)
    ).first()


def plannable(db: Session, *, viewer: User | None, limit: int = 300) -> list[tuple[int, str]]:
    """Number and title of assets that may be planned, the freshest first. One statement."""
    query = select(Asset.id, Asset.title).where(Asset.state != AssetState.RETIRED)
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    return [(row.id, row.title) for row in db.execute(query.order_by(Asset.updated_at.desc(), Asset.id.desc()).limit(limit))]


def campaigns(db: Session, *, sought: str = "", limit: int = 200) -> list[CampaignCard]:
    """Campaigns, those with the latest start first; `sought`: every word of it is in the name. One statement."""
    counts = (
        select(
            Post.campaign_id.label("campaign_id"),
            func.count().label("posts"),
            func.count().filter(Post.state == PostState.PUBLISHED).label("published"),
        )
        .where(Post.campaign_id.is_not(None), Post.state != PostState.CANCELLED)
        .group_by(Post.campaign_id)
        .subquery()
    )
    query: Any = (
        select(
            Campaign.id, Campaign.name, Campaign.summary, Campaign.starts_on, Campaign.ends_on, Campaign.embargo_until,
            func.coalesce(func.nullif(User.name, ""), User.email),
            func.coalesce(counts.c.posts, 0), func.coalesce(counts.c.published, 0), Campaign.standing,
        )
        .outerjoin(Campaign.owner)
        .outerjoin(counts, counts.c.campaign_id == Campaign.id)
        .where(*holding(sought, Campaign.name))
        .order_by(Campaign.starts_on.is_(None), Campaign.starts_on.desc(), Campaign.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [CampaignCard(*row) for row in db.execute(query)]


def campaign(db: Session, campaign_id: int) -> Campaign:
    """One campaign with its owner. Raises NotFound."""
    if not 0 < campaign_id <= LAST_ID:
        raise NotFound()
    found = db.scalars(select(Campaign).where(Campaign.id == campaign_id).options(joinedload(Campaign.owner))).one_or_none()
    if found is None:
        raise NotFound()
    return found


def embargoes(db: Session, start: datetime, end: datetime, *, viewer: User | None) -> list[CampaignEmbargo]:
    """Embargoes of assets and campaigns that lift in [start, end), the next first; also of what was retired or cancelled, whose words are held until then. One statement."""
    assets = select(literal("asset"), Asset.id, Asset.title, _LIFT_OF_ASSET).where(Asset.embargo_until >= start, Asset.embargo_until < end)
    known = knows(viewer)
    if known is not None:
        assets = assets.where(known)
    campaigns = select(literal("campaign"), Campaign.id, Campaign.name, _LIFT_OF_CAMPAIGN).where(
        Campaign.embargo_until >= start, Campaign.embargo_until < end
    )
    parts = [select(*one.limit(100).subquery().c) for one in (assets, campaigns)]
    found = [CampaignEmbargo(*row) for row in db.execute(union_all(*parts))]
    return sorted(found, key=lambda one: (one.lifts_at, one.kind, one.thing_id))


#: The calendar's rows; built once, since building a statement costs more than reading a month.
_ROWS: Any = (
    select(
        Post.id, Post.state, Post.publish_at, func.coalesce(Post.time_zone, Channel.time_zone), Post.version, Post.author_id,
        Post.channel_id, Channel.name, Channel.platform, Channel.colour, Post.asset_id, Asset.title, Asset.kind, Asset.owner_id,
        Post.campaign_id, Asset.embargo_until, Asset.confidentiality, Post.taken_down_at.is_not(None),
    )
    .join(Asset, Asset.id == Post.asset_id)
    .join(Channel, Channel.id == Post.channel_id)
    .order_by(Post.publish_at, Post.id)
)  # fmt: skip
#: The same without any filter: the calendar as it opens.
_WINDOW: Any = _ROWS.where(
    Post.publish_at >= bindparam("start", type_=UtcDateTime()), Post.publish_at < bindparam("end", type_=UtcDateTime()), Post.state != PostState.CANCELLED
).limit(bindparam("most", type_=Integer()))
_EVERYTHING = Filters()


def _entries(db: Session, where: list[ColumnElement[bool]], viewer: User | None, filters: Filters, limit: int) -> list[CalendarEntry]:
    query: Any = _ROWS.where(*where, *conditions(filters, viewer)).limit(limit)
    return seen_by(viewer, db.connection().execute(query).all())


def seen_by(viewer: User | None, rows: Sequence[Any]) -> list[CalendarEntry]:
    """Those rows as this viewer may know them."""
    if viewer is None or may(viewer, "asset.read_confidential"):
        return [CalendarEntry._make((*row[:16], False, row[17])) for row in rows]
    return [_entry(row, viewer.id in (row[5], row[13])) for row in rows]


def _entry(row: Sequence[Any], known: bool) -> CalendarEntry:
    if known or row[16] is not Confidentiality.CONFIDENTIAL:
        return CalendarEntry._make((*row[:16], False, row[17]))
    return CalendarEntry._make((*row[:5], None, *row[6:10], None, None, None, None, None, None, True, row[17]))


def entry_rows() -> Any:
    """The calendar's rows without a condition, earliest first."""
    return _ROWS


def conditions(filters: Filters, viewer: User | None) -> list[ColumnElement[bool]]:
    """What these filters ask of Post and Asset; one about what is hidden from this viewer leaves the hidden out."""
    wanted: list[ColumnElement[bool]] = [Post.state.in_(filters.states) if filters.states else Post.state != PostState.CANCELLED]
    if filters.channels:
        wanted.append(Post.channel_id.in_(filters.channels))
    if filters.kinds:
        wanted.append(Asset.kind.in_(filters.kinds))
    if filters.audiences:
        wanted.append(
            select(AssetAudience.asset_id)
            .where(and_(AssetAudience.asset_id == Asset.id, AssetAudience.audience.in_(filters.audiences)))
            .exists()
        )
    if filters.campaign_id is not None:
        wanted.append(Post.campaign_id == filters.campaign_id)
    if filters.author_id is not None:
        wanted.append(Post.author_id == filters.author_id)
    if filters.owner_id is not None:
        wanted.append(Asset.owner_id == filters.owner_id)
    if filters.language:
        wanted.append(Asset.language == filters.language)
    if viewer is not None and (filters.kinds or filters.audiences or filters.campaign_id or filters.owner_id or filters.language):
        known = knows(viewer)
        if known is not None:
            wanted.append(or_(known, Post.author_id == viewer.id))
    return wanted
