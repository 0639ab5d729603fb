"""Reads of the catalogue: one asset, a searched and paged list, its facets. Who may not know of an asset never meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from planner.accounts.models import Entry, User
from planner.accounts.rules import ACTIONS, may
from planner.catalog.models import (
    Asset, AssetAudience, AssetFile, AssetKind, AssetState, Audience, Confidentiality, Purpose, Topic, asset_topics,
)  # fmt: skip
from planner.catalog.search import Search
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.core.paging import Page, decode_cursor, encode_cursor

__all__ = ["AssetCard", "Facet", "Filters", "asset", "facets", "files_of", "history_of", "known_to", "owners", "search", "topics"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty is everything but the retired, which are shown only when asked for."""

    q: str = ""
    kinds: Sequence[AssetKind] = ()
    states: Sequence[AssetState] = ()
    audiences: Sequence[Audience] = ()
    purposes: Sequence[Purpose] = ()
    languages: Sequence[str] = ()
    topics: Sequence[str] = ()
    owner_id: int | None = None
    embargoed: bool = False
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssetCard:
    """One line of the catalogue."""

    id: int
    kind: AssetKind
    title: str
    language: str
    purpose: Purpose
    state: AssetState
    confidentiality: Confidentiality
    sensitive: bool
    embargo_until: datetime | None
    published_at: datetime | None
    updated_at: datetime
    duration_seconds: int | None
    owner_id: int | None
    owner_name: str
    audiences: Sequence[Audience] = field(default=())


@dataclass(frozen=True, slots=True)
class Facet:
    """One value a list can be narrowed to, and how many assets have it."""

    value: str
    count: int


def known_to(viewer: User | None) -> ColumnElement[bool] | None:
    """The condition under which a person may know of an asset; None: of every one."""
    if viewer is None or viewer.role_names & ACTIONS["asset.read_confidential"]:
        return None
    return or_(Asset.confidentiality != Confidentiality.CONFIDENTIAL, Asset.owner_id == viewer.id)


def asset(db: Session, asset_id: int, *, viewer: User | None) -> Asset:
    """One asset with its topics and owner. Raises NotFound for one that is not, or that this person may not know of."""
    found = db.get(Asset, asset_id, options=[selectinload(Asset.topics), selectinload(Asset.owner)])
    if found is None or not may(viewer, "read", found):
        raise NotFound()
    return found


def search(db: Session, filters: Filters, *, viewer: User | None, cursor: str | None = None, limit: int = 50) -> Page[AssetCard]:
    """One page, newest change first. Two statements, whatever the size."""
    conditions = _conditions(db, filters, viewer)
    if cursor:
        moment, number = _place(cursor)
        conditions.append(or_(Asset.updated_at < moment, and_(Asset.updated_at == moment, Asset.id < number)))
    rows = db.execute(
        select(
            Asset.id, Asset.kind, Asset.title, Asset.language, Asset.purpose, Asset.state, Asset.confidentiality, Asset.sensitive,
            Asset.embargo_until, Asset.published_at, Asset.updated_at, Asset.duration_seconds, Asset.owner_id, User.name,
        )
        .outerjoin(User, User.id == Asset.owner_id)
        .where(*conditions)
        .order_by(Asset.updated_at.desc(), Asset.id.desc())
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = rows[:limit]
    audiences: dict[int, list[Audience]] = {row.id: [] for row in shown}
    if shown:
        pairs = select(AssetAudience.asset_id, AssetAudience.audience).where(AssetAudience.asset_id.in_(audiences))
        for asset_id, audience in db.execute(pairs.order_by(AssetAudience.audience)):
            audiences[asset_id].append(audience)
    cards = [AssetCard(*row[:-1], row[-1] or "", tuple(audiences[row.id])) for row in shown]
    more = encode_cursor(shown[-1].updated_at.isoformat(), shown[-1].id) if len(rows) > limit else None
    return Page(cards, more)


def facets(db: Session, filters: Filters, *, viewer: User | None) -> dict[str, list[Facet]]:
    """How many assets of the list have each kind, state, language and audience. Four statements."""
    conditions = _conditions(db, filters, viewer)
    found: dict[str, list[Facet]] = {}
    for name, column in (("kind", Asset.kind), ("state", Asset.state), ("language", Asset.language)):
        rows = db.execute(select(column, func.count()).where(*conditions).group_by(column).order_by(func.count().desc(), column))
        found[name] = [Facet(str(value), count) for value, count in rows]
    rows = db.execute(
        select(AssetAudience.audience, func.count())
        .join(Asset, Asset.id == AssetAudience.asset_id)
        .where(*conditions)
        .group_by(AssetAudience.audience)
        .order_by(func.count().desc(), AssetAudience.audience)
    )
    found["audience"] = [Facet(str(value), count) for value, count in rows]
    return found


def owners(db: Session) -> list[tuple[int, str]]:
    """People an asset may belong to, by name."""
    rows = db.execute(select(User.id, User.name, User.email).where(User.active).order_by(User.name, User.email))
    return [(number, name or email) for number, name, email in rows]


def topics(db: Session) -> list[str]:
    """Every topic in use, by name."""
    return list(db.scalars(select(Topic.name).order_by(Topic.name).limit(500)))


def files_of(db: Session, asset_id: int) -> list[AssetFile]:
    """An asset's files, oldest first."""
    return list(db.scalars(select(AssetFile).where(AssetFile.asset_id == asset_id).order_by(AssetFile.id)))


def history_of(db: Session, asset_id: int, *, limit: int = 50) -> list[Entry]:
    """What was done to an asset, newest first."""
    return list(
        db.scalars(
            select(Entry).where(Entry.subject_type == "assets", Entry.subject_id == asset_id).order_by(Entry.id.desc()).limit(limit)
        )
    )


def _place(cursor: str) -> tuple[datetime, int]:
    """The last row's moment and number. Raises Invalid for a cursor that is not one of ours."""
    at, number = decode_cursor(cursor, parts=2)
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        moment = None  # type: ignore[assignment]
    if moment is None or moment.tzinfo is None or type(number) is not int or not 0 < number < 2**63:
        raise Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
    return moment, number


def _conditions(db: Session, filters: Filters, viewer: User | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    knowing = known_to(viewer)
    if knowing is not None:
        wanted.append(knowing)
    found = Search(db).matching(filters.q) if filters.q else None
    if found is not None:
        wanted.append(found)
    wanted.append(Asset.state.in_(filters.states) if filters.states else Asset.state != AssetState.RETIRED)
    for column, values in ((Asset.kind, filters.kinds), (Asset.purpose, filters.purposes), (Asset.language, filters.languages)):
        if values:
            wanted.append(column.in_(values))  # type: ignore[attr-defined]
    if filters.audiences:
        wanted.append(Asset.id.in_(select(AssetAudience.asset_id).where(AssetAudience.audience.in_(filters.audiences))))
    if filters.topics:
        tagged = select(asset_topics.c.asset_id).join(Topic, Topic.id == asset_topics.c.topic_id).where(Topic.name.in_(filters.topics))
        wanted.append(Asset.id.in_(tagged))
    if filters.owner_id is not None:
        wanted.append(Asset.owner_id == filters.owner_id)
    if filters.embargoed and filters.now is not None:
        wanted.append(Asset.embargo_until > filters.now)
    return wanted
