"""How long a key lasts: when it is renewed, when it no longer can be, and when a person is reminded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from planner.channels.port import Platform

__all__ = ["MARGINS", "STAGES", "X_IDLE", "Key", "Reminder", "connection_ends", "may_be_renewed", "remind"]

#: How long before its end a key is renewed: X gives two hours, Google one, LinkedIn sixty days.
MARGINS: dict[Platform, timedelta] = {
    Platform.X: timedelta(minutes=20),
    Platform.YOUTUBE: timedelta(minutes=10),
    Platform.LINKEDIN: timedelta(days=7),
}
#: X keeps a refresh token that nobody uses for half a year; every renewal begins a new one.
X_IDLE = timedelta(days=182)
#: A person is reminded from this many days before the end on, more loudly at each.
STAGES = (1, 7, 14)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a channel's key besides the key itself. Moments are None when the platform did not tell them."""

    platform: Platform
    stored_at: datetime
    expires_at: datetime | None
    has_refresh_token: bool
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A connection that ends soon for good.

    stage -- 14, 7 or 1: how near it is. days -- whole days left, 0 on the last one.
    """

    ends_at: datetime
    stage: int
    days: int


def may_be_renewed(key: Key, now: datetime) -> bool:
    """Whether the key's refresh token is thought to be good at `now`."""
    return key.has_refresh_token and (key.refresh_expires_at is None or now < key.refresh_expires_at)


def connection_ends(key: Key) -> datetime | None:
    """When the last key ends that can be had without a person; None when that is not known, or never."""
    if not key.has_refresh_token:
        return key.expires_at
    ends = key.refresh_expires_at
    if ends is None and key.platform is Platform.X:
        ends = key.stored_at + X_IDLE
    # The key that was fetched last may outlive what it was fetched with.
    return ends and max(ends, key.expires_at or ends)


def remind(ends_at: datetime | None, now: datetime) -> Reminder | None:
    """The reminder that is due at `now`; None while the end is more than 14 days away or not known."""
    if ends_at is None:
        return None
    left = ends_at - now
    stage = next((days for days in STAGES if left <= timedelta(days=days)), None)
    return None if stage is None else Reminder(ends_at, stage, max(left // timedelta(days=1), 0))
