"""Held posts: what a pause stopped, and a person's word on each: keep its time, send it now, move it, drop it. Nothing goes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.rules import may
from planner.core.errors import Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.planning.moments import resolve_wall_time, wall_of
from planner.publishing import deciding
from planner.publishing.held import HeldPost, held
from planner.publishing.models import Delivery
from planner.web.access import needs
from planner.web.languages import say
from planner.web.preflight import limits_of
from planner.web.session import committing, runtime

__all__ = ["decide", "index"]

#: Moving all of them by more days than this is a slip of the hand.
_MOST_DAYS = 365
#: So many are listed, and decided at once.
_LISTED = 200


@needs("read")
def index() -> ResponseReturnValue:
    return _page({})


@needs("delivery.resolve")
def decide() -> ResponseReturnValue:
    """The choices made row by row or, with the button of the bar, one choice for all. Each post is decided on its own; refused ones stay."""
    listed = [one for one in held(g.db, viewer=g.user, limit=_LISTED) if one.is_decided_here and one.title is not None]
    refused: dict[int, str] = {}
    done = 0
    for one in listed:
        try:
            done += _decide(one)
        except PlannerError as error:
            refused[one.delivery_id] = say(error)
    if done:
        flash(ngettext("One post is decided.", "%(num)d posts are decided.", done), "success")
    if refused:
        return _page(refused)
    if not done:
        flash(_("Nothing was chosen, so everything stays held."), "info")
    return redirect(url_for(".index"))


def _decide(one: HeldPost) -> bool:
    """Do what was chosen for this post, in a transaction of its own; False when nothing was. Raises PlannerError."""
    choice = _choice(one)
    if not choice:
        return False
    with committing(g.db):
        delivery = g.db.get(Delivery, one.delivery_id)
        if delivery is None:
            raise NotFound()
        if choice == "keep":
            deciding.keep(g.db, delivery, actor=g.user, now=g.now)
        elif choice == "send":
            deciding.send(g.db, delivery, actor=g.user, now=g.now)
        elif choice == "drop":
            deciding.drop(g.db, delivery, actor=g.user, now=g.now)
        else:
            four_eyes, limits = runtime().settings.four_eyes, limits_of(delivery.post.channel.platform)
            deciding.move(g.db, delivery, _new_moment(one), limits=limits, four_eyes=four_eyes, actor=g.user, now=g.now)
    return True


def _choice(one: HeldPost) -> str:
    """keep, send, move, drop, or nothing. “Keep all” speaks only of those whose time is still to come."""
    choice = request.form.get("all", "") if request.form.get("do") == "all" else request.form.get(f"choice-{one.delivery_id}", "")
    if request.form.get("do") == "all" and (choice == "send" or (choice == "keep" and one.due_at <= g.now)):
        return ""
    return choice if choice in ("keep", "send", "move", "drop") else ""


def _new_moment(one: HeldPost) -> datetime:
    """The time typed for this post or, for all of them, its own time so many days later by the clock of its zone. Raises Invalid."""
    if request.form.get("do") == "all":
        typed = request.form.get("days", "").strip()
        days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
        if not 0 < days <= _MOST_DAYS:
            raise Invalid(N_("Say by how many days, from 1 to %(most)s."), most=_MOST_DAYS)
        wall = datetime.fromisoformat(wall_of(one.due_at, one.zone)) + timedelta(days=days)
        return resolve_wall_time(wall, one.zone, fold=0)
    try:
        wall = datetime.fromisoformat(request.form.get(f"at-{one.delivery_id}", ""))
    except ValueError:
        raise Invalid(N_("Choose its new time.")) from None
    if wall.tzinfo is not None or not 1990 <= wall.year <= 2100:
        raise Invalid(N_("Choose its new time."))
    return resolve_wall_time(wall, one.zone)


def _page(refused: dict[int, str]) -> ResponseReturnValue:
    found = held(g.db, viewer=g.user, limit=_LISTED + 1)
    shown: dict[str, Any] = {
        "held": found[:_LISTED], "more": len(found) > _LISTED,
        "decides": may(g.user, "delivery.resolve"),
        "refused": refused,
        "typed": request.form if refused else {},
        "wall_of": wall_of,
        "now": g.now,
    }
    return render_template("held/index.html", **shown), 422 if refused else 200
