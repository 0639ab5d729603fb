"""Channels: our accounts on platforms. Keys come in and never go out."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select

from planner.api.bodies import Blueprint
from planner.api.door import creates, reads, tagged
from planner.api.fields import Body, Choice, Line, Moment, Number, Out
from planner.channels import service
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Flavour, Platform

__all__ = ["ChannelOut", "bp"]

bp = Blueprint("api-channels", __name__, description="Our accounts on platforms.")


class ChannelOut(Out):
    id = fields.Integer(required=True)
    platform = Choice(Platform, required=True)
    name = fields.String(required=True)
    external_id = fields.String(required=True, metadata={"description": "The platform's own number; empty until known."})
    time_zone = fields.String(required=True)
    grace_minutes = fields.Integer(required=True)
    state = Choice(ChannelState, required=True)
    state_reason = fields.String(required=True)
    wait_until = Moment(required=True, allow_none=True)
    last_success_at = Moment(required=True, allow_none=True)
    last_collected_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    version = fields.Integer(required=True)


class ChannelList(Out):
    items = fields.List(fields.Nested(ChannelOut), required=True)


class ChannelIn(Body):
    platform = Choice(Platform, required=True)
    name = Line(required=True, least=1, most=120)
    access_token = Line(
        most=4000, allow_none=True, load_default=None, load_only=True,
        metadata={"description": "The platform's token; for a webhook, its address. Not needed for by_hand."},
    )  # fmt: skip
    refresh_token = Line(most=4000, allow_none=True, load_default=None, load_only=True)
    expires_at = Moment(
        allow_none=True, load_default=None, load_only=True,
        metadata={"description": "When the token ends, if that is known: people are reminded 14, 7 and 1 days before."},
    )  # fmt: skip
    external_id = Line(most=200, load_default="")
    flavour = Choice(Flavour, allow_none=True, load_default=None, metadata={"description": "For a webhook: which product."})
    time_zone = Line(most=64, load_default="Europe/Paris")
    grace_minutes = Number(most=1440, load_default=20)


@reads()
@bp.response(200, ChannelList)
def index() -> dict[str, Any]:
    """All channels, by platform and name."""
    return {"items": g.db.scalars(select(Channel).order_by(Channel.platform, Channel.name)).all()}


@reads()
@bp.response(200, ChannelOut)
def show(channel_id: int) -> Any:
    """One channel."""
    return tagged(service.by_id(g.db, channel_id))


@creates("channel.manage")
@bp.arguments(ChannelIn)
@bp.response(201, ChannelOut)
def add(values: dict[str, Any]) -> Any:
    """Add a channel with its key (administrators)."""
    flavour = values.pop("flavour")
    config = {"flavour": flavour.value} if flavour else {}
    return tagged(service.add(g.db, **values, config=config, actor=g.user, now=g.now), status=201)
