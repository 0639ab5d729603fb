"""What breaks while a crew works: a post that cannot be prepared, an outcome that cannot be written, a database that is away, a lease that runs out."""
# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from planner.channels import usage
from planner.channels.models import Trouble, Use
from planner.channels.port import Outcome, OutgoingPost, Refused
from planner.core import meter
from planner.core.runtime import Runtime
from planner.planning.models import Post, PostState
from planner.publishing import settling
from planner.publishing.crew import Crew
from planner.publishing.models import Delivery, DeliveryState, Result
from tests.conftest import StoppedClock, make_settings
from tests.processes import wait_until
from tests.publishing.hall import PATIENCE, PUBLISHED, Died, Hall, MakeCrew, all_due, crew_of, platform, results, states, until_told, work  # noqa: F401
from tests.publishing.test_fair import due

pytestmark = pytest.mark.usefixtures("healthy")


# what breaks


def test_a_post_that_cannot_be_prepared_keeps_no_outcome_from_being_written_and_nobody_elses_post_waiting(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    made = due(runtime, clock, a=[("a1", 1), ("a2", 1)], b=[("b1", 1), ("b2", 1)], broken=[("Its key does not open", 2)])
    with runtime.sessions.begin() as db:
        db.execute(text("UPDATE credentials SET access_token = 'not sealed by us' WHERE channel_id = :id"), {"id": made["broken"]})
    crew = crew_of(5)
    clock.advance(timedelta(minutes=1))
    crew.step()
    platform.until_in("a1", "b1")
    clock.advance(timedelta(minutes=1))

    platform.open()
    until_told(crew, 2)
    crew.step()
    first_two = [states(runtime)[said] for said in ("a1", "b1")]
    work(crew)

    assert first_two == [PUBLISHED, PUBLISHED]
    assert sorted(platform.came) == ["a1", "a2", "b1", "b2"]
    assert states(runtime) == {**dict.fromkeys(platform.came, PUBLISHED), "Its key does not open": (PostState.SCHEDULED, DeliveryState.DUE)}
    assert results(runtime) == {Result.SENT: 4}


@pytest.mark.parametrize("error", [StaleDataError("changed"), IntegrityError("UPDATE", {}, RuntimeError("taken")), OperationalError("UPDATE", {}, RuntimeError("gone"))])
@pytest.mark.parametrize("takes", [True, False])
def test_an_outcome_that_cannot_be_written_this_moment_is_written_the_next_and_the_others_too(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, monkeypatch: pytest.MonkeyPatch, error: Exception, takes: bool
) -> None:
    crew = three_told(runtime, clock, platform, crew_of)
    broken = breaks(monkeypatch, "b1", error, times=3)

    crew.step(takes=takes)
    others = {said: state for said, state in states(runtime).items() if said != "b1"}
    while crew.under_way:
        crew.wait(lambda: PATIENCE)
        crew.step(takes=takes)

    assert broken() == 3
    assert others == {"a1": PUBLISHED, "c1": PUBLISHED}
    assert states(runtime) == {"a1": PUBLISHED, "b1": PUBLISHED, "c1": PUBLISHED}
    assert results(runtime) == {Result.SENT: 3}


@pytest.mark.parametrize("takes", [True, False])
def test_an_outcome_whose_writing_is_broken_for_good_is_looked_up_and_the_others_are_written(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, go: Callable[..., None], monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    crew = three_told(runtime, clock, platform, crew_of)

    with monkeypatch.context() as patched:
        breaks(patched, "b1", ValueError("a bug"), times=99)
        crew.step(takes=takes)
    written, left = states(runtime), crew.under_way
    for _ in range(3):
        go(seconds=91)

    assert (written, left) == ({"a1": PUBLISHED, "b1": (PostState.SENDING, DeliveryState.SENDING), "c1": PUBLISHED}, 0)
    assert states(runtime)["b1"] == PUBLISHED
    assert sorted(platform.came) == ["a1", "b1", "c1"]


def three_told(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> Crew:
    """A crew whose calls for a1, b1 and c1 have ended, and that has heard of none of them."""
    all_due(runtime, clock, "abc")
    crew = crew_of(3)
    crew.step()
    platform.open()
    until_told(crew, 3)
    return crew


@pytest.fixture
def counted(runtime: Runtime, clock: StoppedClock, platform: Hall, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """Each call is counted; what each channel used today."""
    real = platform.publish

    def publish(*given: Any, **named: Any) -> Outcome:
        meter.count("calls")
        return real(*given, **named)

    monkeypatch.setattr(platform, "publish", publish)
    adapter = usage.Counted(platform, usage.keeper(runtime.sessions, clock))
    monkeypatch.setattr(runtime.registry, "adapter", lambda _platform: adapter)

    def told() -> list[int]:
        with runtime.sessions() as db:
            return sorted(db.scalars(select(Use.amount).where(Use.kind == "calls")))

    return told


def test_what_calls_used_is_written_in_one_transaction_with_what_came_of_them(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, counted: Callable[[], list[int]]
) -> None:
    all_due(runtime, clock, "abc", each=2)
    platform.says["c1"] = Refused("text", "Not this text.")
    crew = crew_of(3)
    crew.step()
    platform.open()
    until_told(crew, 3)
    before, commits = counted(), []
    event.listen(runtime.engine, "commit", commits.append)

    crew.step()

    assert (before, len(commits), counted()) == ([], 1, [1, 1, 1])
    with runtime.sessions() as db:
        assert db.scalars(select(Trouble.reason)).all() == ["Not this text."]


@pytest.mark.parametrize("lasts", ["for one", "for all"])
def test_what_calls_used_is_counted_once_also_when_an_outcome_cannot_be_written_at_first(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, counted: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch, lasts: str
) -> None:
    crew = three_told(runtime, clock, platform, crew_of)
    gone = OperationalError("UPDATE", {}, RuntimeError("gone"))
    for said in "b" if lasts == "for one" else "abc":
        breaks(monkeypatch, f"{said}1", gone, times=2)

    crew.step()
    at_first = counted()
    while crew.under_way:
        crew.wait(lambda: PATIENCE)
        crew.step()

    assert at_first == ([1, 1, 1] if lasts == "for one" else [])
    assert counted() == [1, 1, 1]
    assert set(states(runtime).values()) == {PUBLISHED}


def breaks(monkeypatch: pytest.MonkeyPatch, said: str, error: Exception, *, times: int) -> Callable[[], int]:
    """Writing that this post is live raises, so many times; how often it did."""
    real, done = settling.planning.mark_published, 0

    def mark(db, post, **told):  # type: ignore[no-untyped-def]
        nonlocal done
        if db.scalar(select(Post.text).where(Post.id == post.id)) == said and done < times:
            done += 1
            raise error
        real(db, post, **told)

    monkeypatch.setattr(settling.planning, "mark_published", mark)
    return lambda: done


def test_outcomes_are_held_until_the_database_answers_again(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> None:
    all_due(runtime, clock, "abcd", each=2)
    refusals = 6

    def away(_connection: object) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise OperationalError("BEGIN", {}, RuntimeError("the database is restarting"))

    crew = crew_of(4)
    crew.step()
    platform.open()
    until_told(crew, 4)
    event.listen(runtime.engine, "begin", away)
    with pytest.raises(OperationalError):
        crew.step()
    assert crew.under_way == 4
    work(crew)

    assert refusals == 0
    assert set(states(runtime).values()) == {PUBLISHED}
    assert results(runtime) == {Result.SENT: 8}
    assert len(platform.came) == 8


def test_a_database_that_is_away_while_nothing_is_under_way_costs_nothing(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "ab")
    platform.open()
    crew = crew_of(2)

    def away(_connection: object) -> None:
        raise OperationalError("BEGIN", {}, RuntimeError("the database is restarting"))

    event.listen(runtime.engine, "begin", away)
    with pytest.raises(OperationalError):
        crew.step()
    event.remove(runtime.engine, "begin", away)
    work(crew)

    assert states(runtime) == {"a1": PUBLISHED, "b1": PUBLISHED}


def test_a_call_whose_thread_dies_has_an_outcome_nobody_knows_and_is_looked_up(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, go: Callable[..., None]
) -> None:
    def accept_and_die(post: OutgoingPost) -> Outcome:
        platform.accept(post)
        raise Died

    all_due(runtime, clock, "ab")
    platform.says["a1"] = accept_and_die
    platform.open()
    crew = crew_of(2)
    work(crew)
    after, lease = states(runtime), leases(runtime)
    go(seconds=91)

    assert after == {"a1": (PostState.SENDING, DeliveryState.UNKNOWN), "b1": PUBLISHED}
    assert (lease, crew.under_way) == ([None, None], 0)
    assert states(runtime)["a1"] == PUBLISHED
    assert sorted(platform.came) == ["a1", "b1"]


# leases


def test_leases_of_all_calls_are_renewed_also_while_their_outcomes_wait_to_be_written(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, tmp_path: Path
) -> None:
    all_due(runtime, clock, "abc")
    crew = crew_of(3, replace(runtime, settings=make_settings(tmp_path, runtime.settings.database_url, lease_seconds=1)))

    def are_renewed() -> bool:
        return all(lease >= clock.now() + timedelta(seconds=1) for lease in leases(runtime) if lease)

    crew.step()
    platform.until_in("a1", "b1", "c1")
    clock.advance(timedelta(seconds=0.8))
    wait_until(are_renewed, seconds=30, what="renewing three leases")
    platform.open()
    until_told(crew, 3)
    for _ in range(2):
        clock.advance(timedelta(seconds=0.8))
        wait_until(are_renewed, seconds=30, what="renewing three leases while outcomes wait")
    held = leases(runtime)
    crew.step()

    assert None not in held
    assert leases(runtime) == [None, None, None]
    assert set(states(runtime).values()) == {PUBLISHED}


def leases(runtime: Runtime) -> list:  # type: ignore[type-arg]
    with runtime.sessions() as db:
        return list(db.scalars(select(Delivery.lease_until).order_by(Delivery.id)))
