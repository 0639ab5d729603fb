"""Verbs on assets: create, edit, change the state, retire, bring back. Each writes its line of history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import require
from planner.catalog import rules
from planner.catalog.media import Stored
from planner.catalog.models import Asset, AssetFile, AssetKind, AssetState, Audience, Confidentiality, Purpose, Topic
from planner.catalog.search import Search
from planner.channels.port import MediaKind
from planner.core.errors import Conflict, Invalid
from planner.core.i18n import N_

__all__ = ["LANGUAGES", "AssetValues", "Facts", "add_file", "bring_in", "change_state", "create", "describe_file", "edit", "restore", "retire", "values_of", "words_of"]

#: Languages an asset may be in; ISO 639-1, what the group publishes in.
LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pl", "pt", "ro", "ar", "ja", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetValues:
    """Everything of an asset that a person edits. `cost` None is not told; `embargo_terms` are words that would give it away."""

    kind: AssetKind
    title: str
    summary: str = ""
    url: str = ""
    language: str = "en"
    purpose: Purpose = Purpose.WEB
    cost: Decimal | None = None
    currency: str = "EUR"
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    sensitive: bool = False
    embargo_until: datetime | None = None
    embargo_terms: Sequence[str] = ()
    #: The last day on which it may be used; None: without end.
    rights_until: date | None = None
    audiences: Sequence[Audience] = ()
    topics: Sequence[str] = ()
    owner_id: int | None = None
    state: AssetState = AssetState.IDEA


def create(db: Session, values: AssetValues, *, actor: User | None, now: datetime) -> Asset:
    """A new asset; without an owner it is its maker's. Raises Invalid, naming the field."""
    require(actor, "asset.create")
    columns = checked(values)
    asset = Asset(created_at=now, updated_at=now)
    if columns["owner_id"] is None and actor is not None:
        columns["owner_id"] = actor.id
    _write(db, asset, columns)
    if asset.state is AssetState.RETIRED:
        asset.retired_at = now
    db.add(asset)
    db.flush()
    _index(db, asset)
    history.record(db, actor, "asset.created", asset, now=now, became=_told(columns), name=history.COMMAND_LINE)
    return asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an import knows of an asset beside what a person edits."""

    source_key: str
    published_at: datetime | None = None
    duration_seconds: int | None = None


def bring_in(db: Session, rows: Sequence[tuple[AssetValues, Facts]], *, actor: User | None, now: datetime) -> list[Asset]:
    """New assets from a file, in its order; without an owner they are nobody's. The caller made sure that no key is known yet."""
    require(actor, "asset.import")
    assets = []
    for values, facts in rows:
        asset = Asset(created_at=now, updated_at=now, **{one.name: getattr(facts, one.name) for one in fields(Facts)})
        _write(db, asset, checked(values))
        asset.retired_at = now if asset.state is AssetState.RETIRED else None
        assets.append(asset)
        db.add(asset)
    db.flush()
    Search(db).put([(asset.id, words_of(asset)) for asset in assets])
    for asset in assets:
        told = {"title": asset.title, "kind": asset.kind, "source_key": asset.source_key}
        history.record(db, actor, "asset.imported", asset, now=now, became=told, name=history.COMMAND_LINE)
    return assets


def edit(
    db: Session, asset: Asset, values: AssetValues, *, version: int | None = None, actor: User | None, now: datetime
) -> Asset:
    """Change an asset. `version` is the one the person was looking at: another one is a Conflict. Raises Invalid."""
    require(actor, "asset.edit", asset)
    if version is not None and version != asset.version:
        raise Conflict(N_("Somebody changed this while you were editing. Look at their version, then save again."))
    columns, before = checked(values), values_of(asset)
    rules.check_step(asset.state, columns["state"])
    if columns["state"] is AssetState.RETIRED and asset.state is not AssetState.RETIRED:
        require(actor, "asset.retire", asset)
        asset.retired_at = now
    changed = {name for name, value in columns.items() if before[name] != value}
    if not changed:
        return asset
    _write(db, asset, columns)
    asset.updated_at = now
    db.flush()
    _index(db, asset)
    history.record(
        db, actor, "asset.edited", asset, now=now, name=history.COMMAND_LINE,
        was=_told({name: before[name] for name in changed}), became=_told({name: columns[name] for name in changed}),
    )  # fmt: skip
    return asset


