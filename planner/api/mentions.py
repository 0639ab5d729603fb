"""What others wrote about an asset."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Body, Line, Moment, Out, QueryNumber
from planner.catalog import queries as catalog
from planner.listening import queries

__all__ = ["bp"]

bp = Blueprint("api-mentions", __name__, description="What others wrote about assets.")


class MentionOut(Out):
    id = fields.Integer(required=True)
    at = Moment(required=True)
    timed = fields.Boolean(required=True, metadata={"description": "false: only the day was told, and “at” is its noon UTC."})
    network = fields.String(required=True, metadata={"description": "x, linkedin, youtube, facebook, instagram, threads, bluesky, mastodon, tiktok, reddit, or web for any other site."})
    site = fields.String(required=True, metadata={"description": "The host of its address; empty where no address was told."})
    outlet = fields.String(required=True)
    author = fields.String(required=True)
    address = fields.String(required=True)
    title = fields.String(required=True)
    excerpt = fields.String(required=True)


class MentionList(Out):
    items = fields.List(fields.Nested(MentionOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MentionQuery(Body):
    cursor = Line(most=400, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


@reads()
@bp.arguments(MentionQuery, location="query")
@bp.response(200, MentionList)
def of_asset(query: dict[str, Any], asset_id: int) -> Any:
    """An asset's mentions, the newest first, a page at a time. Texts are what the source told; an empty one was not told."""
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    return queries.mentions_of(g.db, asset.id, cursor=query["cursor"], limit=query["limit"])
