"""The desk: what needs me today, and on an empty product the ways to begin."""

from __future__ import annotations

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone

from planner.accounts.rules import may
from planner.planning import clocks, standing
from planner.planning.desk import desk
from planner.promotion.desk import lines
from planner.publishing import held, native_queries
from planner.web.access import needs

__all__ = ["home"]


@needs("read")
def home() -> ResponseReturnValue:
    shown = desk(g.db, viewer=g.user, now=g.now, zone=str(get_timezone()))
    off, retimed = standing.called_off(g.db, now=g.now), clocks.retimed(g.db, viewer=g.user, now=g.now)
    waiting, leaks = held.count(g.db), native_queries.too_early(g.db, now=g.now)
    undecided = native_queries.open_count(g.db) if may(g.user, "native.decide") else 0
    template = "desk/home.html" if shown.has_assets or not shown.quiet or undecided else "desk/empty.html"
    return render_template(
        template, desk=shown, held=waiting, leaks=leaks, undecided=undecided, called_off=off, retimed=retimed, has_demo="jobs.load_demo" in current_app.view_functions,
        promotion=lines(g.db, viewer=g.user, now=g.now), on=g.now.date(),
    )
