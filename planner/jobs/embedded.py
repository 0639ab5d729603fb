"""Worker threads: senders and who stands in for them, and others that fill and sweep, look up, amend, renew keys and run jobs.

The same in the web process and alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from planner.channels import refreshing
from planner.core.db import reading
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.jobs.run import run_next
from planner.jobs.tick import keep_house
from planner.ledger.leases import worker_name
from planner.publishing import heartbeat, outbox, queries, reconcile
from planner.publishing.carrying_out import amend_next

__all__ = ["Workers"]

log = get_logger(__name__)
#: A call that lasts longer, an upload, is no longer counted among those that a sender makes at once: another one sends meanwhile.
_LASTING_SECONDS = 10.0
#: So many at most.
_STAND_INS = 6


class Workers:
    """Threads that do the background work of one process until `stop`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(name, step, rest), name=name, daemon=True)
            for name, step, rest in [
                *((f"sender-{number}", self._send, self._until_due) for number in range(1, runtime.settings.workers + 1)),
                *((f"stand-in-{number}", partial(self._stand_in, number), self._poll) for number in range(1, _STAND_INS + 1)),
                ("housekeeper", self._keep_house, self._poll),
                ("observer", self._look_up, self._poll),
                ("keys", self._renew, self._poll),
                ("amender", self._amend, self._poll),
                ("jobs", self._run_job, self._poll),
            ]
        ]

    def start(self) -> Workers:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, timeout: float = 35.0) -> None:
        """Let the threads finish what they are sending, for so many seconds in all; what is left undone is looked up by the next worker."""
        self._stopping.set()
        ends_at = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))

    def wait(self) -> None:
        """Block until `stop` is called from elsewhere."""
        self._stopping.wait()

    def _loop(self, name: str, step: Callable[[str], bool], rest: Callable[[], float]) -> None:
        worker = f"{name}@{worker_name()}"[:80]
        while not self._stopping.is_set():
            try:
                pause = 0.0 if step(worker) else rest()
            except Exception as error:  # A database restart or a bug must not end the thread: say so and go on.
                log.error("worker step failed", worker=name, exc_info=error)
                pause = self._poll()
            self._stopping.wait(pause)

    def _poll(self) -> float:
        return self._runtime.settings.poll_seconds

    def _until_due(self) -> float:
        """Seconds to the moment of the next post, so that it goes out on that moment; never longer than between two looks."""
        longest = timedelta(seconds=self._poll())
        with Session(reading(self._runtime.engine)) as db:
            now = self._runtime.clock.decision_time(db)
            due = queries.next_due(db, now, longest)
        return (longest if due is None else due - now).total_seconds()

    def _send(self, worker: str) -> bool:
        return outbox.send_all(self._runtime, worker, goes_on=lambda: not self._stopping.is_set()) > 0

    def _stand_in(self, number: int, worker: str) -> bool:
        """Send while so many calls last: films that are on their way never make a message late that takes a second."""

        def is_needed() -> bool:
            return not self._stopping.is_set() and heartbeat.lasting(self._runtime, _LASTING_SECONDS) >= number

        return is_needed() and outbox.send_all(self._runtime, worker, goes_on=is_needed) > 0

    def _keep_house(self, _worker: str) -> bool:
        keep_house(self._runtime)
        return False

    def _look_up(self, worker: str) -> bool:
        return reconcile.look_next(self._runtime, worker) is not None

    def _renew(self, _worker: str) -> bool:
        return refreshing.refresh_next(self._runtime) is not None

    def _amend(self, worker: str) -> bool:
        return amend_next(self._runtime, worker) is not None

    def _run_job(self, worker: str) -> bool:
        return run_next(self._runtime, worker) is not None
