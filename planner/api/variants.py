"""Variants beside each other at one age, and whether that says anything yet."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Choice, Days, Moment, Out
from planner.catalog import queries as catalog
from planner.channels.port import Platform
from planner.insights import variants
from planner.insights.variants import ACTED, LEAST_ACTED, LEAST_SEEN, SURE, Answer
from planner.planning import queries as planning
from planner.planning.variants import DIFFERENCES

__all__ = ["bp"]

bp = Blueprint("api-variants", __name__, description="Variants of a post beside each other.")

_DIFFERS = {"items": {"type": "string", "enum": sorted(DIFFERENCES)}}


class RateOut(Out):
    share = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    out_of = fields.Integer(required=True)


class GapOut(Out):
    share = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class VariantOut(Out):
    post_id = fields.Integer(required=True)
    words = fields.String(required=True)
    differs = fields.List(fields.String(), required=True, metadata=_DIFFERS | {"description": "In what, from the first."})
    published_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)
    regime = fields.String(required=True, metadata={"description": "Which definition of a view the platform used; empty for impressions."})
    seen = fields.Integer(required=True, allow_none=True)
    acted = fields.Integer(required=True, allow_none=True)
    rate = fields.Nested(
        RateOut, required=True, allow_none=True,
        metadata={"description": f"acted / seen with Wilson's interval, {SURE:.0%} sure; with more than two variants each is surer, so that all of them together are."},
    )  # fmt: skip


class ComparisonOut(Out):
    channel_id = fields.Integer(required=True)
    channel_name = fields.String(required=True, attribute="channel")
    platform = Choice(Platform, required=True)
    metric = fields.String(required=True, metadata={"description": "The count that says how often they were seen."})
    act = fields.String(required=True, attribute="acted", metadata={"enum": list(ACTED), "description": "The count that says how many acted."})
    age_days = Days(required=True, allow_none=True, attribute="age", metadata={"description": "At which all are compared; null: there is no common age yet."})
    answer = Choice(
        Answer, required=True,
        metadata={"description": f"too_few: one was seen less than {LEAST_SEEN} times, or all were acted upon less than {LEAST_ACTED} times together."},
    )  # fmt: skip
    best = fields.Integer(required=True, allow_none=True, metadata={"description": "The post that does better; null where that cannot be told."})
    gap = fields.Nested(
        GapOut, required=True, allow_none=True, metadata={"description": "The highest rate less the next one's, with Newcombe's interval (method 10)."}
    )
    apart_days = Days(required=True, attribute="apart", metadata={"description": "Between the first and the last publication."})
    changes = fields.List(fields.String(), required=True, metadata=_DIFFERS | {"description": "In what they differ, all together."})
    variants = fields.List(fields.Nested(VariantOut), required=True, attribute="shown")


class AssetVariants(Out):
    asset_id = fields.Integer(required=True)
    groups = fields.List(fields.Nested(ComparisonOut), required=True)


class PostVariants(Out):
    post_id = fields.Integer(required=True)
    comparison = fields.Nested(ComparisonOut, required=True, allow_none=True, metadata={"description": "null: there is no other live variant."})


@reads()
@bp.response(200, AssetVariants)
def of_asset(asset_id: int) -> dict[str, Any]:
    """Every group of an asset's live variants, each compared at one age."""
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    return {"asset_id": asset.id, "groups": variants.of_asset(g.db, asset.id)}


@reads()
@bp.response(200, PostVariants)
def of_post(post_id: int) -> dict[str, Any]:
    """A post beside its live variants, all at one age."""
    post = planning.post(g.db, post_id, viewer=g.user)
    return {"post_id": post.id, "comparison": variants.of_post(g.db, post)}
