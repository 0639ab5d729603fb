"""Deliveries: the outbox rows of approved posts, with every try to send them."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from planner.accounts.rules import may, require
from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Listed, Moment, NoBody, Out, QueryNumber
from planner.core.errors import NotFound
from planner.planning import queries as planning
from planner.planning.models import Post
from planner.publishing import queries, service
from planner.publishing.models import Delivery, DeliveryState, Hold, Result

__all__ = ["DeliveryOut", "bp"]

bp = Blueprint("api-deliveries", __name__, description="The outbox.")


class AttemptOut(Out):
    number = fields.Integer(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    result = Choice(Result, required=True, allow_none=True)
    reason = fields.String(required=True)


class DeliveryOut(Out):
    id = fields.Integer(required=True)
    post_id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    state = Choice(DeliveryState, required=True)
    hold = Choice(Hold, required=True, allow_none=True)
    due_at = Moment(required=True)
    next_at = Moment(required=True)
    tries = fields.Integer(required=True)
    reason = fields.String(required=True)
    undone = fields.List(
        fields.String(), required=True, metadata={"description": "What a live post still lacks, such as first_comment; a post's /finish tries it again."}
    )
    attempts = fields.List(fields.Nested(AttemptOut), required=True)


class DeliveryList(Out):
    items = fields.List(fields.Nested(DeliveryOut), required=True)


class DeliveryQuery(Body):
    state = Listed(Choice(DeliveryState), most=20, load_default=list)
    post_id = QueryNumber(least=1, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


@reads()
@bp.arguments(DeliveryQuery, location="query")
@bp.response(200, DeliveryList)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Newest deliveries first; those of one post or in some states when asked."""
    if query["post_id"] is not None:
        planning.post(g.db, query["post_id"], viewer=g.user)
        only = queries.delivery_of(g.db, query["post_id"])
        return {"items": [only] if only and (not query["state"] or only.state in query["state"]) else []}
    found = queries.recent(g.db, states=tuple(query["state"]), limit=query["limit"])
    known = _known({delivery.post_id for delivery in found})
    return {"items": [delivery for delivery in found if delivery.post_id in known]}


@reads()
@bp.response(200, DeliveryOut)
def show(delivery_id: int) -> Any:
    """One delivery with its attempts."""
    return _answer(_delivery(delivery_id))


@steps("delivery.resolve")
@bp.arguments(NoBody, required=False)
@bp.response(200, DeliveryOut)
def retry(_nothing: dict[str, Any], delivery_id: int) -> Any:
    """Send it now although its moment passed or its tries ran out; every check is asked again."""
    delivery = _delivery(delivery_id)
    require(g.user, "delivery.resolve", delivery.post)
    expect(_tag(queries.delivery_of(g.db, delivery.post_id)))
    service.retry(g.db, delivery, actor=g.user, now=g.now)
    g.db.flush()
    return _answer(delivery)


def _delivery(delivery_id: int) -> Delivery:
    delivery = g.db.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound()
    planning.post(g.db, delivery.post_id, viewer=g.user)
    return delivery  # type: ignore[no-any-return]


def _answer(delivery: Delivery) -> Any:
    view = queries.delivery_of(g.db, delivery.post_id)
    return tagged(view, _tag(view))


def _tag(view: Any) -> str:
    """A delivery has no version of its own: what can change stands in for one."""
    return f"{view.state}-{view.tries}-{len(view.attempts)}-{view.next_at.timestamp():.0f}"


def _known(post_ids: set[int]) -> set[int]:
    """Which of these posts this person may know of."""
    posts = g.db.scalars(select(Post).where(Post.id.in_(post_ids)).options(joinedload(Post.asset)))
    return {post.id for post in posts if may(g.user, "read", post)}
