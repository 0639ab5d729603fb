"""The steps of approval of an edit of a live post: those of the post itself, asked again for the new words; and which edits wait for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import String, cast, literal, or_, select, text
from sqlalchemy.orm import Session, contains_eager, joinedload

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.core.errors import SelfApproval
from planner.planning import approving, editing, routes, rules, steps
from planner.planning.approval_models import ApprovalRoute
from planner.planning.mentions import mentioned
from planner.planning.models import STANDARD_STEP, Post, PostState, Verb
from planner.planning.routes import Routes
from planner.planning.steps import GUEST, Standing, Step
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState

__all__ = [
    "Edit", "EditWaiting", "Word", "asks_outside", "check_four_eyes", "kept", "needs_other", "standing_of", "still_approved", "waiting", "words", "wrote", "yes_of",
]  # fmt: skip

#: The first is written as the index of open amendments has it: only so does SQLite know that it holds all of them.
_WAITS = (
    text("amendments.state IN ('in_review','queued','working')"), Amendment.state == AmendmentState.IN_REVIEW, Amendment.kind == AmendmentKind.EDIT,
    Post.state == PostState.PUBLISHED, Post.taken_down_at.is_(None), ~Asset.sensitive,
)  # fmt: skip


class Edit(Protocol):
    """An edit, as it is stored or as a page reads it."""

    @property
    def content(self) -> dict[str, Any]: ...
    @property
    def asked_by_id(self) -> int | None: ...
    @property
    def said(self) -> list[dict[str, Any]]: ...


@dataclass(slots=True)
class Word:
    """One yes to an edit, as steps.Said: in which step, whose, and the digest of the edit that it is about."""

    step: str
    digest: str
    by_id: int | None
    by_name: str
    roles: list[str]
    at: datetime
    verb: Verb = Verb.APPROVED


def words(edit: Edit) -> list[Word]:
    """What was said of an edit, the oldest first."""
    return [Word(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in edit.said]


def yes_of(amendment: Amendment) -> list[Word]:
    """Each yes that let this edit go; of one from before words were kept, that of whoever approved it."""
    before = Word(STANDARD_STEP, amendment.digest, amendment.approved_by_id, amendment.approved_by, [], amendment.approved_at or amendment.asked_at)
    return words(amendment) or [before]


def kept(word: Word) -> dict[str, Any]:
    """A word as amendments keep it."""
    told = asdict(word)
    del told["verb"]
    return told | {"at": word.at.isoformat()}


def standing_of(db: Session, post: Post, edit: Edit, four_eyes: str = "releases") -> Standing:
    """Where the steps of its post stand for this edit. One statement."""
    return _standing(post, edit, routes.route_of(db, post, four_eyes), four_eyes)


def asks_outside(db: Session, post: Post, step: Step, four_eyes: str) -> bool:
    """Whether this step of the post asks somebody outside, for whom another answers here. One statement."""
    return any(one.guest for one in routes.route_of(db, post, four_eyes) if one.key == step.key)


def still_approved(db: Session, amendment: Amendment, four_eyes: str) -> bool:
    """Whether an edit that was let go still has the yes of every step. One from before words were kept has been approved as it was then."""
    return not amendment.said or standing_of(db, amendment.post, amendment, four_eyes).whole


def wrote(post: Post, edit: Edit, four_eyes: str) -> set[int]:
    """Whose yes counts for nothing and is not waited for, where a second pair of eyes is wanted: whoever asked for the edit, and the post's author.

    It is the rule of a new post that somebody else changed in review: neither who wrote it nor who changed it last approves it.
    """
    if not rules.wants_second_pair(post.asset, post.campaign, four_eyes):
        return set()
    return {number for number in (post.author_id, edit.asked_by_id) if number is not None}


def needs_other(post: Post, edit: Edit, actor: User | None, four_eyes: str) -> bool:
    """Whether this person would approve what they asked for or wrote themselves."""
    return actor is not None and actor.id in wrote(post, edit, four_eyes)


def check_four_eyes(post: Post, edit: Edit, actor: User | None, four_eyes: str) -> None:
    """Raise SelfApproval when it needs another. The command line (None) may."""
    if needs_other(post, edit, actor, four_eyes):
        raise SelfApproval()


@dataclass(frozen=True, slots=True)
class EditWaiting:
    """One edit in review. mine -- this person's yes counts now."""

    edit: Amendment
    digest: str
    standing: Standing
    mine: bool

    @property
    def post(self) -> Post:
        return self.edit.post

    @property
    def step(self) -> str:
        """The name of the step that is asked; empty for one without a name."""
        return self.standing.asked.step.name


