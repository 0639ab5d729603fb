"""How far uploads are, for people who watch: kept beside the facts, at most once a second, and never in their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.publishing.models import Delivery, DeliveryState, Upload

__all__ = ["Progress", "of_posts", "recorder"]

log = get_logger(__name__)
_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes the platform has, and bytes in all; `at` is when it last said so."""

    done: int
    total: int
    at: datetime


def recorder(runtime: Runtime, delivery_id: int) -> Callable[[int, int], None]:
    """What to call with each step of one delivery's upload; writes at most once a second, and the end always."""
    last: float | None = None

    def record(done: int, total: int) -> None:
        nonlocal last
        now = runtime.clock.monotonic()
        if last is not None and now - last < _EVERY_SECONDS and done < total:
            return
        last = now
        try:
            with runtime.sessions.begin() as db:
                _write(db, delivery_id, done, total, runtime.clock.decision_time(db))
        except SQLAlchemyError as error:  # The upload matters, the bar does not.
            log.warning("upload progress not written", delivery=delivery_id, why=type(error).__name__)

    return record


def of_posts(db: Session, post_ids: list[int]) -> dict[int, Progress]:
    """Post -> how far its upload is, of those being sent. One statement."""
    if not post_ids:
        return {}
    rows = db.execute(
        select(Delivery.post_id, Upload.done, Upload.total, Upload.at)
        .join(Upload, Upload.delivery_id == Delivery.id)
        .where(Delivery.post_id.in_(post_ids), Delivery.state == DeliveryState.SENDING)
    )
    return {row[0]: Progress(*row[1:]) for row in rows}


def _write(db: Session, delivery_id: int, done: int, total: int, now: datetime) -> None:
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Upload)
    values = {"done": done, "total": total, "at": now}
    db.execute(insert.values(delivery_id=delivery_id, **values).on_conflict_do_update(index_elements=["delivery_id"], set_=values))
