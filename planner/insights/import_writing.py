"""Writes checked rows: assets with their publication and first reading, or readings of posts that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog import service
from planner.catalog.importing import AssetRow, Publication
from planner.catalog.models import Asset
from planner.catalog.service import AssetValues, Facts
from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.channels.service import observe
from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.insights.reading_rows import ReadingRow, reading
from planner.insights.rules import is_short
from planner.insights.service import record_rows
from planner.planning.facts import Live, record_all_published
from planner.planning.models import Post, PostState

__all__ = ["BLOCK", "CountedAsset", "Summary", "owners_of", "write_block"]

#: Rows one transaction writes when a worker does it.
BLOCK = 200
_MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class CountedAsset:
    """An asset of a file, and what the file counts about its publication (None: nothing)."""

    asset: AssetRow
    at: datetime
    counts: Mapping[str, int | None] | None

    @property
    def name(self) -> str:
        return self.asset.values.title


@dataclass
class Summary:
    """What an import did. `known` assets were there already and stay as they are; `unknown` names readings without a post."""

    created: int = 0
    known: int = 0
    readings: int = 0
    unknown_count: int = 0
    #: The first hundreds of them.
    unknown: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def owners_of(db: Session) -> dict[str, int]:
    """Name or address in lower case -> person, of everybody active; a name two people share is nobody's."""
    found: dict[str, int] = {}
    shared = set()
    for person in db.scalars(select(User).where(User.active)):
        for word in {person.name.lower(), person.email.lower()} - {""}:
            if word in found:
                shared.add(word)
            found[word] = person.id
    return {word: number for word, number in found.items() if word not in shared}


def write_block(
    db: Session, kind: str, rows: Sequence[Any], owners: Mapping[str, int], summary: Summary, *, actor: User | None, now: datetime
) -> None:
    """Write some rows of one file in the caller's transaction, and count them in `summary`."""
    if kind == "assets":
        _write_assets(db, rows, owners, summary, actor=actor, now=now)
    else:
        _write_readings(db, rows, summary, actor=actor)


def _write_assets(
    db: Session, rows: Sequence[CountedAsset], owners: Mapping[str, int], summary: Summary, *, actor: User | None, now: datetime
) -> None:
    require(actor, "asset.import")
    known = _known_assets(db, [row.asset.source_key for row in rows])
    posts = _youtube_posts(db, [row.asset.publication.external_id for row in rows if row.asset.publication])
    new = [row.asset for row in rows if row.asset.source_key not in known and not _is_posted(row.asset.publication, posts)]
    made = service.bring_in(db, [(_owned(one, owners), _facts(one)) for one in new], actor=actor, now=now)
    known |= {one.source_key: asset for one, asset in zip(new, made, strict=True)}
    published = [row for row in rows if row.asset.publication]
    channels = _Channels(db, [row.asset.publication for row in published if row.asset.publication], actor=actor, now=now)
    live = [
        Live(known[row.asset.source_key], channels.of(one), one.external_id, one.url, one.published_at, title=row.asset.values.title)
        for row in published
        if (one := row.asset.publication) and one.external_id not in posts
    ]
    posts |= {str(post.external_id): post.id for post in record_all_published(db, live, now=now, actor=actor)}
    told = [
        (posts[one.external_id], row.at, reading(one.external_id, one.platform, row.at, row.counts, short=is_short(one.url)))
        for row in published
        if (one := row.asset.publication) and row.counts is not None
    ]
    summary.created += len(new)
    summary.known += len(rows) - len(new)
    summary.readings += record_rows(db, told, source="import")


def _write_readings(db: Session, rows: Sequence[ReadingRow], summary: Summary, *, actor: User | None) -> None:
    require(actor, "readings.import")
    finder = _Posts(db, rows)
    told: list[tuple[int, datetime, Reading]] = []
    for row in rows:
        found = finder.of(row)
        if found is None:
            summary.unknown_count += 1
            if len(summary.unknown) < _MOST_NAMED:
                summary.unknown.append(row.name)
        else:
            post_id, platform = found
            told.append((post_id, row.at, reading(row.external_id, platform, row.at, row.counts, short=is_short(row.url))))
    summary.readings += record_rows(db, told, source="import")


