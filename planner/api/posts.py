"""Posts: one message about one asset, on one channel, at one moment. Their steps are in `post_steps`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import or_, select

from planner.accounts.rules import require
from planner.api.approvals import of_edit
from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, runtime, settings, tagged
from planner.api.fields import MAX_ID, Body, Choice, Line, Listed, Moment, Out, QueryNumber
from planner.api.post_bodies import FindingList, PostChange, PostIn, PostOut
from planner.api.problems import said
from planner.catalog import queries as catalog
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Limits
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.paging import Page, decode_cursor, encode_cursor
from planner.planning import queries, rules, service
from planner.planning.models import Origin, Post, PostState
from planner.planning.values import PostValues, values_of
from planner.publishing import queries as publishing

__all__ = ["bp", "limits_of", "shown"]

bp = Blueprint("api-posts", __name__, description="Messages on channels.")


class PostLine(Out):
    id = fields.Integer(required=True)
    asset_id = fields.Integer(required=True)
    asset_title = fields.String(required=True)
    channel_id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True, allow_none=True)
    origin = Choice(Origin, required=True)
    state = Choice(PostState, required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    publish_at = Moment(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    taken_down_at = Moment(required=True, allow_none=True)
    external_id = fields.String(required=True, allow_none=True)
    external_url = fields.String(required=True)
    version = fields.Integer(required=True)


class PostList(Out):
    items = fields.List(fields.Nested(PostLine), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Of the page after; null on the last."})


class PostQuery(Body):
    from_ = Moment(data_key="from", load_default=None, metadata={"description": "Posts for this moment or later."})
    to = Moment(load_default=None, metadata={"description": "Posts for a moment before this one."})
    state = Listed(Choice(PostState), most=20, load_default=list)
    channel_id = Listed(QueryNumber(least=1), most=100, load_default=list)
    asset_id = QueryNumber(least=1, load_default=None)
    campaign_id = QueryNumber(least=1, load_default=None)
    author_id = QueryNumber(least=1, load_default=None)
    cursor = Line(most=200, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


@reads()
@bp.arguments(PostQuery, location="query")
@bp.response(200, PostList)
def index(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Posts, newest first, a page at a time."""
    rows = g.db.execute(_statement(query)).all()
    more = len(rows) > query["limit"]
    items = [{**_columns(post), "asset_title": title} for post, title in rows[: query["limit"]]]
    return Page(items, encode_cursor(items[-1]["id"]) if more else None)


@creates("post.create")
@bp.arguments(PostIn)
@bp.response(201, PostOut)
def create(given: dict[str, Any]) -> Any:
    """Plan a draft."""
    asset = catalog.asset(g.db, given.pop("asset_id"), viewer=g.user)
    require(g.user, "post.create", asset)
    channel = g.db.get(Channel, given.pop("channel_id"))
    if channel is None:
        raise Invalid(N_("There is no such channel."), field="channel_id")
    post = service.plan(g.db, asset, channel, PostValues(**given), actor=g.user, now=g.now)
    return shown(post, status=201)


@reads()
@bp.response(200, PostOut)
def show(post_id: int) -> Any:
    """One post."""
    return shown(queries.post(g.db, post_id, viewer=g.user))


@reads()
@bp.response(200, FindingList)
def findings(post_id: int) -> dict[str, Any]:
    """What the rules say of it now: what blocks first, then what to think about."""
    post = queries.post(g.db, post_id, viewer=g.user)
    around = queries.surroundings(g.db, post)
    found = rules.findings(post, post.asset, post.campaign, post.channel, limits_of(post), g.now, around)
    return {
        "items": [
            {"level": one.level, "code": one.code, "detail": said(one.message, one.params), "field": one.field} for one in found
        ]
    }


@changes("post.edit")
@bp.arguments(PostChange)
@bp.response(200, PostOut)
def revise(given: dict[str, Any], post_id: int) -> Any:
    """Change it; what is left out stays. What was approved no longer holds."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    kept = values_of(post)
    if "publish_at" in given or "time_zone" in given:
        kept["wall_time"] = None
    service.revise(g.db, post, PostValues(**{**kept, **given}), four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return shown(post)


def shown(post: Post, status: int = 200) -> Any:
    """A post as the API answers with it, with its version as ETag."""
    _post, status, headers = tagged(post, status=status)
    asked = publishing.amendments_of(g.db, post)
    g.tells_more = bool(asked)
    body = _columns(post) | {
        "changes": [{**asdict(one), "steps": one.content.get("steps", []), "approval": of_edit(g.db, post, one)} for one in asked],
        "taken_down_reason": next((one.reason for one in asked if post.taken_down_at and one.is_taking_down), None),
        "cancelled_reason": _why_cancelled(post),
        "digest": rules.content_digest(post, post.asset, post.channel),
        "approvals": post.approvals,
    }
    return body, status, headers


def limits_of(post: Post) -> Limits:
    """What the post's platform takes."""
    limits: Limits = runtime().registry.limits(post.channel.platform)
    return limits


def _why_cancelled(post: Post) -> str | None:
    said = queries.cancellation_of(g.db, post) if post.state is PostState.CANCELLED else None
    return said.note if said else None


def _columns(post: Post) -> dict[str, Any]:
    return {column.key: getattr(post, column.key) for column in Post.__table__.columns}


def _statement(query: dict[str, Any]) -> Any:
    found = select(Post, Asset.title).join(Asset, Asset.id == Post.asset_id).order_by(Post.id.desc()).limit(query["limit"] + 1)
    known = queries.knows(g.user)
    if known is not None:
        found = found.where(or_(known, Post.author_id == g.user.id))
    if query["cursor"]:
        (last,) = decode_cursor(query["cursor"], parts=1)
        if not isinstance(last, int) or not 0 < last <= MAX_ID:
            raise Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
        found = found.where(Post.id < last)
    if query["from_"]:
        found = found.where(Post.publish_at >= query["from_"])
    if query["to"]:
        found = found.where(Post.publish_at < query["to"])
    for name in ("asset_id", "campaign_id", "author_id"):
        if query[name] is not None:
            found = found.where(getattr(Post, name) == query[name])
    if query["state"]:
        found = found.where(Post.state.in_(query["state"]))
    if query["channel_id"]:
        found = found.where(Post.channel_id.in_(query["channel_id"]))
    return found
