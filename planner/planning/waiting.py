"""What waits for somebody's yes: posts in review with the step that is asked, by when, and whether it is this person's turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.core.errors import SelfApproval
from planner.planning import approving, routes, rules, steps
from planner.planning.models import Post, PostState
from planner.planning.saying import digest_of
from planner.planning.steps import Standing

__all__ = ["Waiting", "following", "waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One post in review. mine -- this person's yes counts now; due -- by when the step that is asked should answer."""

    post: Post
    digest: str
    standing: Standing
    mine: bool
    due: datetime | None

    @property
    def step(self) -> str:
        """The name of the step that is asked; empty for one without a name."""
        return self.standing.asked.step.name


def waiting(db: Session, *, viewer: User | None, four_eyes: str, campaign_id: int | None = None, limit: int = 200) -> list[Waiting]:
    """Posts in review that this person may know of, what is due first before the others. Four statements, whatever there is."""
    query = (
        select(Post)
        .where(Post.state == PostState.IN_REVIEW)
        .options(
            joinedload(Post.asset).selectinload(Asset.files), joinedload(Post.channel), joinedload(Post.campaign), joinedload(Post.author),
            selectinload(Post.approvals),
        )
        .order_by(Post.publish_at, Post.id)
        .limit(limit)
    )  # fmt: skip
    if campaign_id is not None:
        query = query.where(Post.campaign_id == campaign_id)
    posts = [post for post in db.scalars(query).unique() if may(viewer, "read", post)]
    if not posts:
        return []
    known = routes.read(db)
    found = [_one(post, known, viewer, four_eyes) for post in posts]
    return sorted(found, key=lambda one: (one.due is None, one.due, one.post.id))


def following(found: list[Waiting], post_id: int) -> int | None:
    """The next post that waits for this person after that one; None when none is left."""
    mine = [one.post.id for one in found if one.mine]
    after = mine[mine.index(post_id) + 1 :] + mine[: mine.index(post_id)] if post_id in mine else mine
    return next(iter(after), None)


def _one(post: Post, known: routes.Routes, viewer: User | None, four_eyes: str) -> Waiting:
    digest = digest_of(post)
    standing = known.standing(post, digest, four_eyes)
    mine = approving.may_answer(standing.asked, post, viewer)
    try:
        rules.check_four_eyes(post, post.asset, post.campaign, viewer, four_eyes)
    except SelfApproval:
        mine = False
    return Waiting(post, digest, standing, mine, steps.deadline(standing.asked.step, post.publish_at))
