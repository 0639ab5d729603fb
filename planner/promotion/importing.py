"""Takes in past promotions from a CSV or XLSX file: which video, what day, how, at what cost. All rows, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog import cells
from planner.catalog.importing import Row, RowError, columns_of, rows_of
from planner.catalog.models import Asset, AssetKind
from planner.catalog.sheets import heading, open_sheet
from planner.core.errors import Invalid, Refused
from planner.core.i18n import N_
from planner.promotion.choices import LABELS, PromotionKind
from planner.promotion.service import record_promotion

__all__ = ["COLUMNS", "Checked", "RowError", "read", "write"]

#: Field -> headings that mean it. A video is known by its YouTube number, its address or its title.
COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("video_id", "youtube_id", "external_id"),
    "url": ("url", "link", "lien", "address", "adresse"),
    "title": ("title", "titre", "video", "name", "nom"),
    "on": ("date", "on", "day", "jour", "first_day", "start", "debut", "started_at"),
    "kind": ("kind", "type", "how", "nature", "genre"),
    "cost": ("cost", "cout", "budget", "spent", "depense"),
    "currency": ("currency", "devise"),
}
#: What people write besides the values and the English labels.
_WORDS: dict[PromotionKind, tuple[str, ...]] = {
    PromotionKind.AD: ("ads", "advert", "paid", "publicite", "pub", "payant"),
    PromotionKind.NEWSLETTER: ("mailing", "email", "lettre", "lettre_d_information", "infolettre"),
    PromotionKind.SHARE_KIT: ("employees", "employee", "share_kits", "kit_de_partage", "kit", "salaries"),
    PromotionKind.POST: ("posts", "other_channel", "publication", "autre_canal"),
}
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One promotion of a file."""

    asset_id: int
    on: date
    kind: PromotionKind
    cost: Decimal | None
    currency: str


@dataclass
class Checked:
    """A file that was read; it can be written only when there is no error."""

    lines: Sequence[Line] = ()
    errors: list[RowError] = field(default_factory=list)


def read(db: Session, data: bytes, *, now: datetime) -> Checked:
    """Read and check a whole file; nothing is written. One statement. Raises Invalid, field "file", for what is no such table."""
    sheet = open_sheet(data)
    checked = Checked()
    places, _unused = columns_of(sheet, COLUMNS)
    if not {"on", "kind"} <= set(places) or not {"number", "url", "title"} & set(places):
        raise Invalid(N_("This table needs the columns “date”, “kind”, and one of “video_id”, “url” or “title”; “cost” where it is known."), field="file")
    if len(sheet.rows) > _MOST:
        raise Invalid(N_("This file has too many rows: at most %(most)s."), field="file", most=_MOST)
    known = _videos(db)
    lines = [_line(row, known, now) for row in rows_of(sheet, places, checked.errors)]
    checked.lines = [one for one in lines if one is not None]
    checked.errors.sort(key=lambda error: error.row)
    return checked


def write(db: Session, checked: Checked, *, actor: User | None, now: datetime) -> int:
    """Write a checked file; how many promotions it told. One known already (video, day, kind) gets the file's cost."""
    require(actor, "promotion.record")
    if checked.errors:
        raise Refused(N_("Row %(row)s: the file has errors, so nothing was written."), field="file", row=checked.errors[0].row)
    for one in checked.lines:
        asset = db.get_one(Asset, one.asset_id)
        record_promotion(
            db, asset, kind=one.kind, on=one.on, cost=one.cost, currency=one.currency, source="import", actor=actor, now=now
        )
        db.flush()
    return len(checked.lines)


def _videos(db: Session) -> Mapping[str, int | None]:
    """What a file may call a video -> its asset; None where two share the name."""
    found: dict[str, int | None] = {}
    rows = db.execute(select(Asset.id, Asset.title, Asset.url, Asset.source_key).where(Asset.kind.in_((AssetKind.VIDEO, AssetKind.PODCAST))))
    for asset_id, title, url, key in rows:
        names = {f"title:{title.casefold()}", f"url:{url}" if url else "", f"number:{(key or '').removeprefix('youtube:')}" if key else ""}
        for name in names - {""}:
            found[name] = None if name in found and found[name] != asset_id else asset_id
    return found


def _line(row: Row, known: Mapping[str, int | None], now: datetime) -> Line | None:
    names = [f"number:{row['number']}", f"url:{row['url']}", f"title:{row['title'].casefold()}"]
    there = [known[name] for name in names if not name.endswith(":") and name in known]
    if not there:
        row.complain(N_("No video here has this number, address or title."))
    elif None in there:
        row.complain(N_("Several videos here have this title. Say its number or address."))
    on = row.take("on", partial(_day, now=now), None)
    kind = row.take("kind", _kind, None)
    cost = row.take("cost", cells.amount, None)
    currency = row.take("currency", _currency, "EUR")
    if row.is_good and (on is None or kind is None):
        row.complain(N_("This row needs a date and a kind."))
    if not row.is_good or on is None or kind is None or there[0] is None:
        return None
    return Line(there[0], on, kind, cost, currency)


def _day(text: str, now: datetime) -> date:
    on = cells.moment(text, "UTC").astimezone(UTC).date()
    if on > now.astimezone(UTC).date():
        raise Invalid(N_("Choose a day that has come: this tells of what happened."))
    return on


def _kind(text: str) -> PromotionKind:
    word = heading(text)
    for one in PromotionKind:
        if word in (one.value, heading(LABELS[one]), *_WORDS[one]):
            return one
    raise Invalid(N_("“%(text)s” is not one of: %(known)s."), text=text[:40], known=", ".join(PromotionKind))


def _currency(text: str) -> str:
    code = text.strip().upper()
    if len(code) != 3 or not (code.isalpha() and code.isascii()):
        raise Invalid(N_("A currency is three letters, such as EUR."))
    return code
