"""What every screen with saved views does with one: keep it under its name, and delete it with a way back."""

from __future__ import annotations

from typing import Any

from flask import flash, g
from flask_babel import gettext as _

from planner.planning import saved_views
from planner.planning.models import SavedView
from planner.web.forms.calendar import ViewForm
from planner.web.session import committing

__all__ = ["keep", "remove"]


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
