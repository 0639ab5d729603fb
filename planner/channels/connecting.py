"""A consent becomes a channel: which platforms a person can connect in the browser, and what a grant adds or renews."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.channels import service
from planner.channels.consent import Consent
from planner.channels.linkedin import LinkedInConnect
from planner.channels.models import Channel
from planner.channels.port import Connect, Grant, Identity, Platform
from planner.channels.wire import Stopped, inside, unsaid
from planner.channels.x_api import XApi
from planner.channels.youtube_connect import YouTubeConnect
from planner.core.clock import utc_now
from planner.core.errors import Refused as ConsentRefused
from planner.core.http import Http
from planner.core.i18n import N_
from planner.core.settings import Settings

__all__ = ["challenge_of", "connect", "consents", "known", "meant", "missing", "needed"]

X_SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
#: What our application is called where any name is taken.
_SANDBOX_CLIENT = "editorial-planner"
_LONGEST_NAME = 120
#: The platforms with a consent page, and what the settings of our application there begin with.
_APPLICATIONS = {Platform.X: "x", Platform.LINKEDIN: "linkedin", Platform.YOUTUBE: "google"}
#: X alone takes an application that has no secret.
_PUBLIC = "x_client_secret"


def consents(settings: Settings, http: Http, sandbox_url: str = "") -> dict[Platform, Connect]:
    """The platforms that can be connected in the browser: those with a client id, all of them while the sandbox is on."""
    found: dict[Platform, Connect] = {}
    makers: dict[Platform, Callable[[Settings, Http, str, str, str], Connect]] = {
        Platform.X: _x, Platform.LINKEDIN: _linkedin, Platform.YOUTUBE: _youtube
    }  # fmt: skip
    for platform, maker in makers.items():
        client = _client(settings, platform)
        if client:
            found[platform] = maker(settings, http, sandbox_url, *client)
    return found


def missing(settings: Settings, platform: Platform) -> list[str]:
    """The settings without which the platform itself cannot be connected in the browser, by the names people set them with."""
    return [f"PLANNER_{name.upper()}" for name in _keys(platform) if not getattr(settings, name) and name != _PUBLIC]


def needed(platform: Platform) -> list[str]:
    """The settings that hold our application's keys there; none where nobody consents in a browser."""
    return [f"PLANNER_{name.upper()}" for name in _keys(platform)]


def challenge_of(verifier: str) -> str:
    """PKCE's S256 of a verifier of 43 to 128 characters."""
    return str(create_s256_code_challenge(verifier))


def connect(
    db: Session, platform: Platform, account: Identity, grant: Grant, *, again: int | None = None, time_zone: str, grace_minutes: int,
    actor: User | None, now: datetime,
) -> tuple[Channel, bool]:  # fmt: skip
    """The channel of this account with its new key, and whether it is a new channel.

    again -- the channel a person set out to reconnect; it must be this account, or have told no number so far.
    Raises Refused when it is another account, NotFound. A refresh token that is known is never overwritten with nothing.
    """
    channel = db.scalar(select(Channel).where(Channel.platform == platform, Channel.external_id == account.external_id).order_by(Channel.id).limit(1))
    if again is not None:
        channel = service.locked(db, service.by_id(db, again))
        meant(channel, platform, [account])
        channel.external_id = account.external_id
    is_new = channel is None
    if channel is None:
        channel = service.add(
            db, platform=platform, name=_free_name(db, platform, account), access_token=grant.access_token, external_id=account.external_id,
            refresh_token=grant.refresh_token, expires_at=grant.expires_at, refresh_expires_at=grant.refresh_expires_at,
            scopes=grant.scopes, time_zone=time_zone, grace_minutes=grace_minutes, actor=actor, now=now,
        )  # fmt: skip
    else:
        service.reconnect(
            db, channel, access_token=grant.access_token, refresh_token=grant.refresh_token, expires_at=grant.expires_at,
            refresh_expires_at=grant.refresh_expires_at, scopes=grant.scopes, actor=actor, now=now,
        )  # fmt: skip
    return channel, is_new


