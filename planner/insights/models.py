"""Snapshot, what a platform told us about a post at one moment, the roll-ups that screens read, and visits to our own pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.db import Base, BigId, Record
from planner.core.types import Choice, Sealed
from planner.planning.models import Post, ShortLink

__all__ = [
    "METRICS", "AssetDay", "AssetLatest", "AudienceMapping", "ChannelDay", "CountsMade", "FollowerGain", "Latest", "LinkClicks", "PostReport", "ReadingPlan", "Resurfaced", "ShortLink", "Silence", "Site", "SiteDay", "Snapshot", "Visits",
]  # fmt: skip

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
    #: The platform's own fields, untouched; None for what a file or a person told.
    raw: Mapped[dict[str, Any] | None]


class CountsMade(Base):
    """That the counts of all stored readings were made again, by which formula (insights.definitions), and how many changed."""

    __tablename__ = "counts_made"
    formula: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]
    changed: Mapped[int] = mapped_column(BigInteger)


class Latest(Counts, Base):
    """The newest snapshot of each post, for lists."""

    __tablename__ = "latest"
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    regime: Mapped[str] = mapped_column(String(24), default="")


class AssetDay(Counts, Base):
    """What one asset had on one channel at the end of one UTC day: sums over its posts of the last snapshot until then."""

    __tablename__ = "asset_day"
    # In the order in which it is asked: an asset's days lie together, and its last one on a channel is one step away. No foreign keys:
    # it is made from the readings of posts, which have them, and to check them again for each row takes longer than to write it.
    __table_args__ = {"sqlite_with_rowid": False}
    asset_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class AssetLatest(Counts, Base):
    """The newest of an asset's days on each channel, for rankings: one row where asset_day has one a day."""

    __tablename__ = "asset_latest"
    # Without foreign keys, as the days.
    __table_args__ = {"sqlite_with_rowid": False}
    asset_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date)


class ChannelDay(Counts, Base):
    """What one channel's posts had together at the end of one UTC day."""

    __tablename__ = "channel_day"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id), primary_key=True, autoincrement=False)


class ReadingPlan(Base):
    """How much of its platform's quota one channel may use a day to read numbers, and until when it leaves the platform alone."""

    __tablename__ = "reading_plans"
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id), primary_key=True, autoincrement=False)
    #: In the platform's own measure (insights.budget); None: what is usual there.
    a_day: Mapped[int | None]
    #: The platform asked for a pause in reading; sending goes on.
    wait_until: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))


class Silence(Base):
    """A post of which its platform, when last asked, told nothing. Gone when it tells again."""

    __tablename__ = "silences"
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id), primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
    #: Since when the platform says that there is no such post; None: it did not say why.
    gone_since: Mapped[datetime | None]


class PostReport(Record):
    """One of a platform's tables about one post, as told last: watch time, sources, countries, ages… No rows: it withholds them."""

    __tablename__ = "post_reports"
    __table_args__ = (UniqueConstraint("post_id", "name"),)
    post_id: Mapped[int] = mapped_column(ForeignKey(Post.id))
    name: Mapped[str] = mapped_column(String(16))
    #: Days by the platform's own calendar, both included.
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    read_at: Mapped[datetime]
    columns: Mapped[list[Any]] = mapped_column(JSON)
    rows: Mapped[list[Any]] = mapped_column(JSON)


class FollowerGain(Base):
    """How many more people followed a channel after one of its platform's days than before it, as told last; of the page, never of a post."""

    __tablename__ = "follower_gains"
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id, ondelete="CASCADE"), primary_key=True, autoincrement=False)
    #: By the platform's own calendar; LinkedIn's days are UTC.
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    #: Net: below zero when more left than came. None: not told.
    organic: Mapped[int | None]
    paid: Mapped[int | None]
    read_at: Mapped[datetime]
    #: The platform's own fields, untouched.
    raw: Mapped[dict[str, Any]] = mapped_column(JSON)


class AudienceMapping(Record):
    """That a platform's group of people is one of our audiences, outside all of them, or (None) not known; told by a person."""

    __tablename__ = "audience_mappings"
    __table_args__ = (UniqueConstraint("platform", "dimension", "key"),)
    platform: Mapped[Platform] = mapped_column(Choice(Platform))
    dimension: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(120))
    #: An Audience's value, or “outside”.
    audience: Mapped[str | None] = mapped_column(String(24))


