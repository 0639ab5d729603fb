"""A campaign's wave: what a shift of its embargo or first day would do to each post, the shift itself, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, runtime, settings, steps
from planner.api.fields import Body, Choice, Day, Item, Line, Listed, Moment, Number, Out, QueryNumber
from planner.api.post_bodies import FindingOut
from planner.api.problems import said
from planner.channels.port import Limits, Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import queries, waves
from planner.planning.models import Campaign, PostState
from planner.planning.moments import zone_of
from planner.planning.together import Shift
from planner.planning.values import CampaignValues, campaign_values_of
from planner.planning.waves import Move, Shifted

__all__ = ["bp"]

bp = Blueprint("api-waves", __name__, description="The posts of a campaign that move together.")
_DAYS = {"description": "By how many days all its posts move, by the clock of each one's zone, the campaign's own dates staying. In place of a date."}
#: As far as a page moves posts.
_FARTHEST = 800
_ZONE = {"description": "IANA zone whose clock decides what “the same time of day” means; without one that of the planner's settings."}


class WaveDates(Body):
    embargo_until = Moment(load_default=None, metadata={"description": "The new embargo."})
    starts_on = Day(load_default=None, metadata={"description": "The new first day, where the embargo stays."})
    time_zone = Line(most=64, load_default="", metadata=_ZONE)


class WaveShiftQuery(WaveDates):
    days = QueryNumber(least=-_FARTHEST, most=_FARTHEST, load_default=None, metadata=_DAYS)


class WaveMoveIn(Body):
    post_id = Number(least=1, required=True)
    version = Number(least=1, required=True, metadata={"description": "The post's, as the preview told it; another one is a conflict."})
    wall_time = Line(most=32, required=True, metadata={"description": "What the clock of its zone shows then, such as 2026-03-24T09:30."})
    fold = Number(most=1, load_default=None, allow_none=True, metadata={"description": "Of a time that comes twice: 0 the first, 1 the second."})


class WaveShiftIn(WaveDates):
    days = Number(least=-_FARTHEST, most=_FARTHEST, load_default=None, metadata=_DAYS)
    moves = Listed(Item(WaveMoveIn), most=500, load_default=None, metadata={"description": "Where each post goes; without them as the preview proposes. A post that is left out stays."})


class ShiftedOut(Out):
    post_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    channel = fields.String(required=True)
    was = Moment(required=True)
    wall_time = fields.String(required=True)
    time_zone = fields.String(required=True)
    at = Moment(required=True, allow_none=True, metadata={"description": "null: it cannot go there, and `refused` says why."})
    state = Choice(PostState, required=True)
    becomes = Choice(PostState, required=True, allow_none=True)
    refused = fields.String(required=True, allow_none=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    new = fields.List(fields.String(), required=True, metadata={"description": "Codes of findings that it does not have where it stands now."})


class WaveOut(Out):
    items = fields.List(fields.Nested(ShiftedOut), required=True)


class WaveDoneOut(Out):
    campaign_id = fields.Integer(required=True)
    entry_id = fields.Integer(required=True, metadata={"description": "What undo takes."})
    moved = fields.Integer(required=True)


class WaveUndoIn(Body):
    entry_id = Number(least=1, required=True)


class WaveUndoneOut(Out):
    campaign_id = fields.Integer(required=True)
    moved = fields.Integer(required=True)


@reads("campaign.edit")
@bp.arguments(WaveShiftQuery, location="query")
@bp.response(200, WaveOut)
def preview(query: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """Where each open post of the wave would go, and what the rules would say of it there. Changes nothing."""
    # The trial writes and takes it back, which what this request has read so far must not stand in the way of: a transaction of its own.
    with runtime().sessions() as db:
        campaign = queries.campaign(db, campaign_id)
        values = _values(campaign, query)
        rows = waves.preview(
            db, campaign, values, _proposed(db, campaign, values, query), limits_of=_limits_of, four_eyes=settings().four_eyes, actor=g.user, now=g.now
        )
        told = [_told(one) for one in rows]
        db.rollback()
    return {"items": told}


@steps("campaign.edit")
@bp.arguments(WaveShiftIn)
@bp.response(200, WaveDoneOut)
def shift(given: dict[str, Any], campaign_id: int) -> Any:
    """Change the campaign and move its posts, or by `days` its posts alone, all or none. If-Match names the campaign's version."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    values = _values(campaign, given)
    moves = _proposed(g.db, campaign, values, given)
    if given["moves"] is not None:
        moves = _asked(moves, given["moves"])
    entry = waves.shift(
        g.db, campaign, values, moves, version=campaign.version, limits_of=_limits_of, four_eyes=settings().four_eyes, actor=g.user, now=g.now
    )
    if values is None:
        campaign.updated_at = g.now
        flag_modified(campaign, "updated_at")  # Another version: what is sent twice with the same If-Match moves nothing twice.
    return _tagged(campaign, {"campaign_id": campaign.id, "entry_id": entry.id, "moved": len(moves)})


