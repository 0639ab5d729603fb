"""How right the desk was, what was spent for what, and what an idea may come to."""

from __future__ import annotations

from datetime import timedelta

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from planner.promotion import queries
from planner.promotion.scores import calibration, judged, score
from planner.promotion.standings import bench
from planner.web.access import needs
from planner.web.forms.promotion import IdeaForm
from planner.web.promotion.drawing import reliability

__all__ = ["idea", "scores"]

_YEAR = timedelta(days=365)


@needs("read")
def scores() -> ResponseReturnValue:
    made = queries.decisions(g.db, viewer=g.user)
    told = judged(made)
    bins = calibration(made)
    return render_template(
        "promotion/scores.html", decisions=made, outcomes={one.id: judged([one]) for one in made}, score=score(told), bins=bins, diagram=reliability(bins),
        spent=queries.spent(g.db, since=(g.now - _YEAR).date()), waiting=queries.to_decide(g.db, viewer=g.user, now=g.now), month=timedelta(days=30),
    )  # fmt: skip


@needs("read")
def idea() -> ResponseReturnValue:
    """The range of views to expect of a new video, before a cent is spent on it."""
    channels = queries.channels(g.db)
    form = IdeaForm(formdata=request.args if request.args else None)
    form.channel.choices = [(str(number), name) for number, name, _count in channels]
    chosen = next((number for number, _name, _count in channels if str(number) == form.channel.data), channels[0][0] if channels else None)
    form.channel.data = str(chosen) if chosen else None
    right = form.validate() if request.args else True
    prepared = bench(g.db, chosen, g.now) if chosen is not None else None
    ranges = prepared.idea() if prepared else {}
    cost = float(form.cost.data) if form.cost.data is not None and "cost" not in form.errors else None
    count = len(prepared.history(prepared.regime)) if prepared else 0
    page = render_template(
        "promotion/idea.html", form=form, ranges=ranges, cost=cost, count=count, channels=channels,
        currency=prepared.knobs.currency if prepared else "EUR", chosen=chosen,
    )  # fmt: skip
    return page, 200 if right else 422
