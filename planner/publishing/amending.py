"""What people ask for a live post: other words, what is missing of it, or its end. Asked and approved here, carried out by workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.channels.port import Limits
from planner.core.errors import Conflict, Invalid, NotFound, SelfApproval, WrongState
from planner.core.i18n import N_
from planner.planning import editing, rules
from planner.planning.models import Origin, Post, PostState
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery

__all__ = ["SIGNED_OFF", "again", "allowed", "approve", "ask_edit", "ask_finish", "by_id", "may_edit", "queue_finish", "refuse", "take_down"]

_MAX_REASON = 500
#: Its sign-offs are those of a post that is still to leave.
SIGNED_OFF = N_("A sensitive announcement is not changed where it is live: new words need its sign-offs. Take it down and plan them as a new post.")
_S = AmendmentState


def may_edit(post: Post, limits: Limits) -> bool:
    """Whether this post can say something else where it is live: the platform lets it, the words there are ours, and no sign-offs hold them."""
    return bool(limits.editable) and _is_live(post) and post.origin is Origin.PLANNED and not post.asset.sensitive


def ask_edit(
    db: Session, post: Post, given: Mapping[str, Any], *, reason: str = "", limits: Limits, actor: User | None, now: datetime
) -> Amendment:
    """Ask that a live post says something else; somebody has to approve it first, by the rules of a new post.

    given -- the parts the platform lets change (`limits.editable`): text, title, tags; what is left out stays.
    Raises Forbidden, WrongState, Invalid, Conflict (another edit is under way), and what blocks: EmbargoActive, Refused, NotSendable.
    """
    require(actor, "post.edit_live", post)
    if post.asset.sensitive:
        raise WrongState(SIGNED_OFF)
    if not may_edit(post, limits):
        raise WrongState(N_("This post cannot be changed where it is live."))
    content = editing.asked(post, given, editable=limits.editable)
    rules.refuse(editing.judge(db, post, content, limits, at=now))
    before = editing.said(post)
    was = {name: before[name] for name in content}
    return _ask(db, post, AmendmentKind.EDIT, _S.IN_REVIEW, content=content, was=was, reason=_reason(reason), actor=actor, now=now)


def approve(
    db: Session, amendment: Amendment, *, digest: str | None = None, limits: Limits, four_eyes: str, actor: User | None, now: datetime
) -> None:
    """Let an edit go to the platform: exactly what was read. Raises as approving a post does."""
    post = amendment.post
    require(actor, "post.approve", post)
    if amendment.kind is not AmendmentKind.EDIT or amendment.state is not _S.IN_REVIEW or not _is_live(post):
        raise WrongState(N_("This change does not wait for approval any more."))
    if post.asset.sensitive:
        raise WrongState(SIGNED_OFF)
    ours = editing.digest_of(post, amendment.content)
    if digest is not None and digest != ours:
        raise Conflict(N_("This change is not the one you were reading. Read it again, then approve."))
    if actor is not None and actor.id == amendment.asked_by_id and rules.wants_second_pair(post.asset, post.campaign, four_eyes):
        raise SelfApproval()
    rules.refuse(editing.judge(db, post, amendment.content, limits, at=now))
    amendment.digest, amendment.approved_at = ours, now
    amendment.approved_by_id, amendment.approved_by = (actor.id if actor else None), _name(actor)
    amendment.state, amendment.next_at = _S.QUEUED, now
    history.record(db, actor, "amendment.approved", post, now=now, name=history.COMMAND_LINE)


def refuse(db: Session, amendment: Amendment, *, note: str = "", actor: User | None, now: datetime) -> None:
    """Take back or turn down what has not gone out yet: by whoever asked, or by an approver. Raises WrongState, Forbidden."""
    post = amendment.post
    if actor is None or actor.id != amendment.asked_by_id:
        require(actor, "post.approve", post)
    if amendment.state not in (_S.IN_REVIEW, _S.QUEUED, _S.FAILED):
        raise WrongState(N_("This change is done, or being done just now."))
    amendment.state, amendment.answer, amendment.ended_at = _S.CANCELLED, note.strip()[:2000], now
    history.record(db, actor, "amendment.cancelled", post, now=now, note=note.strip()[:2000], name=history.COMMAND_LINE)


def take_down(db: Session, post: Post, *, reason: str, limits: Limits, actor: User | None, now: datetime) -> Amendment:
    """Ask that a live post goes from its platform. Where no program can, it is taken for done: a person did it there.

    An edit that waits is dropped with it. Raises Forbidden, WrongState, Invalid without a reason, Conflict when asked already.
    """
    require(actor, "post.take_down", post)
    if not _is_live(post):
        raise WrongState(N_("Only a post that is live can be taken down."))
    reason = _reason(reason)
    if not reason:
        raise Invalid(N_("Say why: it stays with the post."), field="reason")
    for other in _open(db, post, AmendmentKind.EDIT):
        if other.state is not _S.WORKING:
            other.state, other.answer, other.ended_at = _S.CANCELLED, N_("The post is taken down."), now
    if limits.can_delete:
        return _ask(db, post, AmendmentKind.TAKE_DOWN, _S.QUEUED, reason=reason, actor=actor, now=now)
    amendment = _ask(db, post, AmendmentKind.TAKE_DOWN, _S.DONE, reason=reason, actor=actor, now=now)
    amendment.ended_at, amendment.answer = now, N_("A person took it down.")
    editing.take_down(db, post, reason=reason, actor=actor, now=now)
    return amendment


def ask_finish(db: Session, post: Post, *, actor: User | None, now: datetime) -> Amendment:
    """Try again what belongs to a live post and is missing. Raises Forbidden, WrongState when nothing is, Conflict when asked already."""
    require(actor, "delivery.resolve", post)
    delivery = db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
    if not _is_live(post) or delivery is None or not delivery.undone:
        raise WrongState(N_("Nothing of this post is missing."))
    return _ask(db, post, AmendmentKind.FINISH, _S.QUEUED, content={"steps": list(delivery.undone)}, actor=actor, now=now)


def queue_finish(db: Session, post: Post, steps: list[str], *, now: datetime, wait_until: datetime) -> None:
    """The planner's own asking, after a crash: nobody knows which of these were done, so each is looked for first."""
    if steps and not _open(db, post, AmendmentKind.FINISH):
        _ask(db, post, AmendmentKind.FINISH, _S.QUEUED, content={"steps": steps}, actor=None, now=now).next_at = wait_until


