"""Events: trade shows, conferences, what rivals announce."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Day, Line, Moment, NoBody, Out, QueryNumber
from planner.core.errors import NotFound
from planner.people import events as service
from planner.people.events import EventValues
from planner.people.models import Event, EventKind

__all__ = ["bp"]

bp = Blueprint("api-events", __name__, description="What happens in the world, on whole days.")


class EventOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = Choice(EventKind, required=True)
    rival = fields.String(required=True, metadata={"description": "The competitor whose it is; empty: ours, or nobody's."})
    starts_on = Day(required=True)
    last_on = Day(required=True)
    place = fields.String(required=True)
    url = fields.String(required=True)
    note = fields.String(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    version = fields.Integer(required=True)


class EventList(Out):
    items = fields.List(fields.Nested(EventOut), required=True)
    total = fields.Integer(required=True, metadata={"description": "How many there are, on all pages."})
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Of the page after; null on the last."})


class EventQuery(Body):
    since = Day(load_default=None, metadata={"description": "Only what is not over on that day."})
    until = Day(load_default=None, metadata={"description": "Only what begins before that day."})
    sought = Line(most=200, data_key="q", load_default="", metadata={"description": "Every word of it is in the name, the rival or the place."})
    cursor = Line(most=200, load_default=None)
    limit = QueryNumber(least=1, most=500, load_default=500)


class EventChange(Body):
    """What may be changed; what is left out stays as it is."""

    name = Line(least=1, most=160)
    kind = Choice(EventKind)
    rival = Line(most=120)
    starts_on = Day()
    last_on = Day()
    place = Line(most=160)
    url = Line(most=2000)
    note = Line(most=500)


class EventIn(EventChange):
    name = Line(least=1, most=160, required=True)
    starts_on = Day(required=True)


@reads()
@bp.arguments(EventQuery, location="query")
@bp.response(200, EventList)
def index(given: dict[str, Any]) -> dict[str, Any]:
    """Events, the earliest first, a page at a time."""
    page = service.events(g.db, **given)
    asked = {name: given[name] for name in ("since", "until", "sought")}
    return {"items": page.items, "total": service.count(g.db, **asked), "next_cursor": page.next_cursor}


@creates("event.edit")
@bp.arguments(EventIn)
@bp.response(201, EventOut)
def create(given: dict[str, Any]) -> Any:
    """A new event; without `last_on` it takes one day."""
    return tagged(service.add(g.db, EventValues(**given), actor=g.user, now=g.now), status=201)


@reads()
@bp.response(200, EventOut)
def show(event_id: int) -> Any:
    """One event."""
    return tagged(_event(event_id))


@changes("event.edit")
@bp.arguments(EventChange)
@bp.response(200, EventOut)
def edit(given: dict[str, Any], event_id: int) -> Any:
    """Change it; what is left out stays."""
    event = _event(event_id)
    expect(event.version)
    service.change(g.db, event, replace(service.values_of(event), **given), actor=g.user, now=g.now)
    return tagged(event)


@steps("event.edit")
@bp.arguments(NoBody, required=False)
@bp.response(200, EventOut)
def remove(_given: dict[str, Any], event_id: int) -> Any:
    """Off the calendar."""
    event = _event(event_id)
    expect(event.version)
    service.remove(g.db, event, actor=g.user, now=g.now)
    return tagged(event)


@steps("event.edit")
@bp.arguments(NoBody, required=False)
@bp.response(200, EventOut)
def put_back(_given: dict[str, Any], event_id: int) -> Any:
    """A removed one again, as it was; If-Match names the version that removing it answered with."""
    event = service.by_id(g.db, event_id)
    expect(event.version)
    service.put_back(g.db, event, actor=g.user, now=g.now)
    return tagged(event)


def _event(event_id: int) -> Event:
    event = service.by_id(g.db, event_id)
    if event.removed_at is not None:
        raise NotFound()
    return event
