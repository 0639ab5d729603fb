"""Events: the list of what is to come, one to add or to change, removed with a way back."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.catalog.sheets import MOST_BYTES, open_sheet
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.people import events as service
from planner.people.models import Event
from planner.planning import event_files
from planner.planning.event_files import EventTable
from planner.web.access import needs, takes_files
from planner.web.calendar.ways import back_to, moment_to_undo, say_with_undo
from planner.web.forms.events import EventForm
from planner.web.forms.imports import PlanForm
from planner.web.histories import past_of
from planner.web.languages import say, translate
from planner.web.sent_files import as_csv, download
from planner.web.session import committing
from planner.web.stretches import day_of, today

__all__ = ["edit", "index", "new", "put_back", "remove", "send", "take_back", "template"]

#: Errors that are shown; the rest is counted.
_SHOWN = 200


@needs("read")
def index() -> ResponseReturnValue:
    """Those that are not over, or with ?past=1 all of them, the latest first."""
    past = request.args.get("past") == "1"
    sought, cursor = request.args.get("q", "").strip()[:200], request.args.get("cursor")
    since = None if past else today()
    page = service.events(g.db, since=since, sought=sought, latest_first=past, cursor=cursor)
    kept: dict[str, Any] = {"past": 1 if past else None, "q": sought or None}
    return render_template(
        "events/index.html", events=page.items, past=past, today=today(), sought=sought, total=service.count(g.db, since=since, sought=sought),
        next_href=url_for(".index", **kept, cursor=page.next_cursor) if page.next_cursor else None, first_href=url_for(".index", **kept) if cursor else None,
    )  # fmt: skip


@needs("event.edit")
def new() -> ResponseReturnValue:
    form = EventForm()
    if not form.is_submitted():
        form.starts_on.data = day_of(request.args.get("day", ""))
        form.back.data = request.args.get("back", "")
    elif form.validate() and (event := _saved(form, None)) is not None:
        back = _back(form.back.data)
        say_with_undo(_("“%(name)s” is on the calendar.", name=event.name), url_for(".remove", event_id=event.id), back=back)
        return redirect(back)
    return render_template("events/edit.html", form=form, event=None, leave=_back(form.back.data)), 422 if form.is_submitted() else 200


@needs("read")
def edit(event_id: int) -> ResponseReturnValue:
    """The event with its history; the form for who may change it."""
    event, status = service.by_id(g.db, event_id), 200
    if event.removed_at is not None:
        raise NotFound()
    form = EventForm()
    if not form.is_submitted():
        form.show(event)
        form.back.data = request.args.get("back", "")
    else:
        status = 422
        try:
            if form.validate() and _saved(form, event) is not None:
                flash(_("Saved."), "success")
                return redirect(_back(form.back.data))
        except Conflict as error:
            status = 409
            form.refuse(error)
            g.db.expire_all()
            form.version.data, form.version.raw_data = event.version, [str(event.version)]
    return render_template("events/edit.html", form=form, event=event, leave=_back(form.back.data), history=past_of(event)), status


@needs("event.edit")
@takes_files
def send() -> ResponseReturnValue:
    """A table of events: all of it is added, or with an error in it nothing, and the page says what is wrong row by row."""
    form, wrong = PlanForm(), None
    if request.method == "POST" and form.validate():
        try:
            sent = request.files.get("file")
            if sent is None or not sent.filename:
                raise Invalid(N_("Choose a file first."), field="file")
            with committing(g.db):
                table = event_files.bring(g.db, open_sheet(sent.stream.read(MOST_BYTES + 1)), actor=g.user, now=g.now)
        except (Forbidden, NotFound):
            raise
        except PlannerError as error:
            form.refuse(error)
        else:
            if not table.errors:
                if table.added:
                    say_with_undo(_added(table), url_for(".take_back"), at=g.now.isoformat())
                else:
                    flash(_added(table), "success")
                return redirect(url_for(".index"))
            wrong = table
    page = render_template("events/import.html", form=form, table=wrong, shown=_SHOWN, translate=translate)
    return page, 422 if request.method == "POST" else 200


@needs("event.edit")
def take_back() -> ResponseReturnValue:
    """Take back what this person's file added at that moment."""
    at = moment_to_undo()
    try:
        with committing(g.db):
            count = service.take_back(g.db, at, actor=g.user, now=g.now)
    except Forbidden:
        raise
    except PlannerError as error:
        flash(say(error), "error")
    else:
        flash(ngettext("Undone: one event is off the calendar again.", "Undone: %(num)d events are off the calendar again.", count), "success")
    return redirect(url_for(".index"))


@needs("event.edit")
def template() -> ResponseReturnValue:
    return download(as_csv(event_files.TEMPLATE), "events.csv")


@needs("event.edit")
def remove(event_id: int) -> ResponseReturnValue:
    event = service.by_id(g.db, event_id)
    with committing(g.db):
        service.remove(g.db, event, actor=g.user, now=g.now)
    back = _back(request.form.get("back"))
    say_with_undo(_("The event is off the calendar."), url_for(".put_back", event_id=event.id), back=back)
    return redirect(back)


@needs("event.edit")
def put_back(event_id: int) -> ResponseReturnValue:
    event = service.by_id(g.db, event_id)
    with committing(g.db):
        service.put_back(g.db, event, actor=g.user, now=g.now)
    flash(_("The event is on the calendar again."), "success")
    return redirect(_back(request.form.get("back")))


def _added(table: EventTable) -> str:
    said = ngettext("One event added.", "%(num)d events added.", len(table.added)) if table.added else _("No event added.")
    there = ngettext("One was there already.", "%(num)d were there already.", table.known) if table.known else ""
    return f"{said} {there}".strip()


def _back(asked: str | None) -> str:
    """The calendar one came from, else the list of events."""
    return back_to(asked) if asked and asked == back_to(asked) else url_for(".index")


def _saved(form: EventForm, event: Event | None) -> Event | None:
    """The event as it is kept now; None when it was refused, with the sentence on the form. Raises Conflict."""
    try:
        with committing(g.db):
            if event is None:
                return service.add(g.db, form.values(), actor=g.user, now=g.now)
            return service.change(g.db, event, form.values(), version=form.version.data, actor=g.user, now=g.now)
    except (Conflict, Forbidden, NotFound):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None