@steps("campaign.edit")
@bp.arguments(WaveUndoIn)
@bp.response(200, WaveUndoneOut)
def undo(given: dict[str, Any], campaign_id: int) -> Any:
    """Take a shift back: the campaign's dates and each post's moment; refused once one of them was changed again."""
    campaign = queries.campaign(g.db, campaign_id)
    expect(campaign.version)
    moved = waves.undo(g.db, campaign, given["entry_id"], limits_of=_limits_of, four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return _tagged(campaign, {"campaign_id": campaign.id, "moved": moved})


def _values(campaign: Campaign, given: dict[str, Any]) -> CampaignValues | None:
    """The campaign's values with the new date; None where its posts move by days. Raises Invalid when nothing of the wave would move."""
    asked = {name: given[name] for name in ("embargo_until", "starts_on") if given[name] is not None}
    if given["days"] is not None:
        if asked:
            raise Invalid(N_("Give a number of days, or another date, not both."), field="days")
        if not given["days"]:
            raise Invalid(N_("Nothing moves: give another number of days than 0."), field="days")
        return None
    values = replace(campaign_values_of(campaign), **asked)
    if not waves.is_shift(campaign, values):
        raise Invalid(N_("Nothing moves: give another embargo, or another first day, than the campaign has, or a number of days."), field="embargo_until")
    return values


def _proposed(db: Session, campaign: Campaign, values: CampaignValues | None, given: dict[str, Any]) -> list[Move]:
    if values is None:
        return waves.by(db, campaign, Shift(days=given["days"]), viewer=g.user)
    zone = given["time_zone"] or settings().time_zone
    zone_of(zone)
    return waves.proposed(db, campaign, values, viewer=g.user, zone=zone)


def _asked(proposed: Sequence[Move], asked: Sequence[dict[str, Any]]) -> list[Move]:
    """Each named post of the wave where the caller wants it. Raises Invalid for a post of no open wave here, one named twice, no time."""
    known = {one.post_id: one for one in proposed}
    numbers = [one["post_id"] for one in asked]
    if set(numbers) - known.keys() or len(set(numbers)) != len(numbers):
        raise Invalid(N_("Name each post once, and only posts that the preview shows."), field="moves")
    return [replace(known[one["post_id"]], version=one["version"], wall=_wall(one["wall_time"]), fold=one["fold"]) for one in asked]


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or not 1990 <= wall.year <= 2100:
        raise Invalid(N_("Write a date and time such as 2026-03-24T09:30."), field="moves")
    return wall


def _told(row: Shifted) -> dict[str, Any]:
    return {
        "post_id": row.move.post_id, "version": row.move.version, "title": row.title, "channel": row.channel, "was": row.was,
        "wall_time": row.move.wall.isoformat(timespec="minutes"), "time_zone": row.move.zone, "at": row.at, "state": row.state, "becomes": row.becomes,
        "refused": said(row.refused.message, row.refused.params) if row.refused else None,
        "findings": [{"level": one.level, "code": one.code, "detail": said(one.message, one.params), "field": one.field} for one in row.findings],
        "new": sorted(row.new),
    }  # fmt: skip


def _tagged(campaign: Campaign, body: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
    g.db.flush()
    return body, 200, {"ETag": f'"{campaign.version}"'}


def _limits_of(platform: Platform) -> Limits:
    limits: Limits = runtime().registry.limits(platform)
    return limits
