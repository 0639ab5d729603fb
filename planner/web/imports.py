"""Bringing files in: send, see what was found row by row, confirm, watch it being written, and read what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, get_timezone

from planner.accounts.rules import may, require
from planner.catalog import column_choice
from planner.catalog import importing as catalog
from planner.catalog.sheets import MOST_BYTES, Sheet, open_sheet
from planner.core.errors import Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.core.networks import NETWORKS
from planner.insights import importing, reading_rows, server_log, visit_rows, visits
from planner.insights.import_writing import owners_of
from planner.insights.sources import classify
from planner.ledger import jobs
from planner.ledger.models import Job, JobState
from planner.listening import importing as mentions
from planner.listening import mention_rows
from planner.listening.queries import titles_about
from planner.web.access import needs, takes_files
from planner.web.catalog import language_names
from planner.web.forms.imports import ImportForm
from planner.web.sent_files import ERRORS, TABLE, as_csv, download, keep, list_of, path_of, throw_away_old
from planner.web.session import committing, only_reads, runtime

__all__ = ["columns", "done", "errors", "new", "start", "template"]

_ACTIONS = {"assets": "asset.import", "readings": "readings.import", "visits": "readings.import", "mentions": "mention.import"}
_TEMPLATES = {"assets": catalog.TEMPLATE, "readings": reading_rows.TEMPLATE, "visits": visit_rows.TEMPLATE, "mentions": mention_rows.TEMPLATE}
#: What a person may say a column holds, in the order of the screen; the first three are needed.
_VISIT_FIELDS = {
    "day": N_("Day"), "page": N_("Page"), "visits": N_("Visits"), "source": N_("Source"), "medium": N_("Medium or type"),
    "campaign": N_("Campaign"), "content": N_("Post (utm_content)"), "source_medium": N_("Source and medium in one"),
    "asset": N_("Number of the asset here"),
}  # fmt: skip
_MENTION_FIELDS = {
    "at": N_("Date"), "time": N_("Time, where it has its own column"), "address": N_("Address"), "title": N_("Title"), "excerpt": N_("Text or excerpt"),
    "author": N_("Author"), "outlet": N_("Paper, blog or programme"), "network": N_("Network"), "links": N_("Addresses it leads to"),
    "asset": N_("The asset: its number here, its title or its address"),
}  # fmt: skip
_FIELDS = {"visits": _VISIT_FIELDS, "mentions": _MENTION_FIELDS}
#: Errors and rows shown; the rest is counted.
_SHOWN, _PREVIEWED = 200, 8


@needs("asset.import")
@takes_files
def new() -> ResponseReturnValue:
    """Send a file; it is checked as a whole, and nothing is written before the next step."""
    form = ImportForm()
    form.offer(language_names())
    if request.method == "GET":
        form.kind.data = request.args.get("kind", "assets")
        form.language.data = str(get_locale())[:2]
        return render_template("imports/new.html", form=form, checked=None)
    try:
        if form.validate():
            return _check(form)
    except PlannerError as error:
        form.refuse(error)
    return render_template("imports/new.html", form=form, checked=None), 422


@needs("asset.import")
def start() -> ResponseReturnValue:
    """Have a checked file written by a worker. Sent twice, it is one job."""
    form = request.form
    token, kind = form.get("token", ""), form.get("kind", "")
    if kind not in _ACTIONS or form.get("language") not in language_names():
        raise Invalid(N_("Choose whether the file holds assets, readings, visits or mentions."), field="kind")
    require(g.user, _ACTIONS[kind])
    path = path_of(token, TABLE)
    args = {
        "file": path.name, "kind": kind, "name": form.get("name", "")[:120], "language": form["language"], "zone": str(get_timezone()),
        "now": g.now.isoformat(), "columns": _chosen(form, kind) or None,
    }  # fmt: skip
    with committing(g.db):
        job = jobs.enqueue(g.db, f"import.{kind}", args, slot_key=f"import:{path.name}", actor=g.user, now=g.now)
    return redirect(url_for("jobs.show", job_id=job.id))


@needs("readings.import")
@only_reads
def columns() -> ResponseReturnValue:
    """Point at the columns of a file of visits or mentions, then look at what was found with them."""
    kind = "mentions" if request.form.get("kind") == "mentions" else "visits"
    require(g.user, _ACTIONS[kind])
    token, name, chosen = request.form.get("token", ""), request.form.get("name", "")[:120], _chosen(request.form, kind)
    path = path_of(token, TABLE)
    if not chosen:
        headings = open_sheet(path).headings
        return _ask_columns(kind, headings, _used(kind, headings, column_choice.remembered(g.db)), token, name)
    form = ImportForm()
    form.offer(language_names())
    form.kind.data, form.language.data = kind, str(get_locale())[:2]
    g.db.rollback()
    try:
        if kind == "mentions":
            return _show(form, mentions.validate(path, now=g.now, zone=str(get_timezone()), columns=chosen), path, name, token)
        return _show(form, importing.validate(path, now=g.now, kind="visits", columns=chosen), path, name, token)
    except PlannerError as error:
        return _ask_columns(kind, open_sheet(path).headings, chosen, token, name, error), 422


def _used(kind: str, headings: list[str], remembered: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """The columns that would be used for these headings: those remembered, else those known by their names."""
    if kind == "mentions":
        return mentions.columns_known(headings, remembered)
    known = {name: headings[place] for name, place in column_choice.known_columns(Sheet(headings), visit_rows.VISIT_COLUMNS).items()}
    return known | column_choice.spelt(headings, remembered.get(column_choice.headings_key(headings), {}))


@needs("asset.import")
def done(job_id: int) -> ResponseReturnValue:
    """What came of an import."""
    job = g.db.get(Job, job_id)
    if job is None or not job.name.startswith("import.") or (job.actor_id != g.user.id and not may(g.user, "user.manage")):
        raise NotFound()
    if job.state is not JobState.DONE:
        return redirect(url_for("jobs.show", job_id=job.id))
    if not job.result:
        raise NotFound()
    return render_template("imports/done.html", job=job, told=job.result)


@needs("asset.import")
def template(kind: str) -> ResponseReturnValue:
    """The headings and one line that shows the forms."""
    if kind not in _TEMPLATES:
        raise NotFound()
    return download(as_csv(_TEMPLATES[kind]), f"{kind}.csv")


@needs("asset.import")
def errors(token: str) -> ResponseReturnValue:
    """Everything that is wrong in a refused file, to be worked through beside it."""
    return download(path_of(token, ERRORS).read_bytes(), "errors.csv")


def _check(form: ImportForm) -> ResponseReturnValue:
    kind, language, zone = str(form.kind.data), str(form.language.data), str(get_timezone())
    require(g.user, _ACTIONS[kind])
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."), field="file")
    owners, remembered = owners_of(g.db), column_choice.remembered(g.db)
    ours = visits.log_pages(g.db, runtime().settings.time_zone) if kind == "visits" else None
    g.db.commit()  # A large file takes seconds to check: nobody waits for the database meanwhile.
    throw_away_old()
    token, path = keep(sent.stream, server_log.MOST_BYTES if kind == "visits" else MOST_BYTES)
    name = sent.filename.replace("\\", "/").rpartition("/")[2][:120]
    checked: importing.Checked | mentions.Checked
    try:
        if kind == "mentions":
            checked = mentions.validate(path, now=g.now, zone=zone, remembered=remembered)
        else:
            checked = importing.validate(path, now=g.now, kind=kind, zone=zone, language=language, owners=owners, remembered=remembered, ours=ours)
    except column_choice.MissingColumns as missing:
        return _ask_columns(kind, missing.headings, missing.found, token, name, missing), 422
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return _show(form, checked, path, name, token)


def _show(form: ImportForm, checked: importing.Checked | mentions.Checked, path: Path, name: str, token: str) -> ResponseReturnValue:
    """What was found in a file: its errors, which throw it away, or its first rows and the question whether to write it."""
    if checked.errors:
        path.unlink(missing_ok=True)
        path.with_suffix(ERRORS).write_bytes(list_of(checked.errors))
        return render_template("imports/new.html", form=form, checked=checked, name=name, token=token, shown=_SHOWN), 422
    about = titles_about(g.db, checked.rows[:_PREVIEWED]) if isinstance(checked, mentions.Checked) else []
    return render_template(
        "imports/check.html", form=form, checked=checked, name=name, token=token, previewed=_PREVIEWED, classify=classify, about=about, networks=NETWORKS
    )


def _ask_columns(
    kind: str, headings: list[str], found: Mapping[str, str], token: str, name: str, error: PlannerError | None = None
) -> str:
    """The page where a person points at the columns of a file of visits or mentions."""
    return render_template(
        "imports/columns.html", kind=kind, headings=[one for one in dict.fromkeys(headings) if one], found=found, fields=_FIELDS[kind], token=token,
        name=name, error=error,
    )  # fmt: skip


def _chosen(form: Mapping[str, str], kind: str) -> dict[str, str]:
    """Field -> heading, as chosen on the page of the columns; nothing where nobody was asked."""
    return {name: form[f"column_{name}"] for name in _FIELDS.get(kind, ()) if f"column_{name}" in form}
