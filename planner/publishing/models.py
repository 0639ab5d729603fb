"""Delivery, the outbox row of an approved post; Attempt, one try to send it; Amendment, what is done to it live; Native, a message published without us."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.channels.models import Channel
from planner.channels.port import PostKind
from planner.core.db import Base, Record
from planner.core.types import Choice
from planner.ledger.models import Leased
from planner.planning.models import Post

__all__ = [
    "Amendment", "AmendmentKind", "AmendmentState", "Attempt", "Delivery", "DeliveryState", "Hold", "Native", "NativeLook", "NativeState", "Result", "Upload", "Watch",
]  # fmt: skip


class DeliveryState(StrEnum):
    """Where a delivery is. DUE and RETRY wait for their moment; UNKNOWN waits to be looked up; HELD waits for a person."""

    DUE = "due"
    SENDING = "sending"
    UNKNOWN = "unknown"
    RETRY = "retry"
    PUBLISHED = "published"
    FAILED = "failed"
    MISSED = "missed"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    CANCELLED = "cancelled"


class Hold(StrEnum):
    """Why a delivery is held, which says how it comes back."""

    PAUSE = "pause"
    CHANNEL = "channel"
    APPROVAL = "approval"
    EMBARGO = "embargo"


class Result(StrEnum):
    """How an attempt ended. One whose outcome is unknown stays open until it is looked up."""

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    #: Looked up afterwards: it was live.
    FOUND = "found"
    #: Looked up afterwards in a complete listing: it was not.
    ABSENT = "absent"


class Delivery(Leased, Record):
    """The outbox row of one approved post: the only thing a worker touches. One a post, for ever."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("post_id"),
        # The work queue: only rows that a worker may want.
        Index(
            "ix_deliveries_queue",
            "next_at",
            "id",
            sqlite_where=text("state IN ('due','retry','sending','unknown')"),
            postgresql_where=text("state IN ('due','retry','sending','unknown')"),
        ),
        # One account's part of it, in the order of its own time. The condition is the one that `queries` asks with.
        Index(
            "ix_deliveries_account",
            "channel_id",
            "due_at",
            "id",
            sqlite_where=text("state IN ('due', 'retry')"),
            postgresql_where=text("state IN ('due', 'retry')"),
        ),
        Index("ix_deliveries_channel_id_state", "channel_id", "state"),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
    )
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    state: Mapped[DeliveryState] = mapped_column(Choice(DeliveryState), default=DeliveryState.DUE)
    #: The moment the post is meant to go out.
    due_at: Mapped[datetime]
    #: When a worker should next look at it.
    next_at: Mapped[datetime]
    #: Digest of the content that was approved; a delivery with another digest never leaves.
    digest: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    #: How often an unknown outcome was looked up without a clear answer.
    looks: Mapped[int] = mapped_column(default=0)
    hold: Mapped[Hold | None] = mapped_column(Choice(Hold))
    #: Why it is where it is, as a sentence for people.
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    #: What belongs to the live message and is not there yet, by the names adapters use: first_comment, thumbnail, captions, playlist.
    undone: Mapped[list[str]] = mapped_column(default=list)
    post: Mapped[Post] = relationship(lazy="select")
    attempts: Mapped[list[Attempt]] = relationship(back_populates="delivery", order_by="Attempt.id", lazy="select")


