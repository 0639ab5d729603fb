"""Renews the leases of deliveries while their calls last; stops with the call, or with the process."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.publishing.models import Delivery, DeliveryState

if TYPE_CHECKING:
    from planner.publishing.outbox import Claim

__all__ = ["Heartbeat"]

log = get_logger(__name__)


class Heartbeat:
    """A context in which the lease is renewed every third of its length; a call that is shorter costs an entry in a table."""

    def __init__(self, runtime: Runtime, claim: Claim) -> None:
        self._runtime = runtime
        self._claim = claim
        self._lease = timedelta(seconds=runtime.settings.lease_seconds)
        self._beating = threading.Lock()
        self._ended = False
        #: On this machine's stopwatch.
        self.next_at = 0.0

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_exc: Any) -> None:
        self.end()

    def begin(self) -> None:
        self.next_at = time.monotonic() + self._lease.total_seconds() / 3
        _pulse.add(self)

    def end(self) -> None:
        _pulse.drop(self)
        held = self._beating.acquire(timeout=5)
        self._ended = True
        if held:
            self._beating.release()

    def beat(self) -> None:
        """Renew the lease, unless the call has ended meanwhile."""
        with self._beating:
            self.next_at += self._lease.total_seconds() / 3
            if self._ended:
                return
            try:
                with self._runtime.sessions.begin() as db:
                    db.execute(
                        update(Delivery)
                        .where(
                            Delivery.id == self._claim.delivery_id,
                            Delivery.lease_owner == self._claim.worker,
                            Delivery.state == DeliveryState.SENDING,
                        )
                        .values(lease_until=self._runtime.clock.decision_time(db) + self._lease)
                    )
            except Exception as error:  # The send goes on; without a lease its outcome is still recorded as a fact.
                log.warning("lease not renewed", delivery=self._claim.delivery_id, why=type(error).__name__)


class _Pulse:
    """The one thread of a process that beats for all its calls; it starts with the first and sleeps while none is due."""

    def __init__(self) -> None:
        self._hearts: set[Heartbeat] = set()
        self._changed = threading.Condition()
        self._wakes_at = 0.0
        self._thread: threading.Thread | None = None

    def add(self, heart: Heartbeat) -> None:
        with self._changed:
            self._hearts.add(heart)
            if self._thread is None or not self._thread.is_alive():  # The first one, or the first in a forked process.
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
            elif heart.next_at < self._wakes_at:
                self._changed.notify()

    def drop(self, heart: Heartbeat) -> None:
        with self._changed:
            self._hearts.discard(heart)

    def _run(self) -> None:
        while True:
            for heart in self._due():
                heart.beat()

    def _due(self) -> list[Heartbeat]:
        """Those that want a beat, once there are any."""
        with self._changed:
            while not (due := [heart for heart in self._hearts if heart.next_at <= time.monotonic()]):
                self._wakes_at = min((heart.next_at for heart in self._hearts), default=float("inf"))
                self._changed.wait(max(0.0, self._wakes_at - time.monotonic()) if self._hearts else None)
            self._wakes_at = 0.0
            return due


_pulse = _Pulse()

