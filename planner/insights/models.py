"""Snapshot, what a platform told us about a post at one moment, and the roll-ups that screens read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.db import Base, Record
from planner.planning.models import Post

__all__ = ["METRICS", "AssetDay", "ChannelDay", "Latest", "Snapshot"]

#: Counts a snapshot may hold, each since publication; None is “not told”.
METRICS = (
    "views", "impressions", "reach", "engagements", "likes", "comments", "shares", "clicks", "watch_seconds",
)  # fmt: skip


class Counts:
    """The counts, as columns."""

    views: Mapped[int | None] = mapped_column(BigInteger)
    impressions: Mapped[int | None] = mapped_column(BigInteger)
    reach: Mapped[int | None] = mapped_column(BigInteger)
    engagements: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    clicks: Mapped[int | None] = mapped_column(BigInteger)
    watch_seconds: Mapped[int | None] = mapped_column(BigInteger)


class Snapshot(Counts, Record):
    """What a platform (or a file) told us about one post at one moment. Only ever added to: the truth of all numbers."""

    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("post_id", "at"),)
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id))
    at: Mapped[datetime]
    #: platform, import or by_hand.
    source: Mapped[str] = mapped_column(String(16), default="platform")
    #: Which definition of a view the platform used; series are never joined across two.
    regime: Mapped[str] = mapped_column(String(24), default="")


class Latest(Counts, Base):
    """The newest snapshot of each post, for lists."""

    __tablename__ = "latest"
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    regime: Mapped[str] = mapped_column(String(24), default="")


class AssetDay(Counts, Base):
    """What one asset had on one channel at the end of one UTC day: sums over its posts of the last snapshot until then."""

    __tablename__ = "asset_day"
    __table_args__ = (Index("ix_asset_day_asset_id_day", "asset_id", "day"),)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id), primary_key=True, autoincrement=False)


class ChannelDay(Counts, Base):
    """What one channel's posts had together at the end of one UTC day."""

    __tablename__ = "channel_day"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id), primary_key=True, autoincrement=False)
