"""Where the approval of a post stands: each step, whose yes it has and lacks, everything that was said; and what waits for a yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import g
from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.api.bodies import Blueprint
from planner.api.door import reads, settings
from planner.api.fields import Body, Choice, Flag, Moment, Out, QueryNumber
from planner.core.errors import SelfApproval
from planner.planning import approving, queries, routes, rules, steps
from planner.planning.models import Post, PostState, Verb
from planner.planning.saying import digest_of
from planner.planning.steps import Seat, Standing, Step, StepStanding
from planner.planning.waiting import Waiting, waiting
from planner.publishing import edit_steps
from planner.publishing.models import AmendmentKind, AmendmentState
from planner.publishing.queries import AmendmentLine

__all__ = ["EditStanding", "bp", "of_edit"]

bp = Blueprint("api-approvals", __name__, description="Whose yes a post has, and whose it lacks.")

#: What `asks` may be about.
_SEATS = ("person", "role", "guest")
#: Where a step may stand.
_STANDS = ("done", "asked", "later")


class SeatOut(Out):
    kind = fields.String(required=True, validate=validate.OneOf(_SEATS), metadata={"description": "A person, anybody with a role, or somebody outside through a link."})
    user_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True, metadata={"description": "The person's name, or the role's key; empty for somebody outside."})
    answered = fields.Boolean(required=True, metadata={"description": "Said yes to the content as it stands."})
    missing = fields.Boolean(required=True, metadata={"description": "Their yes is one of those the step still waits for."})


class WordOut(Out):
    verb = Choice(Verb, required=True)
    step = fields.String(required=True, metadata={"description": "Key of the step it was said in."})
    by_id = fields.Integer(required=True, allow_none=True)
    by_name = fields.String(required=True)
    outside = fields.Boolean(required=True, metadata={"description": "Said through a link, by somebody without an account."})
    at = Moment(required=True)
    digest = fields.String(required=True, metadata={"description": "Of the content it was said of."})
    counts = fields.Boolean(required=True, metadata={"description": "It is a yes to the content as it stands, and a step counts it."})
    note = fields.String(required=True)


class StepOut(Out):
    key = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "As an administrator called it; may be empty."})
    stands = fields.String(required=True, validate=validate.OneOf(_STANDS), metadata={"description": "asked: it is this step's turn. A post that nobody submitted asks nobody."})
    rule = fields.String(
        required=True, validate=validate.OneOf(("any", "all", "none")),
        metadata={"description": "One yes of those in `asks`, the yes of each, or none: submitting approves."},
    )  # fmt: skip
    asks = fields.List(fields.Nested(SeatOut), required=True, metadata={"description": "Whom it asks; empty: anybody who may approve."})
    due_at = Moment(required=True, allow_none=True, metadata={"description": "By when it should answer; null while the post has no moment."})
    remind_at = Moment(required=True, allow_none=True, metadata={"description": "When those who have not answered are reminded; null: never."})


class EditStanding(Out):
    asked_step = fields.String(required=True, metadata={"description": "Key of the step whose turn it is."})
    may_approve = fields.Boolean(required=True, metadata={"description": "Your own yes counts now."})
    steps = fields.List(fields.Nested(StepOut), required=True, metadata={"description": "Those of its post, in the order in which they are asked; no answer is due by a moment."})
    said = fields.List(fields.Nested(WordOut), required=True, metadata={"description": "Each yes to this edit, the oldest first."})


class ApprovalStanding(Out):
    post_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    state = Choice(PostState, required=True)
    digest = fields.String(required=True, metadata={"description": "Of the content as it stands; hand it to approve."})
    approved_digest = fields.String(required=True, allow_none=True)
    complete = fields.Boolean(required=True, metadata={"description": "Every step said yes to the content as it stands."})
    asked_step = fields.String(required=True, allow_none=True, metadata={"description": "Key of the step whose turn it is; null: nobody is asked."})
    may_approve = fields.Boolean(required=True, metadata={"description": "Your own yes counts now."})
    may_request_changes = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(StepOut), required=True, metadata={"description": "In the order in which they are asked."})
    said = fields.List(fields.Nested(WordOut), required=True, metadata={"description": "Everything that was ever said, the oldest first."})


class WaitingOut(Out):
    post_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    channel_id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True, allow_none=True)
    publish_at = Moment(required=True, allow_none=True)
    digest = fields.String(required=True)
    step = fields.String(required=True, metadata={"description": "Key of the step that is asked."})
    step_name = fields.String(required=True)
    steps_done = fields.Integer(required=True)
    steps = fields.Integer(required=True)
    due_at = Moment(required=True, allow_none=True)
    may_approve = fields.Boolean(required=True)


class EditOut(Out):
    post_id = fields.Integer(required=True)
    version = fields.Integer(required=True, metadata={"description": "Of the post."})
    change_id = fields.Integer(required=True)
    title = fields.String(required=True)
    channel_id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True, allow_none=True)
    asked_by = fields.String(required=True)
    asked_at = Moment(required=True)
    digest = fields.String(required=True)
    step = fields.String(required=True, metadata={"description": "Key of the step that is asked."})
    step_name = fields.String(required=True)
    steps_done = fields.Integer(required=True)
    steps = fields.Integer(required=True)
    may_approve = fields.Boolean(required=True)


class WaitingList(Out):
    items = fields.List(fields.Nested(WaitingOut), required=True)
    edits = fields.List(fields.Nested(EditOut), required=True, metadata={"description": "Edits of live posts in review, the one that waits longest first."})


class WaitingQuery(Body):
    mine = Flag(load_default=False, metadata={"description": "Only where your own yes counts now."})
    campaign_id = QueryNumber(least=1, load_default=None)
    limit = QueryNumber(least=1, most=500, load_default=200, metadata={"description": "How many posts in review are looked at, the soonest to go out first."})


@reads()
@bp.arguments(WaitingQuery, location="query")
@bp.response(200, WaitingList)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Posts in review, what is due first before the others, and edits of live posts, each with the step that is asked."""
    edits = edit_steps.waiting(g.db, viewer=g.user, four_eyes=settings().four_eyes, campaign_id=query["campaign_id"], limit=query["limit"])
    found = waiting(g.db, viewer=g.user, four_eyes=settings().four_eyes, campaign_id=query["campaign_id"], limit=query["limit"])
    return {
        "items": [_line(one) for one in found if one.mine or not query["mine"]],
        "edits": [_edit_line(one) for one in edits if one.mine or not query["mine"]],
    }


