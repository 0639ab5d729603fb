"""Files of assets and of readings: the whole file is checked first, and only a file without an error is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog import importing as catalog
from planner.catalog.importing import RowError
from planner.catalog.sheets import Sheet, open_sheet
from planner.core.errors import Invalid, Refused
from planner.core.i18n import N_
from planner.insights import reading_rows
from planner.insights.import_writing import BLOCK, CountedAsset, Summary, owners_of, write_block
from planner.insights.models import METRICS
from planner.insights.reading_rows import COUNT_COLUMNS, READING_COLUMNS, ReadingRow
from planner.ledger.jobs import JobContext

__all__ = ["FOLDER", "KINDS", "Checked", "Note", "RowError", "Summary", "run_import", "validate", "write"]

KINDS = ("assets", "readings")
#: Where files wait between being sent and being written, inside the data folder.
FOLDER = "imports"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing about a file that does not stop it. `message` is marked with N_."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Checked:
    """A file that was read; it can be written only when there is no error.

    rows  -- CountedAsset or ReadingRow, in the file's order.
    total -- rows of the file. `errors` keeps the first thousands only.
    """

    kind: str
    total: int
    rows: Sequence[Any] = ()
    errors: list[RowError] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)


def validate(
    source: Path | str | bytes,
    *,
    now: datetime,
    kind: str = "assets",
    zone: str = "UTC",
    language: str = "en",
    owners: Mapping[str, int] | None = None,
    db: Session | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Read and check a whole file; nothing is written.

    zone, language -- hold where the file does not say.
    owners         -- name or address in lower case -> person (see `owners_of`); looked up in `db` when only that is given.
    Raises Invalid, field "file", for what cannot be read as a table at all.
    """
    if kind not in KINDS:
        raise Invalid(N_("Choose whether the file holds assets or readings."), field="kind")
    sheet = open_sheet(Path(source) if isinstance(source, str) else source)
    checked = Checked(kind=kind, total=len(sheet.rows))
    places, unused = catalog.columns_of(sheet, catalog.COLUMNS | COUNT_COLUMNS if kind == "assets" else READING_COLUMNS)
    _check_columns(places, kind)
    found: list[Any] = []
    for number, row in enumerate(catalog.rows_of(sheet, places, checked.errors), 1):
        if kind == "assets":
            found.append(_counted(row, now=now, zone=zone, language=language))
        else:
            found.append(reading_rows.read_row(row, now=now, zone=zone))
        if progress is not None and number % 1000 == 0:
            progress(number, checked.total)
    checked.rows = found
    _find_twice(checked)
    if owners is None and db is not None:
        owners = owners_of(db)
    if kind == "assets" and owners is not None:
        _find_strangers(checked, owners, places, sheet)
    checked.errors.sort(key=lambda error: error.row)
    checked.warnings.extend(_notes(checked, sheet, places, unused))
    return checked


def write(
    db: Session, checked: Checked, *, actor: User | None, now: datetime, progress: Progress | None = None
) -> Summary:
    """Write a checked file in the caller's transaction; what is known already stays as it is, and gets its readings.

    Raises Refused when the file has errors, Forbidden when the actor may not import.
    """
    _refuse_errors(checked)
    summary = Summary()
    owners = owners_of(db)
    for first in range(0, len(checked.rows), BLOCK):
        write_block(db, checked.kind, checked.rows[first : first + BLOCK], owners, summary, actor=actor, now=now)
        if progress is not None:
            progress(min(first + BLOCK, len(checked.rows)), len(checked.rows))
    return summary


