"""The four ways the product works, as people start it: in the web process, as a worker, through Celery on Redis and on RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import Celery

from planner.core.clock import SystemClock
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.jobs.celery_app import make_celery
from tests.conftest import offered
from tests.processes import Child, worker_env

__all__ = ["MODES", "Crew", "Mode", "celery_of", "crew", "queue_removed"]

_WORK = ("-m", "flask", "planner", "work")
_WEB = ("-m", "gunicorn", "-c", "gunicorn.conf.py", "app:app")


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to run: the command, the executor, and the broker it needs."""

    name: str
    command: tuple[str, ...]
    executor: str
    broker_variable: str = ""

    def env(self, database_url: str, data_dir: Path, sandbox_url: str, **settings: object) -> dict[str, str]:
        """What a process of this mode is started with."""
        if self.broker_variable:
            settings = {"broker_url": offered(self.broker_variable), "poll_seconds": 0.3, "workers": 1, **settings}
        times = {"call_timeout_seconds": 3.0, "settle_seconds": 10.0}  # Room for a machine that is busy with other tests.
        env = worker_env(database_url, data_dir, sandbox_url, executor=self.executor, **{**times, **settings})
        return env | {"PLANNER_BIND": "127.0.0.1:0", "PLANNER_WEB_THREADS": "2"}


MODES = {
    mode.name: mode
    for mode in (
        Mode("embedded", _WEB, "embedded"),
        Mode("worker", _WORK, "worker"),
        Mode("celery-redis", _WORK, "celery", "PLANNER_TEST_REDIS_URL"),
        Mode("celery-rabbitmq", _WORK, "celery", "PLANNER_TEST_RABBITMQ_URL"),
    )
}


@dataclass
class Crew:
    """Processes of one product in one mode, that can be killed and started again."""

    mode: Mode
    env: dict[str, str]
    at_work: list[Child] = field(default_factory=list)
    kills: int = 0

    def start(self) -> Child:
        child = Child(*self.mode.command, env=self.env)
        self.at_work.append(child)
        return child

    def kill(self, child: Child) -> None:
        """kill -9, with everything it started."""
        self.at_work.remove(child)
        child.__exit__(None, None, None)
        self.kills += 1

    def end(self) -> None:
        while self.at_work:
            self.at_work.pop().__exit__(None, None, None)


@contextmanager
def crew(mode: Mode, database_url: str, data_dir: Path, sandbox_url: str, *, size: int = 1, **settings: Any) -> Iterator[Crew]:
    """So many processes at work; ended, and their broker left as it was, when the context ends."""
    env = mode.env(database_url, data_dir, sandbox_url, **settings)
    made = Crew(mode, env)
    with queue_kept_clean(mode, env):
        try:
            for _ in range(size):
                made.start()
            yield made
        finally:
            made.end()


@contextmanager
def queue_kept_clean(mode: Mode, env: dict[str, str]) -> Iterator[None]:
    """Leaves nothing of this run on the broker."""
    if not mode.broker_variable:
        yield
        return
    with celery_of(env) as celery, queue_removed(celery):
        yield


@contextmanager
def celery_of(env: dict[str, str]) -> Iterator[Celery]:
    """The Celery application that the processes started with `env` share."""
    settings = Settings.from_env(env)
    engine = make_engine(settings.effective_database_url)
    runtime = Runtime(settings=settings, clock=SystemClock(), engine=engine, sessions=sessions_of(engine), make_registry=_no_registry)
    try:
        with make_celery(runtime) as celery:
            yield celery
    finally:
        engine.dispose()


@contextmanager
def queue_removed(celery: Celery) -> Iterator[None]:
    """Removes the queue afterwards; a worker that was killed may have left messages and bindings."""
    yield
    with celery.connection_for_write() as connection:
        queue = celery.amqp.queues[celery.conf.task_default_queue].bind(connection.channel())
        queue.delete()
        queue.exchange.delete()
        if connection.transport.driver_type == "redis":
            client = connection.channel().client
            client.delete(*client.keys(f"*{queue.name}*"), "_kombu.binding_deadlines")


def _no_registry() -> None:
    raise AssertionError("the test itself sends nothing")
