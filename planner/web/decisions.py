"""What an approver needs before them, of a post and of an edit of a live one: whose turn it is, what everybody said, what changed since they read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.models import RoleName, User
from planner.core.errors import SelfApproval
from planner.planning import approving, rules, steps
from planner.planning.differences import Difference, differences, snapshot
from planner.planning.models import Approval, Post, PostState
from planner.planning.routes import Routes, lacking, standing_of
from planner.planning.steps import SIGN_OFFS, Seat, Standing, Step
from planner.publishing import amending, edit_steps
from planner.publishing.models import AmendmentKind, AmendmentState
from planner.publishing.queries import AmendmentLine
from planner.web.labels import label
from planner.web.languages import translate
from planner.web.session import runtime

__all__ = ["Decision", "StepLine", "decision_of", "edit_decision_of", "names_of", "seat_names", "step_name"]

_UNDECIDED = frozenset({PostState.DRAFT, PostState.IN_REVIEW, PostState.CHANGES_REQUESTED})
#: Steps that hold where nobody set any, by what they are called in the code.
_OURS = frozenset((one.key, one.name) for one in SIGN_OFFS)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as a page shows it: "done", "now" or "later"; who said yes, and whose yes is missing (in words)."""

    name: str
    stands: str
    words: tuple[Approval | edit_steps.Word, ...]
    missing: list[str]
    everyone: bool

    @property
    def waits(self) -> str:
        """Whom it waits for, in words."""
        if not self.missing:
            return str(_("Waits for anybody who may approve"))
        who = ", ".join(self.missing)
        if len(self.missing) == 1:
            return str(_("Waits for: %(who)s", who=who))
        return str(_("Waits for all of: %(who)s", who=who) if self.everyone else _("Waits for one of: %(who)s", who=who))


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a post's approval stands for the person who looks at it."""

    lines: list[StepLine]
    #: Whether their yes counts now.
    mine: bool
    may_send_back: bool
    #: They wrote, changed or submitted it, and it needs another.
    needs_other: bool
    due: datetime | None
    #: What they (or, if they never said anything, anybody) last had before them, and what is different now.
    last: Approval | None
    since: list[Difference]
    #: The step that nobody here can answer, of those that name whom they ask; empty: there is none, or it was not looked for.
    lacks: str = ""

    @property
    def tells(self) -> bool:
        """Whether the steps say more than that anybody who may approve is asked."""
        return len(self.lines) > 1 or any(one.missing for one in self.lines)

    @property
    def now(self) -> StepLine | None:
        """The step that is asked; None when nobody is."""
        return next((one for one in self.lines if one.stands == "now"), None)


def decision_of(post: Post, digest: str, *, names: dict[int, str] | None = None, routes: Routes | None = None) -> Decision:
    """For the reader of this page. Two statements, two more for what is sensitive; fewer with `names` and `routes` from a page of many posts."""
    policy = runtime().settings.four_eyes
    stands = _standing(post, digest, policy, routes)
    asked = stands.asked
    if names is None:
        names = names_of(g.db, [asked.step for asked in stands.steps])
    last = approving.last_read(post, g.user)
    waits = post.state is PostState.IN_REVIEW
    return Decision(
        lines=_lines(stands, names, waits=waits),
        mine=waits and approving.may_answer(asked, post, g.user),
        may_send_back=approving.may_request_changes(asked, post, g.user),
        needs_other=_needs_other(post, policy),
        due=steps.deadline(asked.step, post.publish_at) if waits else None,
        last=last,
        since=differences(last.content, snapshot(post)) if last is not None and last.content is not None and last.digest != digest else [],
        lacks=_lacks(post, stands, policy) if routes is None and post.state in _UNDECIDED and (post.asset.sensitive or any(one.step.seats for one in stands.steps)) else "",
    )


def edit_decision_of(post: Post, changes: Sequence[AmendmentLine]) -> Decision | None:
    """Where the approval of the edit that waits stands for the reader of this page; None when none waits. Up to four statements."""
    edit = next((one for one in changes if one.kind is AmendmentKind.EDIT), None)
    if edit is None or edit.state is not AmendmentState.IN_REVIEW or post.taken_down_at is not None:
        return None
    policy = runtime().settings.four_eyes
    stands = edit_steps.standing_of(g.db, post, edit, policy)
    names = names_of(g.db, [one.step for one in stands.steps])
    nobody = lacking(g.db, [one.step for one in stands.steps], without=edit_steps.wrote(post, edit, policy))
    return Decision(
        lines=_lines(stands, names, waits=True),
        mine=approving.may_answer(stands.asked, post, g.user) and not post.asset.sensitive,
        may_send_back=amending.may_refuse(stands, edit, post, g.user),
        needs_other=edit_steps.needs_other(post, edit, g.user, policy),
        due=None,
        last=None,
        since=[],
        lacks=step_name(nobody) if nobody is not None else "",
    )


def names_of(db: Any, route: Iterable[Step]) -> dict[int, str]:
    """Number -> name of everybody whom these steps name, and that an account is disabled. At most one statement."""
    wanted = {number for step in route for number in step.people}
    found = db.scalars(select(User).where(User.id.in_(wanted))) if wanted else ()
    return {user.id: user.display_name if user.active else _("%(name)s (account disabled)", name=user.display_name) for user in found}


def step_name(step: Step) -> str:
    """What a step is called; one without a name of its own is simply the approval, and one that nobody named otherwise is said in the reader's language."""
    return translate(step.name) if (step.key, step.name) in _OURS else step.name or _("Approval")


def seat_names(seats: Iterable[Seat], names: dict[int, str]) -> list[str]:
    """Whose yes, in words; empty: whoever may approve."""
    return [names.get(int(which), "?") if what == "person" else label(RoleName(str(which))) if what == "role" else _("somebody outside") for what, which in seats]


def _standing(post: Post, digest: str, policy: str, routes: Routes | None) -> Standing:
    if routes is None:
        return standing_of(g.db, post, digest, policy)
    return routes.standing(post, digest, policy)


def _lacks(post: Post, stands: Standing, policy: str) -> str:
    second = rules.wants_second_pair(post.asset, post.campaign, policy)
    step = lacking(g.db, [one.step for one in stands.steps], without={post.author_id, post.submitted_by_id} if second else ())
    return step_name(step) if step is not None else ""


def _lines(stands: Standing, names: dict[int, str], *, waits: bool) -> list[StepLine]:
    return [
        StepLine(
            step_name(one.step), "done" if one.done else "now" if one is stands.asked and waits else "later", one.words,
            seat_names(one.missing or (() if one.done else one.step.seats), names), one.step.everyone,
        )
        for one in stands.steps
    ]  # fmt: skip


def _needs_other(post: Post, policy: str) -> bool:
    """Whether this person would approve what they asked for themselves."""
    try:
        rules.check_four_eyes(post, post.asset, post.campaign, g.user, policy)
    except SelfApproval:
        return True
    return False
