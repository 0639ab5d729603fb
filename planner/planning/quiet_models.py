"""What keeps posts back for a while: pauses, which hold until they are ended, and blackouts, which are planned."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from planner.core.db import Record

__all__ = ["Blackout", "Pause"]


class Pause(Record):
    """A stop of all sending, or of one channel or campaign, with its reason; it holds until it is ended."""

    __tablename__ = "pauses"
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    reason: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None] = mapped_column(index=True)


class Blackout(Record):
    """A planned quiet period: half-open days [starts_on, ends_on), shown on the calendar, warned about when planning. Removed ones are kept."""

    __tablename__ = "blackouts"
    __table_args__ = (CheckConstraint("ends_on > starts_on", name="ends_after_start"),)
    name: Mapped[str] = mapped_column(String(160))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    #: The channels it holds on; empty: all of them, also those still to come.
    channel_ids: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def last_on(self) -> date:
        return self.ends_on - timedelta(days=1)
