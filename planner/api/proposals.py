"""The wave that a template proposes for a campaign: what would be planned, the drafts themselves, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select

from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, runtime, steps
from planner.api.fields import Body, Line, Listed, Number, Out
from planner.api.fields import Item as Inner
from planner.api.post_bodies import FindingOut
from planner.api.problems import said
from planner.channels.models import Channel
from planner.core.errors import Invalid, Refused
from planner.core.i18n import N_
from planner.planning import proposals, queries
from planner.planning.proposals import Draft
from planner.planning.templates import BY_CODE, Template, anchor_of, propose

__all__ = ["bp"]

bp = Blueprint("api-proposals", __name__, description="Waves that templates propose.")
_TEMPLATE = {"enum": list(BY_CODE)}


class ProposalQuery(Body):
    template = Line(least=1, most=40, required=True, metadata=_TEMPLATE)


class ProposedOut(Out):
    part = fields.String(required=True, metadata={"description": "What role the asset plays in the template."})
    asset_id = fields.Integer(required=True, metadata={"description": "The first that fits and is ready; take another if you like."})
    channel_id = fields.Integer(required=True)
    wall_time = fields.String(required=True)
    time_zone = fields.String(required=True)
    refused = fields.String(required=True, allow_none=True, metadata={"description": "Why it cannot be planned."})
    findings = fields.List(fields.Nested(FindingOut), required=True)


class ProposalOut(Out):
    items = fields.List(fields.Nested(ProposedOut), required=True)


class TakenPostIn(Body):
    asset_id = Number(least=1, required=True)
    channel_id = Number(least=1, required=True)
    wall_time = Line(most=32, required=True, metadata={"description": "What the clock of the channel's zone shows then."})
    fold = Number(most=1, load_default=None, allow_none=True, metadata={"description": "Of a time that comes twice: 0 the first, 1 the second."})


class ProposalTakeIn(ProposalQuery):
    posts = Listed(Inner(TakenPostIn), most=500, required=True)


class ProposalTakenOut(Out):
    campaign_id = fields.Integer(required=True)
    entry_id = fields.Integer(required=True, metadata={"description": "What drop takes."})
    made = fields.Integer(required=True)


class ProposalDropIn(Body):
    entry_id = Number(least=1, required=True)


class ProposalDroppedOut(Out):
    campaign_id = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)


@reads("campaign.edit")
@bp.arguments(ProposalQuery, location="query")
@bp.response(200, ProposalOut)
def show(query: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """The posts that a template proposes around the campaign's embargo or first day, and what the rules would say. Changes nothing."""
    template = _template(query["template"])
    # The trial writes and takes it back, which what this request has read so far must not stand in the way of: a transaction of its own.
    with runtime().sessions() as db:
        campaign = queries.campaign(db, campaign_id)
        anchor = anchor_of(campaign.embargo_until, campaign.starts_on, campaign.ends_on)
        if anchor is None:
            raise Refused(N_("Give the campaign an embargo or a first day: the wave hangs on it."))
        offered = {part.code: proposals.assets_for(db, part, viewer=g.user) for part in template.parts}
        chosen = {code: next((number for number, _title, ready in found if ready), 0) for code, found in offered.items()}
        wave = propose(template, anchor, {code: number for code, number in chosen.items() if number}, db.scalars(select(Channel).order_by(Channel.name)))
        drafts = [Draft(one.asset_id, one.channel_id, one.wall) for one in wave]
        tried = proposals.preview(db, campaign, drafts, limits_of=runtime().registry.limits, actor=g.user, now=g.now)
        told = [
            {
                "part": one.step.part, "asset_id": one.asset_id, "channel_id": one.channel_id, "wall_time": one.wall.isoformat(timespec="minutes"), "time_zone": one.zone,
                "refused": said(result.refused.message, result.refused.params) if result.refused else None,
                "findings": [{"level": found.level, "code": found.code, "detail": said(found.message, found.params), "field": found.field} for found in result.findings],
            }
            for one, result in zip(wave, tried, strict=True)
        ]  # fmt: skip
        db.rollback()
    return {"items": told}


@steps("campaign.edit")
@bp.arguments(ProposalTakeIn)
@bp.response(200, ProposalTakenOut)
def take(given: dict[str, Any], campaign_id: int) -> Any:
    """Make these posts as drafts of the campaign, all or none. If-Match names the campaign's version."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    drafts = [Draft(one["asset_id"], one["channel_id"], _wall(one["wall_time"]), one["fold"]) for one in given["posts"]]
    entry = proposals.take(g.db, campaign, _template(given["template"]).code, drafts, version=campaign.version, actor=g.user, now=g.now)
    g.db.flush()
    return {"campaign_id": campaign.id, "entry_id": entry.id, "made": len(drafts)}, 200, {"ETag": f'"{campaign.version}"'}


@steps("campaign.edit")
@bp.arguments(ProposalDropIn)
@bp.response(200, ProposalDroppedOut)
def drop(given: dict[str, Any], campaign_id: int) -> Any:
    """Cancel the drafts that one taking made and that nobody touched since."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    return {"campaign_id": campaign.id, "cancelled": proposals.drop(g.db, campaign, given["entry_id"], actor=g.user, now=g.now)}


def _template(code: str) -> Template:
    if code not in BY_CODE:
        raise Invalid(N_("There is no such template."), field="template")
    return BY_CODE[code]


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or not 1990 <= wall.year <= 2100:
        raise Invalid(N_("Write a date and time such as 2026-03-24T09:30."), field="posts")
    return wall
