"""Runs one job: claim, call its function with a progress that renews the lease, write how it ended."""

from __future__ import annotations

from datetime import timedelta

from planner.core.errors import PlannerError
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.jobs.registry import function
from planner.ledger import jobs
from planner.ledger.jobs import JobContext

__all__ = ["run_next"]

log = get_logger(__name__)
#: A job says how far it is more often than this, or it is thought dead and taken up again.
_LEASE = timedelta(minutes=5)


def run_next(runtime: Runtime, worker: str, job_id: int | None = None) -> int | None:
    """Run the oldest waiting job (or a named one); its id, or None when there is none."""
    with runtime.sessions.begin() as db:
        job = jobs.claim(db, worker, now=runtime.clock.decision_time(db), lease=_LEASE, job_id=job_id)
    if job is None:
        return None

    def report(done: int, total: int | None, message: str) -> None:
        with runtime.sessions.begin() as db:
            jobs.progress(db, job.id, worker, done, total, message, until=runtime.clock.decision_time(db) + _LEASE)

    context = JobContext(job_id=job.id, args=dict(job.args), runtime=runtime, actor_id=job.actor_id, report=report)
    try:
        result = function(job.name)(context)
    except PlannerError as error:
        _end(runtime, job.id, worker, failed=str(error))
    except Exception as error:  # A job must never take its worker down; the trace goes to the log, a sentence to the page.
        log.error("job crashed", job=job.id, name=job.name, exc_info=error)
        _end(runtime, job.id, worker, failed=N_("It broke on our side. Nothing more was written. Tell your administrator."))
    else:
        _end(runtime, job.id, worker, result=result)
    return job.id


def _end(runtime: Runtime, job_id: int, worker: str, *, failed: str = "", result: dict[str, object] | None = None) -> None:
    """Write how it ended, unless it was thought dead meanwhile and another worker has it."""
    with runtime.sessions.begin() as db:
        job = jobs.held(db, job_id, worker)
        if job is None:
            log.warning("a job ended after its lease was taken", job=job_id, worker=worker)
        elif failed:
            jobs.fail(db, job, failed, now=runtime.clock.decision_time(db))
        else:
            jobs.finish(db, job, result or {}, now=runtime.clock.decision_time(db))
