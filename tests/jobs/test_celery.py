"""Celery as a messenger, on real brokers: two workers with a beat each, every message sent five times, each post live once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from planner.core.clock import SystemClock, utc_now
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.jobs.celery_app import make_celery, queue_of
from planner.publishing.check import violations
from planner.publishing.models import Delivery, DeliveryState
from tests.conftest import offered
from tests.modes import queue_removed
from tests.processes import Child, SandboxProcess, approve_posts, wait_until, worker_env


def no_registry() -> None:
    raise AssertionError("the test itself sends nothing")


@pytest.mark.slow
@pytest.mark.parametrize("broker_variable", ["PLANNER_TEST_REDIS_URL", "PLANNER_TEST_RABBITMQ_URL"])
def test_two_celery_workers_told_five_times_publish_each_post_once(broker_variable: str, postgres_url: str, tmp_path: Path) -> None:
    broker = offered(broker_variable)
    texts = [f"Message {number}" for number in range(10)]
    engine = make_engine(postgres_url)
    with SandboxProcess(tmp_path / "platforms.sqlite3") as sandbox:
        env = worker_env(
            postgres_url, tmp_path, sandbox.url, executor="celery", broker_url=broker, poll_seconds=0.5, workers=1,
            call_timeout_seconds=5, settle_seconds=6, lease_seconds=20,
        )  # fmt: skip
        settings = Settings.from_env(env)
        runtime = Runtime(settings=settings, clock=SystemClock(), engine=engine, sessions=sessions_of(engine), make_registry=no_registry)
        with runtime.sessions() as db, make_celery(runtime) as celery, queue_removed(celery):
            approve_posts(db, texts, channels=3)
            command = ("-m", "flask", "planner", "work")
            with Child(*command, env=env) as first, Child(*command, env=env) as second:
                wait_until(lambda: bool(db.scalars(select(Delivery.id)).all()), what="filling the outbox")
                for channel_id in db.scalars(select(Delivery.channel_id)).all():
                    for _ in range(5):
                        celery.send_task("planner.send", args=[channel_id])
                wait_until(
                    lambda: Counter(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED: 10}, what="publishing ten posts"
                )
                for worker in (first, second):
                    worker.end(by=signal.SIGTERM)
                    assert worker.process.returncode == 0
            assert sandbox.live("x") == Counter(texts)
            assert violations(db, utc_now()) == []
    engine.dispose()


def test_the_queue_is_named_after_the_database(tmp_path: Path) -> None:
    def queue(url: str) -> str:
        return queue_of(Settings.from_env(worker_env(url, tmp_path, "off")))

    assert queue("postgresql+psycopg://me:secret@db.example/planner") == "planner.planner"
    assert queue("postgresql+psycopg://me:secret@db.example/second") == "planner.second"
    assert queue(f"sqlite:///{os.sep}srv/planner.sqlite3") == "planner.-srv-planner-sqlite3"
