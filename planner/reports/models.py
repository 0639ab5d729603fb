"""How a person wants their daily digest, and each one that was sent or tried."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.channels.port import Flavour
from planner.core.db import Record
from planner.core.types import Choice, Sealed
from planner.planning.models import Post

__all__ = ["DigestSending", "DigestSetting", "Nudge", "SendingState", "Way"]


class Way(StrEnum):
    """How a digest travels."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class SendingState(StrEnum):
    """What became of one."""

    #: Begun, and written down before the first byte left; a crash leaves it so, and it is never sent again.
    SENDING = "sending"
    SENT = "sent"
    #: It certainly went nowhere, and may be tried again.
    FAILED = "failed"
    UNKNOWN = "unknown"


class DigestSetting(Record):
    """When and how one person gets their digest; without a row, never. Reminders come by mail without one too."""

    __tablename__ = "digest_settings"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    by_mail: Mapped[bool]
    by_webhook: Mapped[bool]
    #: The address of a room of their own; it is a key.
    webhook: Mapped[str | None] = mapped_column(Sealed)
    flavour: Mapped[Flavour] = mapped_column(Choice(Flavour))
    #: Wall time in their zone, "07:30", and the days: 0 is Monday.
    at: Mapped[str] = mapped_column(String(5))
    days: Mapped[list[int]] = mapped_column(JSON)
    #: Also when nothing needs them.
    even_empty: Mapped[bool]
    #: Reminders by mail of approvals whose deadline nears.
    nudges: Mapped[bool]
    updated_at: Mapped[datetime]
    user: Mapped[User] = relationship(lazy="joined")


class DigestSending(Record):
    """One digest of one person on one of their days, by one way: at most one."""

    __tablename__ = "digest_sendings"
    __table_args__ = (UniqueConstraint("user_id", "day", "way"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    way: Mapped[Way] = mapped_column(Choice(Way))
    state: Mapped[SendingState] = mapped_column(Choice(SendingState))
    tries: Mapped[int]
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")


class Nudge(Record):
    """A reminder that one person got of one step of one exact content of a post: at most one."""

    __tablename__ = "nudges"
    __table_args__ = (UniqueConstraint("user_id", "post_id", "step", "digest"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    post: Mapped[Post] = relationship(lazy="select")
