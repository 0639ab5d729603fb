"""A set of channels on the pretend platforms, for trying the planner without any account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.channels import service
from planner.channels.models import Channel
from planner.channels.port import Flavour, Platform
from planner.channels.webhook import PRETEND

__all__ = ["CHANNELS", "add_sandbox_channels"]

#: platform, name, key.
CHANNELS: tuple[tuple[Platform, str, str | None], ...] = (
    (Platform.YOUTUBE, "Sandbox TV", "sandbox-tv"),
    (Platform.LINKEDIN, "Sandbox page", "sandbox-page"),
    (Platform.X, "@sandbox", "sandbox-account"),
    (Platform.WEBHOOK, "Sandbox room", f"{PRETEND}/hooks/sandbox-room"),
    (Platform.BY_HAND, "Posted by hand", None),
)


def add_sandbox_channels(db: Session, *, time_zone: str, actor: User | None, now: datetime) -> list[Channel]:
    """Add those of the set that are not there yet, by name; the ones added. Safe to run again."""
    there = {(platform, name) for platform, name in db.execute(select(Channel.platform, Channel.name))}
    return [
        service.add(
            db, platform=platform, name=name, access_token=key, time_zone=time_zone,
            config={"flavour": Flavour.MATTERMOST.value} if platform is Platform.WEBHOOK else {}, actor=actor, now=now,
        )
        for platform, name, key in CHANNELS
        if (platform, name) not in there
    ]  # fmt: skip
