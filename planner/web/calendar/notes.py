"""Notes on the calendar's days: written, changed, removed, put back."""

from __future__ import annotations

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError
from planner.planning import notes
from planner.planning.models import CalendarNote
from planner.web.access import needs
from planner.web.calendar.ways import back_to, say_with_undo
from planner.web.forms.calendar import DayNoteForm
from planner.web.session import committing
from planner.web.stretches import day_of

__all__ = ["edit", "new", "put_back", "remove"]


@needs("note.write")
def new() -> ResponseReturnValue:
    form = DayNoteForm()
    if not form.is_submitted():
        form.day.data, form.back.data = day_of(request.args.get("day", "")), request.args.get("back", "")
    elif form.validate() and (note := _saved(form, None)) is not None:
        say_with_undo(_("Noted."), url_for(".remove", note_id=note.id), back=back_to(form.back.data, note.day))
        return redirect(back_to(form.back.data, note.day))
    return render_template("calendar/note.html", form=form, note=None, leave=back_to(form.back.data, form.day.data)), 422 if form.refused else 200


@needs("note.write")
def edit(note_id: int) -> ResponseReturnValue:
    note = notes.by_id(g.db, note_id)
    if note.removed_at is not None:
        raise NotFound()
    form, status = DayNoteForm(), 200
    if not form.is_submitted():
        form.day.data, form.text.data, form.version.data, form.back.data = note.day, note.text, note.version, request.args.get("back", "")
    else:
        status = 422
        try:
            if form.validate() and _saved(form, note) is not None:
                flash(_("Saved."), "success")
                return redirect(back_to(form.back.data, note.day))
        except Conflict as error:
            status = 409
            form.refuse(error)
            g.db.expire_all()
            form.version.data, form.version.raw_data = note.version, [str(note.version)]
    return render_template("calendar/note.html", form=form, note=note, leave=back_to(form.back.data, note.day)), status


@needs("note.write")
def remove(note_id: int) -> ResponseReturnValue:
    note = notes.by_id(g.db, note_id)
    with committing(g.db):
        notes.remove(g.db, note, actor=g.user, now=g.now)
    back = back_to(request.form.get("back"), note.day)
    say_with_undo(_("The note is gone."), url_for(".put_back", note_id=note.id), back=back)
    return redirect(back)


@needs("note.write")
def put_back(note_id: int) -> ResponseReturnValue:
    note = notes.by_id(g.db, note_id)
    with committing(g.db):
        notes.put_back(g.db, note, actor=g.user, now=g.now)
    flash(_("The note is back."), "success")
    return redirect(back_to(request.form.get("back"), note.day))


def _saved(form: DayNoteForm, note: CalendarNote | None) -> CalendarNote | None:
    """The note as it is kept now; None when it was refused, with the sentence on the form. Raises Conflict."""
    day, text = form.day.data, form.text.data or ""
    assert isinstance(day, date)  # The form asks for one.
    try:
        with committing(g.db):
            if note is None:
                return notes.write(g.db, day, text, actor=g.user, now=g.now)
            return notes.rewrite(g.db, note, day, text, version=form.version.data, actor=g.user, now=g.now)
    except (Conflict, Forbidden, NotFound):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None
