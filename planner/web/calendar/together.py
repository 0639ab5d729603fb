"""Several posts of the calendar at once: looked at before they move, submitted, cancelled with a reason, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.planning import states, together, waves
from planner.planning.findings import Finding
from planner.planning.models import Campaign, Post, PostState
from planner.planning.together import Doing, Shift, Step
from planner.planning.waves import Move
from planner.web.access import needs
from planner.web.calendar.ways import back_to, done, moment_to_undo, refused, wants_json
from planner.web.languages import say
from planner.web.moments import in_zone
from planner.web.named_posts import named_in
from planner.web.preflight import limits_of
from planner.web.session import committing, only_reads, runtime, trying

__all__ = ["cancel", "look", "move", "submit", "undo", "unplan"]


class Row(NamedTuple):
    """One post as the page shows it, where it would be."""

    post_id: int
    version: int
    title: str
    channel: str
    platform: str
    colour: int
    state: PostState
    zone: str
    was: datetime | None
    at: datetime | None
    refused: PlannerError | None
    findings: list[Finding]
    asks_again: bool


def _said_where_one_was(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """What cannot even be looked at, such as no tick at all, is said on the page one came from, where the form told which."""

    @wraps(view)
    def told(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except Invalid as error:
            if wants_json() or not request.form.get("back"):
                raise
            return refused(error, back_to(request.form["back"]))

    return told


@needs("post.move")
@_said_where_one_was
@only_reads
def look(status: int = 200) -> ResponseReturnValue:
    """Where each post would go and what the rules say of it there; of a single post of a wave, the whole wave as well."""
    shift = _shift(request.values.get("days", "1" if "minutes" not in request.values else "0"), request.values.get("minutes", "0"))
    wave = _wave_rows(shift)
    posts = _posts()
    own = [_row(one) for one in together.look(g.db, posts, shift, _doing())]
    rows = wave or own
    html = render_template(
        "calendar/look.html", rows=rows, own=own, wave=wave, campaign=posts[0].campaign if wave else None, shift=shift, chosen={post.id for post in posts},
        back=back_to(request.values.get("back")), stuck=[one for one in rows if one.refused], own_stuck=[one for one in own if one.refused],
        named=named_in(said for one in rows for said in one.findings),
    )  # fmt: skip
    return html, status


@needs("post.move")
@_said_where_one_was
def move() -> ResponseReturnValue:
    """Move them all or none. A script that drops one post of a wave is told to ask first."""
    posts, shift, told = _posts(), _shift(request.form.get("days", "0"), request.form.get("minutes", "0")), wants_json()
    scope = request.form.get("scope", "")
    if len(posts) == 1 and told and not scope and len(waves.along(g.db, posts[0], shift, viewer=g.user)) > 1:
        return jsonify(ask=url_for(".look", post=posts[0].id, days=shift.days, minutes=shift.minutes, back=request.form.get("back")))
    try:
        if scope == "wave" and len(posts) == 1 and (moves := waves.along(g.db, posts[0], shift, viewer=g.user, seen=_versions("wave") or None)):
            return _move_wave(posts[0].campaign, moves)
        with committing(g.db):
            together.move(g.db, posts, shift, _versions(), _doing())
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        if told:
            raise
        g.db.rollback()
        flash(say(error), "error")
        return look(status=error.status if isinstance(error, Conflict) else 422)
    if len(posts) == 1:
        return done(_("Moved to %(when)s.", when=in_zone(posts[0].publish_at, posts[0].time_zone).striptags()))
    return done(_moved(len(posts)))


def _move_wave(campaign: Campaign | None, moves: Sequence[Move]) -> ResponseReturnValue:
    """The whole wave by as much, as it was when this person looked at it."""
    assert campaign is not None  # Else there is no wave.
    told = _versions()
    moves = [replace(one, version=told.get(one.post_id, one.version)) for one in moves]
    with committing(g.db):
        entry = waves.shift(g.db, campaign, None, moves, limits_of=limits_of, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
    return done(_moved(len(moves)), url_for("waves.undo", campaign_id=campaign.id), entry=entry.id)


def _wave_rows(shift: Shift) -> list[Row]:
    """The whole wave of the one post that is asked about, where it would be; empty for more posts, and for one that has no wave."""
    if len(_told()) != 1:
        return []
    with trying() as db:
        (post,) = together.posts_of(db, [_told()[0][0]], viewer=g.user)
        moves, campaign = waves.along(db, post, shift, viewer=g.user), post.campaign
        if campaign is None or len(moves) < 2:
            return []
        found = waves.preview(db, campaign, None, moves, limits_of=limits_of, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
    return [
        Row(
            one.move.post_id, one.move.version, one.title, one.channel, one.platform, one.colour, one.state, one.move.zone, one.was, one.at, one.refused,
            [said for said in one.findings if said.code in one.new], one.becomes is PostState.IN_REVIEW and one.state in states.GOING_OUT,
        )
        for one in found
    ]  # fmt: skip


def _row(step: Step) -> Row:
    post, channel = step.post, step.post.channel
    return Row(
        post.id, post.version, post.asset.title, channel.name, channel.platform, channel.colour, post.state, post.time_zone or channel.time_zone,
        post.publish_at, step.at, step.refused, step.findings, step.asks_again,
    )  # fmt: skip


def _moved(count: int) -> str:
    return str(ngettext("One post moved.", "%(num)d posts moved.", count))


@needs("post.move")
@_said_where_one_was
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
@_said_where_one_was
def submit() -> ResponseReturnValue:
    """Ask for approval of them all; when one cannot be submitted, none is, and the page says which and why."""
    return _step("submit", lambda posts: together.submit(g.db, posts, _doing()), _submitted)


@needs("post.cancel")
@_said_where_one_was
def cancel() -> ResponseReturnValue:
    """Ask why, then drop them all."""
    if "reason" not in request.form:
        return _page("cancel", _posts())
    return _step("cancel", lambda posts: together.cancel(g.db, posts, request.form["reason"], _doing()), _cancelled)


@needs("post.move")
def undo() -> ResponseReturnValue:
    """Take back what this person did to posts at that moment."""
    at = moment_to_undo()
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


def _versions(name: str = "post") -> dict[int, int]:
    return {number: version for number, version in _told(name) if version is not None}


def _told(name: str = "post") -> list[tuple[int, int | None]]:
    """(number, version) of each post in the form or the address, which say "12" or "12:4"."""
    found = []
    for text in request.values.getlist(name):
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
