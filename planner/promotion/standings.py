"""Keeps the board's rows: works out every video of a channel in the background, and one at once when a person changed something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.db import reading
from planner.insights.models import Latest
from planner.insights.rollups import upsert
from planner.ledger.jobs import JobContext
from planner.planning.models import Post, PostState
from planner.promotion import judging, steps
from planner.promotion.choices import Confidence, PromotionKind
from planner.promotion.evidence import MEASURED, PEERS, Bench, Evidence
from planner.promotion.gathering import gather
from planner.promotion.knobs import knobs_of, load
from planner.promotion.models import KeptUplift, Standing
from planner.promotion.uplift import Uplift

__all__ = ["bench", "due", "keep", "keep_gains", "learn", "refresh", "row_of", "run"]

#: A board is worked out again after new readings, and otherwise this often: age alone changes a forecast.
_EVERY = timedelta(hours=6)
_POINTS = 12
_CHUNK = 500


def bench(db: Session, channel_id: int, now: datetime, *, only: int | None = None) -> Bench:
    """One channel, ready to weigh its videos, or `only` one of them: then its newest others, and what is kept of promotions, are enough.

    Five statements, or six.
    """
    knobs = knobs_of(load(db), channel_id)
    if only is None:
        return Bench(gather(db, channel_id), knobs, now)
    return Bench(gather(db, channel_id, most=PEERS + 1, also=only), knobs, now, _kept(db, channel_id))


def _kept(db: Session, channel_id: int) -> dict[tuple[str, PromotionKind, int], Uplift]:
    rows = db.scalars(select(KeptUplift).where(KeptUplift.channel_id == channel_id))
    return {(row.regime, row.kind, row.horizon_days): Uplift(row.log_mean, row.log_sd, row.promoted, row.others, row.naive) for row in rows}


def learn(db: Session, channel_id: int, *, now: datetime) -> None:
    """Work out anew what promotions brought on a channel, in the caller's transaction: one was recorded, or taken out."""
    past = gather(db, channel_id, most=MEASURED)
    keep_gains(db, channel_id, Bench(past, knobs_of(load(db), channel_id), now))


def keep_gains(db: Session, channel_id: int, prepared: Bench) -> None:
    """Write what each kind of promotion brought; what was kept before goes."""
    db.execute(delete(KeptUplift).where(KeptUplift.channel_id == channel_id))
    db.add_all(
        KeptUplift(
            channel_id=channel_id, kind=kind, regime=prepared.regime, horizon_days=prepared.knobs.horizon_days, log_mean=gain.log_mean,
            log_sd=gain.log_sd, promoted=gain.promoted, others=gain.others, naive=gain.naive,
        )
        for kind, gain in prepared.gains().items()
    )  # fmt: skip


def due(db: Session, now: datetime) -> list[int]:
    """Channels whose rows are older than their newest reading, or than six hours. One statement."""
    read = select(func.max(Latest.at)).join(Post, Post.id == Latest.post_id).where(Post.channel_id == Channel.id).scalar_subquery()
    made = select(func.max(Standing.computed_at)).where(Standing.channel_id == Channel.id).scalar_subquery()
    live = select(Post.id).where(Post.channel_id == Channel.id, Post.state == PostState.PUBLISHED).exists()
    rows = db.execute(select(Channel.id, read, made).where(Channel.platform == Platform.YOUTUBE, live).order_by(Channel.id))
    return [number for number, at, done in rows if done is None or now - done >= _EVERY or (at is not None and at > done)]


def refresh(db: Session, channel_id: int, *, now: datetime, only: int | None = None) -> int:
    """Work out a channel's rows, or the one of an asset, in the caller's transaction; how many."""
    prepared = bench(db, channel_id, now, only=only)
    rows = [row_of(prepared.weigh(video), channel_id, now) for video in prepared.past.videos if only is None or video.asset_id == only]
    keep(db, channel_id, rows, all_of_it=only is None)
    if only is None:
        keep_gains(db, channel_id, prepared)
    return len(rows)


