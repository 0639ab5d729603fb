"""`flask planner work` as people run it: publishes, finishes what it is sending when told to stop, shares the work with another."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.core.clock import utc_now
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from tests.processes import Child, SandboxProcess, approve_posts, wait_until, worker_env

WORK = ("-m", "flask", "planner", "work")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "platforms.sqlite3") as process:
        yield process


def states(db: Session) -> Counter[DeliveryState]:
    found = Counter(db.scalars(select(Delivery.state)))
    db.rollback()  # On SQLite a session that asked holds the write lock until it says it is done.
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_while_sending_finishes_that_and_sends_nothing_more(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, number: signal.Signals
) -> None:
    approve_posts(db, ["First", "Second"])
    sandbox.script(kind="delay_after", platform="x", operation="x.create", times=None, seconds=1.5)
    env = worker_env(database_url, tmp_path, sandbox.url, workers=1, call_timeout_seconds=10, settle_seconds=12, lease_seconds=20)
    with Child(*WORK, env=env) as worker:
        wait_until(lambda: states(db)[DeliveryState.SENDING] == 1, what="sending")
        worker.end(by=number)
        assert worker.process.returncode == 0

    assert sandbox.live("x") == Counter(["First"])
    assert states(db) == {DeliveryState.PUBLISHED: 1, DeliveryState.DUE: 1}
    assert list(db.scalars(select(Attempt.result))) == [Result.SENT]


def test_two_workers_share_the_outbox_and_each_post_goes_out_once(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess
) -> None:
    texts = [f"Message {number}" for number in range(40)]
    approve_posts(db, texts, channels=4)
    sandbox.script(kind="delay_before", platform="x", operation="x.create", times=None, seconds=0.05)
    env = worker_env(database_url, tmp_path, sandbox.url, call_timeout_seconds=10, settle_seconds=12, lease_seconds=20)
    with Child(*WORK, env=env) as first, Child(*WORK, env=env) as second:
        wait_until(lambda: states(db) == {DeliveryState.PUBLISHED: len(texts)}, what="publishing forty posts")
        for worker in (first, second):
            worker.end(by=signal.SIGTERM)

    assert sandbox.live("x") == Counter(texts)
    assert Counter(db.scalars(select(Attempt.result))) == {Result.SENT: len(texts)}
    assert violations(db, utc_now()) == []


@pytest.mark.slow
@pytest.mark.faults
def test_a_thousand_posts_of_one_minute_go_out_once_each_on_two_workers_and_each_account_keeps_its_order(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess
) -> None:
    texts = [f"Message {number}" for number in range(1000)]
    approve_posts(db, texts, channels=20)
    sandbox.script(kind="delay_before", platform="x", operation="x.create", times=None, seconds=0.2)
    env = worker_env(
        database_url, tmp_path, sandbox.url, workers=1, poll_seconds=0.2, call_timeout_seconds=30, settle_seconds=40, lease_seconds=60
    )
    with Child(*WORK, env=env) as first, Child(*WORK, env=env) as second:
        wait_until(lambda: states(db) == {DeliveryState.PUBLISHED: len(texts)}, seconds=900, what="publishing a thousand posts")
        for worker in (first, second):
            worker.end(by=signal.SIGTERM)

    assert sandbox.live("x") == Counter(texts)
    assert Counter(db.scalars(select(Attempt.result))) == {Result.SENT: len(texts)}
    assert len(set(db.scalars(select(Attempt.worker)))) == 2
    sent = db.execute(select(Delivery.channel_id, Delivery.id).join(Attempt).order_by(Attempt.id)).all()
    assert [row.id for row in sorted(sent, key=lambda row: row.channel_id)] == [
        row.id for row in sorted(sent, key=lambda row: (row.channel_id, row.id))
    ]
    assert violations(db, utc_now()) == []
