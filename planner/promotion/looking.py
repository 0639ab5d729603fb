"""Looks at one video for its page: on its channel, published or not yet, with what somebody wants to see changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.promotion import queries
from planner.promotion.evidence import Bench, Evidence, WhatIf
from planner.promotion.gathering import Video
from planner.promotion.standings import bench

__all__ = ["look"]


def look(db: Session, asset: Asset, *, now: datetime, what_if: WhatIf | None = None) -> tuple[Bench, Evidence] | None:
    """The channel's past and the evidence about this video; None without a YouTube channel. Six statements, whatever the size."""
    channel_id = queries.place_of(db, asset.id)
    if channel_id is None:
        return None
    prepared = bench(db, channel_id, now, only=asset.id)
    video = prepared.past.find(asset.id) or _unpublished(db, asset)
    return prepared, prepared.weigh(video, what_if)


def _unpublished(db: Session, asset: Asset) -> Video:
    told = queries.inputs_of(db, asset.id)
    return Video(
        None, asset.id, asset.title, asset.kind, None, asset.duration_seconds, asset.embargo_until, asset.sensitive, asset.confidentiality,
        asset.purpose, asset.owner_id, cost=None if asset.cost is None else float(asset.cost), goal=told.goal if told else None,
        target_share=told.target_share if told else None,
        value_per_view=float(told.value_per_view) if told and told.value_per_view is not None else None,
        audio_only=told.audio_only if told else False, vouched_by=told.vouched_by if told else "",
        rights_until=told.rights_until if told else None,
    )  # fmt: skip