@reads()
@bp.response(200, ApprovalStanding)
def show(post_id: int) -> Any:
    """The steps of a post: who is asked, by when, who decided what on which content, and what is asked next."""
    post = queries.post(g.db, post_id, viewer=g.user)
    digest, four_eyes = digest_of(post), settings().four_eyes
    stands = routes.standing_of(g.db, post, digest, four_eyes)
    names = _names(g.db, [one.step for one in stands.steps])
    waits = post.state is PostState.IN_REVIEW
    counted = {id(word) for one in stands.steps for word in one.words}
    return {
        "post_id": post.id, "version": post.version, "state": post.state, "digest": digest, "approved_digest": post.approved_digest,
        "complete": stands.whole, "asked_step": stands.asked.step.key if waits else None,
        "may_approve": waits and approving.may_answer(stands.asked, post, g.user) and not _needs_other(post, four_eyes),
        "may_request_changes": waits and approving.may_request_changes(stands.asked, post, g.user),
        "steps": [_step(one, stands, post.publish_at, names, waits=waits) for one in stands.steps],
        "said": [
            {
                "verb": one.verb, "step": one.step, "by_id": one.by_id, "by_name": one.by_name, "outside": one.guest_id is not None, "at": one.at,
                "digest": one.digest, "counts": id(one) in counted, "note": one.note,
            }
            for one in post.approvals
        ],
    }  # fmt: skip


