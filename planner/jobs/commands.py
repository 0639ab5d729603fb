"""`flask planner tick`, `work` and `demo`: the background work by hand."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from planner.core.errors import PlannerError
from planner.core.runtime import Runtime
from planner.demo.asking import ask
from planner.jobs import run, tick
from planner.jobs.worker import work
from planner.ledger.leases import worker_name
from planner.ledger.models import Job, JobState

__all__ = ["demo_command", "tick_command", "work_command"]


def _runtime() -> Runtime:
    held: Runtime = current_app.extensions["planner"]
    return held


def _say(values: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    click.echo(json.dumps(values) if as_json else sentence)


@click.command("tick")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@with_appcontext
def tick_command(as_json: bool) -> None:
    """Do everything that is due now, once: renew keys, fill, send, look up, collect."""
    done = tick.run(_runtime()).as_dict()
    sentence = "Renewed {renewed} keys, filled {filled}, swept {swept}, handled {sent}, looked up {looked_up}, amended {amended}, ran {jobs} jobs, kept {readings} readings.".format(**done)
    _say(done, sentence, as_json=as_json)


@click.command("work")
@with_appcontext
def work_command() -> None:
    """Do background work until stopped; through Celery when PLANNER_EXECUTOR=celery."""
    runtime = _runtime()
    if runtime.settings.executor == "celery":
        from planner.jobs.celery_app import work_through_celery

        work_through_celery(runtime)
    else:
        click.echo(f"Working with {runtime.settings.workers} senders. Ctrl-C stops.", err=True)
        work(runtime)


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@with_appcontext
def demo_command(as_json: bool) -> None:
    """Load a believable quarter of an invented telecom group; does nothing when it is loaded already."""
    runtime = _runtime()
    with runtime.sessions.begin() as db:
        job = ask(db, actor=None, now=runtime.clock.now())
    run.run_next(runtime, worker_name(), job.id)
    with runtime.sessions() as db:
        job = db.get_one(Job, job.id)
        values = {"state": job.state.value, "message": job.message, "result": job.result}
        _say(values, str(PlannerError(job.message)) if job.message else f"The demo is {job.state}.", as_json=as_json)
        if job.state is not JobState.DONE:
            sys.exit(1)