def again(db: Session, amendment: Amendment, *, actor: User | None, now: datetime) -> None:
    """Try once more what failed; an edit keeps its approval. Raises Forbidden, WrongState, Conflict when another one is under way."""
    post = amendment.post
    require(actor, "delivery.resolve", post)
    if amendment.state is not _S.FAILED or not _is_live(post):
        raise WrongState(N_("Only what failed can be tried again."))
    _refuse_second(db, post, amendment.kind)
    amendment.state, amendment.tries, amendment.next_at = _S.QUEUED, 0, now
    amendment.ended_at, amendment.answer = None, ""
    history.record(db, actor, "amendment.retried", post, now=now, name=history.COMMAND_LINE)


def by_id(db: Session, post: Post, amendment_id: int) -> Amendment:
    """One amendment of this post. Raises NotFound."""
    found = db.get(Amendment, amendment_id)
    if found is None or found.post_id != post.id:
        raise NotFound()
    return found


def _ask(
    db: Session, post: Post, kind: AmendmentKind, state: AmendmentState, *, actor: User | None, now: datetime, **values: Any
) -> Amendment:
    _refuse_second(db, post, kind)
    amendment = Amendment(
        post=post, kind=kind, state=state, asked_by_id=actor.id if actor else None, asked_by=_name(actor), asked_at=now, next_at=now, **values
    )
    db.add(amendment)
    db.flush()
    history.record(db, actor, f"amendment.{kind.value}", post, now=now, note=values.get("reason", ""))
    return amendment


def _refuse_second(db: Session, post: Post, kind: AmendmentKind) -> None:
    if _open(db, post, kind):
        raise Conflict(N_("Somebody has asked for this already. See what comes of it first."))


def _open(db: Session, post: Post, kind: AmendmentKind) -> list[Amendment]:
    open_states = (_S.IN_REVIEW, _S.QUEUED, _S.WORKING)
    return list(db.scalars(select(Amendment).where(Amendment.post_id == post.id, Amendment.kind == kind, Amendment.state.in_(open_states))))


def _is_live(post: Post) -> bool:
    return post.state is PostState.PUBLISHED and post.external_id is not None and post.taken_down_at is None


def _name(actor: User | None) -> str:
    return actor.display_name if actor else history.PLANNER


def _reason(given: str) -> str:
    reason = given.replace("\0", "").strip()
    if len(reason) > _MAX_REASON:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="reason", most=_MAX_REASON)
    return reason


def allowed(post: Post, actor: User | None, limits: Limits) -> dict[str, bool]:
    """What this person may ask for this post now: edit_live, take_down, finish."""
    return {
        "edit_live": may_edit(post, limits) and may(actor, "post.edit_live", post),
        "take_down": _is_live(post) and may(actor, "post.take_down", post),
        "finish": _is_live(post) and may(actor, "delivery.resolve", post),
    }
