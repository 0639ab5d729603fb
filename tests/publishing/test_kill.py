"""kill -9 of real workers in front of a real, pretend platform that accepts the same text twice: nothing lost, nothing doubled."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.core.clock import utc_now
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.nursery import AFTER, BEFORE, BEFORE_OPEN, DURING, WHILE_SETTLING
from tests.processes import Nursery, SandboxProcess, approve_posts, wait_until, worker_env

#: Where a worker is killed, and what the platform does with the calls of that worker's life.
POINTS = (
    (BEFORE_OPEN, None),
    (BEFORE, None),
    (DURING, "delay_before"),
    (DURING, "delay_after"),
    (AFTER, None),
    (WHILE_SETTLING, None),
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "platforms.sqlite3") as process:
        yield process


def assert_each_once(db: Session, sandbox: SandboxProcess, texts: list[str], platform: Platform) -> None:
    """As counted by the platform, and as told by the planner."""
    live = sandbox.live(platform)
    lost = [text for text in texts if live[text] == 0]
    doubled = {text: times for text, times in live.items() if times > 1}
    assert (lost, doubled) == ([], {})
    db.rollback()
    assert violations(db, utc_now()) == []
    assert Counter(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED: len(texts)}


def all_settled(db: Session) -> bool:
    states = set(db.scalars(select(Delivery.state)))
    db.rollback()  # On SQLite a session that asked holds the write lock until it says it is done.
    return bool(states) and states.isdisjoint((DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY))


@pytest.mark.slow
@pytest.mark.parametrize("platform", [Platform.X, pytest.param(Platform.LINKEDIN, marks=pytest.mark.faults)])
def test_twenty_workers_killed_at_named_points_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, platform: Platform
) -> None:
    kills, each = 20, 3
    env = worker_env(database_url, tmp_path, sandbox.url)
    texts: list[str] = []
    with Nursery(env) as nursery:
        for number in range(kills):
            point, fault = POINTS[number % len(POINTS)]
            wave = [f"Message {number}-{one}" for one in range(each)]
            approve_posts(db, wave, platform=platform, channels=each)
            texts += wave
            if fault:
                sandbox.script(kind=fault, platform=platform, operation=f"{platform}.create", times=None, seconds=0.4)
            nursery.start(point=point, nth=1 + number % 2)
            assert nursery.arrived(point), f"kill {number} never got {point}"
            if point == DURING:
                time.sleep(0.2)
            nursery.kill()
            sandbox.unscript()
        nursery.start()
        wait_until(lambda: all_settled(db), what="settling everything")
        nursery.kill()

    assert_each_once(db, sandbox, texts, platform)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.faults), pytest.param(3, marks=pytest.mark.faults)])
def test_two_workers_killed_at_any_moment_while_answers_are_dropped_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    env = worker_env(database_url, tmp_path, sandbox.url)
    texts = [f"Message {number}" for number in range(60)]
    approve_posts(db, texts, channels=4)
    sandbox.script(kind="drop_after", platform="x", operation="x.create", times=None, probability=0.3, seed=seed)
    sandbox.script(kind="delay_after", platform="x", operation="x.create", times=None, seconds=0.1)
    with Nursery(env) as first, Nursery(env) as second:
        workers = [first, second]
        for worker in workers:
            worker.start()
        for _ in range(12):
            time.sleep(chance.uniform(0.05, 0.5))
            victim = chance.choice(workers)
            victim.kill()
            victim.start()
        sandbox.unscript()
        wait_until(lambda: all_settled(db), what="settling everything")
        for worker in workers:
            worker.kill()

    assert_each_once(db, sandbox, texts, Platform.X)
    assert len(db.scalars(select(Attempt.id)).all()) >= len(texts)
