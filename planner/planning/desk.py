"""What needs somebody today: going out, waiting for approval, gone wrong, embargoes lifting, channels to reconnect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, literal, or_, select, true
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.channels import rules
from planner.channels.circuit import OPENS_AFTER
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Platform
from planner.channels.rules import Key, Reminder
from planner.planning import gaps
from planner.planning.models import Post, PostState, RuleSetting
from planner.planning.moments import zone_of
from planner.planning.queries import CalendarEntry, CampaignEmbargo, Filters, embargoes, lists_of

__all__ = ["LISTED", "Desk", "ReconnectChannel", "SilentChannel", "desk"]

#: So many lines a list has at most; one more comes along, which tells that there are more.
LISTED = 50
#: How far ahead the desk looks for embargoes.
AHEAD = timedelta(days=7)
#: How near a draft's time is when somebody should submit it.
_NEAR = timedelta(days=2)
_TROUBLE = (PostState.FAILED, PostState.MISSED, PostState.UNCONFIRMED)
_MINE = (PostState.CHANGES_REQUESTED,)
_AGREED = (PostState.APPROVED, PostState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class ReconnectChannel:
    """A channel that the platform no longer lets us speak for, or with a reminder one that it soon will not."""

    channel_id: int
    name: str
    platform: Platform
    colour: int
    reason: str
    reminder: Reminder | None = None


@dataclass(frozen=True, slots=True)
class SilentChannel:
    """A channel whose platform gives no answer; nothing is sent before `wait_until`, then one post tries."""

    channel_id: int
    name: str
    platform: Platform
    colour: int
    silent_since: datetime | None
    wait_until: datetime | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The home page. `has_assets` and `has_channels` tell an empty product from a quiet day."""

    day: datetime
    today: list[CalendarEntry]
    waiting: list[CalendarEntry]
    trouble: list[CalendarEntry]
    changes: list[CalendarEntry]
    embargoes: list[CampaignEmbargo]
    reconnect: list[ReconnectChannel]
    silent: list[SilentChannel]
    next_post: CalendarEntry | None
    has_assets: bool
    has_channels: bool
    #: This person's drafts that go out within two days, or should have, and that nobody submitted.
    near: list[CalendarEntry]
    #: Audiences that nothing is said to for too long, for who plans.
    gaps: list[gaps.Gap]
    #: Posts whose time is today or was, on channels where a person publishes: nothing sends them.
    by_hand: list[CalendarEntry]

    @property
    def quiet(self) -> bool:
        """Nothing at all needs anybody."""
        return not (self.today or self.by_hand or self.waiting or self.trouble or self.changes or self.embargoes or self.reconnect or self.silent)


def desk(db: Session, *, viewer: User | None, now: datetime, zone: str = "Europe/Paris") -> Desk:
    """The home page of this viewer; `zone` says when their today begins. Four statements, whatever there is."""
    local = now.astimezone(zone_of(zone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    end = (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=start.tzinfo)
    author = viewer.id if viewer else None
    today, upcoming, waiting, trouble, changes, near, by_hand = lists_of(
        db,
        [
            ([Post.publish_at >= start, Post.publish_at < end], Filters(), 200),
            ([Post.publish_at >= max(end, now), Post.publish_at < now + timedelta(days=60)], Filters(states=_AGREED), 1),
            ([], Filters(states=(PostState.IN_REVIEW,)), LISTED + 1),
            ([], Filters(states=_TROUBLE), -LISTED - 1),
            ([], Filters(states=_MINE, author_id=author), LISTED + 1),
            ([Post.publish_at <= now + _NEAR], Filters(states=(PostState.DRAFT,), author_id=author), LISTED + 1),
            ([Post.publish_at < end, Channel.platform == Platform.BY_HAND], Filters(states=_AGREED), LISTED + 1),
        ],
        viewer=viewer,
    )
    reconnect, silent, has_assets, has_channels, watched = _channels(db, now)
    return Desk(
        day=start,
        today=[one for one in today if one not in by_hand],
        waiting=waiting,
        trouble=trouble,
        changes=changes,
        embargoes=embargoes(db, now, now + AHEAD, viewer=viewer),
        reconnect=reconnect,
        silent=silent,
        next_post=upcoming[0] if upcoming else None,
        has_assets=has_assets,
        has_channels=has_channels,
        near=near if viewer else [],
        by_hand=by_hand,
        gaps=gaps.gaps(db, watched, viewer=viewer, now=now) if has_assets and has_channels and may(viewer, "post.create") else [],
    )


def _channels(db: Session, now: datetime) -> tuple[list[ReconnectChannel], list[SilentChannel], bool, bool, list[gaps.Watch]]:
    """Channels that were refused, never were connected although posts wait, or whose connection ends within a fortnight unless a person
    renews it, the nearest end first; those whose platform gives no answer; whether there are assets, and channels; and which audiences are
    watched. One statement."""
    waits = (
        select(Post.id)
        .where(Post.channel_id == Channel.id, Post.state.in_((PostState.APPROVED, PostState.SCHEDULED, PostState.IN_REVIEW)))
        .exists()
    )
    rows = db.execute(
        select(
            Channel.id, Channel.name, Channel.platform, Channel.colour, Channel.state, Channel.state_reason, Channel.failing_since,
            Channel.wait_until, (Channel.failures >= OPENS_AFTER).label("open"), waits.label("waits"), Credential.updated_at,
            Credential.expires_at, Credential.refresh_token.is_not(None).label("renews"), Credential.refresh_expires_at,
            select(Asset.id).exists().label("has_assets"), RuleSetting,
        )
        .select_from(select(literal(1).label("one")).subquery())
        .outerjoin(Channel, true())
        .outerjoin(Credential, Credential.channel_id == Channel.id)
        .outerjoin(RuleSetting, and_(RuleSetting.code == gaps.CODE, or_(RuleSetting.channel_id == Channel.id, RuleSetting.channel_id.is_(None))))
        .order_by(Channel.name)
    ).all()  # fmt: skip
    broken, ending, silent = [], [], []
    # A channel comes once for each setting that concerns it.
    channels = {row.id: row for row in rows if row.id is not None}
    settings = {row.RuleSetting.id: row.RuleSetting for row in rows if row.RuleSetting is not None}
    for row in channels.values():
        connected = row.state is ChannelState.CONNECTED
        unused = row.platform is Platform.BY_HAND or not row.waits
        if row.state is ChannelState.NEEDS_RECONNECT or (connected and row.state_reason) or (row.state is ChannelState.NOT_CONNECTED and not unused):
            broken.append(ReconnectChannel(*row[:4], row.state_reason))
        elif connected and row.open:
            silent.append(SilentChannel(*row[:4], row.failing_since, row.wait_until))
        if connected and row.updated_at is not None:
            ends = rules.connection_ends(Key(row.platform, row.updated_at, row.expires_at, row.renews, row.refresh_expires_at))
            reminder = rules.remind(ends, now)
            if reminder is not None:
                ending.append((reminder.ends_at, ReconnectChannel(*row[:4], "", reminder)))
    reconnect = [*broken, *(line for _, line in sorted(ending, key=lambda one: one[0]))]
    return reconnect, silent, bool(rows[0].has_assets), bool(channels), gaps.watches(settings.values())
