"""The channels on which a campaign's sensitive announcement is made, as a form."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from planner.channels.models import Channel
from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError
from planner.planning import listing, queries
from planner.planning.templates import is_listed
from planner.web.access import needs
from planner.web.forms.planning import ListedForm
from planner.web.labels import channel_choices
from planner.web.session import committing

__all__ = ["edit"]


@needs("campaign.edit")
def edit(campaign_id: int) -> ResponseReturnValue:
    campaign, form, status = queries.campaign(g.db, campaign_id), ListedForm(), 200
    form.channels.choices = channel_choices(g.db.execute(select(Channel.id, Channel.name, Channel.platform).order_by(Channel.name, Channel.id)))
    if form.is_submitted():
        status = 422
        try:
            if form.validate():
                with committing(g.db):
                    listing.relist(g.db, campaign, form.channels.data or [], version=form.version.data, actor=g.user, now=g.now)
                flash(_("Saved. A post of it on any other channel does not go out."), "success")
                return redirect(url_for("campaigns.show", campaign_id=campaign_id))
        except (Forbidden, NotFound):
            raise
        except PlannerError as error:
            status = 409 if isinstance(error, Conflict) else 422
            g.db.expire_all()
            campaign = queries.campaign(g.db, campaign_id)
            form.refuse(error)
            form.version.data, form.version.raw_data = campaign.version, [str(campaign.version)]
    else:
        form.channels.data, form.version.data = [number for number, _name in listing.channels_of(g.db, campaign_id)], campaign.version
    return render_template("campaigns/channels.html", campaign=campaign, form=form, announces=is_listed(campaign.template)), status
