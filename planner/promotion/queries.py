"""Reads of the promotion desk: the board, what is known of one video, past decisions and how right they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset, AssetFile, AssetKind
from planner.catalog.queries import known_to
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform
from planner.core.errors import NotFound
from planner.planning.models import Post, PostState
from planner.promotion.choices import Choice, Confidence, Option, PromotionKind
from planner.promotion.models import Decision, EventUse, Promotion, PromotionInput, Standing

__all__ = [
    "FRESH", "SORTS", "VIEWS", "Board", "BoardFilters", "BoardRow", "Spent", "board", "channels", "decision", "decisions", "decisions_of",
    "inputs_of", "known_promotions", "live_posts", "live_url", "next_to_decide", "place_of", "promotion", "readable", "spent", "to_decide", "uses_of", "video",
]  # fmt: skip

#: What is younger waits for a decision.
FRESH = timedelta(days=60)
VIEWS = ("open", "undecided", "decided", "all")
PAGE = 50
_LAST_ID = 2**63 - 1
_KINDS = (AssetKind.VIDEO, AssetKind.PODCAST)

_CHOICES = case(
    {Choice.PROMOTE: 0, Choice.AMPLIFY_FREE: 1, Choice.RE_EDIT: 2, Choice.KEEP_FOR_EVENTS: 3, Choice.LET_IT_RUN: 4, Choice.DO_NOT_PROMOTE: 5},
    value=Standing.choice, else_=6,
)  # fmt: skip
_SURE = case({Confidence.SOUND: 0, Confidence.INDICATIVE: 1}, value=Standing.confidence, else_=2)
#: How a board may be sorted; what is not told comes last.
SORTS: dict[str, tuple[Any, ...]] = {
    "verdict": (_SURE, _CHOICES, Standing.pays.desc().nulls_last(), Standing.published_at.desc()),
    "published": (Standing.published_at.desc(),),
    "views": (Standing.views.desc().nulls_last(),),
    "ratio": (Standing.ratio.desc().nulls_last(),),
    "retention": (Standing.retention.desc().nulls_last(),),
    "pays": (Standing.pays.desc().nulls_last(),),
    "extra": (Standing.extra_per_money.desc().nulls_last(), Standing.extra.desc().nulls_last()),
}


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """What a board shows; every one of them stands in the address."""

    view: str = "open"
    channel_id: int | None = None
    choice: Choice | None = None
    sort: str = "verdict"
    page: int = 1
    most: int = PAGE


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One video on the board. `decided` is what holds, None while nobody decided."""

    standing: Standing
    title: str
    kind: AssetKind
    channel: str
    platform: Platform
    colour: int
    picture_id: int | None
    decided: Option | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """One page of rows, how many there are in all, and how many wait for a decision."""

    rows: Sequence[BoardRow]
    total: int
    open: int
    everything: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What one kind of promotion cost in one currency; `untold` promotions without a cost."""

    kind: PromotionKind
    currency: str
    count: int
    cost: Decimal | None
    untold: int


def board(db: Session, filters: BoardFilters, *, viewer: User | None, now: datetime) -> Board:
    """One page of the board. Two statements, whatever the size."""
    known = known_to(viewer)
    fresh = Decision.id.is_(None) & (Standing.published_at >= now - FRESH)
    narrow = [] if known is None else [known]
    if filters.channel_id is not None:
        narrow.append(Standing.channel_id == filters.channel_id)
    if filters.choice is not None:
        narrow.append(Standing.choice == filters.choice)
    shown = {"open": fresh, "undecided": Decision.id.is_(None), "decided": Decision.id.is_not(None)}.get(filters.view)
    total, waiting, everything = db.execute(
        _joined(select(func.count().filter(shown) if shown is not None else func.count(), func.count().filter(fresh), func.count())).where(*narrow)
    ).one()
    picture = select(func.min(AssetFile.id)).where(AssetFile.asset_id == Asset.id, AssetFile.kind == MediaKind.IMAGE).correlate(Asset).scalar_subquery()
    query = _joined(
        select(Standing, Asset.title, Asset.kind, Channel.name, Channel.platform, Channel.colour, picture, Decision.choice, Decision.decided_at)
    ).where(*narrow)
    if shown is not None:
        query = query.where(shown)
    order = (*SORTS.get(filters.sort, SORTS["verdict"]), Standing.asset_id.desc())
    rows = db.execute(query.order_by(*order).limit(filters.most).offset((filters.page - 1) * filters.most))
    return Board([BoardRow(*row) for row in rows], total, waiting, everything)


def to_decide(db: Session, *, viewer: User | None, now: datetime) -> int:
    """How many videos of the last 60 days nobody decided on. One statement."""
    known = known_to(viewer)
    query = _joined(select(func.count())).where(Decision.id.is_(None), Standing.published_at >= now - FRESH)
    return db.scalar(query if known is None else query.where(known)) or 0


def next_to_decide(db: Session, *, viewer: User | None, now: datetime, after: int | None = None) -> int | None:
    """The video that stands first on the board among those that wait, another than `after`; None when none waits. One statement."""
    known = known_to(viewer)
    query = _joined(select(Standing.asset_id)).where(Decision.id.is_(None), Standing.published_at >= now - FRESH)
    if known is not None:
        query = query.where(known)
    if after is not None:
        query = query.where(Standing.asset_id != after)
    found: int | None = db.scalar(query.order_by(*SORTS["verdict"], Standing.asset_id.desc()).limit(1))
    return found


def _joined(query: Any) -> Any:
    return (
        query.select_from(Standing)
        .join(Asset, Asset.id == Standing.asset_id)
        .join(Channel, Channel.id == Standing.channel_id)
        .outerjoin(Decision, (Decision.asset_id == Standing.asset_id) & Decision.stands)
    )


def video(db: Session, asset_id: int, *, viewer: User | None) -> Asset:
    """The asset of a video. Raises NotFound for one that is no video, or that this person may not know of."""
    found = db.get(Asset, asset_id) if 0 < asset_id <= _LAST_ID else None
    if found is None or found.kind not in _KINDS or not may(viewer, "read", found):
        raise NotFound()
    return found


def readable(db: Session, assets: Sequence[int], *, viewer: User | None) -> set[int]:
    """Those of these assets that a person may know of. One statement."""
    known = known_to(viewer)
    query = select(Asset.id).where(Asset.id.in_(assets))
    return set(db.scalars(query if known is None else query.where(known))) if assets else set()


def place_of(db: Session, asset_id: int) -> int | None:
    """The YouTube channel a video is on: where it was published first, else where it is planned, else the one with most videos."""
    first = (
        select(Post.channel_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.asset_id == asset_id, Channel.platform == Platform.YOUTUBE, Post.state != PostState.CANCELLED)
        .order_by(case((Post.state == PostState.PUBLISHED, 0), else_=1), Post.published_at, Post.id)
        .limit(1)
    )
    found = db.scalar(first)
    return found if found is not None else next((number for number, _name, _count in channels(db)), None)


def channels(db: Session) -> list[tuple[int, str, int]]:
    """YouTube channels (number, name, live videos), those with most first. One statement."""
    live = func.count(Post.id)
    rows = db.execute(
        select(Channel.id, Channel.name, live)
        .outerjoin(Post, (Post.channel_id == Channel.id) & (Post.state == PostState.PUBLISHED))
        .where(Channel.platform == Platform.YOUTUBE)
        .group_by(Channel.id, Channel.name)
        .order_by(live.desc(), Channel.name)
    )
    return [(number, name, count) for number, name, count in rows]


def inputs_of(db: Session, asset_id: int) -> PromotionInput | None:
    return db.get(PromotionInput, asset_id)


def known_promotions(db: Session, asset_id: int) -> list[Promotion]:
    """What promoted a video, the newest first."""
    return list(db.scalars(select(Promotion).where(Promotion.asset_id == asset_id).order_by(Promotion.on.desc(), Promotion.id.desc())))


def promotion(db: Session, promotion_id: int, *, viewer: User | None) -> Promotion:
    """Raises NotFound for one that is not, or whose video this person may not know of."""
    found = db.get(Promotion, promotion_id) if 0 < promotion_id <= _LAST_ID else None
    if found is None:
        raise NotFound()
    video(db, found.asset_id, viewer=viewer)
    return found


def uses_of(db: Session, asset_id: int) -> list[EventUse]:
    """Uses of a video at events, the newest first."""
    return list(db.scalars(select(EventUse).where(EventUse.asset_id == asset_id).order_by(EventUse.on.desc(), EventUse.id.desc())))


def live_url(db: Session, asset_id: int) -> str:
    """Where a video is watched: its first upload's address; empty while none is live."""
    found = db.scalar(
        select(Post.external_url)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.asset_id == asset_id, Channel.platform == Platform.YOUTUBE, Post.state == PostState.PUBLISHED, Post.external_url != "")
        .order_by(Post.published_at, Post.id)
        .limit(1)
    )
    return found or ""


