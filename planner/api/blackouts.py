"""Blackouts: planned quiet periods of whole days, and the planned posts inside one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Day, Line, Listed, Moment, NoBody, Number, Out, QueryNumber
from planner.core.errors import NotFound
from planner.planning import blackouts as service
from planner.planning.blackouts import BlackoutValues
from planner.planning.models import PostState
from planner.planning.quiet_models import Blackout

__all__ = ["bp"]

bp = Blueprint("api-blackouts", __name__, description="Planned quiet periods, on whole days of each channel's own calendar.")


class BlackoutOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    starts_on = Day(required=True)
    last_on = Day(required=True)
    channel_ids = fields.List(fields.Integer(), required=True, metadata={"description": "The channels it holds on; empty: every one."})
    version = fields.Integer(required=True)


class BlackoutList(Out):
    items = fields.List(fields.Nested(BlackoutOut), required=True)
    total = fields.Integer(required=True, metadata={"description": "How many there are, on all pages."})
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Of the page after; null on the last."})


class PostInside(Out):
    """A planned post on those days; without number and title where you may know only that something is planned."""

    post_id = fields.Integer(required=True, allow_none=True)
    title = fields.String(required=True, allow_none=True)
    channel_id = fields.Integer(required=True)
    state = Choice(PostState, required=True)
    publish_at = Moment(required=True)


class PostsInside(Out):
    items = fields.List(fields.Nested(PostInside), required=True)


class BlackoutQuery(Body):
    since = Day(load_default=None, metadata={"description": "Only what is not over on that day."})
    until = Day(load_default=None, metadata={"description": "Only what begins before that day."})
    sought = Line(most=200, data_key="q", load_default="", metadata={"description": "Every word of it is in the name."})
    cursor = Line(most=200, load_default=None)
    limit = QueryNumber(least=1, most=500, load_default=500)


class DaysQuery(Body):
    starts_on = Day(required=True)
    last_on = Day(load_default=None, metadata={"description": "Without it, that one day."})
    channel_ids = Listed(QueryNumber(least=1), most=200, load_default=list, data_key="channel_id", metadata={"description": "Without it, every channel."})


class BlackoutChange(Body):
    """What may be changed; what is left out stays as it is."""

    name = Line(least=1, most=160)
    starts_on = Day()
    last_on = Day()
    channel_ids = Listed(Number(least=1), most=200, metadata={"description": "The channels it holds on; empty: every one, also one added later."})


class BlackoutIn(BlackoutChange):
    name = Line(least=1, most=160, required=True)
    starts_on = Day(required=True)


@reads()
@bp.arguments(BlackoutQuery, location="query")
@bp.response(200, BlackoutList)
def index(given: dict[str, Any]) -> dict[str, Any]:
    """Blackouts, the earliest first, a page at a time."""
    page = service.blackouts(g.db, **given)
    asked = {name: given[name] for name in ("since", "until", "sought")}
    return {"items": page.items, "total": service.count(g.db, **asked), "next_cursor": page.next_cursor}


@reads()
@bp.arguments(DaysQuery, location="query")
@bp.response(200, PostsInside)
def posts(given: dict[str, Any]) -> dict[str, Any]:
    """The planned posts that a blackout on these days would hit, the first 200. Changes nothing."""
    service.checked(g.db, BlackoutValues("?", **given))
    found = service.inside(g.db, given["starts_on"], given["last_on"] or given["starts_on"], channel_ids=given["channel_ids"], viewer=g.user)
    return {"items": [one._asdict() | ({"post_id": None} if one.masked else {}) for one in found]}


@creates("blackout.edit")
@bp.arguments(BlackoutIn)
@bp.response(201, BlackoutOut)
def create(given: dict[str, Any]) -> Any:
    """A new blackout; without `last_on` it takes one day."""
    return tagged(service.add(g.db, BlackoutValues(**given), actor=g.user, now=g.now), status=201)


@reads()
@bp.response(200, BlackoutOut)
def show(blackout_id: int) -> Any:
    """One blackout."""
    return tagged(_blackout(blackout_id))


@changes("blackout.edit")
@bp.arguments(BlackoutChange)
@bp.response(200, BlackoutOut)
def edit(given: dict[str, Any], blackout_id: int) -> Any:
    """Change it; what is left out stays."""
    blackout = _blackout(blackout_id)
    expect(blackout.version)
    service.change(g.db, blackout, replace(service.values_of(blackout), **given), actor=g.user, now=g.now)
    return tagged(blackout)


@steps("blackout.edit")
@bp.arguments(NoBody, required=False)
@bp.response(200, BlackoutOut)
def remove(_given: dict[str, Any], blackout_id: int) -> Any:
    """Off the calendar and out of the rules."""
    blackout = _blackout(blackout_id)
    expect(blackout.version)
    service.remove(g.db, blackout, actor=g.user, now=g.now)
    return tagged(blackout)


@steps("blackout.edit")
@bp.arguments(NoBody, required=False)
@bp.response(200, BlackoutOut)
def put_back(_given: dict[str, Any], blackout_id: int) -> Any:
    """A removed one again, as it was; If-Match names the version that removing it answered with."""
    blackout = service.by_id(g.db, blackout_id)
    expect(blackout.version)
    service.put_back(g.db, blackout, actor=g.user, now=g.now)
    return tagged(blackout)


def _blackout(blackout_id: int) -> Blackout:
    blackout = service.by_id(g.db, blackout_id)
    if blackout.removed_at is not None:
        raise NotFound()
    return blackout
