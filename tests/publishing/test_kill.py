"""kill -9 of real workers in front of a real, pretend platform that accepts the same text twice: nothing lost, nothing doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.publishing.models import Attempt
from tests.nursery import AFTER, AFTER_LOOKING, BEFORE, BEFORE_OPEN, DURING, WHILE_LOOKING, WHILE_SETTLING
from tests.processes import Nursery, SandboxProcess, approve_posts, worker_env
from tests.reckoning import Record, all_settled, each_once, settle_down

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


def killed_at(point: str, fault: str | None, number: int, nursery: Nursery, sandbox: SandboxProcess, platform: str) -> None:
    """One worker's life, ended at its point. Beside the call it stands still there; during it the platform is slow."""
    if fault:
        sandbox.script(kind=fault, platform=platform, operation=f"{platform}.create", times=None, seconds=0.4)
    nursery.start(point=point, nth=1 + number % 2)
    assert nursery.arrived(point), f"kill {number} never got {point}"
    if point == DURING:
        time.sleep(0.2)
    nursery.kill()
    sandbox.unscript()


@pytest.mark.slow
@pytest.mark.parametrize("platform", [Platform.X, pytest.param(Platform.LINKEDIN, marks=pytest.mark.faults)])
def test_twenty_workers_killed_at_named_points_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, platform: Platform
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
            killed_at(point, fault, number, nursery, sandbox, platform)
        nursery.start()
        settle_down(db)
        nursery.kill()

    each_once(db, sandbox, texts, record_property, platform=platform, kills=kills)


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize(("point", "fault"), POINTS, ids=[f"{point}{', accepted' if fault == 'delay_after' else ''}" for point, fault in POINTS])
def test_fifty_workers_killed_at_one_point_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, point: str, fault: str | None
) -> None:
    kills = 50
    env = worker_env(database_url, tmp_path, sandbox.url)
    texts: list[str] = []
    with Nursery(env) as nursery:
        for number in range(kills):
            wave = [f"Message {number}-{one}" for one in range(3)]
            approve_posts(db, wave, channels=3)
            texts += wave
            killed_at(point, fault, number, nursery, sandbox, "x")
        nursery.start()
        settle_down(db)
        nursery.kill()

    each_once(db, sandbox, texts, record_property, kills=kills)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "kills"),
    [(AFTER_LOOKING, 2), pytest.param(WHILE_LOOKING, 50, marks=pytest.mark.faults), pytest.param(AFTER_LOOKING, 50, marks=pytest.mark.faults)],
)
def test_workers_killed_while_they_look_an_unknown_outcome_up_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, point: str, kills: int
) -> None:
    """Half of the unknown outcomes are live, half are not."""
    env = worker_env(database_url, tmp_path, sandbox.url)
    texts = [f"Message {number}" for number in range(max(8, kills // 2))]
    approve_posts(db, texts, channels=len(texts))
    sandbox.script(kind="drop_after", platform="x", operation="x.create", times=None, probability=0.5, seed=9)
    sandbox.script(kind="drop_before", platform="x", operation="x.create", times=len(texts) // 2)
    with Nursery(env) as nursery:
        done = 0
        while done < kills and not all_settled(db):
            nursery.start(point=point)
            if nursery.arrived(point, seconds=8.0):
                done += 1
            nursery.kill()
        assert done > 1
        sandbox.unscript()
        nursery.start()
        settle_down(db)
        nursery.kill()

    each_once(db, sandbox, texts, record_property, kills=done)


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_two_workers_killed_at_any_moment_while_answers_are_dropped_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    env = worker_env(database_url, tmp_path, sandbox.url)
    texts = [f"Message {number}" for number in range(60)]
    approve_posts(db, texts, channels=20)
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
        settle_down(db)
        for worker in workers:
            worker.kill()

    each_once(db, sandbox, texts, record_property, kills=12)
    assert len(db.scalars(select(Attempt.id)).all()) >= len(texts)
