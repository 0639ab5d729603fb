"""Approvers without an account: a link for one named person shows a post, or the posts of a wave, and takes their yes. None commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.catalog.models import Asset
from planner.channels.port import Limits
from planner.core.errors import Conflict, Invalid, NotFound, Refused, WrongState
from planner.core.i18n import N_
from planner.core.secrets import new_token, token_digest
from planner.planning import approving, routes, rules
from planner.planning.approval_models import ReviewLink
from planner.planning.differences import snapshot
from planner.planning.models import Approval, Post, PostState, Verb
from planner.planning.saying import digest_of, findings_of
from planner.planning.steps import GUEST, Standing

__all__ = [
    "GONE", "LIFE", "MOST_LIFE", "MOST_LINKS", "MOST_POSTS", "GuestLine", "approve", "by_id", "counts", "is_live", "last_read", "lines", "make", "note_use",
    "opened", "posts_of", "request_changes", "revoke",
]  # fmt: skip

#: How long a link works unless somebody says otherwise, and at most.
LIFE, MOST_LIFE = timedelta(days=7), timedelta(days=60)
#: Live links one person may have; posts one link may show.
MOST_LINKS, MOST_POSTS = 50, 60
#: The step of a yes that no step asks for: it is kept, and counts for nothing.
_ADVICE = "advice"
_USE_NOTED = timedelta(minutes=10)
_MOST_NOTE = 2000
#: One sentence for a link that never was and for one that is over: guessing learns nothing.
GONE = N_("This link does not work: it has ended, was revoked, or is not complete. Ask whoever sent it to you for a new one.")
_IN_THE_WAY = N_("Something in the plan stands in its way. Whoever sent you the link knows more.")


@dataclass(frozen=True, slots=True)
class GuestLine:
    """One link in the list, without what it is."""

    id: int
    name: str
    posts: int
    made_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    works: bool


def make(
    db: Session, name: str, posts: Sequence[Post], *, life: timedelta = LIFE, language: str = "en", actor: User, now: datetime
) -> tuple[ReviewLink, str]:
    """A new link for this person and its token, which is told this once; only its digest is stored.

    posts -- what they see, and nothing else, ever: a post that joins the wave later needs a new link.
    Raises Forbidden, Invalid, NotFound for a post the maker may not read, Refused at MOST_LINKS.
    """
    require(actor, "review.make")
    name = " ".join(name.split())
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise Invalid(N_("Say who it is for: a name of at most 100 characters. It stands beside their yes."), field="name")
    if not timedelta() < life <= MOST_LIFE:
        raise Invalid(N_("Choose at most %(days)s days."), field="days", days=MOST_LIFE.days)
    if not posts or len(posts) > MOST_POSTS:
        raise Invalid(N_("Choose from one to %(most)s posts."), field="posts", most=MOST_POSTS)
    if not all(may(actor, "read", post) for post in posts):
        raise NotFound()
    live = select(func.count()).where(ReviewLink.created_by_id == actor.id, ReviewLink.revoked_at.is_(None), ReviewLink.expires_at > now)
    if (db.scalar(live) or 0) >= MOST_LINKS:
        raise Refused(N_("You have %(most)s links that work. Revoke one that nobody needs first."), most=MOST_LINKS)
    token = new_token()
    link = ReviewLink(
        digest=token_digest(token), name=name, posts=[post.id for post in posts], language=language, created_by=actor, created_at=now, expires_at=now + life,
    )  # fmt: skip
    db.add(link)
    db.flush()
    history.record(db, actor, "review.made", link, now=now, became={"posts": link.posts, "expires_at": link.expires_at})
    return link, token


def revoke(db: Session, link: ReviewLink, *, actor: User | None, now: datetime) -> None:
    """The link stops working at once; a second time changes nothing."""
    if link.revoked_at is None:
        link.revoked_at = now
        history.record(db, actor, "review.revoked", link, now=now)


def opened(db: Session, token: str, *, now: datetime) -> ReviewLink:
    """The link that this token opens, with its maker. Raises NotFound, with the one sentence GONE, for any that does not work."""
    link = db.scalar(select(ReviewLink).where(ReviewLink.digest == token_digest(token)).options(joinedload(ReviewLink.created_by)))
    if link is None or not is_live(link, now):
        raise NotFound(GONE)
    return link


def is_live(link: ReviewLink, now: datetime) -> bool:
    """Not revoked, not ended, and its maker still here with the right to make it."""
    return link.revoked_at is None and now < link.expires_at and may(link.created_by, "review.make")


def posts_of(db: Session, link: ReviewLink) -> list[Post]:
    """The posts it shows, the earliest first: those its maker may still read and that are not drafts again. A fixed number of statements."""
    query = (
        select(Post)
        .where(Post.id.in_(link.posts), Post.state.not_in((PostState.DRAFT, PostState.CANCELLED)))
        .options(joinedload(Post.asset).selectinload(Asset.files), joinedload(Post.channel), joinedload(Post.campaign), selectinload(Post.approvals))
        .order_by(Post.publish_at, Post.id)
    )
    return [post for post in db.scalars(query).unique() if may(link.created_by, "read", post)]


def counts(stands: Standing, post: Post, link: ReviewLink, four_eyes: str) -> bool:
    """Whether this person's yes fills a seat of the step that is asked now. A link made by the author of a release fills none."""
    own = link.created_by_id in (post.author_id, post.submitted_by_id) and rules.wants_second_pair(post.asset, post.campaign, four_eyes)
    return not own and ("guest", "") in stands.asked.missing


