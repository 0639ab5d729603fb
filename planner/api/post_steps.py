"""The steps of a post on its way out: submit, approve, request changes, withdraw, move, cancel, restore."""

from __future__ import annotations

from typing import Any

from flask import g

from planner.api.bodies import Blueprint
from planner.api.door import expect, settings, steps
from planner.api.fields import NoBody
from planner.api.post_bodies import ApproveIn, CancelIn, MoveIn, NoteIn, PostOut
from planner.api.posts import limits_of, shown
from planner.planning import queries, service, together
from planner.planning.models import Post
from planner.planning.together import Doing

__all__ = ["bp"]

bp = Blueprint("api-post-steps", __name__, description="The steps of a post on its way out.")


@steps("post.submit")
@bp.arguments(NoBody, required=False)
@bp.response(200, PostOut)
def submit(_nothing: dict[str, Any], post_id: int) -> Any:
    """Ask for approval."""
    post = _seen(post_id)
    service.submit(g.db, post, limits=limits_of(post), four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return shown(post)


@steps("read")
@bp.arguments(ApproveIn, required=False)
@bp.response(200, PostOut)
def approve(values: dict[str, Any], post_id: int) -> Any:
    """Say yes to exactly this content at this moment; with the last step's yes it is approved, else it stays in review."""
    post = _seen(post_id)
    service.approve(
        g.db, post, **values, limits=limits_of(post), four_eyes=settings().four_eyes, actor=g.user, now=g.now
    )  # fmt: skip
    return shown(post)


@steps("read")
@bp.arguments(NoteIn)
@bp.response(200, PostOut)
def request_changes(values: dict[str, Any], post_id: int) -> Any:
    """Send it back to its author with what to change."""
    post = _seen(post_id)
    service.request_changes(g.db, post, note=values["note"], actor=g.user, now=g.now)
    return shown(post)


@steps("read")
@bp.arguments(NoBody, required=False)
@bp.response(200, PostOut)
def withdraw(_nothing: dict[str, Any], post_id: int) -> Any:
    """Take it out of review, or an approved one off its way, back to draft."""
    post = _seen(post_id)
    service.withdraw(g.db, post, actor=g.user, now=g.now)
    return shown(post)


@steps("post.move")
@bp.arguments(MoveIn)
@bp.response(200, PostOut)
def move(values: dict[str, Any], post_id: int) -> Any:
    """Give it a new moment; an approved one goes back to review unless the mover may approve it."""
    post = _seen(post_id)
    service.move(
        g.db, post, values["publish_at"], zone=values["time_zone"], limits=limits_of(post), four_eyes=settings().four_eyes, actor=g.user,
        now=g.now,
    )  # fmt: skip
    return shown(post)


@steps("post.cancel")
@bp.arguments(CancelIn)
@bp.response(200, PostOut)
def cancel(values: dict[str, Any], post_id: int) -> Any:
    """Drop it, and say why; restore brings it back."""
    post = _seen(post_id)
    together.cancel(g.db, [post], values["reason"], Doing(lambda _platform: limits_of(post), settings().four_eyes, g.user, g.now))
    return shown(post)


@steps("post.cancel")
@bp.arguments(NoBody, required=False)
@bp.response(200, PostOut)
def restore(_nothing: dict[str, Any], post_id: int) -> Any:
    """Bring a cancelled one back."""
    post = _seen(post_id)
    service.restore(g.db, post, limits=limits_of(post), four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return shown(post)


def _seen(post_id: int) -> Post:
    """The post, if the caller may know of it and saw its current version."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    return post
