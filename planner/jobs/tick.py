"""One round of everything that is due: renew keys, fill, sweep, send, look up, amend, run jobs, collect. Workers repeat it, `flask planner tick` does it once."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from planner.channels import refreshing
from planner.core.db import reading
from planner.core.runtime import Runtime
from planner.insights import collecting
from planner.jobs.run import run_next
from planner.jobs.schedule import are_enqueued, enqueue_due
from planner.ledger.leases import worker_name
from planner.publishing import deciding, outbox, reconcile
from planner.publishing.carrying_out import amend_next

__all__ = ["Round", "keep_house", "run", "send_due"]


@dataclass
class Round:
    """What one round did."""

    renewed: int = 0
    filled: int = 0
    swept: int = 0
    sent: int = 0
    looked_up: int = 0
    amended: int = 0
    jobs: int = 0
    readings: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def run(runtime: Runtime, *, schedule: bool = True) -> Round:
    """Everything due, once, until there is no more."""
    done = Round()
    worker = worker_name()
    done.renewed = refreshing.refresh_due(runtime)
    done.filled, done.swept = keep_house(runtime, schedule=schedule)
    done.sent = send_due(runtime, worker)
    while reconcile.look_next(runtime, worker) is not None:
        done.looked_up += 1
    if done.looked_up:
        done.sent += send_due(runtime, worker)
    while amend_next(runtime, worker) is not None:
        done.amended += 1
    while run_next(runtime, worker) is not None:
        done.jobs += 1
    done.readings = collecting.collect(runtime)
    return done


def keep_house(runtime: Runtime, *, schedule: bool = True) -> tuple[int, int]:
    """Fill and sweep the outbox, and make the jobs of this slot; how many were filled and swept.

    Mostly there is nothing to do, and each worker asks every few moments: so it looks first, and keeps nobody from writing.
    """
    filled = swept = 0
    with Session(reading(runtime.engine)) as db:
        now = runtime.clock.decision_time(db)
        is_tidy, are_made = outbox.is_tidy(db, now), not schedule or are_enqueued(db, now)
    if not is_tidy:
        with runtime.sessions.begin() as db:
            now = runtime.clock.decision_time(db)
            filled = outbox.fill(db, now)
            swept = deciding.hold_paused(db, now=now) + outbox.sweep(db, now)
    if not are_made:
        with runtime.sessions.begin() as db:
            enqueue_due(db, runtime.clock.decision_time(db))
    return filled, swept


def send_due(runtime: Runtime, worker: str) -> int:
    """Send what is due until the outbox is quiet; how many deliveries were handled."""
    return outbox.send_all(runtime, worker)
