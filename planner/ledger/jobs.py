"""Work as rows: enqueue, claim under a lease, say how far it is, finish. A crash leaves a lease that runs out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.core.clock import Clock
from planner.core.db import Sessions
from planner.core.i18n import N_
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.ledger.leases import lockable
from planner.ledger.models import Job, JobState

__all__ = ["JobContext", "MAX_TRIES", "are_known", "claim", "enqueue", "fail", "finish", "held", "open_jobs"]

#: A job that killed its worker this often is given up, so that one poisoned file cannot stop the house.
MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job function gets: the running product, its own arguments, and a way to say how far it is."""

    job_id: int
    args: dict[str, Any]
    runtime: Runtime
    actor_id: int | None
    report: Callable[[int, int | None, str], None]

    @property
    def sessions(self) -> Sessions:
        return self.runtime.sessions

    @property
    def clock(self) -> Clock:
        return self.runtime.clock

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    @property
    def registry(self) -> Any:
        return self.runtime.registry

    def progress(self, done: int, total: int | None, message: str = "") -> None:
        """Shown on the job's page; also renews the lease."""
        self.report(done, total, message)


def enqueue(
    db: Session, name: str, args: dict[str, Any], *, slot_key: str | None = None, actor: Any = None, now: datetime
) -> Job:
    """Add a job; with a `slot_key` that exists already, give back that one: N schedulers make one run."""
    values = {
        "name": name, "slot_key": slot_key, "args": args, "state": JobState.QUEUED, "tries": 0, "progress_done": 0,
        "message": "", "actor_id": actor.id if actor else None, "created_at": now,
    }  # fmt: skip
    if slot_key is None:
        job = Job(**values)
        db.add(job)
        db.flush()
        return job
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.execute(insert(Job).values(**values).on_conflict_do_nothing(index_elements=["slot_key"]))
    return db.scalars(select(Job).where(Job.slot_key == slot_key)).one()


def are_known(db: Session, slot_keys: Collection[str]) -> bool:
    """Whether there is a job for each of these slots."""
    return db.scalar(select(func.count()).select_from(Job).where(Job.slot_key.in_(slot_keys))) == len(slot_keys)


def claim(db: Session, worker: str, *, now: datetime, lease: timedelta, job_id: int | None = None) -> Job | None:
    """Lease the oldest job that waits or whose worker went silent; None when there is none."""
    wants = or_(Job.state == JobState.QUEUED, (Job.state == JobState.RUNNING) & (Job.lease_until < now))
    query = select(Job).where(wants).order_by(Job.id).limit(1)
    if job_id is not None:
        query = query.where(Job.id == job_id)
    while (job := db.scalars(lockable(query, db)).first()) is not None and job.tries >= MAX_TRIES:
        fail(db, job, N_("It stopped its worker several times and was given up."), now=now)
        db.flush()
    if job is None:
        return None
    job.state = JobState.RUNNING
    job.tries += 1
    job.lease_owner, job.lease_until = worker, now + lease
    job.started_at = job.started_at or now
    return job


def progress(db: Session, job_id: int, worker: str, done: int, total: int | None, message: str, *, until: datetime) -> None:
    """Say how far a job is and renew its lease, if it is still ours."""
    db.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease_owner == worker, Job.state == JobState.RUNNING)
        .values(progress_done=done, progress_total=total, message=message, lease_until=until)
    )


def held(db: Session, job_id: int, worker: str) -> Job | None:
    """The job, while this worker still has it; taken for this transaction."""
    query = select(Job).where(Job.id == job_id, Job.lease_owner == worker, Job.state == JobState.RUNNING)
    if db.get_bind().dialect.name == "postgresql":
        query = query.with_for_update()
    return db.scalars(query).first()


def finish(db: Session, job: Job, result: dict[str, Any], *, now: datetime) -> None:
    job.state, job.result, job.finished_at = JobState.DONE, result, now
    job.lease_owner = job.lease_until = None
    if job.progress_total:
        job.progress_done = job.progress_total


def fail(db: Session, job: Job, sentence: str, *, now: datetime, result: dict[str, Any] | None = None) -> None:
    """The sentence is stored in English as marked with N_; the page translates it."""
    job.state, job.message, job.finished_at = JobState.FAILED, sentence, now
    job.result = result
    job.lease_owner = job.lease_until = None


def open_jobs(db: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Ids of jobs that want a worker, oldest first."""
    wants = or_(Job.state == JobState.QUEUED, (Job.state == JobState.RUNNING) & (Job.lease_until < now))
    return list(db.scalars(select(Job.id).where(wants).order_by(Job.id).limit(limit)))