def keep(db: Session, channel_id: int, rows: Sequence[dict[str, Any]], *, all_of_it: bool) -> None:
    """Write rows of one channel; with `all_of_it` those of videos that are no longer there go."""
    if all_of_it:
        there = {row["asset_id"] for row in rows}
        gone = [one for one in db.scalars(select(Standing.asset_id).where(Standing.channel_id == channel_id)) if one not in there]
        for first in range(0, len(gone), _CHUNK):
            db.execute(delete(Standing).where(Standing.asset_id.in_(gone[first : first + _CHUNK])))
    for first in range(0, len(rows), _CHUNK):
        upsert(db, Standing, ("asset_id",), list(rows[first : first + _CHUNK]))


def row_of(evidence: Evidence, channel_id: int, now: datetime) -> dict[str, Any]:
    """One row of the board, as columns."""
    video, knobs, money, standing = evidence.video, evidence.knobs, evidence.money, evidence.standing
    told = evidence.alone.get(knobs.horizon_days)
    share = video.target_share if video.target_share is not None else knobs.target_share
    seen = video.seen
    points = seen if len(seen) <= _POINTS else [seen[round(place * (len(seen) - 1) / (_POINTS - 1))] for place in range(_POINTS)]
    extra = money.extra[1] if money else None
    read_at = video.published_at + timedelta(days=seen[-1][0]) if seen and video.published_at else None
    return {
        "asset_id": video.asset_id, "post_id": video.post_id, "channel_id": channel_id, "published_at": video.published_at,
        "read_at": read_at, "views": int(seen[-1][1]) if seen else None,
        "ratio": standing.ratio if standing else None, "place": standing.place if standing else None, "comparable": standing.count if standing else 0,
        "exposure": standing.rank if standing and standing.count > evidence.lines.comparable else None, "interest": evidence.interest, "interest_by": evidence.interest_by,
        "retention": evidence.retention, "retention_rank": evidence.retention_rank, "target_share": share,
        "cost": knobs.cost, "currency": knobs.currency, "horizon_days": knobs.horizon_days,
        "median": told.median if told else None, "low": told.low if told else None, "high": told.high if told else None,
        "extra": extra, "extra_per_money": extra / knobs.cost if extra is not None and knobs.cost > 0 else None,
        "pays": money.pays if money else None, "choice": evidence.verdict.choice if evidence.verdict else None,
        "confidence": evidence.verdict.confidence if evidence.verdict else Confidence.TOO_EARLY,
        "seen": [[round(age, 2), int(views)] for age, views in points],
        "fan": [round(evidence.age + knobs.horizon_days, 2), round(told.low), round(told.median), round(told.high)] if told else [],
        "computed_at": now,
    }  # fmt: skip


def run(ctx: JobContext) -> dict[str, int]:
    """Bring the board up to date and judge what is due. Nothing is locked while it is worked out."""
    made = 0
    with Session(reading(ctx.runtime.engine)) as db:
        now = ctx.clock.decision_time(db)
        channels = due(db, now)
    for place, channel_id in enumerate(channels):
        with Session(reading(ctx.runtime.engine)) as db:
            prepared = bench(db, channel_id, now)
        rows = []
        for number, video in enumerate(prepared.past.videos):
            rows.append(row_of(prepared.weigh(video), channel_id, now))
            if number % 200 == 0:
                ctx.progress(place, len(channels))
        with ctx.sessions.begin() as db:
            keep(db, channel_id, rows, all_of_it=True)
            keep_gains(db, channel_id, prepared)
        made += len(rows)
    with ctx.sessions.begin() as db:
        promoted = steps.record_live(db, now=now)
        judged = judging.judge(db, now=now)
    return {"standings": made, "promoted": promoted, "judged": judged}