class Visits(Record):
    """How many visits a day began on an asset's page from one source, as the web statistics name it. Counts only: nobody is in here."""

    __tablename__ = "visits"
    __table_args__ = (
        # Named: what the convention makes of these columns is longer than a name may be.
        UniqueConstraint("asset_id", "day", "origin", "source", "medium", "campaign", "content", name="uq_visits_counted_once"),
        CheckConstraint("visits >= 0", name="visits_not_negative"),
    )
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    #: A day of the web statistics, in their own time zone.
    day: Mapped[date] = mapped_column(Date)
    #: api, file or log (of a web server); see `visit_rows.believed`.
    origin: Mapped[str] = mapped_column(String(8), default="file")
    #: As the statistics name it, in lower case; of an address only the host. Empty: they do not know.
    source: Mapped[str] = mapped_column(String(200), default="")
    medium: Mapped[str] = mapped_column(String(80), default="")
    campaign: Mapped[str] = mapped_column(String(200), default="")
    #: utm_content; ours is `post-` and the post's number.
    content: Mapped[str] = mapped_column(String(200), default="")
    visits: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime]


class Site(Record):
    """One website and where its statistics are read: a Matomo site, or a property of Google Analytics 4."""

    __tablename__ = "sites"
    #: As it is compared: in lower case, without www.
    host: Mapped[str] = mapped_column(String(200), unique=True)
    #: matomo or ga4.
    kind: Mapped[str] = mapped_column(String(8))
    #: Matomo's own address; empty for Google Analytics.
    address: Mapped[str] = mapped_column(String(500), default="")
    #: Matomo's idSite, Google's property number.
    number: Mapped[str] = mapped_column(String(20))
    #: Matomo's token_auth; the key file (JSON) of a service account at Google.
    key: Mapped[str] = mapped_column(Sealed)
    #: The first day that is asked for.
    since: Mapped[date] = mapped_column(Date)
    #: Nothing is asked before; None: as soon as possible.
    next_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    #: Why the last reading failed, as an error's English sentence, what fills its places, and the setting to correct; empty when it did not.
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    trouble_field: Mapped[str] = mapped_column(String(16), default="")
    failing_since: Mapped[datetime | None]
    #: The statistics left out rows, so that nobody is told from few.
    is_thinned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class SiteDay(Base):
    """That a website's statistics told a day: a page nobody is counted on was visited by nobody. A day that is not here is a gap."""

    __tablename__ = "site_days"
    site_id: Mapped[int] = mapped_column(BigId, ForeignKey(Site.id, ondelete="CASCADE"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    told_at: Mapped[datetime]


class Resurfaced(Record):
    """That an old asset came back: what a count of it gained on some days, beyond what its age predicts, and what brought it."""

    __tablename__ = "resurfaced"
    __table_args__ = (Index("ix_resurfaced_asset_id", "asset_id"), Index("ix_resurfaced_noticed_at", "noticed_at"))
    asset_id: Mapped[int] = mapped_column(ForeignKey(Asset.id))
    #: Whose count it is; None: visits to the asset's page.
    post_id: Mapped[int | None] = mapped_column(ForeignKey(Post.id))
    #: views, impressions or visits.
    metric: Mapped[str] = mapped_column(String(16))
    #: [since, until), as far as the rise was followed.
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    gained: Mapped[int] = mapped_column(BigInteger)
    expected: Mapped[float]
    threshold: Mapped[int] = mapped_column(BigInteger)
    #: An insights.resurfacing.CauseKind, and a host or a network.
    cause_kind: Mapped[str] = mapped_column(String(16), default="unknown")
    cause: Mapped[str] = mapped_column(String(200), default="")
    noticed_at: Mapped[datetime]
    #: Somebody said that they know.
    settled_at: Mapped[datetime | None]


class LinkClicks(Base):
    """How often people followed a short link on one UTC day. A count: no address, no browser, no cookie."""

    __tablename__ = "link_clicks"
    link_id: Mapped[int] = mapped_column(BigId, ForeignKey(ShortLink.id), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    clicks: Mapped[int] = mapped_column(BigInteger, default=0)
