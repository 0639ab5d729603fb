"""Saved views of the calendar: what an address asks for under a name, one's own or the team's."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from planner.accounts.rules import may
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning import saved_views
from planner.web import keeping_views
from planner.web.access import needs
from planner.web.calendar.asking import VIEWS, kept
from planner.web.forms.calendar import ViewForm
from planner.web.languages import say
from planner.web.session import committing

__all__ = ["SCREEN", "index", "open_first", "question_of", "remove", "rename", "save"]

SCREEN = "calendar"


def question_of(args: MultiDict[str, str]) -> str:
    """What an address asks for, without its date: the part of it that a view keeps. Only what is ours stays."""
    view = args.get("view", "week")
    pairs: list[tuple[str, str]] = [("view", view if view in VIEWS else "week")]
    pairs += [(name, text) for name, texts in kept(args).items() for text in texts]
    return urlencode(pairs)


@needs("view.own")
def index() -> ResponseReturnValue:
    """What there is, and a name for what the address asks for."""
    form = ViewForm(formdata=None, data={"query": question_of(request.args)}) if kept(request.args) or "view" in request.args else None
    return _page(form)


@needs("view.own")
def save() -> ResponseReturnValue:
    form = ViewForm()
    query = question_of(MultiDict(parse_qsl(form.query.data or "")[:60]))
    if form.validate():
        try:
            view = keeping_views.keep(SCREEN, form, query)
        except PlannerError as error:
            _refuse(form, error)
        else:
            return redirect(f"{url_for('planning.calendar')}?{view.query}")
    return _page(form), 422


@needs("view.own")
def rename(view_id: int) -> ResponseReturnValue:
    view = saved_views.by_id(g.db, SCREEN, view_id, viewer=g.user)
    form = ViewForm()
    if form.validate():
        try:
            with committing(g.db):
                saved_views.rename(g.db, view, form.name.data or "", shared=bool(form.shared.data), actor=g.user, now=g.now)
        except PlannerError as error:
            _refuse(form, error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".index"))
    return _page(None, {view_id: form}), 422


@needs("view.own")
def remove(view_id: int) -> ResponseReturnValue:
    keeping_views.remove(SCREEN, view_id, undo=url_for(".save"))
    return redirect(url_for(".index"))


@needs("view.own")
def open_first() -> ResponseReturnValue:
    """Let the calendar open with a view, or as it comes."""
    number = request.form.get("view", "")
    view = saved_views.by_id(g.db, SCREEN, int(number), viewer=g.user) if number.isdecimal() and len(number) < 18 else None
    with committing(g.db):
        saved_views.open_first(g.db, SCREEN, view, actor=g.user)
    flash(_("Your calendar opens with “%(name)s”.", name=view.name) if view else _("Your calendar opens with this week, unfiltered."), "success")
    return redirect(url_for(".index"))


def _refuse(form: ViewForm, error: PlannerError) -> None:
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    form.refuse(error)
    if error.field not in form._fields:
        flash(say(error), "error")


def _page(form: ViewForm | None, refused: dict[int, ViewForm] | None = None) -> str:
    views = saved_views.views_of(g.db, SCREEN, viewer=g.user)
    forms = {
        one.view_id: (refused or {}).get(one.view_id) or ViewForm(formdata=None, data={"name": one.name, "shared": one.shared}) for one in views
    }
    keeper = may(g.user, "view.manage")
    return render_template("calendar/views.html", form=form, views=views, forms=forms, sharing=may(g.user, "view.share"), keeper=keeper)
