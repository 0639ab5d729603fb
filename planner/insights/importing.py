"""Files of assets, of readings and of visits: the whole file is checked first, and only a file without an error is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog import column_choice
from planner.catalog import importing as catalog
from planner.catalog.column_choice import MissingColumns, Note
from planner.catalog.importing import RowError
from planner.catalog.sheets import FOLDER, Sheet, open_sheet
from planner.core.errors import Invalid, Refused
from planner.core.i18n import N_
from planner.insights import reading_rows, server_log, visit_rows, visits
from planner.insights.import_writing import BLOCK, CountedAsset, Summary, owners_of, write_block
from planner.insights.models import METRICS
from planner.insights.reading_rows import COUNT_COLUMNS, READING_COLUMNS, ReadingRow
from planner.insights.server_log import LogPages, LogSummary
from planner.insights.visit_rows import VISIT_COLUMNS, VisitRow
from planner.ledger.jobs import JobContext

__all__ = ["KINDS", "Checked", "RowError", "Summary", "run_import", "validate", "write"]

KINDS = ("assets", "readings", "visits")

Progress = Callable[[int, int], None]


@dataclass
class Checked:
    """A file that was read; it can be written only when there is no error.

    rows     -- CountedAsset, ReadingRow or VisitRow, in the file's order.
    total    -- rows of the file. `errors` keeps the first thousands only.
    headings -- digest of a file's headings and `columns`, field -> heading, as they were used (visits).
    """

    kind: str
    total: int
    rows: Sequence[Any] = ()
    errors: list[RowError] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    headings: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    #: What a web server's log held; None for a table.
    log: LogSummary | None = None


def validate(
    source: Path | str | bytes,
    *,
    now: datetime,
    kind: str = "assets",
    zone: str = "UTC",
    language: str = "en",
    owners: Mapping[str, int] | None = None,
    db: Session | None = None,
    remembered: Mapping[str, Mapping[str, str]] | None = None,
    columns: Mapping[str, str] | None = None,
    ours: LogPages | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Read and check a whole file; nothing is written.

    zone, language -- hold where the file does not say.
    owners         -- name or address in lower case -> person (see `owners_of`); looked up in `db` when only that is given.
    remembered     -- digest of headings -> columns that were chosen for such files, and `columns` -> those chosen now (visits).
    ours           -- where assets' pages are, to read a web server's log; looked up in `db`, by the days of `zone`, when only that is given.
    Raises MissingColumns for a file of visits without a day, a page or a count; Invalid, field "file", for what cannot be read as a table at all.
    """
    if kind not in KINDS:
        raise Invalid(N_("Choose whether the file holds assets, readings or visits."), field="kind")
    source = Path(source) if isinstance(source, str) else source
    if kind == "visits" and server_log.is_log(source):
        return _log(source, ours or (visits.log_pages(db, zone) if db is not None else LogPages({}, zone)), now=now, progress=progress)
    sheet = open_sheet(source)
    if kind == "visits":
        return _visits(sheet, remembered or (column_choice.remembered(db) if db is not None else {}), columns, now=now, progress=progress)
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
    if checked.kind == "visits":
        counted = visits.gather(checked.rows, visits.pages_of(db, checked.rows), summary)
        summary.readings += visits.record(db, counted, origin="file" if checked.log is None else "log", actor=actor, now=now)
        if checked.log is not None:
            summary.unknown_count += checked.log.others
            summary.unknown += [name for name in checked.log.names if name not in summary.unknown]
        if checked.columns:
            column_choice.remember(db, checked.headings, checked.columns, now=now)
        return summary
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
        owners, remembered = owners_of(db), column_choice.remembered(db)
        ours = visits.log_pages(db, ctx.settings.time_zone) if kind == "visits" else None

    def report(_done: int, _total: int) -> None:
        ctx.progress(0, None, N_("Checking the file"))

    checked = validate(
        path, now=now, kind=kind, zone=ctx.args.get("zone", "UTC"), language=ctx.args.get("language", "en"), owners=owners,
        remembered=remembered, columns=ctx.args.get("columns"), ours=ours, progress=report,
    )  # fmt: skip
    _refuse_errors(checked)
    summary = Summary()
    if kind == "visits":
        with ctx.sessions.begin() as db:
            actor = db.get_one(User, ctx.actor_id) if ctx.actor_id is not None else None
            summary = write(db, checked, actor=actor, now=now)
        path.unlink(missing_ok=True)
        told = {"name": str(ctx.args.get("name", "")), "kind": kind, "rows": checked.total, **summary.as_dict()}
        return told if checked.log is None else told | {"log_visits": checked.log.visits}
    for first in range(0, len(checked.rows), BLOCK):
        with ctx.sessions.begin() as db:
            actor = db.get_one(User, ctx.actor_id) if ctx.actor_id is not None else None
            write_block(db, kind, checked.rows[first : first + BLOCK], owners, summary, actor=actor, now=now)
        ctx.progress(min(first + BLOCK, len(checked.rows)), len(checked.rows), N_("Writing"))
    path.unlink(missing_ok=True)
    return {"name": str(ctx.args.get("name", "")), "kind": kind, "rows": checked.total, **summary.as_dict()}


