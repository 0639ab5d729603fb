"""Event: what happens in the world and when, ours, anybody's or a rival's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.core.db import Record
from planner.core.i18n import N_
from planner.core.types import Choice

__all__ = ["EVENT_LABELS", "Event", "EventKind"]


class EventKind(StrEnum):
    """What sort of event it is."""

    TRADE_SHOW = "trade_show"
    CONFERENCE = "conference"
    ANNOUNCEMENT = "announcement"
    OTHER = "other"


EVENT_LABELS: dict[StrEnum, str] = {
    EventKind.TRADE_SHOW: N_("Trade show"),
    EventKind.CONFERENCE: N_("Conference"),
    EventKind.ANNOUNCEMENT: N_("Announcement"),
    EventKind.OTHER: N_("Another event"),
}


class Event(Record):
    """Something dated in the world: half-open days [starts_on, ends_on). Removed ones are kept, so that they can be put back."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("ends_on > starts_on", name="ends_after_start"),
        Index("ix_events_starts_on", "starts_on", "ends_on"),
    )
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[EventKind] = mapped_column(Choice(EventKind), default=EventKind.OTHER)
    #: The competitor whose it is; empty: ours, or nobody's in particular.
    rival: Mapped[str] = mapped_column(String(120), default="")
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(160), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    author: Mapped[User | None] = relationship(lazy="select")

    __mapper_args__ = {"version_id_col": version}

    @property
    def last_on(self) -> date:
        """The last day of it."""
        return self.ends_on - timedelta(days=1)