def run_import(ctx: JobContext) -> dict[str, Any]:
    """The same as background work. The file is checked again as a whole, then written block by block, each in a transaction of its own,
    so that nobody waits long for the database. Whoever takes up after a dead worker adds nothing twice: what is there is known."""
    path = ctx.settings.data_path / FOLDER / Path(str(ctx.args["file"])).name
    if not path.is_file():
        raise Refused(N_("The file is not there any more. Send it again."))
    kind, now = str(ctx.args["kind"]), datetime.fromisoformat(ctx.args["now"])
    with ctx.sessions() as db:
        owners = owners_of(db)

    def report(_done: int, _total: int) -> None:
        ctx.progress(0, None, N_("Checking the file"))

    checked = validate(
        path, now=now, kind=kind, zone=ctx.args.get("zone", "UTC"), language=ctx.args.get("language", "en"), owners=owners,
        progress=report,
    )  # fmt: skip
    _refuse_errors(checked)
    summary = Summary()
    for first in range(0, len(checked.rows), BLOCK):
        with ctx.sessions.begin() as db:
            actor = db.get_one(User, ctx.actor_id) if ctx.actor_id is not None else None
            write_block(db, kind, checked.rows[first : first + BLOCK], owners, summary, actor=actor, now=now)
        ctx.progress(min(first + BLOCK, len(checked.rows)), len(checked.rows), N_("Writing"))
    path.unlink(missing_ok=True)
    return {"name": str(ctx.args.get("name", "")), "kind": kind, "rows": checked.total, **summary.as_dict()}


def _counted(row: catalog.Row, *, now: datetime, zone: str, language: str) -> CountedAsset:
    asset = catalog.read_row(row, now=now, zone=zone, language=language)
    at, counts = reading_rows.read_counts(row, now=now, zone=zone)
    return CountedAsset(asset, at, counts if any(value is not None for value in counts.values()) else None)


def _check_columns(places: Iterable[str], kind: str) -> None:
    """Raises Invalid when a column is missing without which no row can be read."""
    there = set(places)
    if kind == "assets" and not {"title"} <= there:
        raise Invalid(N_("This table has no column “title” (or “titre”). The template shows the headings."), field="file")
    if kind == "assets" and not there & {"kind", "video_id"}:
        raise Invalid(N_("This table has no column “kind” (or “type”). The template shows the headings."), field="file")
    if kind == "readings" and not there & {"post", "number", "url"}:
        raise Invalid(N_("No column says which post a row is about: “post_id”, “external_id” or “url”."), field="file")
    if kind == "readings" and not there & set(METRICS):
        raise Invalid(N_("No column holds a count, such as “views” or “impressions”."), field="file")


def _find_twice(checked: Checked) -> None:
    """Note rows that say what an earlier row says already."""
    first: dict[object, int] = {}
    for row in checked.rows:
        number = row.number if isinstance(row, ReadingRow) else row.asset.number
        key: object = row.key if isinstance(row, ReadingRow) else row.asset.source_key
        earlier = first.setdefault(key, number)
        if earlier != number:
            checked.errors.append(RowError(number, "", N_("This is there twice: row %(row)s is the same."), {"row": earlier}, row.name[:80]))


def _find_strangers(checked: Checked, owners: Mapping[str, int], places: Mapping[str, int], sheet: Sheet) -> None:
    """Note owners who have no account here."""
    for row in checked.rows:
        owner = row.asset.owner
        if owner and owner.lower() not in owners:
            column = sheet.headings[places["owner"]][:60]
            checked.errors.append(RowError(row.asset.number, column, N_("Nobody here has this name or address."), {}, owner[:80]))


def _notes(checked: Checked, sheet: Sheet, places: Iterable[str], unused: list[str]) -> list[Note]:
    there, notes = set(places), []
    if sheet.encoding and sheet.encoding != "utf-8":
        notes.append(Note(N_("Read as %(encoding)s. Look whether the accents are right."), {"encoding": sheet.encoding}))
    if unused:
        notes.append(Note(N_("These columns are not used: %(names)s."), {"names": ", ".join(unused[:20])}))
    if there & set(METRICS) and "read_at" not in there:
        notes.append(Note(N_("No column says when the counts were read: this moment is taken.")))
    if checked.kind == "assets" and "video_id" not in there and there & set(METRICS):
        notes.append(Note(N_("Counts are taken for videos with a video_id only. Import the others as readings.")))
    return notes


def _refuse_errors(checked: Checked) -> None:
    if checked.errors:
        raise Refused(N_("Row %(row)s: the file has errors, so nothing was written."), field="file", row=checked.errors[0].row)
