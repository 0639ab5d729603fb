"""What somebody was writing when they left, texts that posts begin with, and the words that several posts share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from planner.core.db import Record

__all__ = ["BaseText", "KeptText", "PostTemplate"]


class KeptText(Record):
    """A form of one person, as it was typed and not saved; no post knows of it. One row a person and form."""

    __tablename__ = "kept_texts"
    __table_args__ = (UniqueConstraint("user_id", "what"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    #: "new", or the number of the post that is changed.
    what: Mapped[str] = mapped_column(String(24))
    #: The version of the post that was on the screen; None for a new one.
    version: Mapped[int | None]
    #: Field -> what was typed or chosen in it.
    values: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict)
    kept_at: Mapped[datetime]


class PostTemplate(Record):
    """Words that a post may begin with. {title}, {summary} and {link} stand for the asset's."""

    __tablename__ = "post_templates"
    name: Mapped[str] = mapped_column(String(80), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    first_comment: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]


class BaseText(Record):
    """The words for all of the posts that were written at once, one a channel (Post.base_text_id). A post whose words differ was changed for its channel."""

    __tablename__ = "base_texts"
    text: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    first_comment: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
