"""The reckoning after a fault: each post live exactly once, as counted by the platform and as told by the planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.core.clock import utc_now
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.processes import SandboxProcess, wait_until

__all__ = ["Record", "all_settled", "each_once", "settle_down"]

#: pytest's `record_property`; what is recorded becomes the table of docs/reliability.md (see tests/tally.py).
Record = Callable[[str, object], None]

_UNDER_WAY = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY)


def states(db: Session) -> Counter[DeliveryState]:
    """How many deliveries are in each state."""
    found = Counter(db.scalars(select(Delivery.state)))
    db.rollback()  # On SQLite a session that asked holds the write lock until it says it is done.
    return found


def all_settled(db: Session) -> bool:
    """Whether the outbox was filled and nothing in it waits for a worker."""
    found = states(db)
    return bool(found) and not any(found[state] for state in _UNDER_WAY)


def settle_down(db: Session, *, seconds: float = 300.0) -> None:
    """Wait until no delivery waits for a worker."""
    wait_until(lambda: all_settled(db), seconds=seconds, what="settling everything")


def each_once(
    db: Session, sandbox: SandboxProcess, texts: Sequence[str], record: Record, *, platform: str = "x", kills: int = 0
) -> None:
    """Nothing lost, nothing doubled, every invariant held, every delivery published."""
    live = sandbox.live(platform)
    lost = [text for text in texts if live[text] == 0]
    doubled = {text: times for text, times in live.items() if times > 1}
    db.rollback()
    attempts = len(db.scalars(select(Attempt.id)).all())
    for name, value in (
        ("posts", len(texts)), ("lost", len(lost)), ("doubled", len(doubled)), ("attempts", attempts), ("kills", kills),
        ("database", db.get_bind().dialect.name),
    ):  # fmt: skip
        record(name, value)
    assert (lost, doubled) == ([], {})
    broken = violations(db, utc_now())
    assert not broken, broken
    assert states(db) == {DeliveryState.PUBLISHED: len(texts)}