def waiting(db: Session, *, viewer: User | None, four_eyes: str, campaign_id: int | None = None, limit: int = 200) -> list[EditWaiting]:
    """Edits in review of live posts that this person may know of, the one that waits longest first. One statement, two where they mention people."""
    its_places = or_(
        ApprovalRoute.place == literal("campaign:") + cast(Post.campaign_id, String),
        ApprovalRoute.place == literal("kind:") + cast(Asset.kind, String),
        ApprovalRoute.place == routes.ANYTHING_ELSE,
    )
    first = select(Amendment.id).join(Amendment.post).join(Post.asset).where(*_WAITS).order_by(Amendment.id).limit(limit)
    if campaign_id is not None:
        first = first.where(Post.campaign_id == campaign_id)
    query = (
        select(Amendment, ApprovalRoute.place, ApprovalRoute.steps)
        .join(Amendment.post)
        .join(Post.asset)
        .outerjoin(ApprovalRoute, its_places)
        .where(Amendment.id.in_(first))
        .options(contains_eager(Amendment.post).options(contains_eager(Post.asset).lazyload(Asset.audience_rows), joinedload(Post.channel), joinedload(Post.campaign)))
        .order_by(Amendment.id)
    )
    stored: dict[str, Sequence[Mapping[str, Any]]] = {}
    edits: dict[int, Amendment] = {}
    for edit, place, asked in db.execute(query):
        edits[edit.id] = edit
        if place is not None:
            stored[place] = asked
    known = Routes(stored)
    people = mentioned("\n".join(edit.content.get("text", edit.post.text) for edit in edits.values()), next(iter(edits.values()), None))
    found = [_one(edit, known, viewer, four_eyes) for edit in edits.values() if may(viewer, "read", edit.post)]
    del people  # Held until here, else each edit would read its own.
    return found


def _one(edit: Amendment, known: Routes, viewer: User | None, four_eyes: str) -> EditWaiting:
    post = edit.post
    second = rules.wants_second_pair(post.asset, post.campaign, four_eyes)
    stands = _standing(post, edit, known.steps(post.campaign_id, post.asset.kind, second_pair=second), four_eyes)
    mine = approving.may_answer(stands.asked, post, viewer) and not needs_other(post, edit, viewer, four_eyes)
    return EditWaiting(edit, editing.digest_of(post, edit.content), stands, mine)


def _standing(post: Post, edit: Edit, route: Sequence[Step], four_eyes: str) -> Standing:
    own = wrote(post, edit, four_eyes)
    # Nobody outside spoke here: that a yes fills such a seat of the post is for the post alone.
    said = [replace(one, roles=[role for role in one.roles if role != GUEST]) for one in words(edit) if one.by_id not in own]
    return steps.standing([_as_asked(one) for one in route], said, editing.digest_of(post, edit.content), waived=own)


def _as_asked(step: Step) -> Step:
    """A step as an edit asks it. A review link shows a post, never an edit of it, so nobody outside is asked: a step that asks nobody else
    is answered by whoever may approve. Deadlines are counted back from a moment that has passed."""
    return replace(step, guest=False, hours=None, nudge=None)
