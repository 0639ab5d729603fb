"""A plan as a file: sent, it is checked row by row and then makes drafts; fetched, it is what the calendar shows, as CSV or XLSX, written as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.catalog.sheets import open_sheet
from planner.core.errors import Forbidden, Invalid, PlannerError
from planner.core.i18n import N_
from planner.planning import exporting, importing
from planner.planning.importing import Plan
from planner.publishing.exporting import native_lines
from planner.web.access import needs, takes_files
from planner.web.calendar.asking import Asked, asked_of
from planner.web.calendar.ways import back_to, moment_to_undo, say_with_undo
from planner.web.calendar.years import strip_of
from planner.web.forms.imports import PlanForm
from planner.web.handed_out import as_it_is_read, workbook
from planner.web.languages import say
from planner.web.named_posts import named_in
from planner.web.native_rows import ONLY, wanted
from planner.web.preflight import limits_of
from planner.web.sent_files import ERRORS, TABLE, as_csv, download, keep, list_of, path_of, throw_away_old
from planner.web.session import committing
from planner.web.stretches import day_of, midnight, stretch, today, zone

__all__ = ["errors", "export_csv", "export_xlsx", "send", "take_back", "template", "template_xlsx", "write"]

#: Errors and rows shown; the rest is counted.
_SHOWN, _PREVIEWED = 200, 50
_OF_CAMPAIGNS = ("campaign", "starts_on", "ends_on", "embargo_lifts_on", "posts", "published", "number")


@needs("post.create")
@takes_files
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
    moments = [one.values.publish_at for one in plan.rows if one.values.publish_at]
    back = url_for("planning.calendar", view="list", date=min(moments).astimezone(zone()).date() if moments else None)
    if count:
        say_with_undo(ngettext("One draft made.", "%(num)d drafts made.", count), url_for(".take_back"), at=g.now.isoformat(), back=back)
    else:
        flash(_("Everything in this file was planned already."), "success")
    return redirect(back)


@needs("post.create")
def take_back() -> ResponseReturnValue:
    """Drop the drafts of what this person imported at that moment, but for those that somebody touched since."""
    at = moment_to_undo()
    try:
        with committing(g.db):
            taken = importing.take_back(g.db, at, actor=g.user, now=g.now)
    except Forbidden:
        raise
    except PlannerError as error:
        flash(say(error), "error")
    else:
        text = ngettext("Undone: one draft is out of the plan again.", "Undone: %(num)d drafts are out of the plan again.", taken.dropped)
        left = ngettext("One was changed since and stays.", "%(num)d were changed since and stay.", taken.left) if taken.left else ""
        flash(f"{text} {left}".rstrip(), "success")
    return redirect(back_to(request.form.get("back")))


@needs("post.create")
def errors(token: str) -> ResponseReturnValue:
    """Everything that is wrong in a refused file, to be worked through beside it."""
    return download(path_of(token, ERRORS).read_bytes(), "errors.csv")


@needs("post.create")
def template() -> ResponseReturnValue:
    return download(as_csv(importing.TEMPLATE), "plan.csv")


@needs("post.create")
def template_xlsx() -> ResponseReturnValue:
    return workbook(importing.TEMPLATE, "plan.xlsx", sheet="Plan")


@needs("read")
def export_csv() -> ResponseReturnValue:
    """What the calendar shows with these filters."""
    rows, name = _asked()
    return as_it_is_read(rows, f"{name}.csv")


@needs("read")
def export_xlsx() -> ResponseReturnValue:
    rows, name = _asked()
    return workbook(rows, f"{name}.xlsx", sheet=name.partition("-")[0].capitalize())


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
    named = named_in(one for found in plan.findings.values() for one in found)
    held = [row for row in plan.rows[_PREVIEWED:] if plan.findings.get(row.number)]
    return render_template("planning/import_check.html", plan=plan, named=named, token=token, name=name, previewed=_PREVIEWED, held=held)


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
    elif asked.view == "year":
        return _campaigns(asked), f"campaigns-{asked.around.start}-{asked.around.end}"
    else:
        around = stretch(asked.view, asked.day, whole_weeks=False, days=asked.days)
        start, end = around.start, around.end
    first, last = midnight(start), midnight(end)
    posts = exporting.table(g.db, first, last, viewer=g.user, filters=asked.filters, mask=_("Confidential"))
    natives = native_lines(g.db, first, last, channels=asked.filters.channels) if wanted(asked.filters, asked.native) else ()
    return chain([exporting.HEADINGS] if asked.native == ONLY else posts, natives), f"plan-{start}-{end}"


def _campaigns(asked: Asked) -> Iterator[Sequence[str]]:
    """The bars of the year, then the campaigns without a day."""
    strip = strip_of(asked.around, (), today(), only=asked.filters.campaign_id)
    yield _OF_CAMPAIGNS
    for one in strip.bars:
        yield one.name, str(one.starts_on), str(one.ends_on), str(one.lifts_on or ""), str(one.posts), str(one.published), str(one.campaign_id)
    for number, name in strip.undated:
        yield name, "", "", "", "0", "0", str(number)
