"""Messages published directly on the platforms: to read, to adopt under an asset, to ignore, and to put back."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Line, Moment, NoBody, Number, Out, QueryNumber
from planner.catalog import queries as catalog
from planner.channels.port import PostKind
from planner.insights import natives as numbers
from planner.publishing import native_queries, natives
from planner.publishing.models import NativeState

__all__ = ["bp"]

bp = Blueprint("api-native-posts", __name__, description="Published directly, not from here.")


class NativeOut(Out):
    id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    external_id = fields.String(required=True)
    url = fields.String(required=True)
    kind = Choice(PostKind, required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    published_at = Moment(required=True)
    found_at = Moment(required=True)
    gone_at = Moment(required=True, allow_none=True)
    state = Choice(NativeState, required=True)
    version = fields.Integer(required=True)


class NativeList(Out):
    items = fields.List(fields.Nested(NativeOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NativeQuery(Body):
    state = Choice(NativeState, load_default=NativeState.FOUND)
    channel_id = QueryNumber(least=1, load_default=None)
    cursor = Line(most=400, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


class Adoption(Body):
    asset_id = Number(least=1, required=True)


@reads()
@bp.arguments(NativeQuery, location="query")
@bp.response(200, NativeList)
def index(query: dict[str, Any]) -> Any:
    """Those nobody decided about, or those of another state, the newest first."""
    return native_queries.natives(g.db, **query)


@reads()
@bp.response(200, NativeOut)
def show(native_id: int) -> Any:
    """One message."""
    return tagged(native_queries.native(g.db, native_id))


@steps("native.decide")
@bp.arguments(Adoption)
@bp.response(200, NativeOut)
def adopt(given: dict[str, Any], native_id: int) -> Any:
    """Make it a published post about this asset; its numbers are collected from then on."""
    native = native_queries.native(g.db, native_id)
    expect(native.version)
    natives.adopt(g.db, native, catalog.asset(g.db, given["asset_id"], viewer=g.user), actor=g.user, now=g.now)
    return tagged(native)


@steps("native.decide")
@bp.arguments(NoBody, required=False)
@bp.response(200, NativeOut)
def ignore(_nothing: dict[str, Any], native_id: int) -> Any:
    """It is none of the plan's business: off the calendar."""
    native = native_queries.native(g.db, native_id)
    expect(native.version)
    natives.ignore(g.db, native, actor=g.user, now=g.now)
    return tagged(native)


@steps("native.decide")
@bp.arguments(NoBody, required=False)
@bp.response(200, NativeOut)
def put_back(_nothing: dict[str, Any], native_id: int) -> Any:
    """Open again as it was found; what was read of an adopted one no longer counts for its asset."""
    native = native_queries.native(g.db, native_id)
    expect(native.version)
    numbers.put_back(g.db, native, actor=g.user, now=g.now)
    return tagged(native)
