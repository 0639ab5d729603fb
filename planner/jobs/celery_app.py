"""Celery as a messenger: a message is a row's id, so a lost or doubled one is harmless. Never Celery's ETA.

`flask planner work` starts it when PLANNER_EXECUTOR=celery: a worker with a beat that dispatches every two seconds what
is due. Any number of them may run, on Redis or RabbitMQ.
"""

from __future__ import annotations

import os

from celery import Celery
from sqlalchemy.engine import make_url

from planner.channels import refreshing
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.jobs.run import run_next
from planner.jobs.tick import keep_house
from planner.ledger import jobs
from planner.ledger.leases import worker_name
from planner.publishing import outbox, queries, reconcile
from planner.publishing.carrying_out import amend_next

__all__ = ["make_celery", "queue_of", "work_through_celery"]

#: Seconds after which a message that nobody took is dropped: the next dispatch has sent it again long before.
_STALE = 60


def queue_of(settings: Settings) -> str:
    """The queue of this product's messages, named after its database: two products may share one broker."""
    name = make_url(settings.effective_database_url).database or "memory"
    return "planner." + "".join(letter if letter.isalnum() else "-" for letter in name)[-80:]


def make_celery(runtime: Runtime) -> Celery:
    """A Celery application bound to this runtime."""
    celery = Celery("planner", broker=runtime.settings.broker_url)
    celery.conf.update(
        task_default_queue=queue_of(runtime.settings),
        task_ignore_result=True,
        task_acks_late=False,  # The row is the truth: a message that dies with its worker is sent again by the next dispatch.
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        timezone="UTC",
        # One entry needs no file to remember it by, and two beats in one data folder would fight over that file.
        beat_scheduler="celery.beat:Scheduler",
        beat_schedule={"dispatch": {"task": "planner.dispatch", "schedule": runtime.settings.poll_seconds, "options": {"expires": 30}}},
    )

    @celery.task(name="planner.dispatch", shared=False)
    def dispatch() -> int:
        return send_messages(celery, runtime)

    @celery.task(name="planner.send", shared=False)
    def send(channel_id: int) -> None:
        if outbox.send_one(runtime, worker_name(), channel_id) is not None:
            # More may be due: back to the end of the queue, so that each other account has its turn first.
            celery.send_task("planner.send", args=[channel_id], expires=_STALE)

    @celery.task(name="planner.look", shared=False)
    def look() -> None:
        while reconcile.look_next(runtime, worker_name()) is not None:
            pass

    @celery.task(name="planner.renew", shared=False)
    def renew() -> None:
        refreshing.refresh_due(runtime)

    @celery.task(name="planner.amend", shared=False)
    def amend() -> None:
        while amend_next(runtime, worker_name()) is not None:
            pass

    @celery.task(name="planner.job", shared=False)
    def job(job_id: int) -> None:
        run_next(runtime, worker_name(), job_id)

    return celery


def send_messages(celery: Celery, runtime: Runtime) -> int:
    """Keep house, then one message for each account with something due and each job that waits; how many messages."""
    keep_house(runtime)
    with runtime.sessions() as db:
        due = queries.accounts_due(db, runtime.clock.decision_time(db))
        waiting = jobs.open_jobs(db, now=runtime.clock.decision_time(db))
    for channel_id in due:
        celery.send_task("planner.send", args=[channel_id], expires=_STALE)
    for job_id in waiting:
        celery.send_task("planner.job", args=[job_id], expires=_STALE)
    celery.send_task("planner.look", expires=_STALE)
    if refreshing.is_due(runtime):
        celery.send_task("planner.renew", expires=_STALE)
    celery.send_task("planner.amend", expires=_STALE)
    return len(due) + len(waiting)


def work_through_celery(runtime: Runtime) -> None:
    """A Celery worker with its beat, in this process, until it is told to stop."""
    threads = max(2, runtime.settings.workers * 2)
    # A node name of its own: two workers of one machine would answer to the same one.
    node = ["--hostname", f"planner-{os.getpid()}@%h", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    make_celery(runtime).worker_main(["worker", "--beat", "--pool", "threads", "--concurrency", str(threads), *node])
