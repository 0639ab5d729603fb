"""Background work: how far it is and what came of it."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select

from planner.accounts.rules import may
from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Body, Choice, Moment, Out, QueryNumber
from planner.core.errors import NotFound
from planner.ledger.models import Job, JobState

__all__ = ["bp"]

bp = Blueprint("api-jobs", __name__, description="Background work.")


class JobOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    state = Choice(JobState, required=True)
    progress_done = fields.Integer(required=True)
    progress_total = fields.Integer(required=True, allow_none=True)
    message = fields.String(required=True)
    result = fields.Dict(required=True, allow_none=True)
    created_at = Moment(required=True)
    started_at = Moment(required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)


class JobList(Out):
    items = fields.List(fields.Nested(JobOut), required=True)


class JobQuery(Body):
    limit = QueryNumber(least=1, most=200, load_default=50)


@reads()
@bp.arguments(JobQuery, location="query")
@bp.response(200, JobList)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Your jobs, newest first; administrators see everybody's."""
    mine = select(Job).order_by(Job.id.desc()).limit(query["limit"])
    if not may(g.user, "user.manage"):
        mine = mine.where(Job.actor_id == g.user.id)
    return {"items": g.db.scalars(mine).all()}


@reads()
@bp.response(200, JobOut)
def show(job_id: int) -> Any:
    """One job."""
    job = g.db.get(Job, job_id)
    if job is None or (job.actor_id != g.user.id and not may(g.user, "user.manage")):
        raise NotFound()
    return job
