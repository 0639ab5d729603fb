"""Job functions for the tests of the runner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.jobs import run as runner
from planner.ledger.jobs import JobContext
from planner.ledger.models import Job


def double(ctx: JobContext) -> dict[str, Any]:
    ctx.progress(1, 2, "half-way")
    return {"twice": ctx.args["number"] * 2}


def refuse(_ctx: JobContext) -> dict[str, Any]:
    raise Refused(N_("The file has no header."))


def crash(_ctx: JobContext) -> dict[str, Any]:
    raise ZeroDivisionError("secret detail")


def oversleep(ctx: JobContext) -> dict[str, Any]:
    """The first worker is silent for so long that a second takes the job up and finishes it; then the first one fails."""
    with ctx.sessions.begin() as db:
        if db.get_one(Job, ctx.job_id).tries == 2:
            return {"by": "the second"}
    ctx.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    assert runner.run_next(ctx.runtime, "the second") == ctx.job_id
    raise Refused(N_("The first one woke up too late."))
