"""Makers of rows for tests: each gives a valid thing, and any column can be named."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Role, RoleName, User
from planner.catalog.models import Asset, AssetKind, AssetState
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Platform
from planner.people import service as register
from planner.people.models import Event
from planner.people.person_models import Person
from planner.people.rules import PersonValues
from planner.planning.models import Campaign, Post
from planner.planning.quiet_models import Blackout

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def make_user(db: Session, *, roles: tuple[str, ...] = (RoleName.ADMIN,), **values: Any) -> User:
    """A user with these roles; the password is not set (tests sign in through `sign_in`)."""
    number = next(_numbers)
    values.setdefault("email", f"person{number}@example.com")
    values.setdefault("name", f"Person {number}")
    user = User(active=values.pop("active", True), fs_uniquifier=uuid.uuid4().hex, created_at=NOON, **values)
    for name in roles:
        role = db.scalar(select(Role).where(Role.name == str(name)))
        user.roles.append(role or Role(name=str(name)))
    db.add(user)
    db.flush()
    return user


def make_channel(db: Session, *, platform: Platform = Platform.X, token: str | None = "sandbox-token", **values: Any) -> Channel:
    """A connected channel with a sealed token (none when `token` is None)."""
    values.setdefault("name", f"{platform.value} {next(_numbers)}")
    values.setdefault("state", ChannelState.CONNECTED)
    channel = Channel(platform=platform, created_at=NOON, **values)
    if token is not None:
        channel.credential = Credential(access_token=token, updated_at=NOON)
    db.add(channel)
    db.flush()
    return channel


def make_asset(db: Session, **values: Any) -> Asset:
    """A ready blog post."""
    values.setdefault("title", f"Asset {next(_numbers)}")
    values.setdefault("kind", AssetKind.BLOG_POST)
    values.setdefault("state", AssetState.READY)
    values.setdefault("created_at", NOON)
    values.setdefault("updated_at", NOON)
    asset = Asset(**values)
    db.add(asset)
    db.flush()
    return asset


def make_event(db: Session, name: str = "Trade show", **values: Any) -> Event:
    """Tomorrow's, nobody's in particular."""
    values.setdefault("starts_on", (NOON + timedelta(days=1)).date())
    values.setdefault("ends_on", values["starts_on"] + timedelta(days=1))
    event = Event(name=name, created_at=NOON, updated_at=NOON, **values)
    db.add(event)
    db.flush()
    return event


def make_blackout(db: Session, name: str = "Before the results", **values: Any) -> Blackout:
    """Tomorrow's, one day."""
    values.setdefault("starts_on", (NOON + timedelta(days=1)).date())
    values.setdefault("ends_on", values["starts_on"] + timedelta(days=1))
    blackout = Blackout(name=name, **values)
    db.add(blackout)
    db.flush()
    return blackout


def make_campaign(db: Session, **values: Any) -> Campaign:
    """A campaign without dates."""
    values.setdefault("name", f"Campaign {next(_numbers)}")
    campaign = Campaign(created_at=NOON, updated_at=NOON, **values)
    db.add(campaign)
    db.flush()
    return campaign


def make_person(db: Session, **values: Any) -> Person:
    """Somebody in the register who agreed to be named, with a handle on each platform."""
    number = next(_numbers)
    defaults = {"name": f"Jane Doe {number}", "x_handle": f"jane{number}", "linkedin_urn": f"urn:li:person:jd-{number}", "may_be_named": True}
    return register.add(db, PersonValues(**(defaults | values)), actor=None, now=NOON)


def make_post(db: Session, *, asset: Asset | None = None, channel: Channel | None = None, **values: Any) -> Post:
    """A draft for tomorrow, on a channel and about an asset of its own unless given."""
    values.setdefault("text", "What we have to say.")
    values.setdefault("publish_at", NOON + timedelta(days=1))
    values.setdefault("created_at", NOON)
    values.setdefault("updated_at", NOON)
    post = Post(asset=asset or make_asset(db), channel=channel or make_channel(db), **values)
    db.add(post)
    db.flush()
    return post
