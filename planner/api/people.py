"""The register of people: whom posts may mention, and what each platform calls them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Flag, Line, Lines, Moment, NoBody, Out, QueryNumber
from planner.people import queries, service
from planner.people.person_models import Person, Tier
from planner.people.rules import PersonValues
from planner.planning import mentions

__all__ = ["bp"]

bp = Blueprint("api-people", __name__, description="Whom posts may mention.")


class PersonOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True)
    role = fields.String(required=True)
    tier = Choice(Tier, required=True)
    x_handle = fields.String(required=True)
    linkedin_urn = fields.String(required=True)
    linkedin_name = fields.String(required=True)
    linkedin_vanity = fields.String(required=True)
    note = fields.String(required=True)
    may_be_named = fields.Boolean(required=True, allow_none=True, metadata={"description": "null: nobody asked."})
    mention = fields.Function(mentions.token, required=True, metadata={"type": "string", "description": "What stands in a post's text to mention them."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    version = fields.Integer(required=True)


class PersonList(Out):
    items = fields.List(fields.Nested(PersonOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PeopleQuery(Body):
    sought = Line(most=200, data_key="q", load_default="", metadata={"description": "Every word of it begins a word of the name, organisation, role or handle."})
    tier = Choice(Tier, load_default=None)
    cursor = Line(most=600, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


class PersonChange(Body):
    """What may be changed; what is left out stays as it is."""

    name = Line(least=1, most=120)
    organisation = Line(most=160)
    role = Line(most=160)
    tier = Choice(Tier)
    x_handle = Line(most=200)
    linkedin_urn = Line(most=200)
    linkedin_name = Line(most=120)
    linkedin_vanity = Line(most=200)
    note = Lines(most=4000)
    may_be_named = Flag(allow_none=True)


class PersonIn(PersonChange):
    name = Line(least=1, most=120, required=True)


class GoneOut(Out):
    id = fields.Integer(required=True)


@reads()
@bp.arguments(PeopleQuery, location="query")
@bp.response(200, PersonList)
def index(query: dict[str, Any]) -> Any:
    """Entries by name."""
    return queries.people(g.db, **query)


@creates("person.edit")
@bp.arguments(PersonIn)
@bp.response(201, PersonOut)
def create(given: dict[str, Any]) -> Any:
    """A new entry."""
    return tagged(service.add(g.db, PersonValues(**given), actor=g.user, now=g.now), status=201)


@reads()
@bp.response(200, PersonOut)
def show(person_id: int) -> Any:
    """One entry."""
    return tagged(queries.person(g.db, person_id))


@changes("person.edit")
@bp.arguments(PersonChange)
@bp.response(200, PersonOut)
def edit(given: dict[str, Any], person_id: int) -> Any:
    """Change it; what is left out stays. Approved posts that mention them in another form now are asked about again before they leave."""
    person = queries.person(g.db, person_id)
    expect(person.version)
    service.edit(g.db, person, replace(service.values_of(person), **given), actor=g.user, now=g.now)
    return tagged(person)


@steps("person.edit")
@bp.arguments(NoBody, required=False)
@bp.response(200, GoneOut)
def remove(_nothing: dict[str, Any], person_id: int) -> dict[str, Any]:
    """Take it out of the register; refused while a post that has not gone out mentions them."""
    person: Person = queries.person(g.db, person_id)
    expect(person.version)
    mentions.check_removal(g.db, person)
    service.remove(g.db, person, actor=g.user, now=g.now)
    return {"id": person_id}
