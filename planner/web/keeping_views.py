"""What every screen with saved views does with one: show it, keep it under its name, and delete it with a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, g, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from planner.accounts.rules import may
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning import saved_views
from planner.planning.models import SavedView
from planner.web.forms.calendar import ViewForm
from planner.web.languages import say
from planner.web.session import committing

__all__ = ["keep", "keep_asked", "remove", "shown"]


def shown(screen: str, question: str, address_of: Callable[[str], str]) -> dict[str, Any]:
    """What the macro `saved_views` takes. question -- what the address asks for now; address_of -- where a view leads. One statement."""
    views = saved_views.views_of(g.db, screen, viewer=g.user)
    return {
        "saved": [(one, address_of(one.query)) for one in views], "question": question, "sharing": may(g.user, "view.share"), "keeper": may(g.user, "view.manage"),
    }  # fmt: skip


def keep_asked(screen: str, question_of: Callable[[MultiDict[str, str]], str], address_of: Callable[[str], str]) -> ResponseReturnValue:
    """Store what the sent form holds, only what is the screen's own, and lead back to it; what is refused is said there."""
    form = ViewForm()
    query = question_of(MultiDict(parse_qsl(form.query.data or "")[:20]))
    if form.validate():
        try:
            keep(screen, form, query)
        except PlannerError as error:
            if isinstance(error, (Forbidden, NotFound)):
                raise
            flash(say(error), "error")
    else:
        flash(_("Give the view a name."), "error")
    return redirect(address_of(query))


def keep(screen: str, form: ViewForm, query: str) -> SavedView:
    """Store what an address of that screen asks for, and say so. Raises what `saved_views.save` does."""
    with committing(g.db):
        view = saved_views.save(g.db, screen, form.name.data or "", query, shared=bool(form.shared.data), actor=g.user, now=g.now)
    flash(_("Saved as “%(name)s”.", name=view.name), "success")
    return view


def remove(screen: str, view_id: int, *, undo: str) -> None:
    """Delete one, and offer its owner to save the same again at the address `undo`."""
    view = saved_views.by_id(g.db, screen, view_id, viewer=g.user)
    back = {"name": view.name, "query": view.query, **({"shared": "y"} if view.shared else {})}
    mine = view.owner_id == g.user.id
    with committing(g.db):
        saved_views.remove(g.db, view, actor=g.user, now=g.now)
    text = _("“%(name)s” was deleted.", name=back["name"])
    said: Any = {"text": text, "undo": undo, "fields": back} if mine else text
    flash(said, "success")
