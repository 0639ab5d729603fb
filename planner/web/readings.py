"""Performance, Readings: how collecting numbers goes, what it may use, and reading a channel or an asset now."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.catalog import queries as catalog
from planner.channels import service as channels
from planner.channels.port import Platform
from planner.core.errors import Invalid, PlannerError
from planner.core.i18n import N_
from planner.insights.budget import USUAL, set_budget
from planner.insights.watching import watch
from planner.ledger import jobs
from planner.listening.hearing import PLATFORMS
from planner.web.access import needs
from planner.web.languages import say
from planner.web.performance import around
from planner.web.session import committing, runtime
from planner.web.settings.heard import LEAST_A_DAY

__all__ = ["around", "budget", "readings", "refresh_asset", "refresh_channel"]


@needs("read")
def readings() -> ResponseReturnValue:
    return _page()


@needs("readings.refresh")
def refresh_channel(channel_id: int) -> ResponseReturnValue:
    """Read a channel's live posts now, as background work; asked again within a minute, it is the same work."""
    channel = channels.by_id(g.db, channel_id)
    with committing(g.db):
        job = jobs.enqueue(g.db, "readings.refresh", {"channel_id": channel.id}, actor=g.user, now=g.now)
    return redirect(url_for("jobs.show", job_id=job.id))


@needs("readings.refresh")
def refresh_asset(asset_id: int) -> ResponseReturnValue:
    """The same for the live posts of one asset."""
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    with committing(g.db):
        job = jobs.enqueue(g.db, "readings.refresh", {"asset_id": asset.id}, actor=g.user, now=g.now)
    return redirect(url_for("jobs.show", job_id=job.id))


@needs("channel.manage")
def budget(channel_id: int) -> ResponseReturnValue:
    """What the channel may use a day; left empty, what is usual."""
    typed = request.form.get("a_day", "").strip()
    channel = channels.by_id(g.db, channel_id)
    try:
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            raise Invalid(N_("A budget is a whole number from 0 to 1,000,000."), field="a_day")
        with committing(g.db):
            set_budget(g.db, channel, int(typed) if typed else None, actor=g.user, now=g.now)
    except PlannerError as error:
        return _page(channel_id, typed, say(error)), 422
    flash(_("The budget of “%(name)s” is changed.", name=channel.name), "success")
    return redirect(url_for(".readings"))


def _page(wrong: int | None = None, typed: str = "", complaint: str = "") -> str:
    settings = runtime().settings
    found = watch(g.db, now=g.now, units_day=settings.youtube_units_day, viewer=g.user)
    measures = {
        Platform.YOUTUBE: _("units of quota"), Platform.LINKEDIN: _("calls"), Platform.X: _("posts read, each charged once a day; the daily look at the followers counts as ten"),
    }  # fmt: skip
    return render_template(
        "performance/readings.html", watch=found, usual=USUAL, measures=measures, price=settings.x_price_read, price_user=settings.x_price_user, wrong=wrong, typed=typed,
        complaint=complaint, hear=PLATFORMS, least_heard=LEAST_A_DAY,
    )  # fmt: skip
