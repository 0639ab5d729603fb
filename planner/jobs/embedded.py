"""Worker threads: one that sends, with its crew, and others that fill and sweep, look up, amend, renew keys and run jobs.

The same in the web process and alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from planner.channels import refreshing
from planner.core.db import reading
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.jobs.run import run_next
from planner.jobs.tick import keep_house
from planner.ledger.leases import worker_name
from planner.publishing import queries, reconcile
from planner.publishing.carrying_out import amend_next
from planner.publishing.crew import Crew

__all__ = ["Workers"]

log = get_logger(__name__)


class Workers:
    """Threads that do the background work of one process until `stop`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = threading.Event()
        self._crew = Crew(runtime, f"sender@{worker_name()}"[:80], runtime.settings.workers)
        self._threads = [
            *([threading.Thread(target=self._send, name="sender", daemon=True)] if runtime.settings.workers else []),
            *(
                threading.Thread(target=self._loop, args=(name, step), name=name, daemon=True)
                for name, step in [
                    ("housekeeper", self._keep_house),
                    ("observer", self._look_up),
                    ("keys", self._renew),
                    ("amender", self._amend),
                    ("jobs", self._run_job),
                ]
            ),
        ]

    def start(self) -> Workers:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, timeout: float = 35.0) -> None:
        """Let the threads finish what they are sending, for so many seconds in all; what is left undone is looked up by the next worker."""
        self._stopping.set()
        self._crew.wake()
        ends_at = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))

    def wait(self) -> None:
        """Block until `stop` is called from elsewhere."""
        self._stopping.wait()

    def _loop(self, name: str, step: Callable[[str], bool]) -> None:
        worker = f"{name}@{worker_name()}"[:80]
        while not self._stopping.is_set():
            try:
                pause = 0.0 if step(worker) else self._poll()
            except Exception as error:  # A database restart or a bug must not end the thread: say so and go on.
                log.error("worker step failed", worker=name, exc_info=error)
                pause = self._poll()
            self._stopping.wait(pause)

    def _poll(self) -> float:
        return self._runtime.settings.poll_seconds

    def _until_due(self) -> float:
        """Seconds to the moment of the next post, so that it goes out on that moment; never longer than between two looks."""
        longest = timedelta(seconds=self._poll())
        if self._crew.is_full:
            return longest.total_seconds()
        with Session(reading(self._runtime.engine)) as db:
            now = self._runtime.clock.decision_time(db)
            due = queries.next_due(db, now, longest)
        return (longest if due is None else due - now).total_seconds()

    def _send(self) -> None:
        """Send until the process stops, and then write what came of the calls that are under way."""
        while not self._stopping.is_set() or self._crew.under_way:
            try:
                if not self._crew.step(takes=not self._stopping.is_set()):
                    self._crew.wait(self._until_due)
            except Exception as error:  # A database restart or a bug must not end the thread: say so and go on.
                log.error("worker step failed", worker="sender", exc_info=error)
                self._crew.wait(self._poll)
        self._crew.close()

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
