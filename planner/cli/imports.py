"""flask planner import: files of assets, of readings, of visits and of mentions; checked as a whole first, and written only without an error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from planner.catalog import column_choice
from planner.cli import output
from planner.cli.running import PROBLEMS, Run, acts
from planner.core.db import reading
from planner.insights import importing
from planner.insights.importing import Checked
from planner.insights.visit_rows import VISIT_FIELDS
from planner.listening import importing as listening
from planner.listening.mention_rows import MENTION_FIELDS
from planner.listening.service import sort_out

__all__ = ["import_"]

import_ = AppGroup("import", help="Files of assets, of readings, of visits and of mentions: checked first, then written.")

#: Errors shown to people; --json tells all that are kept.
_SHOWN = 50

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
_DRY = click.option("--dry-run", is_flag=True, help="Check the file and write nothing.")


def _columns(fields: Sequence[str]) -> Callable[[Any], Any]:
    """The option that says which column holds what."""
    said = f"Which column holds what, where its heading does not say; remembered for files with the same headings. Fields: {', '.join(fields)}."
    return click.option("--column", "columns", multiple=True, metavar="FIELD=HEADING", help=said)


@import_.command("assets")
@_FILE
@_DRY
@acts()
def assets(run: Run, file: Path, dry_run: bool) -> None:
    """Take in assets from a CSV or XLSX file, with their numbers where it has some."""
    run.may("asset.import")
    _take_in(run, file, "assets", dry_run=dry_run)


@import_.command("readings")
@_FILE
@_DRY
@acts()
def readings(run: Run, file: Path, dry_run: bool) -> None:
    """Take in readings of posts from a CSV or XLSX file."""
    run.may("readings.import")
    _take_in(run, file, "readings", dry_run=dry_run)


@import_.command("visits")
@_FILE
@_DRY
@_columns(VISIT_FIELDS)
@acts()
def visits(run: Run, file: Path, dry_run: bool, columns: tuple[str, ...]) -> None:
    """Take in visits to our pages from an export of Matomo, GA4 or another web statistics, or from a web server's log."""
    run.may("readings.import")
    _take_in(run, file, "visits", dry_run=dry_run, columns=dict(_pair(one) for one in columns))


@import_.command("mentions")
@_FILE
@_DRY
@_columns(MENTION_FIELDS)
@acts()
def mentions(run: Run, file: Path, dry_run: bool, columns: tuple[str, ...]) -> None:
    """Take in what others wrote of us, from a monitoring tool's export."""
    run.may("mention.import")
    remembered = column_choice.remembered(run.db)
    run.db.commit()  # A large file takes seconds to check and to sort out: nobody waits for the database meanwhile.
    checked = listening.validate(file, now=run.now, zone=run.runtime.settings.time_zone, remembered=remembered, columns=dict(_pair(one) for one in columns))
    answer = _answer(file, checked)
    if checked.errors:
        _refuse(run, answer)
    if not dry_run:
        with Session(reading(run.runtime.engine)) as db:
            found = sort_out(db, checked.rows)
        done = listening.write(run.db, checked, sorted_out=found, actor=run.actor, now=run.now)
        run.db.commit()
        answer["written"] = done.as_dict()
    _finish(run, answer, "mentions")


def _pair(text: str) -> tuple[str, str]:
    name, sign, heading = text.partition("=")
    if not sign:
        raise click.BadParameter(f"“{text}” is not FIELD=HEADING.", param_hint="--column")
    return name.strip(), heading.strip()


def _take_in(run: Run, file: Path, kind: str, *, dry_run: bool, columns: Mapping[str, str] | None = None) -> None:
    settings = run.runtime.settings
    checked = importing.validate(
        file, now=run.now, kind=kind, zone=settings.time_zone, language=settings.language, db=run.db, columns=columns
    )
    answer = _answer(file, checked)
    if checked.log is not None:
        told = checked.log
        answer["log"] = {
            "visits": told.visits, "requests": told.requests, "programs": told.programs, "inside": told.inside, "others": told.others,
            "files": told.files, "refused": told.refused, "broken": told.broken,
        }  # fmt: skip
    if checked.errors:
        _refuse(run, answer)
    if not dry_run:
        answer["written"] = _write(run, checked)
    _finish(run, answer, kind)


def _answer(file: Path, checked: Checked | listening.Checked) -> dict[str, Any]:
    return {
        "file": str(file),
        "rows": checked.total,
        "errors": [
            {"row": one.row, "column": one.column, "value": one.value, "detail": output.sentence(one.message, one.params)}
            for one in checked.errors
        ],
        "warnings": [output.sentence(one.message, one.params) for one in checked.warnings],
        "written": None,
    }


def _finish(run: Run, answer: dict[str, Any], kind: str) -> None:
    for warning in answer["warnings"]:
        click.echo(warning, err=True)
    run.show(answer, _said(answer, kind))


def _write(run: Run, checked: Checked) -> dict[str, Any]:
    """Writes with a progress bar on a terminal, and commits: what is told afterwards is stored."""
    with click.progressbar(length=max(len(checked.rows), 1), label="Writing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        summary = importing.write(
            run.db, checked, actor=run.actor, now=run.now, progress=lambda done, _total: bar.update(done - bar.pos)
        )
    run.db.commit()
    return summary.as_dict()


def _refuse(run: Run, answer: dict[str, Any]) -> None:
    """Says what is wrong row by row, and ends with nothing written."""
    if run.as_json:
        click.echo(output.as_json(answer))
    else:
        for one in answer["errors"][:_SHOWN]:
            place = f"row {one['row']}" + (f", {one['column']}" if one["column"] else "")
            shown = f" ({one['value']})" if one["value"] else ""
            click.echo(f"{place}: {one['detail']}{shown}", err=True)
        if len(answer["errors"]) > _SHOWN:
            click.echo(f"… and {len(answer['errors']) - _SHOWN} more.", err=True)
        click.echo(f"{answer['file']}: nothing was written.", err=True)
    sys.exit(PROBLEMS)


def _said(answer: dict[str, Any], kind: str) -> str:
    done = answer["written"]
    if done is None:
        visits = f"{answer['log']['visits']} visits" if "log" in answer else "none wrong"
        return f"{answer['rows']} rows, {visits}. Nothing was written."
    if kind == "mentions":
        said = f"{answer['rows']} rows: {done['new']} new mentions, {done['known']} known already, of {done['assets']} assets anew."
        if done["own"]:
            said += f"\n{done['own']} are pages and posts of ours, and left out."
        if done["apart"]:
            said += f"\n{done['apart']} about no asset here, kept: {', '.join(done['unknown'][:10])}" + ("…" if done["apart"] > 10 else "")
        return said
    if kind == "visits":
        said = f"{answer['rows']} rows: {done['readings']} counts new or changed."
        if done["unknown_count"]:
            said += f"\n{done['unknown_count']} about no page of an asset here: {', '.join(done['unknown'][:10])}" + ("…" if len(done["unknown"]) > 10 else "")
        return said
    said = f"{answer['rows']} rows: {done['created']} new, {done['known']} known already, {done['readings']} readings."
    if done["unknown_count"]:
        named = ", ".join(done["unknown"][:10]) + ("…" if done["unknown_count"] > 10 else "")
        said += f"\n{done['unknown_count']} without a post here: {named}"
    return said