def _visits(
    sheet: Sheet, remembered: Mapping[str, Mapping[str, str]], columns: Mapping[str, str] | None, *, now: datetime, progress: Progress | None
) -> Checked:
    """A file of visits: columns by their headings, then those remembered for such files, then those chosen now."""
    key = column_choice.headings_key(sheet.headings)
    chosen = {**remembered.get(key, {}), **(columns or {})}
    if chosen:
        places = column_choice.choose_columns(sheet, column_choice.known_columns(sheet, VISIT_COLUMNS), chosen, VISIT_COLUMNS)
        unused: list[str] = []
    else:
        places, unused = catalog.columns_of(sheet, VISIT_COLUMNS)
    _check_visit_columns(sheet, places)
    total, sheet.rows = len(sheet.rows), [row for row in sheet.rows if not _is_total(row[1], places)]
    checked = Checked("visits", len(sheet.rows), headings=key, columns=chosen)
    found: list[VisitRow] = []
    for number, row in enumerate(catalog.rows_of(sheet, places, checked.errors), 1):
        found.append(visit_rows.read_row(row, now=now))
        if progress is not None and number % 1000 == 0:
            progress(number, checked.total)
    checked.rows = found
    checked.errors.sort(key=lambda error: error.row)
    checked.warnings.extend(_notes(checked, sheet, places, unused))
    if total != len(found):
        checked.warnings.append(Note(N_("Rows without a day and a page are totals, and are left out: %(count)s."), {"count": total - len(found)}))
    return checked


def _log(source: Path | bytes, ours: LogPages, *, now: datetime, progress: Progress | None) -> Checked:
    """A web server's log; a line nobody can read does not stop it."""
    rows, told = server_log.read_log(source, ours, now=now, progress=(lambda lines: progress(lines, lines)) if progress is not None else None)
    checked = Checked("visits", told.lines, rows, log=told)
    if told.broken:
        numbers = ", ".join(map(str, told.numbers)) + ("…" if told.broken > len(told.numbers) else "")
        checked.warnings.append(Note(N_("Lines that cannot be read are left out: %(count)s. Their numbers: %(numbers)s."), {"count": told.broken, "numbers": numbers}))
    if told.unnamed:
        checked.warnings.append(
            Note(N_("Lines that name no browser and no referring page: %(count)s. Their visits have no source, and programs are among them."), {"count": told.unnamed})
        )
    if told.first is not None and told.last is not None:
        span = {"first": f"{told.first:%Y-%m-%d %H:%M}", "last": f"{told.last:%Y-%m-%d %H:%M}"}
        checked.warnings.append(
            Note(N_("This log goes from %(first)s to %(last)s. Join logs that share a day before you send them: of two parts of a day the larger count is kept."), span)
        )
    return checked


def _check_visit_columns(sheet: Sheet, places: Mapping[str, int]) -> None:
    for names, message in (
        (("day",), N_("No column says the day of the visits. Export them by day, or point at the column.")),
        (("page", "asset", "content"), N_("No column says which page was visited. Point at the column.")),
        (("visits",), N_("No column counts the visits. Point at the column.")),
    ):
        if not places.keys() & set(names):
            raise MissingColumns(message, sheet.headings, places)


def _is_total(line: Sequence[str], places: Mapping[str, int]) -> bool:
    """Whether a row is the sum that GA4 writes among the others: it has neither a day nor a page."""
    told = [line[places[name]].strip() for name in ("day", "page", "asset") if name in places and places[name] < len(line)]
    return not any(told)


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
