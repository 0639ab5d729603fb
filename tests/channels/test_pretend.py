"""Channels of the sandbox, the end of LinkedIn's versions, and the checks of a channel's own verbs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service
from planner.channels.models import Channel, ChannelState
from planner.channels.port import OutgoingPost, Platform, Sent
from planner.channels.pretend import CHANNELS, add_sandbox_channels
from planner.channels.registry import Registry
from planner.channels.sandbox import Sandbox, serve
from planner.channels.versions import Sunset, sunset_of
from planner.core.errors import Conflict, Invalid
from planner.core.settings import Settings
from tests.conftest import SECRET
from tests.factories import make_channel

POST = OutgoingPost(delivery_id=1, attempt=1, fingerprint="f" * 64, text="Bonjour")


def test_the_set_is_added_once_and_only_what_is_missing(db: Session, now: datetime) -> None:
    make_channel(db, platform=Platform.X, name="@sandbox")

    first = add_sandbox_channels(db, time_zone="Europe/Paris", actor=None, now=now)
    second = add_sandbox_channels(db, time_zone="Europe/Paris", actor=None, now=now)

    assert [channel.platform for channel in first] == [Platform.YOUTUBE, Platform.LINKEDIN, Platform.WEBHOOK, Platform.BY_HAND]
    assert second == []
    assert len(db.scalars(select(Channel)).all()) == len(CHANNELS)


def test_the_pretend_room_is_found_wherever_the_sandbox_runs_today(db: Session, now: datetime, tmp_path: Path) -> None:
    add_sandbox_channels(db, time_zone="Europe/Paris", actor=None, now=now)
    room = db.scalars(select(Channel).where(Channel.platform == Platform.WEBHOOK)).one()

    for _start in range(2):  # Each start takes another port.
        with serve(Sandbox(str(tmp_path / "sandbox.sqlite3"))) as running:
            outcome = Registry(Settings(secret_key=SECRET), running.url).adapter(Platform.WEBHOOK).publish(POST, room.account(), keep=print)
            assert isinstance(outcome, Sent)


@pytest.mark.parametrize(
    ("version", "today", "found"),
    [
        ("202607", date(2027, 5, 15), None),
        ("202607", date(2027, 5, 16), Sunset("202607", date(2027, 7, 15), gone=False)),
        ("202607", date(2027, 7, 14), Sunset("202607", date(2027, 7, 15), gone=False)),
        ("202607", date(2027, 7, 15), Sunset("202607", date(2027, 7, 15), gone=True)),
        ("202601", date(2026, 12, 1), Sunset("202601", date(2027, 1, 15), gone=False)),
        ("202711", date(2030, 1, 1), None),
    ],
)
def test_the_end_of_a_version_is_told_sixty_days_ahead(version: str, today: date, found: Sunset | None) -> None:
    assert sunset_of(version, today) == found


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"name": "a\0"}, "name"), ({"time_zone": "Mars"}, "time_zone"), ({"grace_minutes": -1}, "grace_minutes"), ({"grace_minutes": 1441}, "grace_minutes")],
)
def test_an_edit_that_is_refused_leaves_the_channel_as_it_was(db: Session, now: datetime, wrong: dict[str, Any], field: str) -> None:
    channel = make_channel(db, name="Group")
    values = {"name": "New", "external_id": "9", "time_zone": "UTC", "grace_minutes": 5, **wrong}

    with pytest.raises(Invalid) as refused:
        service.edit(db, channel, **values, actor=None, now=now)

    assert refused.value.field == field
    assert (channel.name, channel.external_id, channel.time_zone, channel.grace_minutes) == ("Group", "", "Europe/Paris", 20)


def test_an_edit_may_not_take_another_channels_name(db: Session, now: datetime) -> None:
    make_channel(db, name="Taken")
    channel = make_channel(db, name="Group")

    with pytest.raises(Conflict):
        service.edit(db, channel, name="Taken", external_id="", time_zone="UTC", grace_minutes=5, actor=None, now=now)


def test_a_by_hand_channel_is_connected_again_without_a_key_and_others_are_not(db: Session, now: datetime) -> None:
    hand, x = make_channel(db, platform=Platform.BY_HAND, token=None, state=ChannelState.NOT_CONNECTED), make_channel(db, state=ChannelState.NOT_CONNECTED)

    service.reconnect(db, hand, actor=None, now=now)
    with pytest.raises(Invalid):
        service.reconnect(db, x, actor=None, now=now)

    assert (hand.state, x.state) == (ChannelState.CONNECTED, ChannelState.NOT_CONNECTED)