def of_edit(db: Session, post: Post, edit: AmendmentLine) -> dict[str, Any] | None:
    """Where the approval of an edit stands; None when it does not wait for one, as nothing does once the post is taken down. Up to two statements."""
    if edit.kind is not AmendmentKind.EDIT or edit.state is not AmendmentState.IN_REVIEW or post.taken_down_at is not None:
        return None
    four_eyes = settings().four_eyes
    stands = edit_steps.standing_of(db, post, edit, four_eyes)
    names = _names(db, [one.step for one in stands.steps])
    counting = [word for one in stands.steps for word in one.words]
    mine = approving.may_answer(stands.asked, post, g.user) and not edit_steps.needs_other(post, edit, g.user, four_eyes)
    return {
        "asked_step": stands.asked.step.key, "may_approve": mine and not post.asset.sensitive,
        "steps": [_step(one, stands, None, names, waits=True) for one in stands.steps],
        "said": [
            {
                "verb": word.verb, "step": word.step, "by_id": word.by_id, "by_name": word.by_name, "outside": False, "at": word.at,
                "digest": word.digest, "counts": word in counting, "note": "",
            }
            for word in edit_steps.words(edit)
        ],
    }  # fmt: skip


def _step(one: StepStanding, stands: Standing, publish_at: datetime | None, names: Mapping[int, str], *, waits: bool) -> dict[str, Any]:
    step = one.step
    filled = {seat for word in one.words for seat in step.seats_of(word.by_id, word.roles or ())}
    return {
        "key": step.key, "name": step.name, "stands": "done" if one.done else "asked" if one is stands.asked and waits else "later",
        "rule": "none" if step.anybody else "all" if step.everyone else "any",
        "asks": [_seat(seat, names, answered=seat in filled, missing=seat in one.missing) for seat in step.seats],
        "due_at": steps.deadline(step, publish_at), "remind_at": steps.nudge_at(step, publish_at),
    }  # fmt: skip


def _seat(seat: Seat, names: Mapping[int, str], *, answered: bool, missing: bool) -> dict[str, Any]:
    kind, which = seat
    number = int(which) if kind == "person" else None
    return {"kind": kind, "user_id": number, "name": names.get(number, "") if number is not None else str(which), "answered": answered, "missing": missing}


def _line(one: Waiting) -> dict[str, Any]:
    post, asked = one.post, one.standing.asked.step
    return {
        "post_id": post.id, "version": post.version, "title": post.asset.title, "channel_id": post.channel_id, "campaign_id": post.campaign_id,
        "publish_at": post.publish_at, "digest": one.digest, "step": asked.key, "step_name": asked.name, "steps_done": one.standing.done,
        "steps": len(one.standing.steps), "due_at": one.due, "may_approve": one.mine,
    }  # fmt: skip


def _edit_line(one: edit_steps.EditWaiting) -> dict[str, Any]:
    post, edit, asked = one.post, one.edit, one.standing.asked.step
    return {
        "post_id": post.id, "version": post.version, "change_id": edit.id, "title": post.asset.title, "channel_id": post.channel_id,
        "campaign_id": post.campaign_id, "asked_by": edit.asked_by, "asked_at": edit.asked_at, "digest": one.digest, "step": asked.key,
        "step_name": asked.name, "steps_done": one.standing.done, "steps": len(one.standing.steps), "may_approve": one.mine,
    }  # fmt: skip


def _names(db: Session, route: Iterable[Step]) -> dict[int, str]:
    wanted = {number for step in route for number in step.people}
    return {user.id: user.display_name for user in db.scalars(select(User).where(User.id.in_(wanted)))} if wanted else {}


def _needs_other(post: Post, four_eyes: str) -> bool:
    try:
        rules.check_four_eyes(post, post.asset, post.campaign, g.user, four_eyes)
    except SelfApproval:
        return True
    return False
