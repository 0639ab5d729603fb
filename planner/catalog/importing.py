"""Reads assets out of a table: columns by the headings people use, each row checked, nothing written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from planner.catalog import cells, rules, service
from planner.catalog.models import AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import AssetValues
from planner.catalog.sheets import BROKEN, Sheet, heading
from planner.channels.port import Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["COLUMNS", "AssetRow", "Publication", "Row", "RowError", "TEMPLATE", "columns_of", "read_row", "rows_of"]

Value = TypeVar("Value")

#: Field -> headings that mean it, as `heading` writes them. English, French, and what YouTube exports say.
COLUMNS: dict[str, tuple[str, ...]] = {
    "kind": ("kind", "type", "nature", "content_type", "type_de_contenu"),
    "title": ("title", "titre", "name", "nom", "intitule"),
    "summary": ("summary", "description", "resume", "chapo", "descriptif"),
    "url": ("url", "link", "lien", "address", "adresse", "adresse_web", "permalink"),
    "language": ("language", "langue", "lang"),
    "purpose": ("purpose", "made_for", "usage", "destination", "objectif"),
    "state": ("state", "status", "etat", "statut"),
    "audiences": ("audiences", "audience", "public", "publics", "public_vise", "publics_vises", "cible", "cibles"),
    "topics": ("topics", "topic", "tags", "themes", "theme", "sujets", "mots_cles", "keywords"),
    "owner": ("owner", "owner_email", "owner_e_mail", "responsable", "courriel_du_responsable", "proprietaire"),
    "cost": ("cost", "cout", "budget"),
    "currency": ("currency", "devise"),
    "confidentiality": ("confidentiality", "confidentialite"),
    "sensitive": ("sensitive", "sensible"),
    "embargo_until": ("embargo_until", "embargo", "embargo_jusqu_au", "fin_d_embargo"),
    "embargo_terms": ("embargo_terms", "mots_sous_embargo", "termes_sous_embargo"),
    "published_at": ("published_at", "published", "publish_date", "publication_date", "date", "date_de_publication", "publie_le"),
    "duration": ("duration", "duration_iso8601", "duration_seconds", "duree", "duree_secondes"),
    "key": ("source_key", "key", "reference", "ref", "id", "identifiant"),
    "video_id": ("video_id", "youtube_id", "youtube_video_id"),
    "channel_id": ("channel_id", "youtube_channel_id"),
    "channel": ("channel_title", "channel", "channel_name", "chaine", "nom_de_la_chaine"),
}

#: What the downloadable template holds: headings and one line that shows the forms.
TEMPLATE: tuple[tuple[str, ...], ...] = (
    (
        "kind", "title", "url", "summary", "language", "audiences", "topics", "owner", "purpose", "state", "cost", "currency",
        "confidentiality", "sensitive", "embargo_until", "embargo_terms", "published_at", "duration",
    ),
    (
        "white_paper", "Energy per bit: the road to 2030", "https://www.example.com/papers/energy-per-bit", "Where the watts go.", "en",
        "analysts, experts", "Energy", "", "web", "ready", "14200.00", "EUR", "public", "no", "2026-11-30T08:00:00+01:00", "", "", "",
    ),
)  # fmt: skip

_MOST_ERRORS = 2_000
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one cell, or with one row when `column` is empty. `message` is marked with N_; `value` is what was there."""

    row: int
    column: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    value: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """Where and when an asset was published, as a file tells it."""

    platform: Platform
    external_id: str
    channel_name: str
    channel_external_id: str
    url: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset of a file. `owner` is as written there: a name or an e-mail address."""

    number: int
    values: AssetValues
    source_key: str
    published_at: datetime | None
    duration_seconds: int | None
    owner: str
    publication: Publication | None


class Row:
    """One row while it is read: cells by field, and what was wrong so far."""

    def __init__(self, number: int, texts: Mapping[str, str], headings: Mapping[str, str], errors: list[RowError]) -> None:
        self.number = number
        self._texts, self._headings, self._errors = texts, headings, errors
        self.is_good = True

    def __getitem__(self, name: str) -> str:
        return self._texts.get(name, "")

    def take(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        """The cell as a value; `default` when it is empty or wrong, which is then noted."""
        text = self[name]
        if not text:
            return default
        try:
            return parse(cells.check(text))
        except Invalid as error:
            self.complain(error.message, name, **error.params)
            return default

    def complain(self, message: str, name: str = "", **params: Any) -> None:
        """Note what is wrong; only the first thousands are kept, a file cannot fill the memory with complaints."""
        self.is_good = False
        if len(self._errors) < _MOST_ERRORS:
            value = self[name]
            shown = value if len(value) <= 80 else value[:79] + "…"
            self._errors.append(RowError(self.number, self._headings.get(name, ""), message, params, shown))


def columns_of(sheet: Sheet, columns: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, int], list[str]]:
    """Field -> place of its column, and the headings that mean nothing here. Raises Invalid when two headings mean the same."""
    meaning = {word: name for name, words in columns.items() for word in words}
    places: dict[str, int] = {}
    unused = []
    for place, text in enumerate(sheet.headings):
        name = meaning.get(heading(text))
        if name is None:
            unused += [text[:60]] if text else []
        elif name in places:
            raise Invalid(
                N_("The columns “%(one)s” and “%(other)s” mean the same. Keep one of them."),
                field="file", one=sheet.headings[places[name]][:60], other=text[:60],
            )  # fmt: skip
        else:
            places[name] = place
    return places, unused


def rows_of(sheet: Sheet, places: Mapping[str, int], errors: list[RowError]) -> Iterator[Row]:
    """The sheet's rows by field; `errors` receives what is wrong with them."""
    headings = {name: sheet.headings[place][:60] for name, place in places.items()}
    used = set(places.values())
    for number, line in sheet.rows:
        row = Row(number, {name: line[place].strip() for name, place in places.items() if place < len(line)}, headings, errors)
        if any(cell.strip() for cell in line[len(sheet.headings) :]):
            row.complain(N_("This row has more cells than there are headings: a quotation mark may be missing."))
        if sheet.broken and any(BROKEN in cell for place, cell in enumerate(line) if place not in used):
            row.complain(N_("Some letters here are damaged. Save the file as CSV (UTF-8), then send it again."))
        yield row


