"""Asset, the first-class object of the planner, and what describes it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Column, Date, ForeignKey, Index, Numeric, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.channels.port import MediaKind
from planner.core.db import Base, BigId, Record
from planner.core.i18n import N_
from planner.core.types import Choice

__all__ = [
    "Asset", "AssetFile", "AssetKind", "AssetState", "Audience", "Confidentiality", "Purpose", "RememberedColumns", "Topic",
    "LABELS", "asset_audiences", "asset_topics", "label_of",
]  # fmt: skip


class AssetKind(StrEnum):
    """What sort of thing an asset is."""

    __hash__ = str.__hash__  # A page looks up hundreds; an enumeration's own is written in Python.

    VIDEO = "video"
    WHITE_PAPER = "white_paper"
    BLOG_POST = "blog_post"
    PRESS_RELEASE = "press_release"
    TECHNICAL_ARTICLE = "technical_article"
    PRESS_ARTICLE = "press_article"
    PODCAST = "podcast"
    SLIDE_DECK = "slide_deck"


class AssetState(StrEnum):
    """How far an asset is."""

    IDEA = "idea"
    IN_PRODUCTION = "in_production"
    IN_REVIEW = "in_review"
    READY = "ready"
    LIVE = "live"
    RETIRED = "retired"


class Audience(StrEnum):
    """A group that an asset is for."""

    JOURNALISTS = "journalists"
    ANALYSTS = "analysts"
    EXPERTS = "experts"
    CUSTOMERS = "customers"
    EMPLOYEES = "employees"
    INVESTORS = "investors"
    GENERAL_PUBLIC = "general_public"


class Purpose(StrEnum):
    """What an asset was made for; the promotion desk judges it by that."""

    WEB = "web"
    EVENT = "event"
    INTERNAL = "internal"


class Confidentiality(StrEnum):
    """Who may know of an asset. Confidential: its owner, planners, approvers, legal and administrators only."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"


class AssetAudience(Base):
    """One audience of one asset."""

    __tablename__ = "asset_audiences"
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    audience: Mapped[Audience] = mapped_column(Choice(Audience), primary_key=True)


asset_audiences = AssetAudience.__table__

