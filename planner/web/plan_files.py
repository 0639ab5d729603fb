"""A plan as a file: sent, it is checked row by row and then makes drafts; fetched, it is what the calendar shows, as CSV or XLSX, written as it is read."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.catalog.sheets import inert, open_sheet
from planner.core.errors import Forbidden, Invalid, PlannerError
from planner.core.i18n import N_
from planner.planning import exporting, importing
from planner.planning.importing import Plan
from planner.web.access import needs
from planner.web.calendar.asking import asked_of
from planner.web.forms.imports import PlanForm
from planner.web.preflight import limits_of
from planner.web.sent_files import ERRORS, TABLE, as_csv, download, keep, list_of, path_of, throw_away_old
from planner.web.session import committing
from planner.web.stretches import day_of, midnight, stretch

__all__ = ["errors", "export_csv", "export_xlsx", "send", "template", "template_xlsx", "write"]

#: Errors and rows shown; the rest is counted.
_SHOWN, _PREVIEWED = 200, 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 1 << 16


@needs("post.create")
def send() -> ResponseReturnValue:
    """Send a file; it is checked as a whole, and nothing is planned before the next step."""
    form = PlanForm()
    if request.method == "POST" and form.validate():
        try:
            return _check()
        except Forbidden:
            raise
        except PlannerError as error:
            form.refuse(error)
    return render_template("planning/import.html", form=form, plan=None), 422 if request.method == "POST" else 200


@needs("post.create")
def write() -> ResponseReturnValue:
    """Make the drafts of a checked file. Sent twice, the second finds them made."""
    token, name = request.form.get("token", ""), request.form.get("name", "")[:120]
    sheet = open_sheet(path_of(token, TABLE))
    with committing(g.db):
        plan = importing.write(g.db, sheet, actor=g.user, now=g.now)
    if plan.errors:
        return _wrong(plan, token, name)
    count = len(plan.new)
    flash(ngettext("One draft made.", "%(num)d drafts made.", count) if count else _("Everything in this file was planned already."), "success")
    days = [one.values.publish_at for one in plan.rows if one.values.publish_at]
    return redirect(url_for("planning.calendar", view="list", date=min(days).date() if days else None))


@needs("post.create")
def errors(token: str) -> ResponseReturnValue:
    """Everything that is wrong in a refused file, to be worked through beside it."""
    return download(path_of(token, ERRORS).read_bytes(), "errors.csv")


@needs("post.create")
def template() -> ResponseReturnValue:
    return download(as_csv(importing.TEMPLATE), "plan.csv")


@needs("post.create")
def template_xlsx() -> ResponseReturnValue:
    return _attached(_workbook(importing.TEMPLATE), _XLSX, "plan.xlsx")


@needs("read")
def export_csv() -> ResponseReturnValue:
    """What the calendar shows with these filters."""
    rows, name = _asked()

    def lines() -> Iterator[bytes]:
        yield "\ufeff".encode()
        target = io.StringIO(newline="")
        writer = csv.writer(target)
        for row in rows:
            writer.writerow([inert(cell) for cell in row])
            if target.tell() > _CHUNK:
                yield target.getvalue().encode()
                target.seek(0)
                target.truncate()
        g.db.rollback()  # The connection is free again before the reader has taken the last piece.
        yield target.getvalue().encode()

    return _attached(stream_with_context(lines()), "text/csv", f"{name}.csv")


@needs("read")
def export_xlsx() -> ResponseReturnValue:
    rows, name = _asked()
    return _attached(_workbook(rows), _XLSX, f"{name}.xlsx")


def _check() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."), field="file")
    throw_away_old()
    token, path = keep(sent.stream)
    name = sent.filename.replace("\\", "/").rpartition("/")[2][:120]
    try:
        plan = importing.read(g.db, open_sheet(path), judged=_PREVIEWED, limits_of=limits_of, actor=g.user, now=g.now)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        g.db.rollback()
    if plan.errors:
        return _wrong(plan, token, name)
    return render_template("planning/import_check.html", plan=plan, token=token, name=name, previewed=_PREVIEWED)


def _wrong(plan: Plan, token: str, name: str) -> ResponseReturnValue:
    path_of(token, TABLE).with_suffix(ERRORS).write_bytes(list_of(plan.errors))
    return render_template("planning/import.html", form=PlanForm(formdata=None), plan=plan, token=token, name=name, shown=_SHOWN), 422


def _asked() -> tuple[Iterator[Sequence[str]], str]:
    """The rows of the view that the address names, and what the file is called."""
    asked = asked_of(request.args)
    if request.args.get("start") and request.args.get("end"):
        start, end = day_of(request.args["start"]), day_of(request.args["end"])
        if not start < end or (end - start).days > 3660:
            raise Invalid(N_("Ask for a stretch of at most ten years."), field="end")
    else:
        around = stretch(asked.view, asked.day, whole_weeks=False, days=asked.days)
        start, end = around.start, around.end
    rows = exporting.table(g.db, midnight(start), midnight(end), viewer=g.user, filters=asked.filters, mask=_("Confidential"))
    return rows, f"plan-{start}-{end}"


def _workbook(rows: Any) -> Iterator[bytes]:
    """A workbook of text cells, put together on disk and handed out in pieces."""
    import openpyxl  # Slow to load; only who asks for a workbook pays for it.
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Plan")
    for row in rows:
        page.append([ILLEGAL_CHARACTERS_RE.sub("", inert(cell))[:32_000] for cell in row])
    target = tempfile.SpooledTemporaryFile(max_size=4_000_000)  # noqa: SIM115 The generator closes it.
    book.save(target)
    target.seek(0)

    def pieces() -> Iterator[bytes]:
        with target:
            while piece := target.read(_CHUNK):
                yield piece

    return pieces()


def _attached(body: Any, mimetype: str, name: str) -> Response:
    return Response(body, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})
