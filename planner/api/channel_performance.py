"""What channels did: one channel over its last days, and the followers gained where a platform tells them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select

from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Body, Choice, Day, Days, Moment, Out, QueryNumber
from planner.api.performance import Counts
from planner.catalog.models import AssetKind
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.insights.channel_page import ChannelNumbers, channel_numbers
from planner.insights.gains import gains
from planner.insights.trend import QUARTER

__all__ = ["bp"]

bp = Blueprint("api-channel-performance", __name__, description="What channels did.")

_MOST_DAYS = 365


class Window(Body):
    days = QueryNumber(least=1, most=_MOST_DAYS, load_default=QUARTER, metadata={"description": "How far back, in days; the pages show 90."})


class GainDay(Out):
    day = Day(required=True)
    organic = fields.Integer(required=True, allow_none=True)
    paid = fields.Integer(required=True, allow_none=True)


class GainsOut(Out):
    organic = fields.Integer(required=True, allow_none=True, metadata={"description": "Sum of what was told; null: nothing was."})
    paid = fields.Integer(required=True, allow_none=True)
    read_at = Moment(required=True)
    days = fields.List(fields.Nested(GainDay), required=True, metadata={"description": "From the first day told to the last; null: not told."})


class ChannelGains(GainsOut):
    channel_id = fields.Integer(required=True)
    channel_name = fields.String(required=True)
    platform = Choice(Platform, required=True)


class GainsList(Out):
    since = Day(required=True)
    items = fields.List(fields.Nested(ChannelGains), required=True, metadata={"description": "Only channels whose platform tells them."})


class DayCount(Out):
    day = Day(required=True)
    count = fields.Integer(required=True, allow_none=True)


class OrdinaryOut(Out):
    age_days = fields.Integer(required=True)
    median = fields.Float(required=True)
    posts = fields.Integer(required=True)


class RankedOut(Out):
    post_id = fields.Integer(required=True)
    asset_id = fields.Integer(required=True)
    title = fields.String(required=True)
    kind = Choice(AssetKind, required=True)
    published_at = Moment(required=True)
    read_at = Moment(required=True)
    age_days = Days(required=True, attribute="age")
    regime = fields.String(required=True, metadata={"description": "Which definition of a view the platform used."})
    value = fields.Integer(required=True)
    median = fields.Float(required=True, allow_none=True, metadata={"description": "Of the channel's posts at that age."})
    peers = fields.Integer(required=True, metadata={"description": "How many those are."})
    ratio = fields.Float(required=True, allow_none=True, metadata={"description": "value / median: 1.0 is ordinary."})
    place = fields.Integer(required=True)


class SlotOut(Out):
    weekday = fields.Integer(required=True, metadata={"description": "0 is Monday."})
    starts = fields.Integer(required=True)
    ends = fields.Integer(required=True)
    ratio = fields.Float(required=True)
    posts = fields.Integer(required=True)


class HoursOut(Out):
    time_zone = fields.String(required=True, attribute="zone")
    posts = fields.Integer(required=True, metadata={"description": "That could be compared."})
    is_enough = fields.Boolean(required=True, metadata={"description": "false: too few to say anything of an hour."})
    slots = fields.List(fields.Nested(SlotOut), required=True)


class ChannelPerformanceOut(Out):
    channel_id = fields.Integer(required=True)
    channel_name = fields.String(required=True)
    platform = Choice(Platform, required=True)
    days = fields.Integer(required=True)
    metric = fields.String(required=True, allow_none=True, metadata={"description": "The count that says how often its posts were seen; null while nothing was told."})
    read_on = Day(required=True, allow_none=True, metadata={"description": "The last day with a reading."})
    counts = fields.Nested(Counts, required=True, allow_none=True, metadata={"description": "At the end of that day."})
    gained = fields.Nested(
        Counts, required=True, allow_none=True,
        metadata={"description": "In these days. A post that was out before it was first read counts from that reading. null: not told, or counted in two ways."},
    )  # fmt: skip
    seen_by_day = fields.List(fields.Nested(DayCount), required=True, metadata={"description": "Gained a day; null: nobody knows."})
    breaks = fields.List(Day(), required=True, metadata={"description": "Days from which the platform counts views differently."})
    posts = fields.Integer(required=True, metadata={"description": "Published in these days; those you may know of."})
    ordinary = fields.Nested(OrdinaryOut, required=True, allow_none=True, metadata={"description": "null: too few posts to say."})
    best = fields.List(fields.Nested(RankedOut), required=True, metadata={"description": "Against the channel's own median at their age."})
    weakest = fields.List(fields.Nested(RankedOut), required=True)
    followers = fields.List(fields.Nested(DayCount), required=True)
    follower_gains = fields.Nested(GainsOut, required=True, allow_none=True, metadata={"description": "null: the platform does not tell it."})
    hours = fields.Nested(HoursOut, required=True)


@reads()
@bp.arguments(Window, location="query")
@bp.response(200, GainsList)
def follower_gains(query: dict[str, Any]) -> dict[str, Any]:
    """Followers gained day by day, organic and paid apart, for each channel whose platform tells it (LinkedIn)."""
    since = g.now.astimezone(UTC).date() - timedelta(days=query["days"])
    told = gains(g.db, since)
    known = g.db.execute(select(Channel.id, Channel.name, Channel.platform).where(Channel.id.in_(told)).order_by(Channel.platform, Channel.name))
    items = [
        {"channel_id": one.id, "channel_name": one.name, "platform": one.platform}
        | {name: getattr(told[one.id], name) for name in ("organic", "paid", "read_at", "days")}
        for one in known
    ]
    return {"since": since, "items": items}


@reads()
@bp.arguments(Window, location="query")
@bp.response(200, ChannelPerformanceOut)
def show(query: dict[str, Any], channel_id: int) -> dict[str, Any]:
    """What a channel gained, its best and weakest posts at their age, its followers, and the hours at which posts did well."""
    return _shape(channel_numbers(g.db, channel_id, viewer=g.user, days=query["days"], now=g.now))


def _shape(one: ChannelNumbers) -> dict[str, Any]:
    return one.members | {"best": one.best, "weakest": one.weakest, "follower_gains": one.gained, "hours": one.hours}
