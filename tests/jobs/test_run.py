"""One job from claim to end: it is done, refused, broken, or its worker died; nobody else's job is ended by mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from planner.core.runtime import Runtime
from planner.jobs.registry import FUNCTIONS, function
from planner.jobs.run import run_next
from planner.ledger import jobs
from planner.ledger.models import Job, JobState
from tests.conftest import StoppedClock

pytestmark = pytest.mark.usefixtures("made_jobs")
_BROKE = "It broke on our side. Nothing more was written. Tell your administrator."


def enqueue(runtime: Runtime, name: str, **args: object) -> int:
    with runtime.sessions.begin() as db:
        return jobs.enqueue(db, name, args, now=runtime.clock.now()).id


def end_of(runtime: Runtime, job_id: int) -> tuple[JobState, str, object]:
    with runtime.sessions() as db:
        job = db.get_one(Job, job_id)
        assert (job.lease_owner, job.lease_until) == (None, None)
        return job.state, job.message, job.result


def test_a_job_says_how_far_it_is_and_what_came_of_it(runtime: Runtime) -> None:
    job_id = enqueue(runtime, "double", number=21)

    assert run_next(runtime, "worker") == job_id
    assert run_next(runtime, "worker") is None

    assert end_of(runtime, job_id) == (JobState.DONE, "half-way", {"twice": 42})
    with runtime.sessions() as db:
        assert db.execute(select(Job.progress_done, Job.progress_total, Job.tries)).one() == (2, 2, 1)


@pytest.mark.parametrize(("name", "sentence"), [("refuse", "The file has no header."), ("crash", _BROKE), ("unheard of", _BROKE)])
def test_a_job_that_is_refused_or_breaks_ends_with_a_sentence_and_without_its_details(runtime: Runtime, name: str, sentence: str) -> None:
    job_id = enqueue(runtime, name)
    after = enqueue(runtime, "double", number=1)

    assert run_next(runtime, "worker") == job_id
    assert run_next(runtime, "worker") == after

    assert end_of(runtime, job_id) == (JobState.FAILED, sentence, None)


def test_a_job_whose_worker_died_is_taken_up_when_its_lease_has_run_out(runtime: Runtime, clock: StoppedClock) -> None:
    job_id = enqueue(runtime, "double", number=2)
    with runtime.sessions.begin() as db:
        assert jobs.claim(db, "a worker about to die", now=clock.now(), lease=timedelta(minutes=5)) is not None

    assert run_next(runtime, "worker") is None
    clock.advance(timedelta(minutes=5, seconds=1))
    assert run_next(runtime, "worker") == job_id

    assert end_of(runtime, job_id) == (JobState.DONE, "half-way", {"twice": 4})


def test_a_job_that_keeps_killing_its_worker_is_given_up_and_the_next_one_runs(runtime: Runtime, clock: StoppedClock) -> None:
    poison, after = enqueue(runtime, "double", number=3), enqueue(runtime, "double", number=4)
    for _ in range(jobs.MAX_TRIES):
        with runtime.sessions.begin() as db:
            assert jobs.claim(db, "a worker about to die", now=clock.now(), lease=timedelta(minutes=5), job_id=poison) is not None
        clock.advance(timedelta(minutes=6))

    assert run_next(runtime, "worker") == after

    assert end_of(runtime, poison) == (JobState.FAILED, "It stopped its worker several times and was given up.", None)


def test_a_worker_that_overslept_does_not_end_the_job_of_the_one_that_took_over(runtime: Runtime) -> None:
    job_id = enqueue(runtime, "oversleep")

    assert run_next(runtime, "the first") == job_id

    assert end_of(runtime, job_id) == (JobState.DONE, "", {"by": "the second"})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_name_has_its_function(name: str) -> None:
    assert callable(function(name))
