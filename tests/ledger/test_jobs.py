"""Work as rows: enqueued once a slot, claimed by one worker, held only by whoever has the lease."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from planner.core.db import make_engine, sessions_of
from planner.ledger import jobs
from planner.ledger.leases import worker_name
from planner.ledger.models import Job, JobState

LEASE = timedelta(minutes=5)


def test_a_slot_is_enqueued_once_and_work_of_a_person_each_time(db: Session, now: datetime) -> None:
    first = jobs.enqueue(db, "collect", {}, slot_key="collect:noon", now=now)
    again = jobs.enqueue(db, "collect", {}, slot_key="collect:noon", now=now)
    asked = [jobs.enqueue(db, "import.assets", {"file": "a.csv"}, now=now) for _ in range(2)]

    assert again.id == first.id
    assert len({first.id, *(job.id for job in asked)}) == 3


def test_the_oldest_waiting_job_is_claimed_first_and_a_named_one_alone(db: Session, now: datetime) -> None:
    ids = [jobs.enqueue(db, "collect", {}, now=now).id for _ in range(3)]

    claimed = [
        jobs.claim(db, "a", now=now, lease=LEASE, job_id=ids[2]),
        jobs.claim(db, "b", now=now, lease=LEASE, job_id=ids[2]),
        jobs.claim(db, "c", now=now, lease=LEASE),
        jobs.claim(db, "d", now=now, lease=LEASE),
        jobs.claim(db, "e", now=now, lease=LEASE),
    ]

    assert [(job.id, job.lease_owner) if job else None for job in claimed] == [(ids[2], "a"), None, (ids[0], "c"), (ids[1], "d"), None]
    assert jobs.open_jobs(db, now=now) == []
    assert jobs.open_jobs(db, now=now + LEASE + timedelta(seconds=1)) == ids


def test_progress_renews_the_lease_of_its_owner_only(db: Session, now: datetime) -> None:
    job = jobs.enqueue(db, "collect", {}, now=now)
    jobs.claim(db, "mine", now=now, lease=LEASE)

    later = now + timedelta(minutes=4)
    jobs.progress(db, job.id, "mine", 3, 10, "reading", until=later + LEASE)
    jobs.progress(db, job.id, "another", 9, 10, "lying", until=later + 2 * LEASE)

    db.refresh(job)
    assert (job.progress_done, job.progress_total, job.message, job.lease_until) == (3, 10, "reading", later + LEASE)


def test_a_job_is_held_only_by_the_worker_that_runs_it(db: Session, now: datetime) -> None:
    job = jobs.enqueue(db, "collect", {}, now=now)
    assert jobs.held(db, job.id, "mine") is None
    jobs.claim(db, "mine", now=now, lease=LEASE)
    assert jobs.held(db, job.id, "mine") is job
    assert jobs.held(db, job.id, "another") is None

    jobs.finish(db, job, {"read": 3}, now=now)

    db.flush()
    assert jobs.held(db, job.id, "mine") is None
    assert (job.state, job.result, job.lease_owner) == (JobState.DONE, {"read": 3}, None)


def test_eight_workers_at_once_claim_each_job_once(database_url: str, now: datetime) -> None:
    engine = make_engine(database_url)
    sessions = sessions_of(engine)
    with sessions.begin() as db:
        wanted = [jobs.enqueue(db, "collect", {}, now=now).id for _ in range(20)]
    taken: list[int] = []
    broken: list[BaseException] = []

    def work() -> None:
        try:
            while True:
                with sessions.begin() as db:
                    job = jobs.claim(db, worker_name(), now=now, lease=LEASE)
                if job is None:
                    return
                taken.append(job.id)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (broken, sorted(taken)) == ([], wanted)
    with sessions() as db:
        assert {job.tries for job in db.query(Job)} == {1}
    engine.dispose()


def test_no_two_workers_have_the_same_name() -> None:
    assert len({worker_name() for _ in range(100)}) == 100
    assert all(len(worker_name()) <= 80 for _ in range(10))
