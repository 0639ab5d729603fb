"""Comments on a post, or on some of its words: the words are kept, and a comment whose words are gone says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.core.errors import Forbidden, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning.approval_models import PostComment
from planner.planning.digest import leaving_comment, leaving_text, leaving_title
from planner.planning.marks import leaving_link
from planner.planning.mentions import shown
from planner.planning.models import Post

__all__ = ["MOST", "CommentLine", "add", "checked", "of_post", "settle"]

#: Open comments a post may have.
MOST = 200
_LONGEST, _LONGEST_QUOTE = 2000, 600


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment as a page shows it. outdated -- the words it is about are not in the post any more."""

    id: int
    text: str
    quote: str
    outdated: bool
    by_id: int | None
    by_name: str
    at: datetime
    settled_at: datetime | None
    settled_by: str


def add(db: Session, post: Post, text: str, *, quote: str = "", actor: User | None, now: datetime) -> PostComment:
    """Say something about a post, or about the words quoted from it. Raises Forbidden, Invalid."""
    require(actor, "read", post)
    text, quote = checked(post, text, quote)
    if len(list(db.scalars(select(PostComment.id).where(PostComment.post_id == post.id, PostComment.settled_at.is_(None))))) >= MOST:
        raise WrongState(N_("This post has very many open comments. Settle some first."))
    name = actor.display_name if actor else history.COMMAND_LINE
    comment = PostComment(post_id=post.id, text=text, quote=quote, by_id=actor.id if actor else None, by_name=name, at=now)
    db.add(comment)
    history.record(db, actor, "post.commented", post, now=now, note=text, name=history.COMMAND_LINE)
    db.flush()
    return comment


def checked(post: Post, text: str, quote: str) -> tuple[str, str]:
    """Both tidied. Raises Invalid for no text, one too long, and for words that are not in the post."""
    text, quote = text.replace("\r\n", "\n").strip(), " ".join(quote.split())
    if not text:
        raise Invalid(N_("Write what you want to say."), field="text")
    for field, given, most in (("text", text, _LONGEST), ("quote", quote, _LONGEST_QUOTE)):
        if len(given) > most:
            raise Invalid(N_("That is too long: at most %(most)s characters."), field=field, most=most)
        if "\0" in given:
            raise Invalid(N_("This contains characters that cannot be stored."), field=field)
    if quote and not _stands(post, quote):
        raise Invalid(N_("These words are not in the post. Copy them from it, or leave this empty."), field="quote")
    return text, quote


def settle(db: Session, post: Post, comment_id: int, *, actor: User | None, now: datetime) -> None:
    """Say that a comment is dealt with: by whoever made it, whoever may edit the post or approve it. A second time changes nothing."""
    comment = db.get(PostComment, comment_id)
    if comment is None or comment.post_id != post.id:
        raise NotFound()
    own = actor is not None and comment.by_id == actor.id
    if not (own or may(actor, "post.edit", post) or may(actor, "post.approve", post)):
        raise Forbidden()
    if comment.settled_at is None:
        comment.settled_at, comment.settled_by = now, actor.display_name if actor else history.COMMAND_LINE
        history.record(db, actor, "post.comment_settled", post, now=now, note=comment.text, name=history.COMMAND_LINE)


def of_post(db: Session, post: Post) -> list[CommentLine]:
    """The comments of a post, open ones first, the oldest first. One statement."""
    found = db.scalars(select(PostComment).where(PostComment.post_id == post.id).order_by(PostComment.id).limit(500))
    lines = [
        CommentLine(one.id, one.text, one.quote, bool(one.quote) and not _stands(post, one.quote), one.by_id, one.by_name, one.at, one.settled_at, one.settled_by)
        for one in found
    ]
    return sorted(lines, key=lambda one: one.settled_at is not None)


def _stands(post: Post, quote: str) -> bool:
    return any(quote in " ".join(text.split()) for text in _texts(post))


def _texts(post: Post) -> Iterator[str]:
    """What people can quote, as it is written and as they read it: each as one text."""
    yield post.text
    yield leaving_title(post, post.asset)
    yield post.first_comment
    yield post.link
    yield leaving_link(post)
    yield shown(leaving_text(post, post.channel))
    yield leaving_comment(post, post.channel)
    yield from (str(item.get("alt_text") or "") for item in post.media or [])
