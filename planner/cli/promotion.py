"""flask planner promotion: how well the forecast does on our own channels, and past promotions from a file."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.cli import output
from planner.cli.moments import moment
from planner.cli.running import PROBLEMS, Run, acts
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.promotion import importing
from planner.promotion.backtest import Backtest, backtest, summary

__all__ = ["promotion"]

promotion = AppGroup("promotion", help="The promotion desk: test its forecast, take in past promotions.")

_COLUMNS = ("channel", "cases", "coverage", "error", "carried_error", "width", "cold", "cold_coverage", "cold_error")
_SHOWN = 50


@promotion.command("backtest")
@click.option("--channel", "channel_id", type=click.IntRange(1, 2**63 - 1), help="One channel, by its number.")
@click.option("--all", "everywhere", is_flag=True, help="Every YouTube channel, and all together.")
@click.option("--from", "start", metavar="MOMENT", help="When the forecasts are made; half-way through the readings when left out.")
@click.option("--to", "end", metavar="MOMENT", help="Until when readings are forecast; the last one when left out.")
@acts(writes=False)
def backtest_command(run: Run, channel_id: int | None, everywhere: bool, start: str | None, end: str | None) -> None:
    """Forecast the later readings from the earlier ones, and say how right that was."""
    run.may("read")
    if (channel_id is None) is not everywhere:
        raise Invalid(N_("Name one channel with --channel, or say --all."))
    query = select(Channel).where(Channel.platform == Platform.YOUTUBE).order_by(Channel.name)
    channels = list(run.db.scalars(query if everywhere else query.where(Channel.id == channel_id)))
    if not channels and not everywhere:
        raise NotFound()
    since, until = (moment(typed, field=field) if typed else None for typed, field in ((start, "--from"), (end, "--to")))
    told = {channel.name: backtest(run.db, channel, start=since, end=until) for channel in channels}
    rows = [summary(name, cases) for name, cases in told.items()]
    together = summary("together", [case for cases in told.values() for case in cases])
    shown = [_line(one) for one in (*rows, together) if one.cases or one.cold]
    human = output.table(shown, _COLUMNS) if shown else "No video was read before and after that moment."
    run.show({"channels": [asdict(one) for one in rows], "together": asdict(together)}, human)


@promotion.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and write nothing.")
@acts()
def import_command(run: Run, file: Path, dry_run: bool) -> None:
    """Take in past promotions from a CSV or XLSX file: the video, the day, how, and the cost."""
    run.may("promotion.record")
    checked = importing.read(run.db, file.read_bytes(), now=run.now)
    errors = [
        {"row": one.row, "column": one.column, "value": one.value, "detail": output.sentence(one.message, one.params)} for one in checked.errors
    ]
    if errors:
        _refuse(run, file, errors)
    written = None if dry_run else importing.write(run.db, checked, actor=run.actor, now=run.now)
    human = f"{len(checked.lines)} promotions, none wrong. Nothing was written." if written is None else f"{written} promotions taken in."
    run.show({"file": str(file), "rows": len(checked.lines), "errors": [], "written": written}, human)


def _refuse(run: Run, file: Path, errors: list[dict[str, Any]]) -> None:
    """Say what is wrong row by row, and end with nothing written."""
    if run.as_json:
        click.echo(output.as_json({"file": str(file), "rows": None, "errors": errors, "written": None}))
    else:
        for one in errors[:_SHOWN]:
            click.echo(f"row {one['row']}{', ' + one['column'] if one['column'] else ''}: {one['detail']}", err=True)
        click.echo(f"{file}: nothing was written.", err=True)
    sys.exit(PROBLEMS)


def _line(one: Backtest) -> dict[str, Any]:
    """Shares as per cent, ranges as factors."""
    told = asdict(one)
    shares = {name: None if told[name] is None else f"{told[name]:.1%}" for name in ("coverage", "error", "carried_error", "cold_coverage", "cold_error")}
    return told | shares | {"width": None if one.width is None else f"×{one.width:.2f}"}
