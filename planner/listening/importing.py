"""Files of mentions: the whole file is checked first, and only a file without an error is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.catalog import column_choice
from planner.catalog import importing as catalog
from planner.catalog.column_choice import MissingColumns, Note
from planner.catalog.importing import RowError
from planner.catalog.models import Asset
from planner.catalog.sheets import FOLDER, Sheet, open_sheet
from planner.core.db import reading
from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.ledger.jobs import JobContext
from planner.listening import mention_rows, service
from planner.listening.mention_rows import MENTION_COLUMNS
from planner.listening.rules import Told, day_of
from planner.listening.service import Kept, SortedOut

__all__ = ["Checked", "columns_known", "run_import", "validate", "write"]

Progress = Callable[[int, int], None]


@dataclass
class Checked:
    """A file that was read; it can be written only when there is no error. `headings` is their digest, and `columns`, field -> heading, those chosen."""

    total: int
    headings: str
    rows: Sequence[Told] = ()
    errors: list[RowError] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: str = "mentions"
    #: Only a web server's log has one.
    log: None = None


def columns_known(headings: Sequence[str], remembered: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Field -> heading that would be used for such a file: those remembered, else those known by their names."""
    known = {name: headings[place] for name, place in column_choice.known_columns(Sheet(list(headings)), MENTION_COLUMNS).items()}
    return known | column_choice.spelt(headings, remembered.get(_key(headings), {}))


def validate(
    source: Path | bytes,
    *,
    now: datetime,
    zone: str = "UTC",
    remembered: Mapping[str, Mapping[str, str]] | None = None,
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Read and check a whole file; nothing is written.

    zone       -- of moments without an offset.
    remembered -- digest of headings -> columns that were chosen for such files, and `columns` -> those chosen now.
    Raises MissingColumns where no column says the day, or none an address or a text; Invalid, field "file", for what cannot be read as a table at all.
    """
    sheet = open_sheet(source)
    key = _key(sheet.headings)
    chosen = {**(remembered or {}).get(key, {}), **(columns or {})}
    places = column_choice.choose_columns(sheet, column_choice.known_columns(sheet, MENTION_COLUMNS), chosen, MENTION_COLUMNS)
    if "at" not in places:
        raise MissingColumns(N_("No column says the day of a mention. Point at the column."), sheet.headings, places)
    if not places.keys() & {"address", "title", "excerpt"}:
        raise MissingColumns(N_("No column holds a mention's address, title or text. Point at one."), sheet.headings, places)
    checked = Checked(len(sheet.rows), key, columns=chosen)
    found = []
    if sheet.broken:
        checked.warnings.append(Note(N_("Some letters of this file are damaged and stand as “�”. Save it as CSV (UTF-8) and send it again to mend them.")))
        sheet.broken = False  # What others wrote is not refused for a letter.
    for number, row in enumerate(catalog.rows_of(sheet, places, checked.errors), 1):
        found.append(mention_rows.read_row(row, now=now, zone=zone, source=f"file-{key[:12]}"))
        if progress is not None and number % 1000 == 0:
            progress(number, checked.total)
    checked.rows = found
    checked.errors.sort(key=lambda error: error.row)
    if sheet.encoding and sheet.encoding != "utf-8":
        checked.warnings.append(Note(N_("Read as %(encoding)s. Look whether the accents are right."), {"encoding": sheet.encoding}))
    unused = [text[:60] for place, text in enumerate(sheet.headings) if text and place not in places.values()]
    if unused:
        checked.warnings.append(Note(N_("These columns are not used: %(names)s."), {"names": ", ".join(unused[:20])}))
    return checked


def write(db: Session, checked: Checked, *, sorted_out: SortedOut | None = None, actor: User | None, now: datetime) -> Kept:
    """Keep a checked file's mentions in the caller's transaction; each asset's history says how many are new of it.

    sorted_out -- what its rows are, where that was looked up before.
    Raises Refused when the file has errors, Forbidden when the actor may not import.
    """
    _refuse_errors(checked)
    done = service.keep(db, sorted_out or checked.rows, actor=actor, now=now)
    if checked.rows:
        days = [day_of(row.at) for row in checked.rows]
        service.say_days(db, checked.rows[0].source, min(days), max(days))
    if checked.columns:
        column_choice.remember(db, checked.headings, checked.columns, now=now)
    numbers = sorted(done.gained)
    for first in range(0, len(numbers), 500):
        for asset in db.scalars(select(Asset).where(Asset.id.in_(numbers[first : first + 500])).order_by(Asset.id)):
            history.record(db, actor, "asset.mentions_imported", asset, now=now, became={"mentions": done.gained[asset.id]}, name=history.COMMAND_LINE)
    return done


def run_import(ctx: JobContext) -> dict[str, Any]:
    """The same as background work, in one transaction: whoever takes up after a dead worker keeps nothing twice."""
    path = ctx.settings.data_path / FOLDER / Path(str(ctx.args["file"])).name
    if not path.is_file():
        raise Refused(N_("The file is not there any more. Send it again."))
    now = datetime.fromisoformat(ctx.args["now"])
    with ctx.sessions() as db:
        remembered = column_choice.remembered(db)

    def report(_done: int, _total: int) -> None:
        ctx.progress(0, None, N_("Checking the file"))

    checked = validate(path, now=now, zone=ctx.args.get("zone", "UTC"), remembered=remembered, columns=ctx.args.get("columns"), progress=report)
    with ctx.sessions(bind=reading(ctx.runtime.engine)) as db:  # A long look, during which others write.
        found = service.sort_out(db, checked.rows)
    with ctx.sessions.begin() as db:
        done = write(db, checked, sorted_out=found, actor=db.get_one(User, ctx.actor_id) if ctx.actor_id is not None else None, now=now)
    path.unlink(missing_ok=True)
    return {"name": str(ctx.args.get("name", "")), "kind": "mentions"} | done.as_dict()


def _key(headings: Sequence[str]) -> str:
    return column_choice.headings_key(list(headings), kind="mentions")


def _refuse_errors(checked: Checked) -> None:
    if checked.errors:
        raise Refused(N_("Row %(row)s: the file has errors, so nothing was written."), field="file", row=checked.errors[0].row)