class Attempt(Record):
    """One try to send one delivery: written before the first byte leaves, closed by what came of it. Never deleted."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("delivery_id", "number"),
        Index(
            "uq_attempts_open",
            "delivery_id",
            unique=True,
            sqlite_where=text("result IS NULL"),
            postgresql_where=text("result IS NULL"),
        ),
        CheckConstraint("(result IS NULL) = (ended_at IS NULL)", name="ended_with_result"),
        CheckConstraint("external_id IS NULL OR result IN ('sent', 'found')", name="live_means_sent"),
    )
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    number: Mapped[int]
    #: What identifies the message on the platform: the same for every attempt of one delivery and content.
    fingerprint: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    worker: Mapped[str] = mapped_column(String(80), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[Result | None] = mapped_column(Choice(Result))
    code: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    external_id: Mapped[str | None] = mapped_column(String(200))
    #: What the adapter asked to keep (an upload's session), so that a crash resumes instead of starting again.
    resume: Mapped[str | None] = mapped_column(Text)
    delivery: Mapped[Delivery] = relationship(back_populates="attempts")


class AmendmentKind(StrEnum):
    """What is to be done to a live post on its platform."""

    EDIT = "edit"
    TAKE_DOWN = "take_down"
    #: Do what belongs to it and is missing: its first comment, thumbnail, captions, playlist.
    FINISH = "finish"


class AmendmentState(StrEnum):
    """Where an amendment is. Only an edit is reviewed; a WORKING one whose lease ran out is taken up again."""

    IN_REVIEW = "in_review"
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OPEN = "state IN ('in_review','queued','working')"
_TO_DO = "state IN ('queued','working')"


class Amendment(Leased, Record):
    """One thing to do to one live post on its platform, asked by a person and kept with what came of it. Never deleted.

    Unlike a send, each kind may be done twice without harm, so what is unclear is simply done again.
    """

    __tablename__ = "amendments"
    __table_args__ = (
        Index("ix_amendments_post_id", "post_id", "id"),
        Index("ix_amendments_queue", "next_at", "id", sqlite_where=text(_TO_DO), postgresql_where=text(_TO_DO)),
        # At most one of a kind is under way for a post.
        Index("uq_amendments_open", "post_id", "kind", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
    )
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    kind: Mapped[AmendmentKind] = mapped_column(Choice(AmendmentKind))
    state: Mapped[AmendmentState] = mapped_column(Choice(AmendmentState))
    #: An edit: what it is to say ({"text": "…"}). A finish: {"steps": ["thumbnail"]}.
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: An edit: what it said before.
    was: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Why a person asked.
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    asked_by: Mapped[str] = mapped_column(String(120), default="")
    asked_at: Mapped[datetime]
    #: Each yes to an edit, as publishing.edit_steps.Word. They are no approvals of the post: those are of what it says now.
    said: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    #: Digest of the edit that was approved: another content never leaves.
    digest: Mapped[str] = mapped_column(String(64), default="")
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    approved_by: Mapped[str] = mapped_column(String(120), default="")
    approved_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    #: What the platform answered last, or why a person said no.
    answer: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None]
    post: Mapped[Post] = relationship(lazy="select")


class Upload(Base):
    """How many bytes of a delivery's file the platform has: for the bar on screen, no fact that anything depends on."""

    __tablename__ = "uploads"
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), primary_key=True, autoincrement=False)
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class Watch(Base):
    """Since when one observer has watched one open attempt, on that observer's own monotonic clock (seconds).

    An observer is one boot of one machine: its monotonic clock is shared by its processes and cannot be set back,
    so a wrong wall clock anywhere never shortens the time an unknown outcome is given to settle.
    """

    __tablename__ = "watches"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True, autoincrement=False)
    observer: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[float] = mapped_column(Double)


class NativeState(StrEnum):
    """What people made of a message that was published directly."""

    FOUND = "found"
    #: It became a post under an asset.
    ADOPTED = "adopted"
    #: Somebody said that it is none of the plan's business.
    IGNORED = "ignored"


class Native(Record):
    """A message that somebody published on the platform itself, found by listing the account. One a platform's number."""

    __tablename__ = "native_posts"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        # What the calendar and the list of open ones read.
        Index(
            "ix_native_posts_open", "published_at", "id", sqlite_where=text("state = 'found'"), postgresql_where=text("state = 'found'")
        ),
        CheckConstraint("state <> 'adopted' OR post_id IS NOT NULL", name="adopted_has_post"),
        # A number is never used again: history tells of rows that are gone.
        {"sqlite_autoincrement": True},
    )
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000), default="")
    kind: Mapped[PostKind] = mapped_column(Choice(PostKind))
    #: A video's title; elsewhere empty.
    title: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime]
    found_at: Mapped[datetime]
    #: Since when a whole listing no longer shows it: deleted there.
    gone_at: Mapped[datetime | None]
    state: Mapped[NativeState] = mapped_column(Choice(NativeState), default=NativeState.FOUND)
    #: The post it became; kept, cancelled, when it was put back.
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"), unique=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(default=1)
    channel: Mapped[Channel] = relationship(lazy="select")
    post: Mapped[Post | None] = relationship(lazy="select")

    __mapper_args__ = {"version_id_col": version}

    @property
    def name(self) -> str:
        """What people may know it by: its title, else how its text begins."""
        return self.title or self.text[:100]


class NativeLook(Base):
    """How far one channel was looked through for messages published directly; no row: never, and it may be."""

    __tablename__ = "native_looks"
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True, autoincrement=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    #: The last try, whatever came of it.
    asked_at: Mapped[datetime | None]
    #: The last whole listing, and the last whole one that went back all thirty days.
    looked_at: Mapped[datetime | None]
    deep_at: Mapped[datetime | None]
    #: Why the last try told less than everything; empty when it did not.
    trouble: Mapped[str] = mapped_column(Text, default="")
