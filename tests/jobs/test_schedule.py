"""Periodic work: any number of schedulers make one run of each slot."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from planner.core.runtime import Runtime
from planner.jobs.registry import FUNCTIONS
from planner.jobs.schedule import PERIODIC, enqueue_due, slot
from planner.ledger.models import Job
from tests.conftest import StoppedClock


def test_eight_schedulers_at_once_make_one_run_a_slot(runtime: Runtime, clock: StoppedClock) -> None:
    ready = threading.Barrier(8)
    broken: list[BaseException] = []

    def schedule() -> None:
        ready.wait()
        try:
            with runtime.sessions.begin() as db:
                enqueue_due(db, clock.now())
        except BaseException as error:
            broken.append(error)

    for _ in range(2):
        threads = [threading.Thread(target=schedule) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.advance(timedelta(minutes=15))

    assert broken == []
    with runtime.sessions() as db:
        assert list(db.scalars(select(Job.slot_key).order_by(Job.id))) == [
            "collect:2026-03-02T12:00:00+00:00",
            "consents.forget:2026-03-02T12:00:00+00:00",
            "details:2026-03-02T12:00:00+00:00",
            "digest.send:2026-03-02T12:00:00+00:00",
            "native.look:2026-03-02T12:00:00+00:00",
            "plan.clocks:2026-03-02T12:00:00+00:00",
            "promotion.refresh:2026-03-02T12:00:00+00:00",
            "links.look:2026-03-02T12:00:00+00:00",
            "visits.read:2026-03-02T12:00:00+00:00",
            "resurfaced.look:2026-03-02T12:00:00+00:00",
            "mentions.hear:2026-03-02T12:00:00+00:00",
            "collect:2026-03-02T12:15:00+00:00",
            "consents.forget:2026-03-02T12:15:00+00:00",
            "digest.send:2026-03-02T12:15:00+00:00",
            "links.look:2026-03-02T12:15:00+00:00",
        ]


@pytest.mark.parametrize(
    ("at", "start"),
    [("12:00:00", "12:00"), ("12:14:59", "12:00"), ("12:15:00", "12:15"), ("23:59:59", "23:45")],
)
def test_a_slot_starts_at_the_quarter(at: str, start: str) -> None:
    moment = datetime.fromisoformat(f"2026-03-02T{at}").replace(tzinfo=UTC)

    assert slot(timedelta(minutes=15), moment) == f"2026-03-02T{start}:00+00:00"


def test_whatever_is_periodic_has_a_function() -> None:
    assert {name for name, _ in PERIODIC} <= set(FUNCTIONS)
