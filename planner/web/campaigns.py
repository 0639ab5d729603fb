"""Campaigns: the list, one with its posts, create and edit."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError
from planner.planning import campaigns as service
from planner.planning import listing, queries
from planner.planning.costs import cost_of_campaign
from planner.planning.models import Campaign, PostState
from planner.planning.templates import is_listed
from planner.planning.values import CampaignValues
from planner.web import clashes, waves
from planner.web.access import needs
from planner.web.forms.planning import CampaignForm, NewCampaignForm, choices
from planner.web.histories import past_of
from planner.web.preflight import is_pretend, prices
from planner.web.session import committing

__all__ = ["edit", "index", "new", "show"]

_TO_SUBMIT = (PostState.DRAFT, PostState.CHANGES_REQUESTED)
#: So many posts of a campaign are listed, the latest.
_LISTED = 500
#: So many campaigns are listed, the latest.
_MOST = 200


@needs("read")
def index() -> ResponseReturnValue:
    """The latest, or those that are looked for by name."""
    sought = request.args.get("q", "").strip()[:200]
    found = queries.campaigns(g.db, sought=sought, limit=_MOST + 1)
    return render_template("campaigns/index.html", campaigns=found[:_MOST], more=len(found) > _MOST, sought=sought, now=g.now)


@needs("campaign.edit")
def new() -> ResponseReturnValue:
    form = NewCampaignForm()
    form.owner_id.choices = choices(_owners())
    if form.is_submitted():
        campaign = _save(form, None) if form.validate() else None
        if campaign is not None:
            flash(_("Campaign created."), "success")
            if form.template.data:
                return redirect(url_for("proposals.propose", campaign_id=campaign.id, template=form.template.data))
            return redirect(url_for(".show", campaign_id=campaign.id))
    else:
        form.owner_id.data = g.user.id
        form.template.data = request.args.get("template", "")
    return render_template("campaigns/form.html", form=form, campaign=None), 422 if form.is_submitted() else 200


@needs("read")
def show(campaign_id: int) -> ResponseReturnValue:
    campaign = queries.campaign(g.db, campaign_id)
    posts = queries.posts_of(g.db, campaign_id=campaign_id, viewer=g.user, limit=_LISTED + 1)
    more, posts = len(posts) > _LISTED, posts[-_LISTED:]
    early = [one for one in posts if campaign.embargo_until and one.publish_at < campaign.embargo_until and one.state != "published"]
    # A post is its author's; whose asset it is about does not make it anybody else's.
    drafts = [one for one in posts if one.state in _TO_SUBMIT and not one.masked and may(g.user, "post.submit", one._replace(owner_id=None))]
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        posts=posts, more=more,
        drafts=drafts,
        early=early,
        is_listed=is_listed(campaign.template), listed=listing.channels_of(g.db, campaign_id) if is_listed(campaign.template) else [],
        cost=cost_of_campaign(g.db, campaign_id, prices()),
        pretend=is_pretend(Platform.X),
        history=past_of(campaign),
        now=g.now,
    )


@needs("campaign.edit")
def edit(campaign_id: int) -> ResponseReturnValue:
    campaign = queries.campaign(g.db, campaign_id)
    form = CampaignForm()
    form.owner_id.choices = choices(_owners())
    status, clash = 200, []
    if form.is_submitted():
        status = 422
        try:
            if form.validate() and (answer := _change(form, campaign)) is not None:
                return answer
        except Conflict as error:
            status = 409
            g.db.expire_all()
            campaign = queries.campaign(g.db, campaign_id)
            form.refuse(error)
            clash = clashes.of_campaign(campaign, form)
            form.version.data, form.version.raw_data = campaign.version, [str(campaign.version)]
    else:
        _fill(form, campaign)
    return render_template("campaigns/form.html", form=form, campaign=campaign, clash=clash), status


def _change(form: CampaignForm, campaign: Campaign) -> ResponseReturnValue | None:
    """Save, or ask first what becomes of the posts; None when a rule refused, with the sentence on the form. Raises Conflict."""
    try:
        answer = waves.ask_or_shift(campaign, form, _values(form))
    except (Conflict, Forbidden, NotFound):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None
    if answer is None and _save(form, campaign) is not None:
        flash(_("Saved."), "success")
        return redirect(url_for(".show", campaign_id=campaign.id))
    return answer


def _values(form: CampaignForm) -> CampaignValues:
    return CampaignValues(
        name=form.name.data or "", summary=(form.summary.data or "").strip(), starts_on=form.starts_on.data, ends_on=form.ends_on.data,
        embargo_until=form.embargo_until.data, owner_id=form.owner_id.data,
        hashtags=(form.hashtags.data or "").splitlines(),
    )  # fmt: skip


def _save(form: CampaignForm, campaign: Campaign | None) -> Campaign | None:
    """The campaign as saved; None when a rule refused, with the sentence on the form. Raises Conflict."""
    values = _values(form)
    try:
        with committing(g.db):
            if campaign is None:
                return service.create_campaign(g.db, values, actor=g.user, now=g.now)
            return service.edit_campaign(g.db, campaign, values, version=form.version.data, actor=g.user, now=g.now)
    except (Conflict, Forbidden, NotFound):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None


def _fill(form: CampaignForm, campaign: Campaign) -> None:
    for name in ("name", "summary", "starts_on", "ends_on", "embargo_until", "owner_id", "version"):
        form[name].data = getattr(campaign, name)
    form.hashtags.data = "\n".join(campaign.hashtags or [])


def _owners() -> list[tuple[Any, str]]:
    people = g.db.scalars(select(User).where(User.active).order_by(User.name, User.email))
    return [("", _("Nobody")), *((one.id, one.display_name) for one in people)]
