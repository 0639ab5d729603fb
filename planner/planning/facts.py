"""What happened to a post, told by publishing and by imports: facts are written down, not judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.writing import change, put
from planner.planning.models import Origin, Post, PostState

__all__ = [
    "Leaving", "Live", "disown", "mark_failed", "mark_missed", "mark_published", "mark_scheduled", "mark_sending", "mark_unconfirmed",
    "readopt", "record_all_published", "record_published", "reopen",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaving:
    """A post that is being sent, as far as it has to be known to write that it is live."""

    id: int
    title: str
    version: int
    state: ClassVar = PostState.SENDING
    __tablename__: ClassVar = Post.__tablename__


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of a post that was found live: where, under which number and address, since when."""

    asset: Asset
    channel: Channel
    external_id: str
    url: str
    published_at: datetime
    text: str = ""
    title: str = ""


def mark_scheduled(db: Session, post: Post, *, now: datetime, reason: str = "") -> None:
    """A delivery waits for its moment."""
    _into(db, post, PostState.SCHEDULED, now, reason)


def mark_sending(db: Session, post: Post, *, now: datetime) -> None:
    """A worker is about to call the platform."""
    _into_now(db, post, PostState.SENDING, now, "")


def mark_published(db: Session, post: Post | Leaving, *, external_id: str, url: str, at: datetime | None, now: datetime, reason: str = "") -> None:
    """It is live: a fact, whatever state the post was in. `at` is None when the platform did not say when; then `now`.

    Raises StaleDataError when somebody else changed it.
    """
    told = {"external_id": external_id, "url": url, "published_at": at or now}
    _into_now(db, post, PostState.PUBLISHED, now, reason, told, external_id=external_id, external_url=url, published_at=at or now)


def mark_failed(db: Session, post: Post, *, reason: str = "", now: datetime) -> None:
    """The platform said a permanent no, or every try was used up."""
    _into(db, post, PostState.FAILED, now, reason)


def mark_missed(db: Session, post: Post, *, reason: str = "", now: datetime) -> None:
    """Its time passed by more than the grace: never sent late without a person."""
    _into(db, post, PostState.MISSED, now, reason)


def mark_unconfirmed(db: Session, post: Post, *, reason: str = "", now: datetime) -> None:
    """It may be live and nothing can tell: a person decides."""
    _into(db, post, PostState.UNCONFIRMED, now, reason)


def reopen(db: Session, post: Post, *, reason: str, now: datetime) -> None:
    """The approval no longer matches what would leave: back to review, with the reason."""
    post.approved_digest = None
    _into(db, post, PostState.IN_REVIEW, now, reason, action="post.reopened")


def record_published(
    db: Session,
    asset: Asset,
    channel: Channel,
    *,
    external_id: str,
    url: str,
    published_at: datetime,
    text: str = "",
    title: str = "",
    origin: Origin = Origin.IMPORTED,
    now: datetime,
    actor: User | None = None,
) -> Post:
    """A post that was live before the planner knew of it. The caller made sure that nobody has this number on this channel yet."""
    live = Live(asset, channel, external_id, url, published_at, text, title)
    return record_all_published(db, [live], origin=origin, now=now, actor=actor)[0]


def record_all_published(
    db: Session, found: Sequence[Live], *, origin: Origin = Origin.IMPORTED, now: datetime, actor: User | None = None
) -> list[Post]:
    """The same for many at once, in the same order: one round to the database instead of one a post."""
    posts = [
        Post(
            asset=one.asset, channel=one.channel, origin=origin, state=PostState.PUBLISHED, text=one.text, title=one.title, link=one.asset.url,
            publish_at=one.published_at, published_at=one.published_at, external_id=one.external_id, external_url=one.url,
            created_at=now, updated_at=now,
        )
        for one in found
    ]  # fmt: skip
    db.add_all(posts)
    db.flush()
    for post in posts:
        told = {"external_id": post.external_id, "url": post.external_url, "origin": origin}
        history.record(db, actor, "post.recorded", post, now=now, became=told)
    return posts


def disown(db: Session, post: Post, *, now: datetime, actor: User | None) -> None:
    """A post that was found live is none of ours after all: cancelled, and without the platform's number, which others may have."""
    was = {"state": post.state, "external_id": post.external_id}
    post.state, post.external_id, post.external_url, post.updated_at = PostState.CANCELLED, None, "", now
    history.record(db, actor, "post.disowned", post, now=now, was=was, became={"state": post.state}, name=history.COMMAND_LINE)


def readopt(db: Session, post: Post, asset: Asset, *, external_id: str, url: str, now: datetime, actor: User | None) -> Post:
    """A disowned post is live and ours again, about that asset."""
    was = {"state": post.state, "asset": post.asset.title}
    post.asset, post.state, post.external_id, post.external_url, post.updated_at = asset, PostState.PUBLISHED, external_id, url, now
    became = {"state": post.state, "asset": asset.title, "external_id": external_id, "url": url}
    history.record(db, actor, "post.recorded", post, now=now, was=was, became=became, name=history.COMMAND_LINE)
    return post


def _into(db: Session, post: Post, state: PostState, now: datetime, reason: str, *, action: str = "", **became: object) -> None:
    was, post.state, post.updated_at = post.state, state, now
    action = action or f"post.{state.value}"
    history.record(db, None, action, post, now=now, was={"state": was}, became={"state": state, **became}, note=reason)


def _into_now(
    db: Session, post: Post | Leaving, state: PostState, now: datetime, reason: str, told: dict[str, object] | None = None, **values: object
) -> None:
    """The same past the unit of work: each message sent goes through here twice."""
    was = post.state
    if isinstance(post, Leaving):
        put(db, Post, post.id, read=post.version, state=state, updated_at=now, **values)
    else:
        change(db, post, state=state, updated_at=now, **values)
    history.record_now(db, f"post.{state.value}", post, now=now, was={"state": was}, became={"state": state, **(told or {})}, note=reason)
