"""Reads of the catalogue: one asset, a searched and paged list, its facets. Who may not know of an asset never meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from planner.accounts.models import User
from planner.accounts.rules import ACTIONS, may
from planner.catalog.models import (
    Asset,
    AssetAudience,
    AssetFile,
    AssetKind,
    AssetState,
    Audience,
    Confidentiality,
    Purpose,
    Topic,
    asset_topics,
)  # fmt: skip
from planner.catalog.search import Search
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.core.paging import Page, decode_cursor, encode_cursor

__all__ = ["AssetCard", "Facet", "Filters", "asset", "facets", "files_of", "known_to", "owners", "search", "topics"]


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
    found = db.get(Asset, asset_id, options=[joinedload(Asset.topics), joinedload(Asset.owner)])
    if found is None or not may(viewer, "read", found):
        raise NotFound()
    return found


def search(db: Session, filters: Filters, *, viewer: User | None, cursor: str | None = None, limit: int = 50) -> Page[AssetCard]:
    """One page, newest change first. Two statements, whatever the size."""
    conditions = _conditions(db, filters, viewer)
    if cursor:
        moment, number = _place(cursor)
        conditions.append(or_(Asset.updated_at < moment, and_(Asset.updated_at == moment, Asset.id < number)))
    query: Any = (
        select(
            Asset.id, Asset.kind, Asset.title, Asset.language, Asset.purpose, Asset.state, Asset.confidentiality, Asset.sensitive,
            Asset.embargo_until, Asset.published_at, Asset.updated_at, Asset.duration_seconds, Asset.owner_id, User.name,
        )
        .outerjoin(Asset.owner)
        .where(*conditions)
        .order_by(Asset.updated_at.desc(), Asset.id.desc())
        .limit(limit + 1)
    )  # fmt: skip
    rows = db.execute(query).all()
    shown = rows[:limit]
    audiences: dict[int, list[Audience]] = {row.id: [] for row in shown}
    if shown:
        pairs = select(AssetAudience.asset_id, AssetAudience.audience).where(AssetAudience.asset_id.in_(audiences))
        for asset_id, audience in db.execute(pairs.order_by(AssetAudience.audience)):
            audiences[asset_id].append(audience)
    cards = [AssetCard(*(*row[:-1], row[-1] or "", tuple(audiences[row.id]))) for row in shown]
    more = encode_cursor(shown[-1].updated_at.isoformat(), shown[-1].id) if len(rows) > limit else None
    return Page(cards, more)


def facets(db: Session, filters: Filters, *, viewer: User | None) -> dict[str, list[Facet]]:
    """How many assets of the list have each kind, state, language and audience, the most frequent first; a facet leaves its own
    choice aside, so that one sees what else could be chosen. One statement."""
    columns: tuple[tuple[str, Any, str], ...] = (
        ("kind", Asset.kind, "kinds"), ("state", Asset.state, "states"), ("language", Asset.language, "languages"),
        ("audience", AssetAudience.audience, "audiences"),
    )  # fmt: skip
    counted: list[Any] = []
    for name, column, choice in columns:
        query: Any = select(literal(name).label("name"), cast(column, String).label("value"), func.count().label("found"))
        if column is AssetAudience.audience:
            query = query.join(Asset, Asset.id == AssetAudience.asset_id)
        counted.append(query.where(*_conditions(db, filters, viewer, aside=choice)).group_by(column))
    found: dict[str, list[Facet]] = {name: [] for name, _column, _choice in columns}
    for name, value, count in sorted(db.execute(union_all(*counted)), key=lambda row: (-row.found, row.value)):
        found[name].append(Facet(value, count))
    return found


def owners(db: Session) -> list[tuple[int, str]]:
    """People an asset may belong to, by name."""
    people = db.scalars(select(User).where(User.active).order_by(User.name, User.email))
    return [(person.id, person.name or person.email) for person in people]


def topics(db: Session) -> list[str]:
    """Every topic in use, by name."""
    return list(db.scalars(select(Topic.name).order_by(Topic.name).limit(500)))


def files_of(db: Session, asset_id: int) -> list[AssetFile]:
    """An asset's files, oldest first."""
    return list(db.scalars(select(AssetFile).where(AssetFile.asset_id == asset_id).order_by(AssetFile.id)))


def _place(cursor: str) -> tuple[datetime, int]:
    """Where the page before ended. Raises Invalid for a text that is not one of ours."""
    at, number = decode_cursor(cursor, parts=2)
    damaged = Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
    if type(number) is not int or not 0 < number < 2**63:
        raise damaged
    try:
        return datetime.fromisoformat(str(at)).astimezone(UTC), number
    except (ValueError, OverflowError):
        raise damaged from None


def _conditions(db: Session, filters: Filters, viewer: User | None, *, aside: str = "") -> list[ColumnElement[bool]]:
    """What an asset of the list fulfils; `aside` names a part of the filters to leave out."""
    without: dict[str, Any] = {aside: ()} if aside else {}
    asked = replace(filters, **without)
    wanted = [one for one in (known_to(viewer), Search(db).matching(asked.q) if asked.q else None) if one is not None]
    if asked.states:
        wanted.append(Asset.state.in_(asked.states))
    elif aside != "states":
        wanted.append(Asset.state != AssetState.RETIRED)
    columns: tuple[tuple[Any, Sequence[Any]], ...] = (
        (Asset.kind, asked.kinds), (Asset.purpose, asked.purposes), (Asset.language, asked.languages),
    )  # fmt: skip
    wanted += [column.in_(values) for column, values in columns if values]
    if asked.audiences:
        wanted.append(Asset.id.in_(select(AssetAudience.asset_id).where(AssetAudience.audience.in_(asked.audiences))))
    if asked.topics:
        tagged = select(asset_topics.c.asset_id).join(Topic, Topic.id == asset_topics.c.topic_id).where(Topic.name.in_(asked.topics))
        wanted.append(Asset.id.in_(tagged))
    if asked.owner_id is not None:
        wanted.append(Asset.owner_id == asked.owner_id)
    if asked.embargoed and asked.now is not None:
        wanted.append(Asset.embargo_until > asked.now)
    return wanted