def known(db: Session, platform: Platform, accounts: Sequence[Identity]) -> dict[str, Channel]:
    """Account's number -> the channel it is already, of those that are one. One statement."""
    numbers = [one.external_id for one in accounts]
    rows = db.scalars(select(Channel).where(Channel.platform == platform, Channel.external_id.in_(numbers)).order_by(Channel.id.desc()))
    return {channel.external_id: channel for channel in rows}


def meant(channel: Channel, platform: Platform, accounts: Sequence[Identity]) -> Identity | None:
    """Which of these accounts the channel is that a person set out to reconnect; None while it may be any of several.

    Raises Refused when it is none of them.
    """
    if channel.platform is platform and channel.external_id in ("", *(one.external_id for one in accounts)):
        is_one = [one for one in accounts if one.external_id == channel.external_id] or (list(accounts) if len(accounts) == 1 else [])
        return is_one[0] if is_one else None
    raise ConsentRefused(
        N_("You chose “%(chosen)s” there, which is another account than “%(name)s”. Nothing was changed."),
        chosen=", ".join(one.name for one in accounts)[:300], name=channel.name,
    )  # fmt: skip


def _free_name(db: Session, platform: Platform, account: Identity) -> str:
    """The account's own name, with its number there when a channel has that name already."""
    name = account.name.replace("\0", "").strip()[:_LONGEST_NAME] or account.external_id
    if db.scalar(select(Channel.id).where(Channel.platform == platform, Channel.name == name)) is None:
        return name
    tail = f" ({account.external_id})"
    return name[: _LONGEST_NAME - len(tail)] + tail


def _keys(platform: Platform) -> tuple[str, ...]:
    name = _APPLICATIONS.get(platform)
    return (f"{name}_client_id", f"{name}_client_secret") if name else ()


def _client(settings: Settings, platform: Platform) -> tuple[str, str] | None:
    """Id and secret of our application there; a made-up one while the sandbox is on, which takes any."""
    if not missing(settings, platform):
        client_id, secret = (getattr(settings, name) for name in _keys(platform))
        return client_id, secret
    return (_SANDBOX_CLIENT, _SANDBOX_CLIENT) if settings.sandbox != "off" else None


def _x(settings: Settings, http: Http, sandbox_url: str, client_id: str, client_secret: str) -> Consent:
    api_url = settings.platform_url("x_api_url", sandbox_url)

    def who(access_token: str) -> list[Identity]:
        try:
            told = XApi(api_url, http, access_token, fields_name=settings.x_fields_name, now=utc_now).send("GET", "/2/users/me")
        except Stopped as stopped:
            raise unsaid("X", stopped) from None
        number, name = inside(told, "data", "id"), inside(told, "data", "name") or inside(told, "data", "username")
        return _named("X", [Identity(str(number), str(name or number))] if number else [])

    return Consent(
        "X", f"{settings.platform_url('x_auth_url', sandbox_url)}/i/oauth2/authorize", f"{api_url}/2/oauth2/token", http,
        scopes=X_SCOPES, client_id=client_id, client_secret=client_secret, who=who, basic=True,
    )  # fmt: skip


def _linkedin(settings: Settings, http: Http, sandbox_url: str, client_id: str, client_secret: str) -> LinkedInConnect:
    return LinkedInConnect(
        settings.platform_url("linkedin_auth_url", sandbox_url), http, client_id=client_id, client_secret=client_secret,
        api_url=settings.platform_url("linkedin_api_url", sandbox_url), version=settings.linkedin_version,
    )  # fmt: skip


def _youtube(settings: Settings, http: Http, sandbox_url: str, client_id: str, client_secret: str) -> YouTubeConnect:
    auth_url, token_url, api_url = (settings.platform_url(name, sandbox_url) for name in ("google_auth_url", "google_token_url", "youtube_api_url"))
    return YouTubeConnect(auth_url, token_url, api_url, http, client_id=client_id, client_secret=client_secret)


def _named(platform: str, found: list[Identity]) -> list[Identity]:
    """At least one account, or Refused."""
    if not found:
        raise ConsentRefused(N_("%(platform)s did not say which account this is. Nothing was stored."), platform=platform)
    return found
