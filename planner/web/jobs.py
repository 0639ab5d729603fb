"""Background work on screen: its progress, its result, and the button that loads the demo."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from planner.accounts.rules import may
from planner.core.errors import NotFound
from planner.demo.asking import ask
from planner.ledger.models import Job
from planner.web.access import needs
from planner.web.session import committing

__all__ = ["load_demo", "show"]

#: Where a finished job leads, by its name: endpoint; the result's keys become arguments when named there.
RESULT_PAGES = {
    "import.assets": "imports.done", "import.readings": "imports.done", "import.visits": "imports.done", "import.mentions": "imports.done", "demo.load": "desk.home",
    "promotion.refresh": "promotion.board",
    "readings.refresh": "readings.readings",
}


@needs("read")
def show(job_id: int) -> ResponseReturnValue:
    job = g.db.get(Job, job_id)
    if job is None or (job.actor_id != g.user.id and not may(g.user, "user.manage")):
        raise NotFound()
    template = "jobs/_progress.html" if request.headers.get("HX-Request") else "jobs/show.html"
    return render_template(template, job=job, page=_result_page(job))


@needs("demo.load")
def load_demo() -> ResponseReturnValue:
    with committing(g.db):
        job = ask(g.db, actor=g.user, now=g.now)
    return redirect(url_for(".show", job_id=job.id))


def _result_page(job: Job) -> str | None:
    endpoint = RESULT_PAGES.get(job.name)
    if endpoint == "imports.done":
        return url_for(endpoint, job_id=job.id)
    return url_for(endpoint) if endpoint else None
