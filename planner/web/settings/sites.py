"""Settings, Websites: whose statistics are read, how that goes, and adding one, which asks it once before anything is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.core.errors import PlannerError
from planner.insights import sites as service
from planner.insights.models import Site
from planner.insights.sites import SiteKind
from planner.ledger import jobs
from planner.web.access import needs
from planner.web.forms.sites import SiteForm
from planner.web.security import limiter
from planner.web.session import committing, runtime

__all__ = ["add_site", "read_site", "remove_site", "site", "sites"]

KINDS = {"matomo": "Matomo", "ga4": "Google Analytics 4"}


@needs("read")
def sites() -> ResponseReturnValue:
    zone = runtime().settings.time_zone
    return render_template("settings/sites.html", states=service.states(g.db, zone=zone, now=g.now), kinds=KINDS, zone=zone, one_day=timedelta(days=1))


@needs("channel.manage")
@limiter.limit("10 per minute;60 per hour", methods=["POST"])
def add_site() -> ResponseReturnValue:
    """Nothing is kept before the statistics answered."""
    form = SiteForm()
    if form.validate_on_submit():
        try:
            _try(form)
            with committing(g.db):
                added = service.add(g.db, form.values(), actor=g.user, now=g.now)
                jobs.enqueue(g.db, "visits.read", {}, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("%(host)s answers. Its last month is being read.", host=added.host), "success")
            return redirect(url_for(".sites"))
    return render_template("settings/site.html", form=form, site=None), 422 if form.refused else 200


@needs("channel.manage")
@limiter.limit("10 per minute;60 per hour", methods=["POST"])
def site(site_id: int) -> ResponseReturnValue:
    """Correct it; the key that is there stays unless another is given."""
    found = service.by_id(g.db, site_id)
    form = SiteForm(data={"host": found.host, "kind": found.kind, "address": found.address, "number": found.number})
    if form.validate_on_submit():
        try:
            _try(form, found)
            with committing(g.db):
                service.change(g.db, service.by_id(g.db, site_id), form.values(), actor=g.user, now=g.now)
                jobs.enqueue(g.db, "visits.read", {}, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("Saved. It answers, and is being read."), "success")
            return redirect(url_for(".sites"))
    return render_template("settings/site.html", form=form, site=found), 422 if form.refused else 200


@needs("channel.manage")
@limiter.limit("10 per minute;60 per hour")
def read_site(site_id: int) -> ResponseReturnValue:
    """Now, as background work."""
    with committing(g.db):
        service.by_id(g.db, site_id).next_at = None
        job = jobs.enqueue(g.db, "visits.read", {}, actor=g.user, now=g.now)
    return redirect(url_for("jobs.show", job_id=job.id))


@needs("channel.manage")
def remove_site(site_id: int) -> ResponseReturnValue:
    found = service.by_id(g.db, site_id)
    host = found.host
    with committing(g.db):
        service.remove(g.db, found, actor=g.user, now=g.now)
    flash(_("%(host)s is read no more. What was counted stays.", host=host), "success")
    return redirect(url_for(".sites"))


def _try(form: SiteForm, kept: Site | None = None) -> None:
    """Ask once, with what was typed and the key that is there. No transaction is open meanwhile. Raises what the statistics do."""
    values = service.checked(form.values(), has_key=kept is not None)
    if kept is not None and not values.key:
        if kept.kind != values.kind or kept.address != values.address:
            # A key is only ever shown to whom it was given for.
            service.checked(values)
        values = replace(values, key=kept.key)
    running, now = runtime(), g.now
    g.db.rollback()
    service.statistics(replace(values, kind=SiteKind(values.kind)), settings=running.settings, http=running.registry.http, now=now).check()
