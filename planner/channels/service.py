"""Verbs on channels: add, give a key, hold, disconnect. Nothing here deletes: posts and numbers stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Flavour, Platform
from planner.core.errors import Conflict, Invalid, NotFound
from planner.core.i18n import N_

__all__ = ["add", "by_id", "calm", "disconnect", "edit", "has_newer_key", "hold", "locked", "observe", "reconnect", "set_wait", "warn"]

#: How many colours the look has for channels.
COLOURS = 8
#: What a channel's page switches: whether links of new posts are marked, and whether a short address leaves in their place.
SWITCHES = ("marks_links", "short_links")
#: The longest grace: what is a day late is for a person to decide.
MOST_GRACE_MINUTES = 1440


def add(
    db: Session,
    *,
    platform: Platform | str,
    name: str,
    access_token: str | None = None,
    external_id: str = "",
    refresh_token: str | None = None,
    expires_at: datetime | None = None,
    refresh_expires_at: datetime | None = None,
    scopes: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    time_zone: str = "Europe/Paris",
    grace_minutes: int = 20,
    actor: User | None,
    now: datetime,
) -> Channel:
    """A new account of ours. With a token (a webhook's address is its token) it is connected at once.

    Raises Invalid for an unknown platform, zone or flavour, a missing token; Conflict when the name is taken there.
    """
    try:
        platform = Platform(platform)
    except ValueError:
        raise Invalid(
            N_("There is no platform “%(name)s”. The platforms are: %(known)s."),
            field="platform", name=str(platform)[:40], known=", ".join(Platform),
        ) from None  # fmt: skip
    name = name.strip()
    _check_plain(name, time_zone, grace_minutes)
    _check_key(platform, access_token, config)
    _check_free(db, platform, name)
    channel = Channel(
        platform=platform,
        name=name,
        external_id=external_id.strip(),
        time_zone=time_zone,
        grace_minutes=grace_minutes,
        colour=(db.scalar(select(func.count()).select_from(Channel)) or 0) % COLOURS,
        config=dict(config or {}),
        state=ChannelState.CONNECTED,
        created_at=now,
    )
    if access_token:
        channel.credential = Credential(
            access_token=access_token, refresh_token=refresh_token or None, expires_at=expires_at,
            refresh_expires_at=refresh_expires_at if refresh_token else None, scopes=list(scopes), updated_at=now,
        )  # fmt: skip
    db.add(channel)
    db.flush()
    history.record(db, actor, "channel.added", channel, now=now, became={"platform": platform, "name": name})
    return channel


def edit(
    db: Session,
    channel: Channel,
    *,
    name: str,
    external_id: str,
    time_zone: str,
    grace_minutes: int,
    switches: Mapping[str, bool] | None = None,
    actor: User | None,
    now: datetime,
) -> None:
    """Change what is not the key. Posts keep the moments they were given. Raises as `add` does.

    switches -- of SWITCHES, those that are told.
    """
    name = name.strip()
    _check_plain(name, time_zone, grace_minutes)
    if name != channel.name:
        _check_free(db, channel.platform, name)
    values: dict[str, Any] = {"name": name, "external_id": external_id.strip(), "time_zone": time_zone, "grace_minutes": grace_minutes}
    if switches:
        values["config"] = {**channel.config, **{key: bool(switches[key]) for key in SWITCHES if key in switches}}
    changed = {key: value for key, value in values.items() if getattr(channel, key) != value}
    if not changed:
        return
    was = {key: getattr(channel, key) for key in changed}
    for key, value in changed.items():
        setattr(channel, key, value)
    history.record(db, actor, "channel.edited", channel, now=now, was=was, became=changed)


def observe(db: Session, *, platform: Platform, name: str, external_id: str, now: datetime, actor: User | None) -> Channel:
    """The channel of an import: the one known by its platform number or name, else a new one that is not connected."""
    known = db.scalar(
        select(Channel).where(Channel.platform == platform, (Channel.external_id == external_id) & (Channel.external_id != ""))
    ) or db.scalar(select(Channel).where(Channel.platform == platform, Channel.name == name))
    if known is not None:
        return known
    count = db.scalar(select(func.count()).select_from(Channel)) or 0
    channel = Channel(
        platform=platform, name=name, external_id=external_id, state=ChannelState.NOT_CONNECTED, colour=count % COLOURS, created_at=now
    )
    db.add(channel)
    db.flush()
    history.record(db, actor, "channel.observed", channel, now=now, became={"platform": platform, "name": name})
    return channel


def by_id(db: Session, channel_id: int) -> Channel:
    """Raises NotFound."""
    channel = db.get(Channel, channel_id) if 0 < channel_id < 2**63 else None
    if channel is None:
        raise NotFound()
    return channel


def reconnect(
    db: Session,
    channel: Channel,
    *,
    access_token: str | None = None,
    refresh_token: str | None = None,
    expires_at: datetime | None = None,
    refresh_expires_at: datetime | None = None,
    scopes: Sequence[str] = (),
    actor: User | None,
    now: datetime,
) -> None:
    """A fresh key; a refresh token that is known is never overwritten with nothing, nor is its end. By hand there is no key to give.

    now -- when this transaction held the channel's row (`locked`): an attempt that began earlier used the key before.
    Raises Invalid without the key that this platform needs.
    """
    _check_key(channel.platform, access_token, channel.config)
    channel = locked(db, channel)
    if access_token:
        credential = channel.credential
        if credential is None:
            channel.credential = credential = Credential(access_token=access_token, updated_at=now)
        credential.access_token = access_token
        if refresh_token:
            credential.refresh_token, credential.refresh_expires_at = refresh_token, refresh_expires_at
        credential.expires_at = expires_at
        credential.refresh_after = None
        credential.scopes = list(scopes) or credential.scopes
        credential.updated_at = now
    channel.state, channel.state_reason = ChannelState.CONNECTED, ""
    channel.wait_until, channel.wait_reason = None, ""
    channel.failures, channel.failing_since = 0, None
    history.record(db, actor, "channel.reconnected", channel, now=now)


def locked(db: Session, channel: Channel) -> Channel:
    """The channel and its key as they are once this transaction holds its row: no hold and no new key can be written beside it.

    Rows are taken in the order delivery, channel, key everywhere. A writing transaction of SQLite holds them all.
    """
    # The key is asked for by a statement of its own: a joined row would be as it was before the wait.
    query = select(Channel).where(Channel.id == channel.id).options(selectinload(Channel.credential))
    if db.get_bind().dialect.name == "postgresql":
        query = query.with_for_update(of=Channel, key_share=True)
    return db.scalars(query.execution_options(populate_existing=True)).one()


def has_newer_key(db: Session, channel: Channel, asked_at: datetime) -> bool:
    """Whether the key was replaced after this moment: what the platform then refused was the one before, not this one.

    Waits for whoever is giving the channel a key just now; what the caller decides then holds until it commits.
    """
    channel = locked(db, channel)
    return channel.state is ChannelState.CONNECTED and channel.credential is not None and channel.credential.updated_at > asked_at


def hold(db: Session, channel: Channel, reason: str, *, now: datetime) -> None:
    """The platform refuses the whole account: nothing more is sent until somebody reconnects it."""
    if channel.state is ChannelState.CONNECTED:
        channel.state, channel.state_reason = ChannelState.NEEDS_RECONNECT, reason
        history.record(db, None, "channel.refused", channel, now=now, note=reason)


def warn(db: Session, channel: Channel, reason: str, *, now: datetime) -> None:
    """The key still works and nothing is held, but somebody has to do something before it ends: said on the desk and on the channel."""
    if channel.state is ChannelState.CONNECTED and channel.state_reason != reason:
        channel.state_reason = reason
        history.record(db, None, "channel.warned", channel, now=now, note=reason)


def calm(channel: Channel) -> None:
    """What `warn` said is mended."""
    if channel.state is ChannelState.CONNECTED:
        channel.state_reason = ""


def set_wait(db: Session, channel: Channel, until: datetime, reason: str) -> None:
    """The platform asked this account to wait; the later of two waits holds."""
    if channel.wait_until is None or channel.wait_until < until:
        channel.wait_until, channel.wait_reason = until, reason


def disconnect(db: Session, channel: Channel, *, actor: User | None, now: datetime) -> None:
    """Forget the key; keep the channel with its posts and numbers."""
    if channel.credential is not None:
        db.delete(channel.credential)
        channel.credential = None
    channel.state, channel.state_reason = ChannelState.NOT_CONNECTED, ""
    history.record(db, actor, "channel.disconnected", channel, now=now)


def _check_plain(name: str, time_zone: str, grace_minutes: int) -> None:
    if not name or len(name) > 120 or "\0" in name:
        raise Invalid(N_("Give the channel a name of 1 to 120 characters."), field="name")
    if time_zone not in available_timezones():
        raise Invalid(N_("“%(zone)s” is not a time zone we know."), field="time_zone", zone=time_zone[:64])
    if not 0 <= grace_minutes <= MOST_GRACE_MINUTES:
        raise Invalid(N_("The grace is between 0 and %(most)s minutes."), field="grace_minutes", most=MOST_GRACE_MINUTES)


def _check_free(db: Session, platform: Platform, name: str) -> None:
    if db.scalar(select(Channel.id).where(Channel.platform == platform, Channel.name == name)) is not None:
        raise Conflict(N_("There is already a channel “%(name)s” on this platform."), field="name", name=name)


def _check_key(platform: Platform, key: str | None, config: Mapping[str, Any] | None) -> None:
    if platform is Platform.WEBHOOK:
        _check_webhook(key, config)
    elif platform is not Platform.BY_HAND and not key:
        raise Invalid(N_("An access token is needed to connect this channel."), field="access_token")


def _check_webhook(url: str | None, config: Mapping[str, Any] | None) -> None:
    if not (url or "").startswith(("https://", "http://")):
        raise Invalid(N_("A webhook needs its address, starting with https://."), field="access_token")
    if (config or {}).get("flavour") not in list(Flavour):
        raise Invalid(
            N_("Say which product the webhook belongs to: %(known)s."), field="flavour", known=", ".join(Flavour)
        )
