"""Where a sensitive announcement is made, as somebody listed it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from planner.core.db import Record

__all__ = ["ListedChannel"]


class ListedChannel(Record):
    """One channel on which a campaign's sensitive announcement is made. An announcement without any was never listed, and is held to none."""

    __tablename__ = "listed_channels"
    __table_args__ = (UniqueConstraint("campaign_id", "asset_id", "channel_id"),)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
