"""Workers that are told to stop while calls are under way: what comes in time is written, nothing more is called for, and nobody waits for a call that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from planner.channels.port import Account, OutgoingPost, Platform, Receipt, Sent
from planner.channels.registry import Registry
from planner.core.clock import SystemClock, utc_now
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.jobs.embedded import Workers
from planner.planning.models import Post
from planner.publishing.check import violations
from planner.publishing.models import Delivery, DeliveryState
from tests.conftest import make_settings
from tests.jobs.test_embedded import approve
from tests.processes import wait_until

DUE, SENDING, PUBLISHED = DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.PUBLISHED


class Line(Registry):
    """Platforms that answer a text when it is `told`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "")
        self.told: dict[str, threading.Event] = {text: threading.Event() for text in ("First", "Second", "Third")}
        self.called: list[str] = []

    def adapter(self, _platform: Platform) -> Line:  # type: ignore[override]
        return self

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Sent:
        self.called.append(post.text)
        assert self.told[post.text].wait(60)
        return Sent(Receipt(f"{account.channel_id}-{post.delivery_id}", ""))


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Iterator[Line]:
    made = Line(make_settings(tmp_path, database_url))
    yield made
    for one in made.told.values():
        one.set()


@pytest.fixture
def runtime(database_url: str, engine: Engine, line: Line, tmp_path: Path) -> Runtime:
    """Of real time, with two hands, for three posts that are due."""
    settings = make_settings(tmp_path, database_url, sandbox="off", poll_seconds=0.05, workers=2)
    made = Runtime(settings=settings, clock=SystemClock(), engine=engine, sessions=sessions_of(engine), make_registry=lambda: line)
    approve(made, "First", "Second", "Third")
    return made


def states(runtime: Runtime) -> dict[str, DeliveryState]:
    with runtime.sessions() as db:
        return {row[0]: row[1] for row in db.execute(select(Post.text, Delivery.state).join(Delivery, Delivery.post_id == Post.id))}


def started(runtime: Runtime, line: Line) -> Workers:
    workers = Workers(runtime).start()
    wait_until(lambda: sorted(line.called) == ["First", "Second"], what="calling for two")
    return workers


def stop(workers: Workers, timeout: float) -> threading.Thread:
    """Somebody stops them meanwhile."""
    stopping = threading.Thread(target=workers.stop, args=(timeout,))
    stopping.start()
    assert workers._stopping.wait(60)
    return stopping


def test_workers_that_are_told_to_stop_write_what_comes_and_call_for_nothing_more(runtime: Runtime, line: Line) -> None:
    workers = started(runtime, line)
    stopping = stop(workers, 60)
    line.told["Second"].set()
    wait_until(lambda: states(runtime)["Second"] is PUBLISHED, what="writing the one")
    half, waits = states(runtime), stopping.is_alive()
    line.told["First"].set()
    stopping.join(30)

    assert (half, waits) == ({"First": SENDING, "Second": PUBLISHED, "Third": DUE}, True)
    assert states(runtime) == {"First": PUBLISHED, "Second": PUBLISHED, "Third": DUE}
    assert sorted(line.called) == ["First", "Second"]
    assert not stopping.is_alive()
    with runtime.sessions() as db:
        assert violations(db, utc_now()) == []


def test_a_call_that_hangs_keeps_a_stop_no_longer_than_it_was_given(runtime: Runtime, line: Line) -> None:
    workers = started(runtime, line)
    line.told["Second"].set()
    wait_until(lambda: states(runtime) == {"First": SENDING, "Second": PUBLISHED, "Third": SENDING}, what="calling for the third")
    line.told["Third"].set()
    wait_until(lambda: states(runtime)["Third"] is PUBLISHED, what="writing the third")

    began = time.monotonic()
    workers.stop(0.5)
    took = time.monotonic() - began
    left = states(runtime)
    line.told["First"].set()
    wait_until(lambda: states(runtime)["First"] is PUBLISHED, what="writing it in the end")
    workers.stop(60)  # Nothing of them outlives the test.

    assert 0.5 <= took < 10
    assert left == {"First": SENDING, "Second": PUBLISHED, "Third": PUBLISHED}


def test_workers_of_which_none_sends_stop_as_well(runtime: Runtime, line: Line) -> None:
    workers = Workers(replace(runtime, settings=replace(runtime.settings, workers=0))).start()
    began = time.monotonic()

    workers.stop(30)

    assert time.monotonic() - began < 20
    assert line.called == []
    assert set(states(runtime).values()) == {DUE}
