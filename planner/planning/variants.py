"""Variants: posts on one channel about one asset that say it differently, kept together so that they can be compared. Nothing commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import WrongState
from planner.core.i18n import N_
from planner.planning import service
from planner.planning.digest import leaving_title
from planner.planning.models import Post, PostState
from planner.planning.values import PostValues, values_of

__all__ = ["DIFFERENCES", "Sibling", "differences", "leave", "make", "of_post"]

#: What two variants may differ in, in words.
DIFFERENCES = {"text": N_("wording"), "title": N_("title"), "media": N_("pictures"), "link": N_("link"), "first_comment": N_("first comment")}


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another variant, and in what it differs from the one that is looked at."""

    post: Post
    differs: tuple[str, ...]


def make(db: Session, post: Post, *, actor: User | None, now: datetime) -> Post:
    """A new draft that says the same for now, without a time of its own. Raises what `plan` raises, WrongState for a cancelled post."""
    require(actor, "post.create", post.asset)
    if post.state is PostState.CANCELLED:
        raise WrongState(N_("This post is cancelled. Bring it back first."))
    values = values_of(post) | {"publish_at": None, "wall_time": None}
    made = service.plan(db, post.asset, post.channel, PostValues(**values), actor=actor, now=now)
    made.variant_of_id = post.variant_of_id or post.id
    history.record(db, actor, "post.variant_made", made, now=now, became={"variant_of": made.variant_of_id}, name=history.COMMAND_LINE)
    db.flush()
    return made


def leave(db: Session, post: Post, *, actor: User | None, now: datetime) -> None:
    """Take a post out of its group; the others stay together, the oldest of them as the first."""
    require(actor, "post.edit", post)
    others = [one.post for one in of_post(db, post)]
    if not others:
        raise WrongState(N_("This post has no variants."))
    if post.variant_of_id is None:
        first, *rest = others
        first.variant_of_id = None
        for one in rest:
            one.variant_of_id = first.id
    post.variant_of_id = None
    history.record(db, actor, "post.variant_left", post, now=now, name=history.COMMAND_LINE)
    db.flush()


def of_post(db: Session, post: Post) -> list[Sibling]:
    """The other variants, oldest first, without cancelled ones. One statement."""
    first = post.variant_of_id or post.id
    rows = db.scalars(
        select(Post).where(or_(Post.id == first, Post.variant_of_id == first), Post.id != post.id, Post.state != PostState.CANCELLED).order_by(Post.id)
    )
    return [Sibling(one, differences(post, one)) for one in rows]


def differences(one: Post, other: Post) -> tuple[str, ...]:
    """What two posts about one asset say differently, by the names of DIFFERENCES."""
    titles = leaving_title(one, one.asset) != leaving_title(other, one.asset)
    return tuple(name for name in DIFFERENCES if (titles if name == "title" else (getattr(one, name) or None) != (getattr(other, name) or None)))
