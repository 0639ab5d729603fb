"""What must not keep a crew from going on: a thread that dies, a film that has just ended, a word to stop, an outcome that cannot be written yet."""
# ruff: noqa: F811

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm.exc import StaleDataError

from planner.channels.port import Outcome, OutgoingPost
from planner.core.runtime import Runtime
from planner.jobs.embedded import Workers
from planner.planning.models import Post
from planner.publishing import crew as crews
from planner.publishing import settling
from tests.conftest import StoppedClock
from tests.processes import wait_until
from tests.publishing.hall import (  # noqa: F401
    PATIENCE,
    PUBLISHED,
    Died,
    Hall,
    MakeCrew,
    all_due,
    crew_of,
    finish,
    platform,
    states,
    stopwatch,
    until_told,
)
from tests.publishing.test_fair import due

pytestmark = pytest.mark.usefixtures("healthy")


def test_after_a_call_thread_died_the_crew_goes_on(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> None:
    def die(_post: OutgoingPost) -> Outcome:
        raise Died

    all_due(runtime, clock, "ab")
    platform.says["a1"] = die
    platform.open()
    crew = crew_of(1)
    crew.step()
    crew.wait(lambda: PATIENCE)
    crew.step()
    crew.wait(lambda: 5.0)
    crew.step()
    try:
        assert states(runtime)["b1"] == PUBLISHED
    finally:
        if crew.under_way:  # So that nothing waits for ever in the end.
            threading.Thread(target=crew._run, daemon=True).start()


def test_a_film_that_has_just_ended_is_not_counted_as_lasting(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, stopwatch: SimpleNamespace
) -> None:
    due(runtime, clock, film=[("Film", 1)], **{f"w{n}": [(f"Word {n}", 2)] for n in range(3)})
    crew = crew_of(1)
    clock.advance(timedelta(minutes=1))
    crew.step()
    platform.until_in("Film")
    clock.advance(timedelta(minutes=2))
    stopwatch.seconds += crews.LASTING_SECONDS
    crew.step()
    platform.until_in("Film", "Word 0")
    platform.let_go("Film")
    until_told(crew, 1)
    crew.step()

    assert crew.under_way == 1, "one hand, one short call"


def test_being_told_to_stop_while_a_step_begins_ends_the_wait_after_it(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    """The sender has looked whether it is to stop, and then it is told."""
    crew = crew_of(1)

    crew.wake()
    crew.step()
    waited = []
    crew.wait(lambda: waited.append(True) or 0.0)

    assert waited == []


def test_the_same_for_workers(runtime: Runtime, clock: StoppedClock, platform: Hall) -> None:
    workers = Workers(runtime)
    workers._runtime.settings.__dict__["poll_seconds"] = 30.0
    real = workers._crew.step

    def step(*, takes: bool = True) -> bool:
        if takes:
            workers._stopping.set()
            workers._crew.wake()
        return real(takes=takes)

    workers._crew.step = step  # type: ignore[method-assign]
    sender = threading.Thread(target=workers._send, daemon=True)
    sender.start()
    sender.join(5)
    is_alive = sender.is_alive()
    workers._crew.wake()
    sender.join(PATIENCE)

    assert not is_alive


def test_an_outcome_that_somebody_keeps_from_being_written_keeps_nobody_else_waiting(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_due(runtime, clock, "abc")
    real, is_over = settling.planning.mark_published, threading.Event()

    def mark(db, post, **told):  # type: ignore[no-untyped-def]
        if db.scalar(select(Post.text).where(Post.id == post.id)) == "a1" and not is_over.is_set():
            raise StaleDataError("changed")
        real(db, post, **told)

    monkeypatch.setattr(settling.planning, "mark_published", mark)
    crew = crew_of(2)
    crew.step()
    platform.until_in("a1", "b1")
    platform.let_go("a1")
    until_told(crew, 1)
    stepping = threading.Thread(target=crew.step)
    stepping.start()
    platform.open()

    def others() -> bool:
        return {states(runtime)[said] for said in ("b1", "c1")} == {PUBLISHED}

    def go_on() -> None:
        stepping.join(PATIENCE)
        while crew.step() or crew.under_way:
            crew.wait(lambda: 1.0)

    going = threading.Thread(target=go_on)
    going.start()
    try:
        wait_until(others, seconds=8, what="writing and sending the others'")
    finally:
        is_over.set()
        going.join(PATIENCE)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_post_that_somebody_is_changing_this_moment_keeps_no_other_outcome_waiting(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "abc")
    crew = crew_of(2)
    crew.step()
    platform.until_in("a1", "b1")
    with runtime.sessions.begin() as somebody:
        somebody.execute(update(Post).where(Post.text == "a1").values(updated_at=clock.now()))
        platform.open()
        until_told(crew, 2)

        def go_on() -> None:
            while crew.step() or crew.under_way:
                crew.wait(lambda: 1.0)

        going = threading.Thread(target=go_on)
        going.start()

        def others() -> bool:
            return {states(runtime)[said] for said in ("b1", "c1")} == {PUBLISHED}

        try:
            wait_until(others, seconds=8, what="writing and sending the others'")
        finally:
            somebody.rollback()
            going.join(PATIENCE)
