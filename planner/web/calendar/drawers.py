"""Out of the drawer: a ready asset, or a draft without a time, put on a day of the calendar."""

from __future__ import annotations

from datetime import date

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.planning import drawer, queries
from planner.planning.models import Post
from planner.web.access import needs
from planner.web.calendar.ways import done
from planner.web.moments import in_zone
from planner.web.session import committing

__all__ = ["place"]


@needs("post.create")
def place() -> ResponseReturnValue:
    """A draft of that asset on that channel, or that draft, on that day; the sentence says at what time, with the way back."""
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        raise Invalid(N_("Choose a day."), field="day") from None
    if not 1990 <= day.year <= 2100:
        raise Invalid(N_("Choose a year between 1990 and 2100."), field="day")
    with committing(g.db):
        post = _dated(day) if "post" in request.form else drawer.plan_on(g.db, _asset(), _channel(), day, actor=g.user, now=g.now)
    when = in_zone(post.publish_at, post.time_zone).striptags()
    if "post" in request.form:
        return done(_("Planned for %(when)s.", when=when))
    return done(_("A draft for %(channel)s, %(when)s.", channel=post.channel.name, when=when))


def _dated(day: date) -> Post:
    number, _colon, version = request.form["post"].partition(":")
    post = queries.post(g.db, _number(number), viewer=g.user)
    return drawer.put_on(g.db, post, day, version=_number(version) if version else None, actor=g.user, now=g.now)


def _asset() -> Asset:
    found: Asset | None = g.db.get(Asset, _number(request.form.get("asset", "")))
    if found is None or not may(g.user, "read", found):
        raise NotFound()
    return found


def _channel() -> Channel:
    found: Channel | None = g.db.get(Channel, _number(request.form.get("channel", "")))
    if found is None:
        raise NotFound()
    return found


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) < 18):
        raise NotFound()
    return int(text)
