"""What promoted a video, what people know of it, how it stands, and what was decided with which numbers in front of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, Float, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.db import Base, Record
from planner.core.types import Choice as Listed
from planner.planning.models import Post
from planner.promotion.choices import Choice, Confidence, Option, PromotionKind, Role

__all__ = ["Decision", "EventUse", "KeptUplift", "Promotion", "PromotionInput", "PromotionSettings", "Proposed", "Reaction", "ReEdit", "Standing"]


class Promotion(Record):
    """Something that promoted a video from a day on: what uplift is measured from."""

    __tablename__ = "promotions"
    __table_args__ = (
        UniqueConstraint("post_id"),
        UniqueConstraint("asset_id", "kind", "on"),
        CheckConstraint("cost IS NULL OR cost >= 0", name="cost_not_negative"),
    )
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    kind: Mapped[PromotionKind] = mapped_column(Listed(PromotionKind))
    #: The first day of it, UTC.
    on: Mapped[date] = mapped_column(Date)
    #: None is not told, 0 is free.
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    #: The post that did it, where a person marked one.
    post_id: Mapped[int | None] = mapped_column(ForeignKey(Post.id))
    #: post, by_hand or import.
    source: Mapped[str] = mapped_column(String(16), default="by_hand")
    created_at: Mapped[datetime]


class EventUse(Record):
    """One use of a video at an event, as somebody typed it in; None is not told."""

    __tablename__ = "event_uses"
    __table_args__ = (
        CheckConstraint("screenings IS NULL OR screenings >= 0", name="screenings_not_negative"),
        CheckConstraint("attendance IS NULL OR attendance >= 0", name="attendance_not_negative"),
        CheckConstraint("leads IS NULL OR leads >= 0", name="leads_not_negative"),
    )
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), index=True)
    name: Mapped[str] = mapped_column(String(160))
    on: Mapped[date] = mapped_column(Date)
    screenings: Mapped[int | None]
    attendance: Mapped[int | None]
    leads: Mapped[int | None]
    created_at: Mapped[datetime]


class Reaction(Record):
    """Somebody who said something of a video, as it was typed in: who, where, and where it can be read."""

    __tablename__ = "promotion_reactions"
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), index=True)
    who: Mapped[str] = mapped_column(String(160))
    role: Mapped[Role] = mapped_column(Listed(Role))
    #: Paper, firm or network they speak for or on; empty when not told.
    outlet: Mapped[str] = mapped_column(String(160), default="")
    on: Mapped[date] = mapped_column(Date)
    url: Mapped[str] = mapped_column(String(2000), default="")
    said: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class PromotionInput(Base):
    """What people know of one video that no platform tells; None is not told, and the channel's settings hold."""

    __tablename__ = "promotion_inputs"
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, autoincrement=False)
    goal: Mapped[int | None]
    target_share: Mapped[float | None] = mapped_column(Float)
    value_per_view: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    audio_only: Mapped[bool] = mapped_column(default=False)
    #: A politician, journalist or analyst who spoke of it; empty when nobody did.
    vouched_by: Mapped[str] = mapped_column(String(160), default="")
    updated_at: Mapped[datetime]


class PromotionSettings(Record):
    """What holds for every channel (channel_id is None) or for one; None means: as everywhere."""

    __tablename__ = "promotion_settings"
    __table_args__ = (UniqueConstraint("channel_id"),)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey(Channel.id))
    value_per_view: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    target_share: Mapped[float | None] = mapped_column(Float)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    horizon_days: Mapped[int | None]
    kind: Mapped[PromotionKind | None] = mapped_column(Listed(PromotionKind))
    #: Only those that differ; names and meaning in promotion.verdict.Thresholds.
    thresholds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class Standing(Base):
    """How one video stands, worked out in the background so that the board only reads. Made again at any time."""

    __tablename__ = "promotion_standings"
    __table_args__ = (Index("ix_promotion_standings_published_at", "published_at"), Index("ix_promotion_standings_channel_id", "channel_id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id), primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id))
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id))
    published_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    views: Mapped[int | None] = mapped_column(BigInteger)
    #: Against the channel's others at the same age: times their median, place, how many there are with this one.
    ratio: Mapped[float | None] = mapped_column(Float)
    place: Mapped[int | None]
    comparable: Mapped[int] = mapped_column(default=0)
    #: Share of the channel's others that had fewer views at its age.
    exposure: Mapped[float | None] = mapped_column(Float)
    #: Share of the others that held people less, and what that is read from: “watched”, or “liked” where watch time is not told.
    interest: Mapped[float | None] = mapped_column(Float)
    interest_by: Mapped[str] = mapped_column(String(8), default="", server_default="")
    #: Average part watched, and the share of the channel's others of like length below it.
    retention: Mapped[float | None] = mapped_column(Float)
    retention_rank: Mapped[float | None] = mapped_column(Float)
    target_share: Mapped[float | None] = mapped_column(Float)
    cost: Mapped[float | None] = mapped_column(Float)
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    #: In so many days from when it was worked out, without promotion.
    horizon_days: Mapped[int]
    median: Mapped[float | None] = mapped_column(Float)
    low: Mapped[float | None] = mapped_column(Float)
    high: Mapped[float | None] = mapped_column(Float)
    extra: Mapped[float | None] = mapped_column(Float)
    extra_per_money: Mapped[float | None] = mapped_column(Float)
    pays: Mapped[float | None] = mapped_column(Float)
    choice: Mapped[Choice | None] = mapped_column(Listed(Choice))
    confidence: Mapped[Confidence] = mapped_column(Listed(Confidence))
    #: Age and views, a few points.
    seen: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: Age of the forecast, low, median, high.
    fan: Mapped[list[Any]] = mapped_column(JSON, default=list)
    computed_at: Mapped[datetime]


