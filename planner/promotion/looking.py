"""Looks at one video for its page: on its channel, published or not yet, with what somebody wants to see changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.insights.models import Snapshot
from planner.insights.rules import regime_in
from planner.promotion import queries
from planner.promotion.comparing import Comparison, compare
from planner.promotion.evidence import Bench, Evidence, WhatIf
from planner.promotion.gathering import Video
from planner.promotion.models import ReEdit
from planner.promotion.standings import bench

__all__ = ["compared", "look"]


def look(db: Session, asset: Asset, *, now: datetime, what_if: WhatIf | None = None) -> tuple[Bench, Evidence] | None:
    """The channel's past and the evidence about this video; None without a YouTube channel. Eight statements, whatever the size."""
    channel_id = queries.place_of(db, asset.id)
    if channel_id is None:
        return None
    prepared = bench(db, channel_id, now, only=asset.id)
    video = prepared.past.find(asset.id) or _unpublished(db, asset)
    return prepared, prepared.weigh(video, what_if)


def compared(db: Session, prepared: Bench, video: Video, task: ReEdit) -> Comparison | None:
    """What a re-edit that is done changed; None while it is not, or before publication. One statement."""
    if task.done_at is None or video.published_at is None:
        return None
    told = db.execute(
        select(Snapshot.at, Snapshot.impressions, Snapshot.clicks)
        .where(Snapshot.post_id == video.post_id, Snapshot.regime == regime_in(video.regime), Snapshot.impressions.is_not(None), Snapshot.clicks.is_not(None))
        .order_by(Snapshot.at)
    )
    rows = [(at, (shown or 0, clicks or 0)) for at, shown, clicks in told]
    before = next((counts for at, counts in reversed(rows) if at <= task.done_at), None)
    since = None
    if rows and rows[-1][0] > task.done_at:
        shown, clicks = rows[-1][1]
        since = (max(shown - before[0], 0), max(clicks - before[1], 0)) if before else (shown, clicks)
    changed = (task.done_at - video.published_at).total_seconds() / 86400
    return compare(video.seen, max(changed, 0.01), prepared.history(video.regime, video.asset_id), shown_before=before, shown_after=since)


def _unpublished(db: Session, asset: Asset) -> Video:
    told = queries.inputs_of(db, asset.id)
    return Video(
        None, asset.id, asset.title, asset.kind, None, asset.duration_seconds, asset.embargo_until, asset.sensitive, asset.confidentiality,
        asset.purpose, asset.owner_id, cost=None if asset.cost is None else float(asset.cost), goal=told.goal if told else None,
        target_share=told.target_share if told else None,
        value_per_view=float(told.value_per_view) if told and told.value_per_view is not None else None,
        audio_only=told.audio_only if told else False, vouched_by=told.vouched_by if told else "",
        rights_until=asset.rights_until,
    )  # fmt: skip