def read_row(row: Row, *, now: datetime, zone: str, language: str) -> AssetRow:
    """One row as an asset; what is wrong is noted on the row. `language` and `zone` hold where the row does not say."""
    at = partial(cells.moment, zone=zone)
    published_at = row.take("published_at", at, None)
    if published_at is not None and published_at > now + timedelta(days=1):
        row.complain(N_("This lies in the future: it cannot be published already."), "published_at")
    publication = _publication(row, published_at, now) if row["video_id"] else None
    url = row.take("url", rules.check_url, "") or (publication.url if publication else "")
    default = AssetState.LIVE if publication or published_at or url else AssetState.IDEA
    if not row["title"]:
        row.complain(N_("A title is missing."), "title")
    if not row["kind"] and not row["video_id"]:
        row.complain(N_("A kind is missing."), "kind")
    values = AssetValues(
        kind=row.take("kind", partial(cells.choice, AssetKind), AssetKind.VIDEO),
        title=row.take("title", partial(rules.check_line, field="title", most=300, required=True), "?"),
        summary=row.take("summary", partial(rules.check_text, field="summary", most=20_000), ""),
        url=url,
        language=row.take("language", _language, language),
        purpose=row.take("purpose", partial(cells.choice, Purpose), Purpose.WEB),
        cost=row.take("cost", cells.amount, None),
        currency=row.take("currency", str.upper, "EUR"),
        confidentiality=row.take("confidentiality", partial(cells.choice, Confidentiality), Confidentiality.PUBLIC),
        sensitive=row.take("sensitive", cells.yes, default=False),
        embargo_until=row.take("embargo_until", at, None),
        embargo_terms=row.take("embargo_terms", cells.parts, []),
        audiences=row.take("audiences", partial(cells.several, Audience), []),
        topics=row.take("topics", cells.parts, []),
        state=row.take("state", partial(cells.choice, AssetState), default),
    )
    if row.is_good:
        try:
            service.checked(values)
        except Invalid as error:
            row.complain(error.message, error.field or "", **error.params)
    seconds = row.take("duration", cells.duration, None)
    return AssetRow(row.number, values, _key(row, values, publication), published_at, seconds, row.take("owner", str, ""), publication)


def _publication(row: Row, published_at: datetime | None, now: datetime) -> Publication | None:
    """A video's home on YouTube."""
    video_id = row["video_id"]
    if not _VIDEO_ID.fullmatch(video_id):
        row.complain(N_("“%(text)s” is not the number of a video."), "video_id", text=video_id[:40])
    channel = row.take("channel", partial(rules.check_line, field="channel", most=100), "")
    channel_id = row.take("channel_id", partial(rules.check_line, field="channel_id", most=100), "")
    if not row["channel"] and not channel_id:
        row.complain(N_("The channel of this video is missing."), "channel")
    if not row["published_at"]:
        row.complain(N_("The date of publication is missing."), "published_at")
    url = f"https://www.youtube.com/watch?v={video_id}"
    return Publication(Platform.YOUTUBE, video_id, channel or channel_id, channel_id, url, published_at or now)


def _language(text: str) -> str:
    """A language by its code; a region is dropped: fr-FR is fr."""
    return text.lower().replace("_", "-").partition("-")[0]


def _key(row: Row, values: AssetValues, publication: Publication | None) -> str:
    """What the asset is known by when it comes again, so that a file imported twice adds nothing twice."""
    if publication is not None:
        return f"{publication.platform.value}:{publication.external_id}"
    key = row.take("key", partial(rules.check_line, field="key", most=150), "")
    if key:
        return f"import:{key}"
    said = "\n".join((values.kind.value, values.title, values.url))
    return f"row:{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:40]}"
