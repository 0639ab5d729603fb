"""Channel, one account of ours on one platform, and Credential, its sealed key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.channels.port import Account, Platform
from planner.core.db import Base, Record
from planner.core.types import Choice, Sealed

__all__ = ["AudienceSlice", "Channel", "ChannelState", "Credential", "OpenConsent", "Trouble", "Use"]


class ChannelState(StrEnum):
    """Whether the planner may speak for this channel."""

    CONNECTED = "connected"
    #: The platform refused our key (401): nothing is sent until somebody reconnects.
    NEEDS_RECONNECT = "needs_reconnect"
    #: Kept for its posts and numbers only: disconnected, or known from an import.
    NOT_CONNECTED = "not_connected"


class Channel(Record):
    """One account of ours on one platform. Never deleted: its posts and numbers stay."""

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("platform", "name"),
        CheckConstraint("grace_minutes >= 0", name="grace_not_negative"),
    )
    platform: Mapped[Platform] = mapped_column(Choice(Platform))
    name: Mapped[str] = mapped_column(String(120))
    #: The platform's own number or URN for the account; empty until known.
    external_id: Mapped[str] = mapped_column(String(200), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    grace_minutes: Mapped[int] = mapped_column(default=20)
    colour: Mapped[int] = mapped_column(default=0)
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[ChannelState] = mapped_column(Choice(ChannelState), default=ChannelState.NOT_CONNECTED)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    #: Nothing is sent before this moment: the platform asked for a wait that holds for the whole account.
    wait_until: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(Text, default="")
    #: When it last had its turn in the outbox: the higher, the later. Counted, not timed, so that no clock can favour anybody.
    turn: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    #: How often in a row its platform gave no answer, and since when. See channels.circuit.
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_collected_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    #: Counts up at each change; the API's ETag.
    version: Mapped[int] = mapped_column(default=1)
    credential: Mapped[Credential | None] = relationship(back_populates="channel", uselist=False, lazy="select")

    __mapper_args__ = {"version_id_col": version}

    def account(self) -> Account:
        """This channel as an adapter needs it. Opens the sealed token."""
        return self.account_with(self.credential.access_token if self.credential else None)

    def account_with(self, secret: str | None) -> Account:
        """The same for who has read the token already."""
        return Account(
            channel_id=self.id,
            platform=self.platform,
            name=self.name,
            external_id=self.external_id,
            config=dict(self.config),
            secret=secret,
        )


class Credential(Record):
    """The key to one channel, sealed. One row a channel; reconnecting overwrites it."""

    __tablename__ = "credentials"
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), unique=True)
    access_token: Mapped[str] = mapped_column(Sealed)
    refresh_token: Mapped[str | None] = mapped_column(Sealed)
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    #: Not renewed before this moment: somebody is at it, or the platform said “not now”.
    refresh_after: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(default=list)
    updated_at: Mapped[datetime]
    channel: Mapped[Channel] = relationship(back_populates="credential")


class OpenConsent(Record):
    """A consent that opened several accounts, until a person has said which become channels; for ten minutes, and taken once."""

    __tablename__ = "open_consents"
    #: Digest of a random word that only the asking session has.
    word_digest: Mapped[str] = mapped_column(String(43), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    platform: Mapped[Platform] = mapped_column(Choice(Platform))
    #: The key, as sealed JSON.
    grant: Mapped[str] = mapped_column(Sealed)
    #: {"external_id", "name"} of each account the key opens.
    accounts: Mapped[list[dict[str, Any]]]
    #: The channel that was to be reconnected.
    again: Mapped[int | None]
    until: Mapped[datetime]


class Use(Base):
    """How much of one kind one channel used on one day of its platform, as the planner counted it (channels.usage)."""

    __tablename__ = "channel_uses"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount_not_negative"),)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    #: By the platform's own calendar: YouTube's day ends at midnight in California.
    day: Mapped[Any] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    amount: Mapped[int]


class Trouble(Base):
    """What went wrong last on one channel, for each sort of thing that is done there."""

    __tablename__ = "channel_troubles"
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    doing: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]
    #: The adapter's sentence.
    reason: Mapped[str] = mapped_column(Text)


class AudienceSlice(Record):
    """How many people of one kind followed one channel on one day, as the platform told it."""

    __tablename__ = "audience_slices"
    __table_args__ = (
        UniqueConstraint("channel_id", "day", "dimension", "key"),
        Index("ix_audience_slices_channel_dimension_day", "channel_id", "dimension", "day"),
    )
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    day: Mapped[Any] = mapped_column(Date)
    #: followers, seniority, function, industry, country, staff_count…
    dimension: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(120))
    count: Mapped[int]
