"""Campaign and Post, the approvals that bind a post's content, and the links that share the calendar."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.db import BigId, Record
from planner.core.i18n import N_
from planner.core.types import Choice
from planner.planning.rulebook import rule

__all__ = [
    "Approval", "CalendarNote", "Campaign", "FirstView", "LinkCheck", "Origin", "Post",
    "PostState", "RuleOverride", "RuleSetting", "STANDARD_STEP", "STATE_LABELS", "SavedView", "Share", "ShareKind", "ShortLink",
    "Standing", "Verb",
]  # fmt: skip


#: The step of approval that every post has unless an administrator says otherwise.
STANDARD_STEP = "review"


class PostState(StrEnum):
    """Where a post is on its way out."""

    __hash__ = str.__hash__  # A page looks up hundreds; an enumeration's own is written in Python.

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PUBLISHED = "published"
    FAILED = "failed"
    MISSED = "missed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


STATE_LABELS: dict[StrEnum, str] = {
    PostState.DRAFT: N_("Draft"),
    PostState.IN_REVIEW: N_("In review"),
    PostState.CHANGES_REQUESTED: N_("Changes requested"),
    PostState.APPROVED: N_("Approved"),
    PostState.SCHEDULED: N_("Scheduled"),
    PostState.SENDING: N_("Sending"),
    PostState.PUBLISHED: N_("Published"),
    PostState.FAILED: N_("Failed"),
    PostState.MISSED: N_("Missed"),
    PostState.UNCONFIRMED: N_("To check"),
    PostState.CANCELLED: N_("Cancelled"),
}


class Origin(StrEnum):
    """How a post came to be known."""

    PLANNED = "planned"
    #: Written on the platform itself and found there.
    NATIVE = "native"
    #: Brought in from a file.
    IMPORTED = "imported"


class Verb(StrEnum):
    """What an approver said."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    WITHDRAWN = "withdrawn"


class ShareKind(StrEnum):
    """What a link to the calendar opens."""

    PAGE = "page"
    FEED = "feed"


