"""The desk: what needs me today, and on an empty product the ways to begin."""

from __future__ import annotations

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone

from planner.accounts.rules import may
from planner.insights.noticing import RETURNED, on_desk
from planner.insights.watching import unkept
from planner.planning import clocks, loose_ends, standing
from planner.planning.desk import LISTED, desk
from planner.planning.waiting import waiting as to_approve
from planner.promotion.desk import lines
from planner.publishing import edit_steps, native_queries
from planner.publishing.held import not_held
from planner.web.access import needs
from planner.web.session import runtime

__all__ = ["home"]

#: So many posts in review, and so many edits, are looked at for what waits for this person.
_ASKED = 60


@needs("read")
def home() -> ResponseReturnValue:
    shown = desk(g.db, viewer=g.user, now=g.now, zone=str(get_timezone()))
    off, retimed = standing.called_off(g.db, now=g.now), clocks.retimed(g.db, viewer=g.user, now=g.now)
    leaks, ((waiting, direct), returned) = native_queries.too_early(g.db, now=g.now), on_desk(g.db, viewer=g.user, now=g.now)
    undecided = direct if may(g.user, "native.decide") else 0
    in_review = to_approve(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, limit=_ASKED + 1)
    asked = [one for one in in_review[:_ASKED] if one.mine]
    edited = edit_steps.waiting(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, limit=_ASKED + 1)
    edits = [one for one in edited[:_ASKED] if one.mine]
    idle = loose_ends.idle_campaigns(g.db, viewer=g.user, now=g.now, today=shown.day.date())
    closing = unkept(g.db, now=g.now, viewer=g.user) if may(g.user, "readings.refresh") else []
    template = "desk/home.html" if shown.has_assets or not shown.quiet or undecided else "desk/empty.html"
    others = [one for one in shown.waiting[:LISTED] if one.post_id not in {mine.post.id for mine in asked}]
    return render_template(
        template, desk=shown, most=LISTED, held=waiting, leaks=leaks, returned=returned[:RETURNED], more_returned=len(returned) > RETURNED, more_asked=len(in_review) > _ASKED or len(edited) > _ASKED, undecided=undecided, called_off=off, retimed=retimed, has_demo="jobs.load_demo" in current_app.view_functions,
        by_hand=not_held(g.db, shown.by_hand), closing=closing, asked=asked, edits=edits, others=others, near=shown.near, idle=idle,
        notes=loose_ends.asked_changes(g.db, [one.post_id for one in shown.changes]), promotion=lines(g.db, viewer=g.user, now=g.now), on=g.now.date(),
    )  # fmt: skip
