"""Comments on a post, or on some of its words; they hold nothing up."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, steps
from planner.api.fields import Body, Line, Lines, Moment, NoBody, Out
from planner.planning import comments, queries

__all__ = ["bp"]

bp = Blueprint("api-comments", __name__, description="Remarks on posts.")


class CommentOut(Out):
    id = fields.Integer(required=True)
    text = fields.String(required=True)
    quote = fields.String(required=True, metadata={"description": "The words of the post it is about; may be empty."})
    outdated = fields.Boolean(required=True, metadata={"description": "Those words are not in the post any more."})
    by_id = fields.Integer(required=True, allow_none=True)
    by_name = fields.String(required=True)
    at = Moment(required=True)
    settled_at = Moment(required=True, allow_none=True)
    settled_by = fields.String(required=True)


class CommentList(Out):
    items = fields.List(fields.Nested(CommentOut), required=True)


class CommentIn(Body):
    text = Lines(least=1, most=2000, required=True)
    quote = Line(most=600, load_default="", metadata={"description": "Words copied from the post."})


@reads()
@bp.response(200, CommentList)
def index(post_id: int) -> dict[str, Any]:
    """The comments of a post, open ones first."""
    return {"items": comments.of_post(g.db, queries.post(g.db, post_id, viewer=g.user))}


@steps("read")
@bp.arguments(CommentIn)
@bp.response(200, CommentList)
def add(given: dict[str, Any], post_id: int) -> Any:
    """Say something about the post; the comments as they are then. If-Match names the version of the post that was read."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    comments.add(g.db, post, given["text"], quote=given["quote"], actor=g.user, now=g.now)
    return {"items": comments.of_post(g.db, post)}


@steps("read")
@bp.arguments(NoBody, required=False)
@bp.response(200, CommentList)
def settle(_nothing: dict[str, Any], post_id: int, comment_id: int) -> Any:
    """Say that a comment is dealt with; a second time changes nothing."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    comments.settle(g.db, post, comment_id, actor=g.user, now=g.now)
    g.db.flush()
    return {"items": comments.of_post(g.db, post)}
