"""Reads counts out of a table: which post, when, how much. A cell left empty is “not told”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from planner.catalog import cells, rules
from planner.catalog.importing import Row
from planner.channels.port import Platform, Reading
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.insights.models import METRICS
from planner.insights.rules import regime_of

__all__ = ["COUNT_COLUMNS", "READING_COLUMNS", "TEMPLATE", "ReadingRow", "read_counts", "read_row", "reading"]

#: Count -> headings that mean it, as `heading` writes them.
COUNT_COLUMNS: dict[str, tuple[str, ...]] = {
    "views": ("views", "view_count", "vues", "nombre_de_vues"),
    "impressions": ("impressions", "impression_count"),
    "reach": ("reach", "unique_impressions", "portee"),
    "engagements": ("engagements", "engagement", "interactions"),
    "likes": ("likes", "like_count", "reactions", "j_aime", "mentions_j_aime"),
    "comments": ("comments", "comment_count", "commentaires", "replies", "reponses"),
    "shares": ("shares", "share_count", "partages", "reposts", "retweets"),
    "clicks": ("clicks", "click_count", "clics"),
    "watch_seconds": ("watch_seconds", "watch_time_seconds", "duree_de_visionnage_secondes"),
    "read_at": ("read_at", "snapshot_utc", "at", "read", "releve_le", "date_du_releve", "collected_at"),
}
READING_COLUMNS: dict[str, tuple[str, ...]] = {
    "post": ("post_id", "post", "publication"),
    "platform": ("platform", "plateforme", "network", "reseau"),
    "number": ("external_id", "video_id", "youtube_id", "tweet_id", "urn", "platform_id"),
    "url": ("url", "link", "lien", "permalink", "post_url"),
    "title": ("title", "titre", "name", "nom"),
    **COUNT_COLUMNS,
}
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("post_id", "platform", "external_id", "url", "read_at", *METRICS),
    ("", "youtube", "dQw4w9WgXcQ", "", "2026-11-20T00:00:00Z", "12500", "", "", "", "430", "18", "", "", ""),
)


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading of a file, and what it says of its post: our number, the platform's, or the address."""

    number: int
    post_id: int | None
    platform: Platform | None
    external_id: str
    url: str
    title: str
    at: datetime
    counts: Mapping[str, int | None]

    @property
    def name(self) -> str:
        """How the file names the post, for people."""
        said = self.external_id or self.url or (str(self.post_id) if self.post_id is not None else "")
        return f"{said} · {self.title}" if self.title else said

    @property
    def key(self) -> tuple[object, ...]:
        """Two rows with the same key are the same reading."""
        return (self.post_id, self.platform, self.external_id, self.url if not self.external_id else "", self.at)


def read_counts(row: Row, *, now: datetime, zone: str) -> tuple[datetime, dict[str, int | None]]:
    """When a row was read (`now` when it does not say) and what it counts."""
    at = row.take("read_at", partial(cells.moment, zone=zone), now)
    if at > now + timedelta(minutes=5):
        row.complain(N_("A reading cannot be from the future."), "read_at")
    return at, {name: row.take(name, cells.count, None) for name in METRICS}


def read_row(row: Row, *, now: datetime, zone: str) -> ReadingRow:
    """One row as a reading; what is wrong is noted on the row."""
    at, counts = read_counts(row, now=now, zone=zone)
    if row.is_good and all(value is None for value in counts.values()):
        row.complain(N_("This row tells no count."))
    if not (row["post"] or row["number"] or row["url"]):
        row.complain(N_("This row does not say which post it is about."))
    platform = row.take("platform", _platform, None)
    number, url = row.take("number", partial(rules.check_line, field="number", most=200), ""), row.take("url", rules.check_url, "")
    title = row.take("title", partial(rules.check_line, field="title", most=300), "")
    return ReadingRow(row.number, row.take("post", cells.count, None), platform, number, url, title[:120], at, counts)


def reading(external_id: str, platform: Platform, at: datetime, counts: Mapping[str, int | None], *, short: bool = False) -> Reading:
    """The counts as a platform would have told them."""
    return Reading(external_id=external_id, regime=regime_of(platform, at, short=short), **dict[str, Any](counts))


def _platform(text: str) -> Platform:
    known = {"twitter": Platform.X, **{one.value: one for one in Platform}}
    found = known.get(text.lower())
    if found is None:
        raise Invalid(N_("“%(text)s” is not one of: %(known)s."), text=text[:40], known=", ".join(Platform))
    return found
