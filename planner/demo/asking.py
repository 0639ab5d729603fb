"""Asks for the demo as a job: pressed twice it is one job, and one that failed may be tried again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.ledger import jobs
from planner.ledger.models import Job, JobState

__all__ = ["ask"]


def ask(db: Session, *, actor: User | None, now: datetime) -> Job:
    """The one job that loads the demo; a new one after each that failed."""
    failed = db.scalar(select(func.count()).where(Job.name == "demo.load", Job.state == JobState.FAILED))
    key = f"demo.load:again:{failed}" if failed else "demo.load:once"
    return jobs.enqueue(db, "demo.load", {}, slot_key=key, actor=actor, now=now)
