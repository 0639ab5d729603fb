"""The verbs of approval: approve a step, request changes; each is about exactly the content that was read. None commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.channels.port import Limits
from planner.core.errors import Conflict, Forbidden, Invalid, WrongState
from planner.core.i18n import N_
from planner.planning import routes, rules, states
from planner.planning.models import Approval, Post, PostState, Verb
from planner.planning.saying import digest_of, findings_of, into, record, say
from planner.planning.steps import Standing, StepStanding

__all__ = ["approve", "completes", "last_read", "may_answer", "may_request_changes", "request_changes", "settle", "still_approved"]


def approve(
    db: Session,
    post: Post,
    *,
    digest: str | None = None,
    note: str = "",
    limits: Limits | None = None,
    four_eyes: str = "releases",
    actor: User | None,
    now: datetime,
) -> Post:
    """Say yes to exactly this content at this moment, in the step that is asked now; with the last step's yes the post is approved.

    digest -- of what the approver was looking at; when the post has another one by now, Conflict. None: not told.
    Raises Forbidden for who is not asked, SelfApproval, Conflict, WrongState for a second yes, and what blocks, as `submit` does.
    """
    require(actor, "read", post)
    if not states.allows(post.state, "approve"):
        require(actor, "post.approve", post)
        states.require(post, "approve")
    current = digest_of(post)
    stands = routes.standing_of(db, post, current, four_eyes)
    if not may_answer(stands.asked, post, actor):
        if any(actor is not None and word.by_id == actor.id for one in stands.steps for word in one.words):
            raise WrongState(N_("You have said yes to this already. It waits for others now."))
        raise Forbidden()
    if digest is not None and digest != current:
        raise Conflict(N_("This post was changed after you opened it. Read it again, then approve."))
    rules.check_four_eyes(post, post.asset, post.campaign, actor, four_eyes)
    rules.refuse(findings_of(db, post, limits, now))
    say(post, Verb.APPROVED, note, actor, now, step=stands.asked.step.key)
    settle(db, post, routes.standing_of(db, post, current, four_eyes), actor, now, note=note)
    return post


def settle(db: Session, post: Post, stands: Standing, actor: User | None, now: datetime, *, note: str = "", name: str = "") -> None:
    """After a yes: approved when every step has its own, else still in review. `name`: who said it, where it was no user."""
    if stands.whole:
        into(db, post, PostState.APPROVED, "post.approved", actor, now, note=note, name=name)
        post.approved_digest = digest_of(post)
    else:
        post.updated_at = now
        record(db, actor, "post.step_approved", post, now, note=note, name=name, became={"steps": f"{stands.done}/{len(stands.steps)}"})


def may_answer(asked: StepStanding, post: Post, actor: User | None) -> bool:
    """Whether this person's yes counts in this step as it stands: they are asked and have not answered."""
    if actor is None:
        return True
    if not may(actor, "read", post) or actor.id in asked.spent:
        return False
    approves = may(actor, "post.approve", post)
    if asked.step.anybody:
        return approves or may(actor, "post.submit", post)
    mine = asked.step.seats_of(actor.id, actor.role_names)
    if asked.done:
        return bool(mine) if asked.step.seats else approves
    return any(seat in asked.missing for seat in mine) if asked.missing else approves


def completes(stands: Standing, post: Post, actor: User | None) -> bool:
    """Whether this person's yes is all that is missing."""
    asked = stands.asked
    last = len(stands.steps) - stands.done <= 1
    alone = actor is None or not asked.step.everyone or set(asked.missing) <= set(asked.step.seats_of(actor.id, actor.role_names))
    return last and alone and may_answer(asked, post, actor)


def may_request_changes(asked: StepStanding, post: Post, actor: User | None) -> bool:
    """Whoever may approve, and whoever is asked now."""
    return may(actor, "post.approve", post) or may_answer(asked, post, actor)


def request_changes(db: Session, post: Post, *, note: str, actor: User | None, now: datetime) -> Post:
    """Send a post back to its author with what to change. Raises Invalid without a note."""
    if not may(actor, "post.approve", post):
        require(actor, "read", post)
        if post.state is not PostState.IN_REVIEW or not may_answer(routes.standing_of(db, post, digest_of(post)).asked, post, actor):
            raise Forbidden()
    states.require(post, "request_changes")
    if not note.strip():
        raise Invalid(N_("Say what should change."), field="note")
    say(post, Verb.CHANGES_REQUESTED, note.strip(), actor, now)
    into(db, post, PostState.CHANGES_REQUESTED, "post.changes_requested", actor, now, note=note.strip())
    post.approved_digest = None
    return post


def still_approved(db: Session, post: Post, digest: str, four_eyes: str = "releases") -> bool:
    """Whether every step said yes to exactly this content and moment, and nobody has spoken against the post since.

    An approval is of one exact content: a post that is moved and moved back, or changed and changed back, is again
    what was approved.
    """
    return routes.standing_of(db, post, digest, four_eyes).whole


def last_read(post: Post, viewer: User | None) -> Approval | None:
    """What the viewer had before them when they last said something of this post, else what anybody had; None when nothing was kept."""
    kept = [one for one in post.approvals if one.content is not None]
    own = [one for one in kept if viewer is not None and one.by_id == viewer.id]
    return next(reversed(own or kept), None)