def change_state(db: Session, asset: Asset, state: AssetState, *, actor: User | None, now: datetime) -> Asset:
    """Say how far it is. Raises WrongState for a retired one."""
    require(actor, "asset.edit", asset)
    rules.check_step(asset.state, state)
    if state is AssetState.RETIRED:
        return retire(db, asset, actor=actor, now=now)
    return _into(db, asset, state, "asset.state_changed", actor, now)


def retire(db: Session, asset: Asset, *, actor: User | None, now: datetime) -> Asset:
    """Take it out of use; its posts and numbers stay. Undo is `restore`."""
    require(actor, "asset.retire", asset)
    if asset.state is AssetState.RETIRED:
        return asset
    asset.retired_at = now
    return _into(db, asset, AssetState.RETIRED, "asset.retired", actor, now)


def restore(db: Session, asset: Asset, *, actor: User | None, now: datetime) -> Asset:
    """Bring a retired one back to the state it had."""
    require(actor, "asset.retire", asset)
    if asset.state is not AssetState.RETIRED:
        return asset
    asset.retired_at = None
    return _into(db, asset, _state_before_retiring(db, asset), "asset.restored", actor, now)


def checked(values: AssetValues) -> dict[str, Any]:
    """The columns to write. Raises Invalid, naming the field."""
    if values.language not in LANGUAGES:
        raise Invalid(N_("Choose one of these languages: %(known)s."), field="language", known=", ".join(LANGUAGES))
    if not (len(values.currency) == 3 and values.currency.isascii() and values.currency.isalpha()):
        raise Invalid(N_("Write a currency as three letters, such as EUR."), field="currency")
    terms = [rules.check_line(term, "embargo_terms", most=200) for term in values.embargo_terms]
    topics = [rules.check_line(topic, "topics", most=80) for topic in values.topics]
    if len(topics) > 50 or len(terms) > 100:
        raise Invalid(N_("That is too many. Keep the ones that matter."), field="topics" if len(topics) > 50 else "embargo_terms")
    return {
        "kind": AssetKind(values.kind),
        "title": rules.check_line(values.title, "title", most=300, required=True),
        "summary": rules.check_text(values.summary, "summary", most=20_000),
        "url": rules.check_url(values.url),
        "language": values.language,
        "purpose": Purpose(values.purpose),
        "cost": rules.check_money(values.cost),
        "currency": values.currency.upper(),
        "confidentiality": Confidentiality(values.confidentiality),
        "sensitive": bool(values.sensitive),
        "embargo_until": rules.check_moment(values.embargo_until, "embargo_until"),
        "embargo_terms": [term for term in terms if term],
        "rights_until": rules.check_day(values.rights_until, "rights_until"),
        "audiences": sorted({Audience(one) for one in values.audiences}),
        "topics": sorted({topic for topic in topics if topic}),
        "owner_id": values.owner_id,
        "state": AssetState(values.state),
    }


def values_of(asset: Asset) -> dict[str, Any]:
    """An asset's editable columns, as AssetValues names them."""
    kept = {one.name: getattr(asset, one.name) for one in fields(AssetValues)}
    kept["topics"] = [topic.name for topic in asset.topics]
    kept["embargo_terms"] = list(asset.embargo_terms or [])
    return kept


def words_of(asset: Asset) -> str:
    """Everything an asset is found by."""
    topics = " ".join(topic.name for topic in asset.topics)
    return f"{asset.title} {asset.summary} {topics} {asset.url} {asset.source_key or ''}"


