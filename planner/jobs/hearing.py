"""Asks accounts what others wrote of them, within the budget that they have for reading numbers: what is above knows of both."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from planner.insights import budget
from planner.ledger.jobs import JobContext
from planner.listening import hearing

__all__ = ["run"]


def run(ctx: JobContext) -> dict[str, int]:
    """Ask every account that is due; how many mentions are new."""

    def left(db: Session, channel_id: int, now: datetime) -> int:
        return budget.left_for_mentions(budget.budget_of(db, channel_id, now=now, units_day=ctx.settings.youtube_units_day), now=now)

    return {"mentions": hearing.collect(ctx.runtime, left)}
