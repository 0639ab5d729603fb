"""Saved views: what somebody asks a screen for, under a name, for themselves or for the team; and the one a person's screen opens with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.core.errors import Forbidden, Invalid, NotFound
from planner.core.i18n import N_
from planner.planning.models import FirstView, SavedView

__all__ = ["View", "by_id", "first_query", "open_first", "remove", "rename", "save", "views_of"]

#: So many that a menu can still be read.
_MOST = 50


@dataclass(frozen=True, slots=True)
class View:
    """One line of the menu."""

    view_id: int
    name: str
    query: str
    shared: bool
    owner_id: int
    owner: str
    #: This person's screen opens with it.
    first: bool


def views_of(db: Session, screen: str, *, viewer: User) -> list[View]:
    """What this person has in their menu: their own and the team's, by name. One statement."""
    rows = db.execute(
        select(SavedView, User, FirstView.id)
        .join(User, User.id == SavedView.owner_id)
        .outerjoin(FirstView, (FirstView.view_id == SavedView.id) & (FirstView.user_id == viewer.id))
        .where(SavedView.screen == screen, or_(SavedView.owner_id == viewer.id, SavedView.shared))
    )
    found = [View(view.id, view.name, view.query, view.shared, view.owner_id, owner.display_name, first is not None) for view, owner, first in rows]
    return sorted(found, key=lambda one: (one.shared, one.name.casefold(), one.view_id))


def first_query(db: Session, screen: str, *, viewer: User) -> str | None:
    """What this person's screen opens with; None: as it comes. One statement."""
    return db.scalar(
        select(SavedView.query)
        .join(FirstView, FirstView.view_id == SavedView.id)
        .where(FirstView.user_id == viewer.id, FirstView.screen == screen, or_(SavedView.owner_id == viewer.id, SavedView.shared))
    )


def by_id(db: Session, screen: str, view_id: int, *, viewer: User) -> SavedView:
    """One of that screen that this person may see. Raises NotFound."""
    found = db.get(SavedView, view_id)
    if found is None or found.screen != screen or (found.owner_id != viewer.id and not found.shared):
        raise NotFound()
    return found


def save(db: Session, screen: str, name: str, query: str, *, shared: bool, actor: User, now: datetime) -> SavedView:
    """Keep what an address asks for; the same name again is given the new question. Raises Invalid, Forbidden."""
    require(actor, "view.share" if shared else "view.own")
    name = _named(name)
    if len(query) > 2000:
        raise Invalid(N_("That is too much to keep: take a filter away."), field="name")
    found = db.scalar(select(SavedView).where(SavedView.owner_id == actor.id, SavedView.screen == screen, SavedView.name == name))
    if found is None:
        if len(views_of(db, screen, viewer=actor)) >= _MOST:
            raise Invalid(N_("There are %(most)s saved views already. Delete one first."), field="name", most=_MOST)
        found = SavedView(screen=screen, name=name, owner_id=actor.id, created_at=now)
        db.add(found)
    found.query, found.shared, found.updated_at = query, shared, now
    db.flush()
    history.record(db, actor, "view.saved", found, now=now, became={"query": query, "shared": shared})
    return found


def rename(db: Session, view: SavedView, name: str, *, shared: bool, actor: User, now: datetime) -> SavedView:
    """Another name, or for others or oneself alone. Raises Invalid, Forbidden."""
    _require_hold(view, actor)
    if shared and not view.shared:
        require(actor, "view.share")
    name = _named(name)
    taken = select(SavedView.id).where(SavedView.owner_id == view.owner_id, SavedView.screen == view.screen, SavedView.name == name, SavedView.id != view.id)
    if db.scalar(taken) is not None:
        raise Invalid(N_("There is already a view called “%(name)s”."), field="name", name=name)
    was = {"name": view.name, "shared": view.shared}
    view.name, view.shared, view.updated_at = name, shared, now
    history.record(db, actor, "view.changed", view, now=now, was=was, became={"name": name, "shared": shared})
    return view


def remove(db: Session, view: SavedView, *, actor: User, now: datetime) -> None:
    """Take it out of every menu. Raises Forbidden."""
    _require_hold(view, actor)
    history.record(db, actor, "view.removed", view, now=now, was={"query": view.query, "shared": view.shared})
    db.execute(delete(FirstView).where(FirstView.view_id == view.id))
    db.delete(view)
    db.flush()


def open_first(db: Session, screen: str, view: SavedView | None, *, actor: User) -> None:
    """What this person's screen opens with from now on; None: as it comes."""
    require(actor, "view.own")
    db.execute(delete(FirstView).where(FirstView.user_id == actor.id, FirstView.screen == screen))
    if view is not None:
        db.add(FirstView(user_id=actor.id, screen=screen, view_id=view.id))
    db.flush()


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(N_("Give the view a name."), field="name")
    if len(name) > 80:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="name", most=80)
    if "\0" in name:
        raise Invalid(N_("This contains characters that cannot be stored."), field="name")
    return name


def _require_hold(view: SavedView, actor: User) -> None:
    """One's own, or the team's for who keeps order there."""
    if view.owner_id != actor.id and not (view.shared and may(actor, "view.manage")):
        raise Forbidden()
