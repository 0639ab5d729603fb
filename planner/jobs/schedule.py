"""Periodic work: a row with a unique slot, so any number of schedulers make one run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from planner.ledger import jobs

__all__ = ["PERIODIC", "are_enqueued", "enqueue_due", "slot"]

#: name of the job, how often.
PERIODIC: tuple[tuple[str, timedelta], ...] = (
    ("collect", timedelta(minutes=15)),
    ("consents.forget", timedelta(minutes=15)),
    ("details", timedelta(hours=1)),
    ("digest.send", timedelta(minutes=15)),
    ("native.look", timedelta(hours=1)),
    ("plan.clocks", timedelta(hours=6)),
    ("promotion.refresh", timedelta(hours=1)),
    ("links.look", timedelta(minutes=15)),
    ("visits.read", timedelta(hours=1)),
    ("resurfaced.look", timedelta(hours=6)),
    ("mentions.hear", timedelta(hours=1)),
)


def slot(every: timedelta, now: datetime) -> str:
    """The start of the slot that `now` falls in, as text; slots are aligned to the epoch."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC).isoformat()


def are_enqueued(db: Session, now: datetime) -> bool:
    """Whether this slot's jobs are all made. One statement."""
    return jobs.are_known(db, [_key(name, every, now) for name, every in PERIODIC])


def enqueue_due(db: Session, now: datetime) -> None:
    """Make this slot's jobs, unless somebody did."""
    for name, every in PERIODIC:
        jobs.enqueue(db, name, {}, slot_key=_key(name, every, now), now=now)


def _key(name: str, every: timedelta, now: datetime) -> str:
    return f"{name}:{slot(every, now)}"