asset_topics = Table(
    "asset_topics",
    Base.metadata,
    Column("asset_id", BigId, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", BigId, ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
)


class Topic(Record):
    """A subject that assets share."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("name"),)
    name: Mapped[str] = mapped_column(String(80))


class Asset(Record):
    """Something the company has to say. Many posts over months roll up to it. Retired, never deleted."""

    __tablename__ = "assets"
    __table_args__ = (
        CheckConstraint("cost IS NULL OR cost >= 0", name="cost_not_negative"),
        CheckConstraint("title <> ''", name="has_title"),
        Index("ix_assets_state_kind", "state", "kind"),
        Index("ix_assets_updated_at_id", "updated_at", "id"),
        Index("ix_assets_owner_id", "owner_id"),
        # What the calendar and the desk ask on every page, of a catalogue that only grows.
        Index("ix_assets_ready", "updated_at", "id", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("ix_assets_embargo_until", "embargo_until", sqlite_where=text("embargo_until IS NOT NULL"), postgresql_where=text("embargo_until IS NOT NULL")),
    )
    kind: Mapped[AssetKind] = mapped_column(Choice(AssetKind))
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    #: Where the asset lives: the page a post links to. Empty until it has one.
    url: Mapped[str] = mapped_column(String(2000), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose), default=Purpose.WEB)
    state: Mapped[AssetState] = mapped_column(Choice(AssetState), default=AssetState.IDEA)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    #: What it cost to make; None is not told, 0 is free.
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    confidentiality: Mapped[Confidentiality] = mapped_column(Choice(Confidentiality), default=Confidentiality.PUBLIC)
    #: One release is all there may be: a named sign-off, one post a channel, no share kit.
    sensitive: Mapped[bool] = mapped_column(default=False)
    #: Nothing about it goes out before this moment.
    embargo_until: Mapped[datetime | None]
    #: Words that would give it away before the embargo lifts.
    embargo_terms: Mapped[list[str]] = mapped_column(default=list)
    #: The last day on which it may be used; None: without end.
    rights_until: Mapped[date | None] = mapped_column(Date)
    published_at: Mapped[datetime | None]
    duration_seconds: Mapped[int | None]
    #: The number an import or a platform knows it by, such as `youtube:dQw4w9WgXcQ`; unique where there is one.
    source_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    #: Counts up at each change; the API's ETag and the form's guard against overwriting.
    version: Mapped[int] = mapped_column(default=1)
    owner: Mapped[User | None] = relationship(lazy="select")
    audience_rows: Mapped[list[AssetAudience]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    topics: Mapped[list[Topic]] = relationship(secondary=asset_topics, lazy="select", order_by=Topic.name)
    files: Mapped[list[AssetFile]] = relationship(back_populates="asset", lazy="select", order_by="AssetFile.id")

    __mapper_args__ = {"version_id_col": version}

    @property
    def audiences(self) -> list[Audience]:
        return sorted(row.audience for row in self.audience_rows)

    @audiences.setter
    def audiences(self, wanted: list[Audience]) -> None:
        keep = {row.audience: row for row in self.audience_rows}
        self.audience_rows = [keep.get(item) or AssetAudience(audience=item) for item in sorted(set(wanted))]


class AssetFile(Record):
    """One file of an asset, kept under a generated name in the data folder."""

    __tablename__ = "asset_files"
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"), index=True)
    kind: Mapped[MediaKind] = mapped_column(Choice(MediaKind))
    #: Name it came with, shown to people; never used as a path.
    name: Mapped[str] = mapped_column(String(255))
    #: Generated name under `<data folder>/files/`.
    stored_name: Mapped[str] = mapped_column(String(80), unique=True)
    mime: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    alt_text: Mapped[str] = mapped_column(String(1000), default="")
    #: Captions: the language they are in. Empty: the asset's.
    language: Mapped[str] = mapped_column(String(8), default="")
    #: Pixels as it is shown: a film that is told to be turned is measured turned.
    width: Mapped[int | None]
    height: Mapped[int | None]
    seconds: Mapped[float | None]
    #: A document's, None where it does not tell.
    pages: Mapped[int | None]
    #: The last day on which it may be used, where that is sooner than the asset's.
    rights_until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    asset: Mapped[Asset] = relationship(back_populates="files")


class RememberedColumns(Record):
    """Which columns hold what, in files with these headings: chosen by a person once, used for the next file."""

    __tablename__ = "remembered_columns"
    #: Digest of the headings.
    headings: Mapped[str] = mapped_column(String(64), unique=True)
    #: Field -> heading.
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime]


#: English labels, marked for translation; the doors show them in the reader's language.
LABELS: dict[StrEnum, str] = {
    AssetKind.VIDEO: N_("Video"),
    AssetKind.WHITE_PAPER: N_("White paper"),
    AssetKind.BLOG_POST: N_("Blog post"),
    AssetKind.PRESS_RELEASE: N_("Press release"),
    AssetKind.TECHNICAL_ARTICLE: N_("Technical article"),
    AssetKind.PRESS_ARTICLE: N_("Press article"),
    AssetKind.PODCAST: N_("Podcast"),
    AssetKind.SLIDE_DECK: N_("Slide deck"),
    AssetState.IDEA: N_("Idea"),
    AssetState.IN_PRODUCTION: N_("In production"),
    AssetState.IN_REVIEW: N_("In review"),
    AssetState.READY: N_("Ready"),
    AssetState.LIVE: N_("Live"),
    AssetState.RETIRED: N_("Retired"),
    Audience.JOURNALISTS: N_("Journalists"),
    Audience.ANALYSTS: N_("Analysts"),
    Audience.EXPERTS: N_("Experts"),
    Audience.CUSTOMERS: N_("Customers"),
    Audience.EMPLOYEES: N_("Employees"),
    Audience.INVESTORS: N_("Investors"),
    Audience.GENERAL_PUBLIC: N_("General public"),
    Confidentiality.PUBLIC: N_("Public"),
    Confidentiality.INTERNAL: N_("Internal only"),
    Confidentiality.CONFIDENTIAL: N_("Confidential"),
}

#: Apart, because “internal” is a purpose and a confidentiality, and members that are equal as text would share one place.
_PURPOSE_LABELS: dict[Purpose, str] = {
    Purpose.WEB: N_("For the web"),
    Purpose.EVENT: N_("For an event"),
    Purpose.INTERNAL: N_("Internal"),
}


def label_of(member: StrEnum) -> str:
    """The English label of a member of one of the closed lists above."""
    return _PURPOSE_LABELS[member] if isinstance(member, Purpose) else LABELS[member]
