"""Posts that were written at once, one a channel: the words for all, and which of the posts say something of their own. None commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from planner.accounts.models import User
from planner.core.errors import PlannerError
from planner.planning import service
from planner.planning.models import Post, PostState
from planner.planning.values import PostValues, checked, values_of
from planner.planning.writing_models import BaseText

__all__ = ["WORDS", "Carried", "Together", "carry", "keep", "together"]

#: What a post may say in words of its own.
WORDS = ("text", "title", "first_comment")


@dataclass(frozen=True, slots=True)
class Together:
    """A post among those it was written with.

    base   -- the words for all, by name.
    said   -- what this post says, by name.
    others -- the posts beside it that are not over, each with the words it says as all do.
    """

    base: dict[str, str]
    said: dict[str, str]
    others: Sequence[tuple[Post, frozenset[str]]]

    @property
    def own(self) -> frozenset[str]:
        """What this post says in words of its own."""
        return frozenset(name for name in WORDS if self.said[name] != self.base[name])

    def following(self, names: Collection[str] = WORDS) -> list[Post]:
        """Those that say any of these as all do, and would change with them."""
        return [post for post, same in self.others if same & set(names)]


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of changing the words for all: the posts that changed as well, and those that could not, each with the reason."""

    changed: Sequence[Post]
    left: Sequence[tuple[Post, PlannerError]]


def keep(db: Session, posts: Sequence[Post], words: Mapping[str, str], *, now: datetime) -> BaseText | None:
    """Remember that these posts were written at once, with those words for all; None for a post by itself."""
    if len(posts) < 2:
        return None
    tidy = checked(PostValues(text=words["text"], title=words["title"], first_comment=words["first_comment"]), zone=posts[0].channel.time_zone)
    base = BaseText(made_at=now, **{name: tidy[name] for name in WORDS})
    db.add(base)
    db.flush()
    for post in posts:
        post.base_text_id = base.id
    db.flush()
    return base


def together(db: Session, post: Post) -> Together | None:
    """What a post was written with; None for one by itself. They are about one asset, so who knows of one knows of all. Two statements at most."""
    if post.base_text_id is None:
        return None
    base = db.get(BaseText, post.base_text_id)
    if base is None:
        return None
    query = select(Post).where(Post.base_text_id == base.id, Post.id != post.id, Post.state.not_in((PostState.CANCELLED, PostState.PUBLISHED))).order_by(Post.id)
    others = list(db.scalars(query.options(joinedload(Post.channel))))
    words = {name: str(getattr(base, name)) for name in WORDS}
    return Together(words, _said(post), [(one, frozenset(name for name, text in _said(one).items() if text == words[name])) for one in others])


def carry(db: Session, post: Post, was: Together, *, four_eyes: str = "releases", actor: User | None, now: datetime) -> Carried:
    """Make what of a post's words just changed the words for all: the others that said the same say it too, as if each was revised by itself.

    was -- as `together` told it before the post was revised.
    What one of them refuses (it is on its way out, its channel's rules) leaves that one as it is.
    """
    told = {name: text for name, text in _said(post).items() if text != was.said[name]}
    base = db.get(BaseText, post.base_text_id)
    if not told or base is None:
        return Carried([], [])
    changed: list[Post] = []
    left: list[tuple[Post, PlannerError]] = []
    for other, same in was.others:
        values = values_of(other) | {name: text for name, text in told.items() if name in same}
        if values == values_of(other):
            continue
        try:
            with db.begin_nested():
                service.revise(db, other, PostValues(**values), four_eyes=four_eyes, actor=actor, now=now)
            changed.append(other)
        except PlannerError as error:
            left.append((other, error))
    for name, text in told.items():
        setattr(base, name, text)
    db.flush()
    return Carried(changed, left)


def _said(post: Post) -> dict[str, str]:
    return {name: str(getattr(post, name)) for name in WORDS}
