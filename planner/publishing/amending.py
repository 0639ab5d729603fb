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
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning import approving, editing, rules
from planner.planning.models import Origin, Post, PostState
from planner.planning.steps import COMMAND, GUEST, Standing, Step
from planner.publishing import edit_steps
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery

__all__ = [
    "SIGNED_OFF", "again", "allowed", "approve", "ask_edit", "ask_finish", "by_id", "may_edit", "may_refuse", "queue_finish", "refuse", "reopen", "take_down",
]  # fmt: skip

_MAX_REASON = 500
#: Its sign-offs are those of a post that is still to leave.
SIGNED_OFF = N_("A sensitive announcement is not changed where it is live: new words need its sign-offs. Take it down and plan them as a new post.")
_S = AmendmentState


def may_edit(post: Post, limits: Limits) -> bool:
    """Whether this post can say something else where it is live: the platform lets it, the words there are ours, and no sign-offs hold them."""
    return bool(limits.editable) and _is_live(post) and post.origin is Origin.PLANNED and not post.asset.sensitive


def ask_edit(
    db: Session, post: Post, given: Mapping[str, Any], *, reason: str = "", limits: Limits, four_eyes: str = "releases", actor: User | None, now: datetime
) -> Amendment:
    """Ask that a live post says something else: each step of the post's approval says yes to it first; where none is asked for, it goes at once.

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
    edit = _ask(db, post, AmendmentKind.EDIT, _S.IN_REVIEW, content=content, was=was, reason=_reason(reason), actor=actor, now=now)
    asked = edit_steps.standing_of(db, post, edit, four_eyes).asked.step
    if asked.anybody:
        _say_yes(db, edit, asked, four_eyes, actor, now)
    return edit


def approve(
    db: Session, amendment: Amendment, *, digest: str | None = None, limits: Limits, four_eyes: str, actor: User | None, now: datetime
) -> None:
    """Say yes to exactly this edit, in the step that is asked now; with the last step's yes it goes to the platform.

    Who may answer a step is who may in the approval of a post. Where a second pair of eyes is wanted, whoever asked for the edit wrote
    these words: their yes counts for nothing, and as on a post that somebody else changed, neither does that of the post's author.
    Raises as approving a post does.
    """
    post = amendment.post
    require(actor, "read", post)
    _take_up(db, amendment)
    if amendment.kind is not AmendmentKind.EDIT or amendment.state is not _S.IN_REVIEW or not _is_live(post):
        require(actor, "post.approve", post)
        raise WrongState(N_("This change does not wait for approval any more."))
    if post.asset.sensitive:
        raise WrongState(SIGNED_OFF)
    stands = edit_steps.standing_of(db, post, amendment, four_eyes)
    if not approving.may_answer(stands.asked, post, actor):
        if any(actor is not None and word.by_id == actor.id for one in stands.steps for word in one.words):
            raise WrongState(N_("You have said yes to this already. It waits for others now."))
        raise Forbidden()
    if digest is not None and digest != editing.digest_of(post, amendment.content):
        raise Conflict(N_("This change is not the one you were reading. Read it again, then approve."))
    edit_steps.check_four_eyes(post, amendment, actor, four_eyes)
    rules.refuse(editing.judge(db, post, amendment.content, limits, at=now))
    _say_yes(db, amendment, stands.asked.step, four_eyes, actor, now)


def _say_yes(db: Session, edit: Amendment, step: Step, four_eyes: str, actor: User | None, now: datetime) -> None:
    """Keep the yes; with every step's own the edit waits for a worker."""
    post, digest = edit.post, editing.digest_of(edit.post, edit.content)
    # Whoever answers for somebody outside fills that seat, so that the post's own steps are whole once it says these words.
    roles = [*(sorted(actor.role_names) if actor else [COMMAND]), *([GUEST] if edit_steps.asks_outside(db, post, step, four_eyes) else [])]
    said = edit_steps.Word(step.key, digest, actor.id if actor else None, _name(actor, history.COMMAND_LINE), roles, now)
    edit.said = [*edit.said, edit_steps.kept(said)]
    stands = edit_steps.standing_of(db, post, edit, four_eyes)
    if not stands.whole:
        history.record(
            db, actor, "amendment.step_approved", post, now=now, became={"steps": f"{stands.done}/{len(stands.steps)}"}, name=history.COMMAND_LINE
        )
        return
    edit.digest, edit.approved_at = digest, now
    edit.approved_by_id, edit.approved_by = said.by_id, _name(actor)
    edit.state, edit.next_at, edit.answer = _S.QUEUED, now, ""
    history.record(db, actor, "amendment.approved", post, now=now, name=history.COMMAND_LINE)


def reopen(db: Session, edit: Amendment, *, now: datetime) -> None:
    """A step of its post lacks its yes by now, since the step was added, or since a yes counts no more: back to review, keeping each yes."""
    edit.state, edit.digest, edit.answer = _S.IN_REVIEW, "", N_("By now a step lacks a yes that counts.")
    edit.approved_by_id, edit.approved_by, edit.approved_at = None, "", None
    history.record(db, None, "amendment.reopened", edit.post, now=now, note=edit.answer)


def may_refuse(stands: Standing, amendment: edit_steps.Edit, post: Post, actor: User | None) -> bool:
    """Whether this person may take back or turn down what has not gone out: whoever asked, whoever may approve, and who is asked now."""
    if actor is None or actor.id == amendment.asked_by_id:
        return True
    return approving.may_request_changes(stands.asked, post, actor)


def refuse(db: Session, amendment: Amendment, *, note: str = "", four_eyes: str = "releases", actor: User | None, now: datetime) -> None:
    """Take back or turn down what has not gone out yet: by whoever asked, an approver, or who is asked now. Raises WrongState, Forbidden."""
    post = amendment.post
    _take_up(db, amendment)
    if actor is None or actor.id != amendment.asked_by_id:
        waits = amendment.kind is AmendmentKind.EDIT and amendment.state is _S.IN_REVIEW
        if not (waits and may_refuse(edit_steps.standing_of(db, post, amendment, four_eyes), amendment, post, actor)):
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
    """Try once more what failed; an edit keeps its approval. Raises Forbidden, Conflict when another one is under way, and WrongState, also
    for an edit over which another went out since: whoever said yes to it read it beside what the post said before."""
    post = amendment.post
    require(actor, "delivery.resolve", post)
    if amendment.state is not _S.FAILED or not _is_live(post):
        raise WrongState(N_("Only what failed can be tried again."))
    _refuse_second(db, post, amendment.kind)
    since = select(Amendment.id).where(Amendment.post_id == post.id, Amendment.id > amendment.id, Amendment.kind == AmendmentKind.EDIT, Amendment.state == _S.DONE)
    if amendment.kind is AmendmentKind.EDIT and db.scalars(since.limit(1)).first() is not None:
        raise WrongState(N_("Another edit went out since. Ask for this one anew, beside what the post says now."))
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


def _take_up(db: Session, amendment: Amendment) -> None:
    """As it stands now, and nobody else says a word on it meanwhile: of two who say yes at once, neither is lost."""
    db.refresh(amendment, with_for_update=True)


def _name(actor: User | None, nobody: str = history.PLANNER) -> str:
    return actor.display_name if actor else nobody


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
