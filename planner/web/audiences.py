"""Performance, Audience: the table that puts platforms' groups of people into our audiences."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.rules import require
from planner.catalog.models import Audience
from planner.insights.audiences import OUTSIDE, groups, put
from planner.web.access import needs
from planner.web.performance import DIMENSIONS, around
from planner.web.session import committing
from planner.web.watched_words import watched_words

__all__ = ["around", "table"]

#: What the form sends for a group that is nobody we know.
_UNKNOWN = "unknown"


@needs("read")
def table() -> ResponseReturnValue:
    """One choice a group; saved together. Groups that the form does not name stay as they are."""
    known = groups(g.db)
    if request.method == "POST":
        require(g.user, "audiences.map")
        with committing(g.db):
            changed = sum(
                put(g.db, (one.platform, one.dimension, one.key), None if chosen == _UNKNOWN else chosen, actor=g.user, now=g.now)
                for number, one in enumerate(known)
                if (chosen := _chosen(number, one.dimension, one.key)) is not None
            )
        flash(ngettext("One group is put elsewhere.", "%(num)d groups are put elsewhere.", changed) if changed else _("Nothing was changed."), "success")
        return redirect(url_for(".table"))
    named = {**watched_words(), "people": _("Age and gender"), "countries": _("Country, by views"), **{name: str(word) for name, word in DIMENSIONS.items()}}
    return render_template("performance/audiences.html", groups=known, audiences=list(Audience), outside=OUTSIDE, unknown=_UNKNOWN, named=named)


def _chosen(number: int, dimension: str, key: str) -> str | None:
    """What the form says of a group: the field carries its key, so that a list that changed meanwhile moves nobody."""
    return request.form.get(f"{number}:{dimension}:{key}")
