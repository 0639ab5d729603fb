"""Reads of channels: how each of them is doing, without ever opening a key, and who follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from planner.channels import rules
from planner.channels.circuit import OPENS_AFTER
from planner.channels.models import AudienceSlice, Channel, ChannelState, Credential
from planner.channels.port import Platform
from planner.channels.rules import Key, Reminder
from planner.core.errors import NotFound

__all__ = ["FOLLOWERS", "Audience", "ChannelHealth", "Dimension", "audience", "followers_by_day", "health", "overview"]

#: The dimension that counts everybody.
FOLLOWERS = "followers"


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One channel as Settings shows it. `has_key` is all that is told of its key, beside when it was stored and ends."""

    id: int
    platform: Platform
    name: str
    colour: int
    external_id: str
    time_zone: str
    grace_minutes: int
    config: dict[str, Any]
    state: ChannelState
    state_reason: str
    wait_until: datetime | None
    wait_reason: str
    last_success_at: datetime | None
    last_collected_at: datetime | None
    created_at: datetime
    version: int
    has_key: bool
    key_stored_at: datetime | None
    key_expires_at: datetime | None
    #: Whether there is something to renew the key with, and when that ends.
    can_renew: bool
    renewal_ends_at: datetime | None
    told_scopes: list[str] | None
    failures: int
    failing_since: datetime | None

    @property
    def scopes(self) -> Sequence[str]:
        """The permissions the platform told; empty when it told none."""
        return self.told_scopes or ()

    @property
    def silent_since(self) -> datetime | None:
        """Since when its platform gives no answer, or None while it is not left alone for that."""
        return self.failing_since if self.failures >= OPENS_AFTER else None

    @property
    def flavour(self) -> str:
        return str(self.config.get("flavour", ""))

    def waits(self, now: datetime) -> bool:
        """Whether the platform's wait still holds."""
        return self.wait_until is not None and self.wait_until > now

    def renews(self, now: datetime) -> bool:
        """Whether its key is renewed without anybody."""
        return self.key_stored_at is not None and rules.may_be_renewed(self._key(self.key_stored_at), now)

    def reminder(self, now: datetime) -> Reminder | None:
        """That it has to be reconnected soon, while it still works."""
        if self.state is not ChannelState.CONNECTED or self.key_stored_at is None:
            return None
        return rules.remind(rules.connection_ends(self._key(self.key_stored_at)), now)

    def _key(self, stored_at: datetime) -> Key:
        return Key(self.platform, stored_at, self.key_expires_at, self.can_renew, self.renewal_ends_at)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way in which a channel's audience was counted, as told last: (key, people), the largest first."""

    name: str
    day: date
    people: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who follows one channel. `followers` is None while the platform never told it."""

    channel_id: int
    followers: int | None
    followers_day: date | None
    dimensions: Sequence[Dimension]


def overview(db: Session) -> list[ChannelHealth]:
    """Every channel, by platform and name. One statement."""
    return [_health(row) for row in db.execute(_query().order_by(Channel.platform, Channel.name))]


def health(db: Session, channel_id: int) -> ChannelHealth:
    """One channel. Raises NotFound."""
    row = db.execute(_query().where(Channel.id == channel_id)).one_or_none()
    if row is None:
        raise NotFound()
    return _health(row)


def audience(db: Session) -> dict[int, Audience]:
    """Channel -> its audience, each dimension as on the last day it was told. One statement."""
    last = (
        select(AudienceSlice.channel_id, AudienceSlice.dimension, func.max(AudienceSlice.day).label("day"))
        .group_by(AudienceSlice.channel_id, AudienceSlice.dimension)
        .subquery()
    )
    same = (AudienceSlice.channel_id == last.c.channel_id, AudienceSlice.dimension == last.c.dimension, AudienceSlice.day == last.c.day)
    rows = db.execute(
        select(AudienceSlice.channel_id, AudienceSlice.dimension, AudienceSlice.day, AudienceSlice.key, AudienceSlice.count)
        .join(last, and_(*same))
        .order_by(AudienceSlice.channel_id, AudienceSlice.dimension, AudienceSlice.count.desc(), AudienceSlice.key)
    )
    found: dict[int, dict[str, tuple[date, list[tuple[str, int]]]]] = {}
    for channel_id, dimension, day, key, count in rows:
        found.setdefault(channel_id, {}).setdefault(dimension, (day, []))[1].append((key, count))
    return {channel_id: _audience(channel_id, told) for channel_id, told in found.items()}


def followers_by_day(db: Session, since: date) -> dict[int, dict[date, int]]:
    """Channel -> day -> followers, from `since` on. One statement."""
    rows = db.execute(
        select(AudienceSlice.channel_id, AudienceSlice.day, func.sum(AudienceSlice.count))
        .where(AudienceSlice.dimension == FOLLOWERS, AudienceSlice.day >= since)
        .group_by(AudienceSlice.channel_id, AudienceSlice.day)
        .order_by(AudienceSlice.channel_id, AudienceSlice.day)
    )
    found: dict[int, dict[date, int]] = {}
    for channel_id, day, count in rows:
        found.setdefault(channel_id, {})[day] = int(count)
    return found


def _audience(channel_id: int, told: dict[str, tuple[date, list[tuple[str, int]]]]) -> Audience:
    day, people = told.get(FOLLOWERS, (None, []))
    others = [Dimension(name, on, tuple(counts)) for name, (on, counts) in told.items() if name != FOLLOWERS]
    return Audience(channel_id, sum(count for _key, count in people) if day else None, day, others)


def _query() -> Select[Any]:
    return select(
        Channel.id, Channel.platform, Channel.name, Channel.colour, Channel.external_id, Channel.time_zone, Channel.grace_minutes,
        Channel.config, Channel.state, Channel.state_reason, Channel.wait_until, Channel.wait_reason, Channel.last_success_at,
        Channel.last_collected_at, Channel.created_at, Channel.version, Credential.id.is_not(None), Credential.updated_at,
        Credential.expires_at, Credential.refresh_token.is_not(None), Credential.refresh_expires_at, Credential.scopes,
        Channel.failures, Channel.failing_since,
    ).outerjoin(Credential, Credential.channel_id == Channel.id)  # fmt: skip


def _health(row: Any) -> ChannelHealth:
    return ChannelHealth(*row)
