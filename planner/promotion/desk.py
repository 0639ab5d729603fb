"""The promotion desk's lines on the home page: what waits, whose re-edit is due, and whether the forecasts were wrong lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.promotion import queries, tasks
from planner.promotion.models import Decision, ReEdit
from planner.promotion.scores import LATELY, judged, score

__all__ = ["Lines", "lines"]


@dataclass(frozen=True, slots=True)
class Lines:
    """waiting -- videos to decide on, 0 for who may not decide. reedits -- open, theirs or nobody's, with the video's title.

    wrong -- (held, out of) when too few of the newest forecasts did, else None.
    """

    waiting: int = 0
    reedits: Sequence[tuple[ReEdit, str]] = ()
    wrong: tuple[int, int] | None = None


def lines(db: Session, *, viewer: User | None, now: datetime) -> Lines:
    """For people who decide about promotion; nothing for others. Three statements, whatever there is."""
    if not may(viewer, "promotion.decide"):
        return Lines()
    told = score(judged(_judged(db, viewer)))
    return Lines(queries.to_decide(db, viewer=viewer, now=now), tasks.reedits(db, viewer=viewer), told.lately if told.wrong_lately else None)


def _judged(db: Session, viewer: User | None) -> list[Decision]:
    known = known_to(viewer)
    query = select(Decision).join(Asset, Asset.id == Decision.asset_id).where(Decision.undone_at.is_(None), Decision.views_30.is_not(None))
    if known is not None:
        query = query.where(known)
    return list(db.scalars(query.order_by(Decision.decided_at.desc(), Decision.id.desc()).limit(LATELY)))