def approve(
    db: Session, link: ReviewLink, post: Post, *, digest: str, note: str = "", limits: Limits | None = None, four_eyes: str = "releases", now: datetime
) -> Post:
    """Their yes to exactly this content: in the step that asks somebody outside, or else as advice that is kept and counts for nothing.

    Raises Conflict for another content by now, WrongState outside review, Refused without a reason that tells of anything else.
    """
    current = _checked(post, digest)
    if rules.blocking(findings_of(db, post, limits, now)):
        raise Refused(_IN_THE_WAY)
    stands = routes.standing_of(db, post, current, four_eyes)
    step = stands.asked.step.key if counts(stands, post, link, four_eyes) else _ADVICE
    _say(post, link, Verb.APPROVED, _note(note), step, now)
    if step == _ADVICE:
        post.updated_at = now
        history.record(db, None, "post.guest_advised", post, now=now, note=note.strip(), name=link.name)
    else:
        history.record(db, None, "post.guest_approved", post, now=now, note=note.strip(), name=link.name)
        approving.settle(db, post, routes.standing_of(db, post, current, four_eyes), None, now, name=link.name)
    return post


def request_changes(db: Session, link: ReviewLink, post: Post, *, digest: str, note: str, now: datetime) -> Post:
    """Send it back to its author with what to change. Raises Invalid without a note, Conflict, WrongState."""
    _checked(post, digest)
    note = _note(note)
    if not note:
        raise Invalid(N_("Say what should change."), field="note")
    _say(post, link, Verb.CHANGES_REQUESTED, note, _ADVICE, now)
    was, post.state, post.updated_at, post.approved_digest = post.state, PostState.CHANGES_REQUESTED, now, None
    history.record(db, None, "post.guest_changes_requested", post, now=now, was={"state": was}, became={"state": post.state}, note=note, name=link.name)
    return post


def last_read(post: Post, link: ReviewLink) -> Approval | None:
    """What this person last said of it; None when they said nothing."""
    return next((one for one in reversed(post.approvals) if one.guest_id == link.id), None)


def note_use(db: Session, link: ReviewLink, *, now: datetime) -> None:
    """Remember that it was opened, once in a while."""
    if link.last_used_at is None or link.last_used_at <= now - _USE_NOTED:
        db.execute(update(ReviewLink).where(ReviewLink.id == link.id).values(last_used_at=now))


def lines(db: Session, *, viewer: User, now: datetime, limit: int = 200) -> list[GuestLine]:
    """One's own links, an administrator's list has everybody's; those that did not end first, then the newest. Two statements."""
    ended = or_(ReviewLink.revoked_at.is_not(None), ReviewLink.expires_at <= now)
    query = select(ReviewLink).options(joinedload(ReviewLink.created_by)).order_by(case((ended, 1), else_=0), ReviewLink.id.desc()).limit(limit)
    if not may(viewer, "share.manage"):
        query = query.where(ReviewLink.created_by_id == viewer.id)
    return [
        GuestLine(
            one.id, one.name, len(one.posts), one.created_by.display_name, one.created_at, one.expires_at, one.last_used_at, one.revoked_at,
            is_live(one, now),
        )
        for one in db.scalars(query)
    ]  # fmt: skip


def by_id(db: Session, link_id: int, *, viewer: User) -> ReviewLink:
    """One's own link; an administrator's is any. Raises NotFound."""
    link = db.get(ReviewLink, link_id)
    if link is None or not (link.created_by_id == viewer.id or may(viewer, "share.manage")):
        raise NotFound()
    return link


def _checked(post: Post, digest: str) -> str:
    if post.state is not PostState.IN_REVIEW:
        raise WrongState(N_("This post does not wait for an answer any more."))
    current = digest_of(post)
    if digest != current:
        raise Conflict(N_("This post was changed after you opened it. Read it again, then approve."))
    return current


def _note(note: str) -> str:
    note = note.replace("\r\n", "\n").strip()
    if len(note) > _MOST_NOTE:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="note", most=_MOST_NOTE)
    if "\0" in note:
        raise Invalid(N_("This contains characters that cannot be stored."), field="note")
    return note


def _say(post: Post, link: ReviewLink, verb: Verb, note: str, step: str, now: datetime) -> None:
    post.approvals.append(
        Approval(
            verb=verb, digest=digest_of(post), by_id=None, by_name=link.name, at=now, note=note, step=step, roles=[GUEST], content=snapshot(post),
            guest_id=link.id,
        )
    )  # fmt: skip
