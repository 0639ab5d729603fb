"""Campaigns: dated stories that group assets and posts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, tagged
from planner.api.fields import Body, Day, Line, Lines, Listed, Moment, Number, Out
from planner.planning import listing, queries
from planner.planning.campaigns import CampaignValues, create_campaign, edit_campaign
from planner.planning.models import Campaign
from planner.planning.values import campaign_values_of

__all__ = ["bp"]

bp = Blueprint("api-campaigns", __name__, description="Dated stories.")


class CampaignOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    summary = fields.String(required=True)
    starts_on = Day(required=True, allow_none=True)
    ends_on = Day(required=True, allow_none=True)
    embargo_until = Moment(required=True, allow_none=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    hashtags = fields.List(fields.String(), required=True, metadata={"description": "Sets of hashtags, one text a set."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    version = fields.Integer(required=True)


class CampaignLine(Out):
    id = fields.Integer(required=True, attribute="campaign_id")
    name = fields.String(required=True)
    summary = fields.String(required=True)
    starts_on = Day(required=True, allow_none=True)
    ends_on = Day(required=True, allow_none=True)
    embargo_until = Moment(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True)
    posts = fields.Integer(required=True)
    published = fields.Integer(required=True)


class CampaignList(Out):
    items = fields.List(fields.Nested(CampaignLine), required=True)


class CampaignChange(Body):
    """What may be changed; what is left out stays as it is."""

    name = Line(least=1, most=160)
    summary = Lines(most=10_000)
    starts_on = Day(allow_none=True)
    ends_on = Day(allow_none=True)
    embargo_until = Moment(allow_none=True)
    owner_id = Number(least=1, allow_none=True)
    hashtags = Listed(Line(least=1, most=200), most=20)


class CampaignIn(CampaignChange):
    name = Line(least=1, most=160, required=True)


class ChannelsIn(Body):
    """On which channels the announcement is made from now on."""

    channel_ids = Listed(Number(least=1), most=200, required=True)


class ChannelLine(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class ChannelsOut(Out):
    campaign_id = fields.Integer(required=True)
    channels = fields.List(fields.Nested(ChannelLine), required=True, metadata={"description": "None: the campaign lists no channels."})


@reads()
@bp.response(200, CampaignList)
def index() -> dict[str, Any]:
    """Campaigns, the latest start first."""
    return {"items": queries.campaigns(g.db, limit=10_000)}


@creates("campaign.edit")
@bp.arguments(CampaignIn)
@bp.response(201, CampaignOut)
def create(given: dict[str, Any]) -> Any:
    """A new campaign."""
    return tagged(create_campaign(g.db, CampaignValues(**given), actor=g.user, now=g.now), status=201)


@reads()
@bp.response(200, CampaignOut)
def show(campaign_id: int) -> Any:
    """One campaign."""
    return tagged(queries.campaign(g.db, campaign_id))


@changes("campaign.edit")
@bp.arguments(CampaignChange)
@bp.response(200, CampaignOut)
def edit(given: dict[str, Any], campaign_id: int) -> Any:
    """Change it; what is left out stays. A later embargo holds its posts back, whatever was approved."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    edit_campaign(g.db, campaign, replace(campaign_values_of(campaign), **given), actor=g.user, now=g.now)
    return tagged(campaign)


@reads()
@bp.response(200, ChannelsOut)
def channels(campaign_id: int) -> Any:
    """The channels on which its sensitive announcement is made; a post of it on any other does not go out."""
    return _listed(queries.campaign(g.db, campaign_id))


@changes("campaign.edit")
@bp.arguments(ChannelsIn)
@bp.response(200, ChannelsOut)
def relist(given: dict[str, Any], campaign_id: int) -> Any:
    """List others. A post of it that waits elsewhere is held; refused for a campaign that announces nothing sensitive."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    listing.relist(g.db, campaign, given["channel_ids"], actor=g.user, now=g.now)
    return _listed(campaign)


def _listed(campaign: Campaign) -> Any:
    told = [{"id": number, "name": name} for number, name in listing.channels_of(g.db, campaign.id)]
    return tagged({"campaign_id": campaign.id, "channels": told}, tag=campaign.version)
