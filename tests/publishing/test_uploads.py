"""How far an upload is: written beside the facts at most once a second, from the kept offset after a crash, never in the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from planner.channels import progress
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.publishing import outbox, uploads
from planner.publishing.models import Delivery, DeliveryState, Upload
from tests.conftest import StoppedClock
from tests.publishing.conftest import Scripted

Approved = Callable[..., int]


def shown(runtime: Runtime, post_id: int) -> tuple[int, int] | None:
    with runtime.sessions() as db:
        found = uploads.of_posts(db, [post_id]).get(post_id)
        return None if found is None else (found.done, found.total)


@pytest.fixture
def due(runtime: Runtime, approved: Approved, clock: StoppedClock) -> int:
    post_id = approved()
    tick.run(runtime, schedule=False)
    clock.advance(timedelta(minutes=10))
    return post_id


def test_each_second_of_an_upload_is_seen_while_it_lasts_and_no_step_in_between(
    runtime: Runtime, due: int, clock: StoppedClock, platform: Scripted
) -> None:
    seen: list[Any] = []

    def send(post: Any) -> Any:
        for second, done in ((0, 10), (0.4, 20), (0.4, 30), (0.4, 40), (0, 100)):
            clock.stopwatch += second
            progress.tell(done, 100)
            seen.append(shown(runtime, due))
        return platform.accept(post)

    platform.script = [send]
    outbox.send_one(runtime, "worker")

    assert seen == [(10, 100), (10, 100), (10, 100), (40, 100), (100, 100)]
    assert shown(runtime, due) is None, "what is sent shows no bar"


def test_after_a_crash_the_bar_goes_on_from_what_the_platform_has(
    runtime: Runtime, due: int, clock: StoppedClock, platform: Scripted
) -> None:
    def cut(post: Any) -> Any:
        progress.tell(60, 100)
        raise KeyboardInterrupt

    def resume(post: Any) -> Any:
        progress.tell(60, 100)
        seen.append(shown(runtime, due))
        progress.tell(100, 100)
        return platform.accept(post)

    seen: list[Any] = []
    platform.script = [cut, resume]
    with pytest.raises(KeyboardInterrupt):
        outbox.send_one(runtime, "worker")
    assert shown(runtime, due) == (60, 100)
    for _ in range(4):
        clock.advance(timedelta(minutes=3))
        tick.run(runtime, schedule=False)

    assert seen == [(60, 100)]
    with runtime.sessions() as db:
        assert db.scalars(select(Delivery.state)).all() == [DeliveryState.PUBLISHED]


def test_a_bar_that_cannot_be_written_does_not_stop_the_upload(runtime: Runtime, due: int, platform: Scripted) -> None:
    with runtime.sessions.begin() as db:
        db.execute(text("ALTER TABLE uploads RENAME TO elsewhere"))

    def send(post: Any) -> Any:
        progress.tell(10, 100)
        return platform.accept(post)

    platform.script = [send]
    outbox.send_one(runtime, "worker")

    with runtime.sessions() as db:
        assert db.scalars(select(Delivery.state)).all() == [DeliveryState.PUBLISHED]


def test_nobody_listening_is_nobodys_trouble(runtime: Runtime) -> None:
    progress.tell(1, 2)

    with runtime.sessions() as db:
        assert db.scalars(select(Upload)).all() == []