class Standing(StrEnum):
    """Whether a campaign goes on."""

    RUNNING = "running"
    #: Nothing of it goes out until somebody says when.
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class Campaign(Record):
    """A dated story that groups assets and posts; its embargo is the default for them."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    )
    name: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    embargo_until: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    #: Sets of hashtags that its posts may end with, one text a set: "#5G #industry".
    hashtags: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    #: The template its wave was proposed by (planning.templates); empty: none.
    template: Mapped[str] = mapped_column(String(32), default="")
    standing: Mapped[Standing] = mapped_column(Choice(Standing), default=Standing.RUNNING)
    #: Why it was postponed or cancelled, and since when.
    standing_reason: Mapped[str] = mapped_column(Text, default="")
    standing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    owner: Mapped[User | None] = relationship(lazy="select")

    __mapper_args__ = {"version_id_col": version}


class Post(Record):
    """One message about one asset, on one channel, at one moment. Nothing is published without one."""

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_publish_at", "publish_at", "id"),
        Index("ix_posts_channel_id_publish_at", "channel_id", "publish_at"),
        Index("ix_posts_asset_id_publish_at", "asset_id", "publish_at"),
        # An asset's posts on one channel, and whether one was out before a day: asked for every reading and every ranking.
        Index("ix_posts_asset_id_channel_id_published_at_state", "asset_id", "channel_id", "published_at", "state"),
        Index("ix_posts_state_publish_at", "state", "publish_at"),
        Index("ix_posts_campaign_id_publish_at", "campaign_id", "publish_at"),
        # At most one live copy: a platform's number belongs to one post.
        Index(
            "uq_posts_channel_id_external_id",
            "channel_id",
            "external_id",
            unique=True,
            sqlite_where=text("external_id IS NOT NULL"),
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("uq_posts_source_key", "source_key", unique=True, sqlite_where=text("source_key IS NOT NULL"), postgresql_where=text("source_key IS NOT NULL")),
        Index("ix_posts_base_text_id", "base_text_id", sqlite_where=text("base_text_id IS NOT NULL"), postgresql_where=text("base_text_id IS NOT NULL")),
        CheckConstraint("state = 'draft' OR state = 'cancelled' OR publish_at IS NOT NULL", name="dated_once_submitted"),
        CheckConstraint("state <> 'published' OR published_at IS NOT NULL", name="published_has_moment"),
    )
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    origin: Mapped[Origin] = mapped_column(Choice(Origin), default=Origin.PLANNED)
    state: Mapped[PostState] = mapped_column(Choice(PostState), default=PostState.DRAFT)
    #: The message (on YouTube: the description).
    text: Mapped[str] = mapped_column(Text, default="")
    #: YouTube: the video's title; LinkedIn: title of the link card. Empty: the asset's title.
    title: Mapped[str] = mapped_column(String(300), default="")
    #: Page the post leads to. Empty: none.
    link: Mapped[str] = mapped_column(String(2000), default="")
    #: The first of the posts that say the same differently; None for the first itself, and for a post alone. See planning.variants. No post is ever deleted.
    variant_of_id: Mapped[int | None] = mapped_column(BigId, index=True)
    #: The words it was written with together with posts on other channels (planning.base_texts); None: by itself. None is ever deleted.
    base_text_id: Mapped[int | None] = mapped_column(BigId)
    #: What its link is marked with when it leaves: {"source": …, "medium": …, "campaign": …}. Empty: not at all. See planning.marks.
    marks: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    #: Code of the short address that leaves in the link's place. Empty: the link itself leaves.
    short_code: Mapped[str] = mapped_column(String(16), default="", server_default="")
    first_comment: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    #: YouTube: number of the playlist the video is added to. Empty: none.
    playlist: Mapped[str] = mapped_column(String(64), default="")
    #: Files that go out with it, in order: [{"file_id": 3, "alt_text": "…"}].
    media: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    #: The moment it goes out, UTC; a published post keeps its planned moment here.
    publish_at: Mapped[datetime | None]
    #: What the person chose: wall time (ISO, no zone) and IANA zone, kept so that a change of summer-time rules is seen.
    wall_time: Mapped[str | None] = mapped_column(String(32))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    #: The row of a file it was planned by, so that the file sent twice plans nothing twice; unique where there is one.
    source_key: Mapped[str | None] = mapped_column(String(200))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    #: Digest of the content and moment that were approved; None while nothing is.
    approved_digest: Mapped[str | None] = mapped_column(String(64))
    #: Facts once it is live.
    external_id: Mapped[str | None] = mapped_column(String(200))
    external_url: Mapped[str] = mapped_column(String(2000), default="")
    published_at: Mapped[datetime | None]
    #: When it was taken off its platform; it stays published here, with its numbers.
    taken_down_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    asset: Mapped[Asset] = relationship(lazy="select")
    channel: Mapped[Channel] = relationship(lazy="select")
    campaign: Mapped[Campaign | None] = relationship(lazy="select")
    author: Mapped[User | None] = relationship(foreign_keys=[author_id], lazy="select")
    approvals: Mapped[list[Approval]] = relationship(back_populates="post", order_by="Approval.id", lazy="select")

    __mapper_args__ = {"version_id_col": version}


class ShortLink(Record):
    """A short address of ours, /l/<code>, that leads to a post's page with the post's marks."""

    __tablename__ = "short_links"
    code: Mapped[str] = mapped_column(String(16), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), unique=True)
    created_at: Mapped[datetime]


class LinkCheck(Record):
    """What a page that posts lead to answered when it was last asked. One row an address."""

    __tablename__ = "link_checks"
    #: SHA-256 of the address.
    key: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(String(2000))
    checked_at: Mapped[datetime]
    #: HTTP's, after every redirect; None: nobody answered.
    status: Mapped[int | None]
    #: Where it ended, when that is another page.
    leads_to: Mapped[str] = mapped_column(String(2000), default="")
    #: False: the answer was for programs only, or the address is one of the house; it tells nothing.
    is_known: Mapped[bool] = mapped_column(default=True)
    #: How often in a row it was bad, and since when.
    times_bad: Mapped[int] = mapped_column(default=0)
    bad_since: Mapped[datetime | None]

    @staticmethod
    def key_of(url: str) -> str:
        """What an address is found by: addresses are longer than an index likes."""
        return hashlib.sha256(url.encode()).hexdigest()


class Approval(Record):
    """What one person said of one exact content of a post. Only ever added to."""

    __tablename__ = "approvals"
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    verb: Mapped[Verb] = mapped_column(Choice(Verb))
    #: Digest of the content it was said of.
    digest: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    #: The step it was said in (planning.steps).
    step: Mapped[str] = mapped_column(String(32), default=STANDARD_STEP, server_default=STANDARD_STEP)
    #: The roles the person had when they said it.
    roles: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    #: What they had before them (planning.differences); None for what was said before this was kept.
    content: Mapped[dict[str, Any] | None]
    #: Number of the link through which somebody without an account said it.
    guest_id: Mapped[int | None]
    post: Mapped[Post] = relationship(back_populates="approvals")


class RuleSetting(Record):
    """How an administrator wants one rule on one channel, or on all of them where no channel is named."""

    __tablename__ = "rule_settings"
    __table_args__ = (
        UniqueConstraint("channel_id", "code"),
        # No two NULLs are alike: this keeps the setting for all channels single.
        Index("uq_rule_settings_code", "code", unique=True, sqlite_where=text("channel_id IS NULL"), postgresql_where=text("channel_id IS NULL")),
        # A number is never used again: history tells of rows that are gone.
        {"sqlite_autoincrement": True},
    )
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    #: A rule of planning.rulebook.
    code: Mapped[str] = mapped_column(String(40))
    enabled: Mapped[bool]
    #: Its warning blocks.
    must_not: Mapped[bool] = mapped_column(default=False)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def name(self) -> str:
        """What history calls it."""
        known = rule(self.code)
        return known.name if known else self.code


class RuleOverride(Record):
    """Somebody who may approve let one exact content pass a rule that blocks it, and said why. Only ever added to."""

    __tablename__ = "rule_overrides"
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    #: Digest of the content and moment it was said of; any other asks again.
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class Share(Record):
    """A link that shows the calendar, or a part of it, to whoever has it, without signing in; only its digest is kept."""

    __tablename__ = "shares"
    __table_args__ = (CheckConstraint("kind = 'feed' OR expires_at IS NOT NULL", name="page_expires"),)
    digest: Mapped[str] = mapped_column(String(43), unique=True)
    #: Shown on the page and in calendar apps.
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[ShareKind] = mapped_column(Choice(ShareKind))
    #: A feed that its maker made for their own calendar app.
    personal: Mapped[bool] = mapped_column(default=False)
    #: What it is narrowed to: {"channels": [3], "kinds": ["video"], "campaigns": []}; an empty part asks nothing.
    scope: Mapped[dict[str, Any]]
    #: Confidential posts are left out; otherwise they appear without a word of what they are.
    leaves_out: Mapped[bool] = mapped_column(default=False)
    #: The language its words are in, where no browser says one.
    language: Mapped[str] = mapped_column(String(8))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[User] = relationship(lazy="select")


class SavedView(Record):
    """What somebody asked a screen for, kept under a name: theirs, or the team's."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner_id", "screen", "name"),)
    #: Which screen it is of: "calendar".
    screen: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    #: The filters as they stand in an address, without a date.
    query: Mapped[str] = mapped_column(String(2000))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    #: Everybody has it in their menu.
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    owner: Mapped[User] = relationship(lazy="select")


class FirstView(Record):
    """The saved view that one person's screen opens with."""

    __tablename__ = "first_views"
    __table_args__ = (UniqueConstraint("user_id", "screen"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    screen: Mapped[str] = mapped_column(String(20))
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_views.id", ondelete="CASCADE"), index=True)


class CalendarNote(Record):
    """A few words about a day, written on the calendar for the team; removed ones are kept, so that they can be put back."""

    __tablename__ = "calendar_notes"
    day: Mapped[date] = mapped_column(Date, index=True)
    text: Mapped[str] = mapped_column(String(300))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    author: Mapped[User | None] = relationship(lazy="select")

    __mapper_args__ = {"version_id_col": version}

    @property
    def name(self) -> str:
        """What history calls it."""
        return self.text
