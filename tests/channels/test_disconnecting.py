"""Disconnecting takes the key and nothing else: posts, deliveries, numbers and audience stay, and it can be connected again."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service
from planner.channels.models import AudienceSlice, Channel, ChannelState, Credential
from planner.channels.port import Platform, Reading
from planner.insights import service as numbers
from planner.planning.models import PostState
from tests.factories import NOON, make_channel, make_post
from tests.web.scene import stored


def test_disconnecting_keeps_posts_and_their_numbers_and_forgets_the_key(db: Session) -> None:
    channel = make_channel(db, platform=Platform.LINKEDIN, name="Group page", token="AQX-planted", external_id="urn:li:organization:1")
    post = make_post(db, channel=channel, state=PostState.PUBLISHED, external_id="urn:li:share:7", published_at=NOON)
    db.add(AudienceSlice(channel_id=channel.id, day=date(2026, 3, 1), dimension="followers", key="all", count=1200))
    numbers.record(db, [(post.id, Reading("urn:li:share:7", impressions=90, likes=4))], at=NOON, now=NOON)
    db.commit()
    before = stored(db, but=("channels.state", "channels.version"))

    service.disconnect(db, channel, actor=None, now=NOON)
    db.commit()

    after = stored(db, but=("channels.state", "channels.version"))
    assert {table for table in before if before[table] != after[table]} == {"credentials", "history"}
    assert db.scalars(select(Credential)).all() == []
    assert db.scalars(select(Channel.state)).one() is ChannelState.NOT_CONNECTED

    service.reconnect(db, channel, access_token="AQX-new", actor=None, now=NOON)
    db.commit()
    assert (db.scalars(select(Channel.state)).one(), channel.account().secret) == (ChannelState.CONNECTED, "AQX-new")
