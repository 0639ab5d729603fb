"""Renews the lease of a delivery while its call lasts; stops with the call, or with the process."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.publishing.models import Delivery, DeliveryState

if TYPE_CHECKING:
    from planner.publishing.outbox import Claim

__all__ = ["Heartbeat"]

log = get_logger(__name__)


class Heartbeat:
    """A context in which the lease is renewed every third of its length; short calls never start the thread's work."""

    def __init__(self, runtime: Runtime, claim: Claim) -> None:
        self._runtime = runtime
        self._claim = claim
        self._lease = timedelta(seconds=runtime.settings.lease_seconds)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.delivery_id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: Any) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        while not self._done.wait(self._lease.total_seconds() / 3):
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
            except SQLAlchemyError as error:  # The send goes on; without a lease its outcome is still recorded as a fact.
                log.warning("lease not renewed", delivery=self._claim.delivery_id, why=type(error).__name__)
