"""Postponing and cancelling a campaign: what becomes of its posts is said first, the reason is asked, and both can be taken back."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning import pauses, queries, standing
from planner.planning.models import Campaign
from planner.web.access import needs
from planner.web.forms.planning import StandingForm
from planner.web.languages import say
from planner.web.preflight import limits_of
from planner.web.session import committing, decision_time, runtime

__all__ = ["cancel", "go_on", "postpone"]


@needs("campaign.edit")
def postpone(campaign_id: int) -> ResponseReturnValue:
    def act(campaign: Campaign, reason: str) -> str:
        pauses.standstill(g.db)
        standing.postpone(g.db, campaign, reason=reason, actor=g.user, now=decision_time())
        return str(_("Postponed. Nothing of it goes out until it goes on."))

    return _asked(campaign_id, "postpone", act)


@needs("campaign.edit")
def cancel(campaign_id: int) -> ResponseReturnValue:
    def act(campaign: Campaign, reason: str) -> str:
        count = standing.call_off(g.db, campaign, reason=reason, actor=g.user, now=g.now)
        return str(ngettext("Cancelled, with one post.", "Cancelled, with %(num)d posts.", count) if count else _("Cancelled."))

    return _asked(campaign_id, "cancel", act)


@needs("campaign.edit")
def go_on(campaign_id: int) -> ResponseReturnValue:
    """Take it back."""
    try:
        with committing(g.db):
            count = standing.go_on(g.db, queries.campaign(g.db, campaign_id), limits_of=limits_of, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        flash(say(error), "error")
    else:
        flash(ngettext("It goes on, and one post is back.", "It goes on, and %(num)d posts are back.", count) if count else _("It goes on."), "success")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


def _asked(campaign_id: int, what: str, act: Any) -> ResponseReturnValue:
    """The page that asks why, or what came of it."""
    campaign, form = queries.campaign(g.db, campaign_id), StandingForm()
    if form.is_submitted() and form.validate():
        try:
            with committing(g.db):
                text = act(campaign, form.reason.data or "")
        except (Forbidden, NotFound):
            raise
        except PlannerError as error:
            campaign = queries.campaign(g.db, campaign_id)
            form.refuse(error)
        else:
            flash({"text": text, "undo": url_for(".go_on", campaign_id=campaign_id)}, "success")  # type: ignore[arg-type]
            return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    count = len(standing.open_posts(g.db, campaign))
    page = render_template("campaigns/standing.html", campaign=campaign, form=form, what=what, count=count)
    return page, 422 if form.is_submitted() else 200
