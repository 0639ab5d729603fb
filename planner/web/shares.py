"""Sharing the calendar: links are made (and shown once), listed, revoked."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.catalog.models import AssetKind
from planner.core.errors import PlannerError
from planner.planning import shares
from planner.planning.models import ShareKind
from planner.planning.shared import ShownEvents
from planner.planning.shares import NewShare
from planner.web.access import needs
from planner.web.calendar.asking import filters_of
from planner.web.forms.shares import ShareForm
from planner.web.session import committing, runtime

__all__ = ["index", "revoke"]


@needs("share.own")
def index() -> ResponseReturnValue:
    """The form, which starts from the calendar's filters in the address, and one's links."""
    form, made = _form(), None
    if form.validate_on_submit():
        wanted = _wanted(form)
        try:
            with committing(g.db):
                share, token = shares.make(g.db, wanted, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            made = {"name": share.name, "kind": share.kind.value, "address": _address(token, share.kind)}
            form = _form(fresh=True)
    html = render_template(
        "shares/index.html", form=form, made=made, lines=shares.lines(g.db, viewer=g.user, now=g.now), everybodys=may(g.user, "share.manage"), now=g.now
    )
    answer = make_response(html, 422 if form.refused else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@needs("share.own")
def revoke(share_id: int) -> ResponseReturnValue:
    share = shares.by_id(g.db, share_id, viewer=g.user)
    with committing(g.db):
        shares.revoke(g.db, share, actor=g.user, now=g.now)
    flash(_("“%(name)s” no longer works.", name=share.name), "success")
    return redirect(url_for(".index"))


def _form(*, fresh: bool = False) -> ShareForm:
    kept = filters_of(request.args)
    others = may(g.user, "share.make")
    start = {
        "what": "page" if others else "own",
        "events": (ShownEvents.NONE if others else ShownEvents.ALL).value,
        "channels": list(kept.channels),
        "kinds": [kind.value for kind in kept.kinds],
        "campaigns": [kept.campaign_id] if kept.campaign_id else [],
    }
    typed = {"formdata": None} if fresh else {}
    return ShareForm(**typed, data=start, parts=shares.parts(g.db), for_others=others)


def _wanted(form: ShareForm) -> NewShare:
    days = int(form.days.data) if form.days.data else None
    return NewShare(
        name=form.name.data,
        kind=ShareKind.PAGE if form.what.data == "page" else ShareKind.FEED,
        personal=form.what.data == "own",
        channels=form.channels.data,
        kinds=[AssetKind(kind) for kind in form.kinds.data],
        campaigns=form.campaigns.data,
        events=ShownEvents(form.events.data),
        leaves_out=form.secret.data == "out",
        life=timedelta(days=days) if days else None,
        language=str(get_locale() or "en")[:2],
    )


def _address(token: str, kind: ShareKind) -> str:
    base = runtime().settings.base_url.rstrip("/")
    return base + (url_for("shared.page", token=token) if kind is ShareKind.PAGE else url_for("shared.feed", token=token))
