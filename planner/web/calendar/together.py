"""Several posts of the calendar at once: looked at before they move, submitted, cancelled with a reason, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.planning import together
from planner.planning.models import Post, PostState
from planner.planning.together import Doing, Shift
from planner.web.access import needs
from planner.web.calendar.ways import back_to, done, wants_json
from planner.web.languages import say
from planner.web.moments import in_zone
from planner.web.preflight import limits_of
from planner.web.session import committing, only_reads, runtime

__all__ = ["cancel", "look", "move", "submit", "undo", "unplan"]


@needs("post.move")
@only_reads
def look(posts: list[Post] | None = None, status: int = 200) -> ResponseReturnValue:
    """Where each post would go and what the rules say of it there; of a single post of a wave, the whole wave as well."""
    posts = posts or _posts()
    shift = _shift(request.values.get("days", "1" if "minutes" not in request.values else "0"), request.values.get("minutes", "0"))
    wave = together.wave_of(g.db, posts[0], viewer=g.user) if len(posts) == 1 else []
    wave = wave if len(wave) > 1 else []
    chosen = {post.id for post in posts}
    steps = together.look(g.db, wave or posts, shift, _doing())
    own = [one for one in steps if one.post.id in chosen]
    html = render_template(
        "calendar/look.html", steps=steps, own=own, wave=wave, shift=shift, chosen=chosen, back=back_to(request.values.get("back")),
        stuck=[one for one in steps if one.refused], own_stuck=[one for one in own if one.refused],
    )  # fmt: skip
    return html, status


@needs("post.move")
def move() -> ResponseReturnValue:
    """Move them all or none. A script that drops one post of a wave is told to ask first."""
    posts, shift, told = _posts(), _shift(request.form.get("days", "0"), request.form.get("minutes", "0")), wants_json()
    scope = request.form.get("scope", "")
    if len(posts) == 1 and (scope == "wave" or (told and not scope)):
        wave = together.wave_of(g.db, posts[0], viewer=g.user)
        if scope == "wave":
            posts = wave or posts
        elif len(wave) > 1:
            return jsonify(ask=url_for(".look", post=posts[0].id, days=shift.days, minutes=shift.minutes, back=request.form.get("back")))
    versions = _versions() if scope != "wave" else {}
    try:
        with committing(g.db):
            together.move(g.db, posts, shift, versions, _doing())
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        if told:
            raise
        g.db.expire_all()
        flash(say(error), "error")
        return look(posts=_posts(), status=error.status if isinstance(error, Conflict) else 422)
    if len(posts) == 1:
        text = _("Moved to %(when)s.", when=in_zone(posts[0].publish_at, posts[0].time_zone).striptags())
    else:
        text = ngettext("One post moved.", "%(num)d posts moved.", len(posts))
    return done(text)


@needs("post.move")
def unplan() -> ResponseReturnValue:
    """Take the time of each away: a draft goes into the drawer at once; for more than drafts it is asked first."""
    posts = _posts()
    if request.method == "GET":
        return _page("unplan", posts)
    if "sure" not in request.form and any(post.state is not PostState.DRAFT for post in posts):
        if wants_json():
            return jsonify(ask=url_for(".unplan", post=[f"{post.id}:{post.version}" for post in posts], back=request.form.get("back")))
        return _page("unplan", posts)
    if wants_json():
        with committing(g.db):
            together.unplan(g.db, posts, _versions(), _doing())
        return done(_unplanned(len(posts)))
    return _step("unplan", lambda posts: together.unplan(g.db, posts, _versions(), _doing()), _unplanned)


@needs("post.submit")
def submit() -> ResponseReturnValue:
    """Ask for approval of them all; when one cannot be submitted, none is, and the page says which and why."""
    return _step("submit", lambda posts: together.submit(g.db, posts, _doing()), _submitted)


@needs("post.cancel")
def cancel() -> ResponseReturnValue:
    """Ask why, then drop them all."""
    if "reason" not in request.form:
        return _page("cancel", _posts())
    return _step("cancel", lambda posts: together.cancel(g.db, posts, request.form["reason"], _doing()), _cancelled)


@needs("post.move")
def undo() -> ResponseReturnValue:
    """Take back what this person did to posts at that moment."""
    try:
        at = datetime.fromisoformat(request.form.get("at", ""))
    except ValueError:
        raise Invalid(N_("There is nothing to undo.")) from None
    try:
        with committing(g.db):
            count = together.take_back(g.db, at, _doing())
    except Forbidden:
        raise
    except PlannerError as error:
        if wants_json():
            raise
        flash(say(error), "error")
    else:
        text = ngettext("Undone: one post is as it was.", "Undone: %(num)d posts are as they were.", count)
        if wants_json():
            return jsonify(message=text)
        flash(text, "success")
    return redirect(back_to(request.form.get("back")))


def _step(verb: str, act: Callable[[list[Post]], None], said: Callable[[int], str]) -> ResponseReturnValue:
    posts = _posts()
    try:
        with committing(g.db):
            act(posts)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        g.db.expire_all()
        return _page(verb, _posts(), error), 422
    return done(said(len(posts)))


def _submitted(count: int) -> str:
    return str(ngettext("One post submitted for approval.", "%(num)d posts submitted for approval.", count))


def _cancelled(count: int) -> str:
    return str(ngettext("One post cancelled. It will not go out.", "%(num)d posts cancelled. They will not go out.", count))


def _unplanned(count: int) -> str:
    return str(ngettext("Into the drawer: one post without a time now.", "Into the drawer: %(num)d posts without a time now.", count))


def _page(verb: str, posts: Sequence[Post], error: PlannerError | None = None) -> str:
    steps = together.what_blocks(g.db, posts, verb, _doing())
    return render_template(
        "calendar/several.html", verb=verb, steps=steps, able=[one for one in steps if one.refused is None], reason=request.form.get("reason", ""),
        wrong=say(error) if error is not None and error.field == "reason" else "", back=back_to(request.values.get("back")),
    )  # fmt: skip


def _posts() -> list[Post]:
    return together.posts_of(g.db, [number for number, _version in _told()], viewer=g.user)


def _versions() -> dict[int, int]:
    return {number: version for number, version in _told() if version is not None}


def _told() -> list[tuple[int, int | None]]:
    """(number, version) of each post in the form or the address, which say "12" or "12:4"."""
    found = []
    for text in request.values.getlist("post"):
        number, _colon, version = text.partition(":")
        if number.isdecimal() and len(number) < 18:
            found.append((int(number), int(version) if version.isdecimal() and len(version) < 18 else None))
    return found


def _shift(days: str, minutes: str) -> Shift:
    try:
        shift = Shift(int(days or 0), int(minutes or 0))
    except ValueError:
        raise Invalid(N_("Write a whole number of days."), field="days") from None
    if abs(shift.days) > 800 or abs(shift.minutes) > 1440:
        raise Invalid(N_("That is too far: at most two years."), field="days")
    return shift


def _doing() -> Doing:
    return Doing(limits_of, runtime().settings.four_eyes, g.user, g.now)