def live_posts(db: Session, asset_id: int) -> list[Post]:
    """Live posts elsewhere that may have promoted a video, the newest first; those marked already left out."""
    marked = select(Promotion.post_id).where(Promotion.asset_id == asset_id, Promotion.post_id.is_not(None))
    return list(
        db.scalars(
            select(Post)
            .join(Channel, Channel.id == Post.channel_id)
            .options(selectinload(Post.channel))
            .where(
                Post.asset_id == asset_id, Post.state == PostState.PUBLISHED, Channel.platform != Platform.YOUTUBE,
                Post.published_at.is_not(None), Post.id.not_in(marked),
            )
            .order_by(Post.published_at.desc(), Post.id.desc())
            .limit(20)
        )
    )  # fmt: skip


def decision(db: Session, decision_id: int, *, viewer: User | None) -> Decision:
    """Raises NotFound for one that is not, or whose video this person may not know of."""
    found = db.get(Decision, decision_id) if 0 < decision_id <= _LAST_ID else None
    if found is None or not may(viewer, "read", found.asset):
        raise NotFound()
    return found


def decisions_of(db: Session, asset_id: int) -> list[Decision]:
    """What was decided on a video, the newest first; those taken back among them."""
    query = select(Decision).options(selectinload(Decision.owner)).where(Decision.asset_id == asset_id)
    return list(db.scalars(query.order_by(Decision.id.desc()).limit(50)))


def decisions(db: Session, *, viewer: User | None, limit: int = 200) -> list[Decision]:
    """The newest decisions that were not taken back. Two statements."""
    known = known_to(viewer)
    query = select(Decision).join(Asset, Asset.id == Decision.asset_id).options(selectinload(Decision.asset)).where(Decision.undone_at.is_(None))
    if known is not None:
        query = query.where(known)
    return list(db.scalars(query.order_by(Decision.decided_at.desc(), Decision.id.desc()).limit(limit)))


def spent(db: Session, *, since: date) -> list[Spent]:
    """What promotions since a day cost, by kind and currency. One statement."""
    rows = db.execute(
        select(Promotion.kind, Promotion.currency, func.count(), func.sum(Promotion.cost), func.count().filter(Promotion.cost.is_(None)))
        .where(Promotion.on >= since)
        .group_by(Promotion.kind, Promotion.currency)
        .order_by(Promotion.kind, Promotion.currency)
    )
    return [Spent(*row) for row in rows]
