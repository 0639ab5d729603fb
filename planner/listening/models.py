"""Mention, what another person wrote about us; which assets it is about, and which days its source told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.db import Base, BigId, Record

__all__ = ["Mention", "MentionAsset", "MentionDay", "MentionLook"]


class Mention(Record):
    """Something another person wrote about us, kept once however often and by whomever it is told; nothing but what was told is in here."""

    __tablename__ = "mentions"
    __table_args__ = (UniqueConstraint("key"), Index("ix_mentions_at_id", "at", "id"))
    #: Digest of what it is known by: its platform's number, else its page, else what it says, where and when.
    key: Mapped[str] = mapped_column(String(64))
    #: A network of core.networks, or “web”.
    network: Mapped[str] = mapped_column(String(16))
    #: The host of its address without www.; empty where no address was told.
    site: Mapped[str] = mapped_column(String(200), default="")
    #: The name of the paper, blog or programme, as told.
    outlet: Mapped[str] = mapped_column(String(200), default="")
    #: Who wrote it, as told.
    author: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(2000), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    excerpt: Mapped[str] = mapped_column(Text, default="")
    #: When it was written; where only the day was told, noon UTC of it.
    at: Mapped[datetime]
    timed: Mapped[bool] = mapped_column(default=True)
    #: How it came: `api-` and the channel that was asked, `file-` and what its headings are known by. Of several, the first in the alphabet.
    source: Mapped[str] = mapped_column(String(24))
    told_at: Mapped[datetime]
    #: Since when who wrote it, its words and its address are forgotten.
    forgotten_at: Mapped[datetime | None]


class MentionAsset(Base):
    """That a mention is about an asset. One that has no such row is about no content of ours."""

    __tablename__ = "mention_assets"
    # In the order in which it is asked: an asset's mentions lie together.
    asset_id: Mapped[int] = mapped_column(BigId, ForeignKey(Asset.id), primary_key=True, autoincrement=False)
    mention_id: Mapped[int] = mapped_column(BigId, ForeignKey(Mention.id, ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True)


class MentionDay(Base):
    """That a source told a UTC day: an asset of which it names no mention then had none there. A day that is not here is a gap."""

    __tablename__ = "mention_days"
    source: Mapped[str] = mapped_column(String(24), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class MentionLook(Base):
    """How far one channel was asked for what others wrote; no row: never. A listing that was cut short goes on where it ended."""

    __tablename__ = "mention_looks"
    channel_id: Mapped[int] = mapped_column(BigId, ForeignKey(Channel.id), primary_key=True, autoincrement=False)
    #: All messages up to this number are known.
    known_to: Mapped[str] = mapped_column(String(24), default="")
    #: Of a listing that was cut short: its newest message, and the oldest it came to; empty between two.
    newest: Mapped[str] = mapped_column(String(24), default="")
    oldest: Mapped[str] = mapped_column(String(24), default="")
    #: The last try, whatever came of it, and from when on the platform may be asked again.
    asked_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    #: Up to when everything was told; None: not yet.
    told_to: Mapped[datetime | None]
    #: Why the last try told less than everything; empty when it did not.
    trouble: Mapped[str] = mapped_column(Text, default="")
