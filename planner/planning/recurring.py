"""Evergreen assets, and the slots of a channel's week that only they take."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.db import Record

__all__ = ["Evergreen", "Slot"]


class Evergreen(Record):
    """An asset that may be shared again and again, with some days between."""

    __tablename__ = "evergreens"
    __table_args__ = (CheckConstraint("cool_down_days > 0", name="cools_down"),)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), unique=True)
    #: Not again on any channel before so many days have passed.
    cool_down_days: Mapped[int]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    added_at: Mapped[datetime]
    asset: Mapped[Asset] = relationship(lazy="select")

    @property
    def name(self) -> str:
        """What history calls it."""
        return self.asset.title


class Slot(Record):
    """A place in a channel's week that only evergreen takes: by the clock of the channel's zone."""

    __tablename__ = "queue_slots"
    __table_args__ = (UniqueConstraint("channel_id", "weekday", "clock"), CheckConstraint("weekday BETWEEN 0 AND 6", name="is_weekday"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    #: 0 is Monday.
    weekday: Mapped[int]
    #: HH:MM.
    clock: Mapped[str] = mapped_column(String(5))
    channel: Mapped[Channel] = relationship(lazy="select")

    @property
    def name(self) -> str:
        """What history calls it."""
        return self.channel.name
