"""Writes visits: a day's count of one source is what was told last, however often and in whatever order files come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.catalog.pages import OurPages, pages_of_assets
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.networks import Query, number_of, query_of
from planner.core.pages import page_key
from planner.insights.import_writing import Summary
from planner.insights.models import Visits
from planner.insights.server_log import LogPages
from planner.insights.visit_rows import Key, VisitRow
from planner.planning.marks import post_of
from planner.planning.models import Post

__all__ = ["Counted", "Pages", "gather", "log_pages", "pages_of", "record"]

#: Rows one statement writes: SQLite takes 32,766 values in one, ten a row.
_CHUNK = 1000
_MOST_NAMED = 500
_MOST = 10**15

#: (asset, key, visits)
Counted = tuple[int, Key, int]


@dataclass(frozen=True, slots=True)
class Pages:
    """Which asset a page is. A post nobody has is nobody's."""

    assets: OurPages
    by_post: Mapping[int, int]

    def of(self, row: VisitRow) -> int | None:
        """The asset a row is about: by its number, else its page, else our mark."""
        if row.asset_id is not None:
            return row.asset_id if row.asset_id in self.assets.assets else None
        if row.page:
            found = self.assets.visited(row.page)
            if found is not None:
                return found
        post_id = post_of(row.content)
        return self.by_post.get(post_id) if post_id is not None else None


def pages_of(db: Session, rows: Iterable[VisitRow]) -> Pages:
    """Every page an asset has, and the posts that the rows' marks name. Two statements and one for each 500 posts."""
    wanted = sorted({number for row in rows if (number := post_of(row.content)) is not None})
    by_post: dict[int, int] = {}
    for first in range(0, len(wanted), 500):
        query = select(Post.id, Post.asset_id).where(Post.id.in_(wanted[first : first + 500]))
        by_post |= {post_id: asset_id for post_id, asset_id in db.execute(query).all()}  # noqa: C416 -- rows are no pairs to mypy
    return Pages(pages_of_assets(db), by_post)


def log_pages(db: Session, zone: str) -> LogPages:
    """Where every asset's page is, for reading a server's log. One statement."""
    hosts: dict[str, set[str]] = {}
    named: dict[str, set[Query]] = {}
    for url in db.scalars(select(Asset.url).where(Asset.url != "")):
        if number_of(url) is not None:  # A platform's page is on no server of ours.
            continue
        host, path = page_key(url)
        hosts.setdefault(path, set()).add(host)
        named.setdefault(path, set()).add(query_of(url))
    return LogPages({path: frozenset(found) for path, found in hosts.items()}, zone, {path: frozenset(found) for path, found in named.items() if any(found)})


def gather(rows: Sequence[VisitRow], pages: Pages, summary: Summary) -> list[Counted]:
    """The rows of one whole file as counts. Rows that a file parts further (by device, by country) are added up; those of nobody's page
    are counted and named in `summary`."""
    counts: Counter[tuple[int, Key]] = Counter()
    for row in rows:
        asset_id = pages.of(row)
        if asset_id is None:
            summary.unknown_count += 1
            if row.name not in summary.unknown and len(summary.unknown) < _MOST_NAMED:
                summary.unknown.append(row.name)
        else:
            counts[asset_id, row.key] += row.visits
    return [(asset_id, key, visits) for (asset_id, key), visits in sorted(counts.items())]


def record(db: Session, counted: Sequence[Counted], *, origin: str = "file", actor: User | None, now: datetime) -> int:
    """Keep counts; how many were new or different. A count known already changes nothing, another one takes its place.

    origin -- api, file or log. Of a log's counts the larger stays: a day may go on in the next log, and a part of it must not undo the rest.

    Raises Forbidden, and Invalid for a count beyond reason.
    """
    require(actor, "readings.import")
    if any(not 0 <= visits < _MOST for _asset, _key, visits in counted):
        raise Invalid(N_("A count of visits is below zero or larger than a count can be."), field="visits")
    changed = 0
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Visits)
    names = ("asset_id", "day", "origin", "source", "medium", "campaign", "content")
    upsert = insert.on_conflict_do_update(
        index_elements=list(names),
        set_={"visits": insert.excluded.visits, "told_at": insert.excluded.told_at},
        where=Visits.visits < insert.excluded.visits if origin == "log" else Visits.visits != insert.excluded.visits,
    ).returning(Visits.id)
    for first in range(0, len(counted), _CHUNK):
        values: list[dict[str, Any]] = [
            dict(zip(names, (asset_id, key[0], origin, *key[1:]), strict=True)) | {"visits": visits, "told_at": now}
            for asset_id, key, visits in counted[first : first + _CHUNK]
        ]
        changed += len(db.execute(upsert, values).all())
    return changed
