"""What an asset did, across its channels."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Choice, Day, Moment, Out
from planner.catalog import queries as catalog
from planner.channels.port import Platform
from planner.insights import queries
from planner.insights.models import METRICS

__all__ = ["bp"]

bp = Blueprint("api-performance", __name__, description="What assets did.")

_COUNTS: dict[str, Any] = {name: fields.Integer(required=True, allow_none=True) for name in METRICS}
Counts = Out.from_dict(_COUNTS, name="Counts")


class PostNumbers(Out):
    post_id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    channel_name = fields.String(required=True)
    platform = Choice(Platform, required=True)
    published_at = Moment(required=True, allow_none=True)
    url = fields.String(required=True)
    read_at = Moment(required=True, allow_none=True, metadata={"description": "null: nothing was read yet."})
    regime = fields.String(required=True)
    counts = fields.Nested(Counts, required=True, allow_none=True)
    first_read_at = Moment(required=True, allow_none=True)
    growth = fields.Nested(
        Counts, required=True, allow_none=True, metadata={"description": "From the first reading to the newest; null with fewer than two."}
    )


class DayOut(Out):
    day = Day(required=True)
    counts = fields.Nested(Counts, required=True)


class SeriesOut(Out):
    channel_id = fields.Integer(required=True)
    channel_name = fields.String(required=True)
    platform = Choice(Platform, required=True)
    days = fields.List(fields.Nested(DayOut), required=True)
    breaks = fields.List(Day(), required=True, metadata={"description": "Days from which the platform counts views differently."})


class PerformanceOut(Out):
    asset_id = fields.Integer(required=True)
    totals = fields.Nested(Counts, required=True, metadata={"description": "Sums of what was told; null: nobody told."})
    mixed = fields.Dict(
        keys=fields.String(), values=fields.List(Choice(Platform)), required=True,
        metadata={"description": "Mixed definitions: for each total that adds up several platforms, each by its own definition, those platforms. Such a total is an order of size, nothing to compare."},
    )  # fmt: skip
    silent = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), required=True,
        metadata={"description": "For each count, the channels that did not tell it."},
    )  # fmt: skip
    posts = fields.List(fields.Nested(PostNumbers), required=True)
    series = fields.List(fields.Nested(SeriesOut), required=True)


@reads()
@bp.response(200, PerformanceOut)
def show(asset_id: int) -> dict[str, Any]:
    """Totals, each live post's newest numbers, and day by day on each channel."""
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    told = queries.asset_performance(g.db, asset.id)
    series = [
        {
            "channel_id": one.channel_id,
            "channel_name": one.channel_name,
            "platform": one.platform,
            "days": [{"day": day, "counts": counts} for day, counts in one.days],
            "breaks": one.breaks,
        }
        for one in told.series
    ]
    return {"asset_id": asset.id, "totals": told.totals, "mixed": told.mixed, "silent": told.silent, "posts": told.posts, "series": series}
