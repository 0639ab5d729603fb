"""What approval keeps besides what was said: the steps that hold, links for approvers outside, and comments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.core.db import Record

__all__ = ["ApprovalRoute", "PostComment", "ReviewLink"]


class ApprovalRoute(Record):
    """The steps of approval of what is sensitive, of one campaign, of one kind of asset, or of everything else; no row: see planning.steps."""

    __tablename__ = "approval_routes"
    __table_args__ = ({"sqlite_autoincrement": True},)  # A number is never used again: history tells of rows that are gone.
    #: "sensitive", "campaign:12", "kind:video" or "standard"; the first of these that a post has wins.
    place: Mapped[str] = mapped_column(String(48), unique=True)
    #: As planning.steps.Step; empty: no approval is asked for, except of releases.
    steps: Mapped[list[dict[str, Any]]]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def name(self) -> str:
        """What history calls it."""
        return self.place


class ReviewLink(Record):
    """A link by which one named person without an account reads some posts and says yes or no; only its digest is kept."""

    __tablename__ = "review_links"
    __table_args__ = ({"sqlite_autoincrement": True},)  # A number is never used again: approvals tell of it.
    digest: Mapped[str] = mapped_column(String(43), unique=True)
    #: Who it is for; stands beside what they say.
    name: Mapped[str] = mapped_column(String(120))
    #: The posts it shows, and nothing else.
    posts: Mapped[list[int]] = mapped_column(JSON)
    #: The language its pages are in, where no browser says one.
    language: Mapped[str] = mapped_column(String(8))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[User] = relationship(lazy="select")


class PostComment(Record):
    """A remark on a post, or on some of its words; it holds nothing up."""

    __tablename__ = "post_comments"
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    #: The words it is about, as they stood then; empty: the whole post.
    quote: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(120), default="")