def _write(db: Session, asset: Asset, columns: dict[str, Any]) -> None:
    owner_id = columns["owner_id"]
    if owner_id is not None and owner_id != asset.owner_id and db.get(User, owner_id) is None:
        raise Invalid(N_("There is no such person."), field="owner_id")
    for name, value in columns.items():
        if name != "topics":
            setattr(asset, name, value)
    with db.no_autoflush:
        wanted = columns["topics"]
        known = {topic.name: topic for topic in db.scalars(select(Topic).where(Topic.name.in_(wanted)))} if wanted else {}
        asset.topics = [known.get(name) or Topic(name=name) for name in wanted]


def _index(db: Session, asset: Asset) -> None:
    Search(db).put([(asset.id, words_of(asset))])


def _into(db: Session, asset: Asset, state: AssetState, action: str, actor: User | None, now: datetime) -> Asset:
    was, asset.state, asset.updated_at = asset.state, state, now
    history.record(db, actor, action, asset, now=now, was={"state": was}, became={"state": state}, name=history.COMMAND_LINE)
    return asset


def _state_before_retiring(db: Session, asset: Asset) -> AssetState:
    """What history says; an asset that came in retired is live if it was published somewhere, else ready."""
    entries = db.scalars(
        select(Entry)
        .where(Entry.subject_type == "assets", Entry.subject_id == asset.id, Entry.action.in_(("asset.retired", "asset.edited")))
        .order_by(Entry.id.desc())
    )
    for entry in entries:
        if (entry.became or {}).get("state") == AssetState.RETIRED and (entry.was or {}).get("state"):
            return AssetState((entry.was or {})["state"])
    return AssetState.LIVE if asset.published_at else AssetState.READY


def _told(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as history keeps them: long texts shortened."""
    return {name: value[:500] if isinstance(value, str) else value for name, value in columns.items()}


def describe_file(
    db: Session, asset: Asset, file: AssetFile, *, alt_text: str, rights_until: date | None, actor: User | None, now: datetime
) -> AssetFile:
    """Say what a file shows, for people who cannot see it, and until when it may be used. Raises Invalid."""
    require(actor, "asset.edit", asset)
    columns = {"alt_text": rules.check_line(alt_text, "alt_text", most=1000), "rights_until": rules.check_day(rights_until, "rights_until")}
    changed = {name: value for name, value in columns.items() if getattr(file, name) != value}
    if changed:
        was = {name: getattr(file, name) for name in changed}
        for name, value in changed.items():
            setattr(file, name, value)
        history.record(
            db, actor, "asset.file_described", asset, now=now, was={"file": file.name, **was}, became={"file": file.name, **changed}, name=history.COMMAND_LINE
        )
        db.flush()
    return file


def add_file(db: Session, asset: Asset, stored: Stored, *, language: str = "", actor: User | None, now: datetime) -> AssetFile:
    """Give an asset a file that `media.store` took in.

    language -- of captions, one of LANGUAGES; empty: the asset's. Other files have none. Raises Invalid for an unknown one.
    """
    require(actor, "asset.edit", asset)
    if language and language not in LANGUAGES:
        raise Invalid(N_("Choose one of these languages: %(known)s."), field="language", known=", ".join(LANGUAGES))
    file = AssetFile(
        asset_id=asset.id, kind=stored.kind, name=stored.name, stored_name=stored.stored_name, mime=stored.mime, size=stored.size,
        sha256=stored.sha256, width=stored.width, height=stored.height, seconds=stored.seconds, pages=stored.pages, created_at=now,
        language=language if stored.kind is MediaKind.CAPTIONS else "",
    )  # fmt: skip
    if stored.seconds and not asset.duration_seconds:
        asset.duration_seconds = round(stored.seconds)
    db.add(file)
    db.flush()
    history.record(db, actor, "asset.file_added", asset, now=now, became={"file": stored.name}, name=history.COMMAND_LINE)
    return file