class KeptUplift(Base):
    """What one kind of promotion brought on a channel, worked out in the background so that a page need not. Made again at any time."""

    __tablename__ = "promotion_uplifts"
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id), primary_key=True, autoincrement=False)
    kind: Mapped[PromotionKind] = mapped_column(Listed(PromotionKind), primary_key=True)
    regime: Mapped[str] = mapped_column(String(24), primary_key=True)
    horizon_days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    log_mean: Mapped[float] = mapped_column(Float)
    log_sd: Mapped[float] = mapped_column(Float)
    promoted: Mapped[int]
    others: Mapped[int]
    naive: Mapped[float | None] = mapped_column(Float)


class Decision(Record):
    """What a person decided about one video, and every number as it stood then; a newer one replaces it."""

    __tablename__ = "promotion_decisions"
    __table_args__ = (
        Index(
            "uq_promotion_decisions_asset_id", "asset_id", unique=True,
            sqlite_where=text("stands"), postgresql_where=text("stands"),
        ),
        Index("ix_promotion_decisions_decided_at", "decided_at"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("budget IS NULL OR budget >= 0", name="budget_not_negative"),
    )  # fmt: skip
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    #: The live post whose views were forecast; None before publication.
    post_id: Mapped[int | None] = mapped_column(ForeignKey(Post.id))
    choice: Mapped[Option] = mapped_column(Listed(Option))
    reason: Mapped[str] = mapped_column(Text)
    budget: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    decided_by_name: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime]
    #: The one that holds; the earlier ones and those taken back do not.
    stands: Mapped[bool] = mapped_column(default=True)
    undone_at: Mapped[datetime | None]
    #: Frozen: verdict, probability that it pays, [low, median, high] 30 and 90 days after the decision as decided (with promotion
    #: where that was the choice), and all that went in. Never changed.
    verdict: Mapped[Choice | None] = mapped_column(Listed(Choice))
    confidence: Mapped[Confidence] = mapped_column(Listed(Confidence))
    pays: Mapped[float | None] = mapped_column(Float)
    forecast_30: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    forecast_90: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[str] = mapped_column(String(16))
    #: What it had 30 and 90 days later, read by the background work.
    views_30: Mapped[int | None] = mapped_column(BigInteger)
    views_90: Mapped[int | None] = mapped_column(BigInteger)
    #: Whether what came above the forecast without promotion was worth its cost; None while not judged, or without a promotion.
    paid_off: Mapped[bool | None]
    asset: Mapped[Asset] = relationship(lazy="select")
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id], lazy="select")

    @property
    def title(self) -> str:
        """For the line of history."""
        return self.asset.title


class Proposed(Base):
    """A post that was proposed because of a decision; once live it counts as what promoted the video."""

    __tablename__ = "promotion_posts"
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id), primary_key=True, autoincrement=False)
    decision_id: Mapped[int] = mapped_column(ForeignKey(Decision.id), index=True)
    #: It was recorded as a promotion once; removed by a person, it does not come back.
    counted: Mapped[bool] = mapped_column(default=False)


class ReEdit(Record):
    """Somebody's task: another title or thumbnail for a video, until a day; what it changed is seen once it is done."""

    __tablename__ = "promotion_reedits"
    __table_args__ = (UniqueConstraint("decision_id"), Index("ix_promotion_reedits_open", "due_on", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")))
    decision_id: Mapped[int] = mapped_column(ForeignKey(Decision.id))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    due_on: Mapped[date] = mapped_column(Date)
    #: When the new title or thumbnail went live.
    done_at: Mapped[datetime | None]
    decision: Mapped[Decision] = relationship(lazy="select")
    owner: Mapped[User | None] = relationship(lazy="select")
