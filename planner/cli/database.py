"""flask planner check, rebuild, reseal, backup, restore: the database in good order."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from planner.channels.counting import count_again
from planner.cli import copies, doubts
from planner.cli.running import PROBLEMS, Run, acts
from planner.core.db import Base
from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.core.types import Sealed
from planner.insights import service as insights
from planner.insights.definitions import FORMULA
from planner.insights.recounting import counted_by, recount
from planner.publishing.check import violations

__all__ = ["backup", "check", "rebuild", "reseal", "restore"]

@click.command("check")
@acts(writes=False)
def check(run: Run) -> None:
    """Look for broken promises: the outbox's invariants, roll-ups that differ from their readings, lost references."""
    problems = [{"what": found.invariant, "rows": list(found.ids)} for found in violations(run.db, run.now)]
    problems += [{"what": f"a roll-up differs from its readings: {place}", "rows": []} for place in _wrong_rollups(run)]
    problems += _lost_references(run.db) + _old_counts(run.db)
    human = "\n".join(f"✗ {one['what']}{': ' + ', '.join(map(str, one['rows'])) if one['rows'] else ''}" for one in problems)
    run.show({"ok": not problems, "problems": problems}, human or "Everything is as it should be.")
    if problems:
        sys.exit(PROBLEMS)


@click.command("rebuild")
@click.option("--counts", is_flag=True, help="First make the counts of every reading again from the platform's own fields, by the formula of today.")
@acts()
def rebuild(run: Run, counts: bool) -> None:
    """Work out every roll-up again from the readings, and say where they differed before (at most 50 places) and whether any does now."""
    run.may("user.manage")
    before = insights.compare(run.db)
    made = recount(run.db, count_again, now=run.now) if counts else None
    days = insights.rebuild(run.db)
    after = insights.compare(run.db)
    human = f"Rebuilt the roll-ups from the readings: {days} days of assets. Before, {len(before)} places differed; now {len(after)}."
    if made is not None:
        human = f"By formula {FORMULA}, {made.changed} of {made.read} readings have other counts now; {made.left} could not be made again.\n{human}"
    told = {"counts": {"formula": FORMULA, "read": made.read, "changed": made.changed, "left": made.left}} if made is not None else {}
    run.show({**told, "asset_days": days, "differed": before, "differ": after}, human)


@click.command("reseal")
@acts()
def reseal(run: Run) -> None:
    """Seal every stored secret again with the newest of PLANNER_SEAL_KEYS.

    The rows are taken for this transaction, so that a key which a worker renews meanwhile is not put back to the old one.
    """
    run.may("user.manage")
    count = 0
    for mapper in Base.registry.mappers:
        names = [column.key for column in mapper.column_attrs if isinstance(column.columns[0].type, Sealed)]
        for row in run.db.scalars(select(mapper.class_).with_for_update()) if names else ():
            for name in names:
                flag_modified(row, name)
            count += 1
    run.db.flush()
    run.show({"resealed": count}, f"Sealed the secrets of {count} rows with the newest key.")


@click.command("backup")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="File to write; in the data folder when left out.")
@acts(writes=False)
def backup(run: Run, target: Path | None) -> None:
    """Write the database and the uploaded files into one .tar.gz, while the product runs (SQLite)."""
    run.may("user.manage")
    source = copies.database_file(run.runtime.settings)
    if source is None:
        raise Refused(N_("This is PostgreSQL: back it up with pg_dump, and copy the folder “files” of the data folder."))
    target = target or run.runtime.settings.data_path / "backups" / f"planner-{copies.stamp(run.now)}.tar.gz"
    if target.exists():
        raise Refused(N_("%(file)s is there already."), file=str(target))
    copies.archive(run.runtime.settings, source, target)
    run.show({"file": str(target), "bytes": target.stat().st_size}, str(target))


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@acts(writes=False)
def restore(run: Run, file: Path, yes: bool) -> None:
    """Put a backup in the place of what is there now; a copy of that is taken first (SQLite).

    What the backup calls unsent may have gone out since: it is looked up on its platform before it is sent.
    """
    run.may("user.manage")
    settings = run.runtime.settings
    place = copies.database_file(settings)
    if place is None:
        raise Refused(N_("This is PostgreSQL: restore it with pg_restore."))
    if not yes:
        click.confirm(f"Replace {place} with {file.name}?", abort=True, err=True)
    copy = settings.data_path / "backups" / f"before-restore-{copies.stamp(run.now)}.sqlite3"
    if place.exists():
        copies.copy_database(place, copy)
    run.db.close()
    run.runtime.engine.dispose()
    looked_up = 0

    def prepare(database: Path, made: datetime) -> None:
        nonlocal looked_up
        looked_up = doubts.look_first(settings, database, since=made, now=run.now)

    copies.put_back(settings, file, place, prepare=prepare)
    kept = str(copy) if copy.exists() else None
    human = f"Restored {file.name}; {looked_up} unsent posts are looked up before they are sent. Now run: flask planner upgrade"
    run.show({"restored": str(file), "copy": kept, "looked_up_first": looked_up}, human)


def _wrong_rollups(run: Run) -> list[str]:
    """Makes the roll-ups again in a transaction of its own, compares, and takes it all back."""
    with Session(run.runtime.engine) as db:
        found = insights.compare(db)
        db.rollback()
    return found


def _old_counts(db: Session) -> list[dict[str, Any]]:
    """Whether the counts of what was read before follow an older formula than the one of today."""
    made = counted_by(db)
    return [{"what": f"counts were made by formula {made}, not {FORMULA}: run flask planner rebuild --counts", "rows": []}] if made != FORMULA else []


def _lost_references(db: Session) -> list[dict[str, Any]]:
    """Rows that point at nothing (SQLite only: PostgreSQL never lets that happen)."""
    if db.get_bind().dialect.name != "sqlite":
        return []
    lost: dict[str, list[int]] = {}
    for table, row, *_rest in db.execute(text("PRAGMA foreign_key_check")):
        lost.setdefault(f"rows of {table} point at rows that are not there", []).append(row)
    return [{"what": what, "rows": rows[:20]} for what, rows in lost.items()]
