"""What needs somebody today: going out, waiting for approval, gone wrong, embargoes lifting, channels to reconnect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels import rules
from planner.channels.circuit import OPENS_AFTER
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Platform
from planner.channels.rules import Key, Reminder
from planner.planning.models import Post, PostState
from planner.planning.moments import zone_of
from planner.planning.queries import CalendarEntry, CampaignEmbargo, Filters, approvals_waiting, calendar, embargoes, posts_of_states

__all__ = ["Desk", "ReconnectChannel", "SilentChannel", "desk"]

#: How far ahead the desk looks for embargoes.
AHEAD = timedelta(days=7)
_TROUBLE = (PostState.FAILED, PostState.MISSED, PostState.UNCONFIRMED)
_MINE = (PostState.CHANGES_REQUESTED,)


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

    @property
    def quiet(self) -> bool:
        """Nothing at all needs anybody."""
        return not (self.today or self.waiting or self.trouble or self.changes or self.embargoes or self.reconnect or self.silent)


def desk(db: Session, *, viewer: User | None, now: datetime, zone: str = "Europe/Paris") -> Desk:
    """The home page of this viewer; `zone` says when their today begins. Eleven statements, whatever there is."""
    local = now.astimezone(zone_of(zone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    end = (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=start.tzinfo)
    upcoming = calendar(
        db,
        max(end, now),
        now + timedelta(days=60),
        viewer=viewer,
        filters=Filters(states=(PostState.APPROVED, PostState.SCHEDULED)),
        limit=1,
    )
    reconnect, silent = _channels_in_trouble(db)
    mine = Filters(states=_MINE, author_id=viewer.id if viewer else None)
    return Desk(
        day=start,
        today=calendar(db, start, end, viewer=viewer, limit=200),
        waiting=approvals_waiting(db, viewer=viewer),
        trouble=posts_of_states(db, Filters(states=_TROUBLE), viewer=viewer),
        changes=posts_of_states(db, mine, viewer=viewer),
        embargoes=embargoes(db, now, now + AHEAD, viewer=viewer),
        reconnect=[*reconnect, *_to_reconnect_soon(db, now)],
        silent=silent,
        next_post=upcoming[0] if upcoming else None,
        has_assets=db.scalar(select(Asset.id).limit(1)) is not None,
        has_channels=db.scalar(select(Channel.id).limit(1)) is not None,
    )


def _channels_in_trouble(db: Session) -> tuple[list[ReconnectChannel], list[SilentChannel]]:
    """Channels that were refused, soon will be, or never were connected although posts wait; and those whose platform gives no answer."""
    waits = (
        select(Post.id)
        .where(Post.channel_id == Channel.id, Post.state.in_((PostState.APPROVED, PostState.SCHEDULED, PostState.IN_REVIEW)))
        .exists()
    )
    rows = db.execute(
        select(
            Channel.id, Channel.name, Channel.platform, Channel.colour, Channel.state_reason, Channel.failing_since, Channel.wait_until,
            (Channel.state == ChannelState.CONNECTED) & (Channel.state_reason == ""),
        )
        .where(
            (Channel.state == ChannelState.NEEDS_RECONNECT)
            | ((Channel.state == ChannelState.NOT_CONNECTED) & (Channel.platform != Platform.BY_HAND) & waits)
            | ((Channel.state == ChannelState.CONNECTED) & ((Channel.failures >= OPENS_AFTER) | (Channel.state_reason != "")))
        )
        .order_by(Channel.name)
    ).all()  # fmt: skip
    reconnect = [ReconnectChannel(*row[:5]) for row in rows if not row[7]]
    return reconnect, [SilentChannel(*row[:4], *row[5:7]) for row in rows if row[7]]


def _to_reconnect_soon(db: Session, now: datetime) -> list[ReconnectChannel]:
    """Channels whose connection ends within a fortnight unless a person renews it, the nearest end first."""
    rows = db.execute(
        select(
            Channel.id, Channel.name, Channel.platform, Channel.colour, Credential.updated_at, Credential.expires_at,
            Credential.refresh_token.is_not(None), Credential.refresh_expires_at,
        )
        .join(Credential, Credential.channel_id == Channel.id)
        .where(Channel.state == ChannelState.CONNECTED)
        .order_by(Channel.name)
    )  # fmt: skip
    found = []
    for number, name, platform, colour, stored_at, expires_at, has_refresh_token, refresh_expires_at in rows:
        ends = rules.connection_ends(Key(platform, stored_at, expires_at, has_refresh_token, refresh_expires_at))
        reminder = rules.remind(ends, now)
        if reminder is not None:
            found.append((reminder.ends_at, ReconnectChannel(number, name, platform, colour, "", reminder)))
    return [line for _, line in sorted(found, key=lambda one: one[0])]
