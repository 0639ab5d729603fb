"""What is done to a live post on its platform: other words, its end, what is missing of it; and a word on what was asked."""

from __future__ import annotations

from typing import Any

from flask import g

from planner.api.bodies import Blueprint
from planner.api.door import expect, settings, steps
from planner.api.fields import NoBody
from planner.api.post_bodies import ApproveChangeIn, EditLiveIn, PostOut, RefuseIn, TakeDownIn
from planner.api.posts import limits_of, shown
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import queries
from planner.planning.models import Post
from planner.publishing import amending

__all__ = ["bp"]

bp = Blueprint("api-post-changes", __name__, description="What is done to a live post on its platform.")


@steps("post.edit_live")
@bp.arguments(EditLiveIn)
@bp.response(200, PostOut)
def edit(given: dict[str, Any], post_id: int) -> Any:
    """Ask that a live post says something else; it goes to the platform once each step of its approval said yes."""
    post = _seen(post_id)
    limits, reason = limits_of(post), given.pop("reason")
    for name in given if amending.may_edit(post, limits) else ():
        if name not in limits.editable:
            raise Invalid(N_("Its platform does not let anybody change this."), field=name)
    amending.ask_edit(g.db, post, given, reason=reason, limits=limits, four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return shown(post)


@steps("post.take_down")
@bp.arguments(TakeDownIn)
@bp.response(200, PostOut)
def take_down(given: dict[str, Any], post_id: int) -> Any:
    """Take a live post off its platform; where no program can, record that a person did."""
    post = _seen(post_id)
    amending.take_down(g.db, post, reason=given["reason"], limits=limits_of(post), actor=g.user, now=g.now)
    return shown(post)


@steps("delivery.resolve")
@bp.arguments(NoBody, required=False)
@bp.response(200, PostOut)
def finish(_nothing: dict[str, Any], post_id: int) -> Any:
    """Try again what belongs to a live post and is missing, such as its first comment or its thumbnail."""
    post = _seen(post_id)
    amending.ask_finish(g.db, post, actor=g.user, now=g.now)
    return shown(post)


@steps("read")
@bp.arguments(ApproveChangeIn, required=False)
@bp.response(200, PostOut)
def approve(given: dict[str, Any], post_id: int, change_id: int) -> Any:
    """Say yes to exactly this edit; with the last step's yes it goes to the platform, else it stays in review."""
    post = _seen(post_id)
    amending.approve(
        g.db, amending.by_id(g.db, post, change_id), digest=given["digest"], limits=limits_of(post), four_eyes=settings().four_eyes,
        actor=g.user, now=g.now,
    )  # fmt: skip
    return shown(post)


@steps("read")
@bp.arguments(RefuseIn, required=False)
@bp.response(200, PostOut)
def refuse(given: dict[str, Any], post_id: int, change_id: int) -> Any:
    """Turn down, or take back, what has not gone out yet: whoever asked, an approver, or who is asked now."""
    post = _seen(post_id)
    amending.refuse(g.db, amending.by_id(g.db, post, change_id), note=given["note"], four_eyes=settings().four_eyes, actor=g.user, now=g.now)
    return shown(post)


@steps("delivery.resolve")
@bp.arguments(NoBody, required=False)
@bp.response(200, PostOut)
def again(_nothing: dict[str, Any], post_id: int, change_id: int) -> Any:
    """Try once more what failed; an edit keeps its approval."""
    post = _seen(post_id)
    amending.again(g.db, amending.by_id(g.db, post, change_id), actor=g.user, now=g.now)
    return shown(post)


def _seen(post_id: int) -> Post:
    """The post, if the caller may know of it and saw its current version."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    return post