class _Channels:
    """The channels that publications name: known by the platform's number, else by name, else new and not connected."""

    def __init__(self, db: Session, wanted: Sequence[Publication], *, actor: User | None, now: datetime) -> None:
        self._db, self._actor, self._now = db, actor, now
        numbers = {one.channel_external_id for one in wanted} - {""}
        names = {one.channel_name for one in wanted}
        rows = db.scalars(select(Channel).where(or_(Channel.external_id.in_(numbers), Channel.name.in_(names)))).all() if wanted else []
        self._by_number = {(one.platform, one.external_id): one for one in rows if one.external_id}
        self._by_name = {(one.platform, one.name): one for one in rows}

    def of(self, one: Publication) -> Channel:
        channel = self._by_number.get((one.platform, one.channel_external_id)) if one.channel_external_id else None
        if channel is not None:
            return channel
        namesake = self._by_name.get((one.platform, one.channel_name))
        if namesake is not None and one.channel_external_id in ("", namesake.external_id):
            return namesake
        # Two channels may bear one name on the platform; here each needs its own.
        name = one.channel_name if namesake is None else f"{one.channel_name[:80]} ({one.channel_external_id[:30]})"
        channel = observe(
            self._db, platform=one.platform, name=name, external_id=one.channel_external_id, now=self._now, actor=self._actor
        )
        self._by_name[one.platform, name] = channel
        if one.channel_external_id:
            self._by_number[one.platform, one.channel_external_id] = channel
        return channel


class _Posts:
    """Finds the post that a reading is about: by our number, the platform's, or the address. Three statements a block."""

    def __init__(self, db: Session, rows: Sequence[ReadingRow]) -> None:
        self._by_id = _live(db, Post.id, {row.post_id for row in rows if row.post_id is not None})
        self._by_number = _live(db, Post.external_id, {row.external_id for row in rows if row.external_id})
        self._by_url = _live(db, Post.external_url, {row.url for row in rows if row.url})

    def of(self, row: ReadingRow) -> tuple[int, Platform] | None:
        """The post and its platform; None when there is none, or when more than one could be meant."""
        if row.post_id is not None:
            found = self._by_id.get(row.post_id, [])
        elif row.external_id:
            found = self._by_number.get(row.external_id, [])
        else:
            found = self._by_url.get(row.url, [])
        fits = [one for one in found if row.platform in (None, one[1])]
        return fits[0] if len(fits) == 1 else None


def _live(db: Session, column: Any, wanted: set[Any]) -> dict[Any, list[tuple[int, Platform]]]:
    found: dict[Any, list[tuple[int, Platform]]] = {}
    if wanted:
        query = select(column, Post.id, Channel.platform).join(Post.channel).where(column.in_(wanted), Post.state == PostState.PUBLISHED)
        for value, post_id, platform in db.execute(query):
            found.setdefault(value, []).append((post_id, platform))
    return found


def _known_assets(db: Session, keys: Sequence[str]) -> dict[str, Asset]:
    return {str(asset.source_key): asset for asset in db.scalars(select(Asset).where(Asset.source_key.in_(keys)))}


def _youtube_posts(db: Session, numbers: Sequence[str]) -> dict[str, int]:
    if not numbers:
        return {}
    query = select(Post.external_id, Post.id).join(Post.channel).where(Channel.platform == Platform.YOUTUBE, Post.external_id.in_(numbers))
    return {str(number): post_id for number, post_id in db.execute(query)}


def _is_posted(publication: Publication | None, posts: Mapping[str, int]) -> bool:
    """Whether the planner knows the video as a post of its own already."""
    return publication is not None and publication.external_id in posts


def _owned(row: AssetRow, owners: Mapping[str, int]) -> AssetValues:
    if not row.owner:
        return row.values
    if row.owner.lower() not in owners:
        raise Refused(N_("Row %(row)s: nobody here has this name or address."), field="file", row=row.number)
    return replace(row.values, owner_id=owners[row.owner.lower()])


def _facts(row: AssetRow) -> Facts:
    return Facts(source_key=row.source_key, published_at=row.published_at, duration_seconds=row.duration_seconds)
