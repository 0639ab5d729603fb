"""Readings: what platforms told us about posts, and a way to hand in readings taken elsewhere."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from planner.accounts.rules import may
from planner.api.bodies import Blueprint
from planner.api.door import creates, reads
from planner.api.fields import Body, Item, Line, Listed, Moment, Number, Out
from planner.api.problems import BadInput, Sentence
from planner.channels.port import Reading
from planner.core.i18n import N_
from planner.insights import service
from planner.insights.models import METRICS, Snapshot
from planner.planning import queries as planning
from planner.planning.models import Post

__all__ = ["bp"]

bp = Blueprint("api-snapshots", __name__, description="What platforms told us about posts.")

#: Posts one request may carry readings of.
MOST = 1000
NOT_TOLD = "Since publication; null: not told."


class SnapshotOut(Out):
    post_id = fields.Integer(required=True)
    at = Moment(required=True)
    source = fields.String(required=True, metadata={"description": "platform, import or by_hand."})
    regime = fields.String(required=True, metadata={"description": "Which definition of a view the platform used."})


class ReadingIn(Body):
    post_id = Number(required=True, least=1)
    at = Moment(required=True)
    regime = Line(most=24, load_default="")


for _metric in METRICS:
    SnapshotOut._declared_fields[_metric] = fields.Integer(required=True, allow_none=True, metadata={"description": NOT_TOLD})
    ReadingIn._declared_fields[_metric] = Number(allow_none=True, load_default=None, metadata={"description": NOT_TOLD})


class SnapshotList(Out):
    items = fields.List(fields.Nested(SnapshotOut), required=True)


class ReadingsIn(Body):
    readings = Listed(Item(ReadingIn), required=True, most=MOST)


class Recorded(Out):
    recorded = fields.Integer(required=True, metadata={"description": "New ones; those known already are not counted."})


@reads()
@bp.response(200, SnapshotList)
def index(post_id: int) -> dict[str, Any]:
    """Every reading of one post, oldest first."""
    planning.post(g.db, post_id, viewer=g.user)
    return {"items": g.db.scalars(select(Snapshot).where(Snapshot.post_id == post_id).order_by(Snapshot.at)).all()}


@creates("readings.import")
@bp.arguments(ReadingsIn)
@bp.response(201, Recorded)
def record(values: dict[str, Any]) -> dict[str, int]:
    """Hand in readings; all of them or, when one is wrong, none. A reading known already changes nothing."""
    given = values["readings"]
    _refuse_wrong(given)
    rows = [(one["post_id"], one["at"], _reading(one)) for one in given]
    return {"recorded": service.record_rows(g.db, rows, source="import")}


def _reading(one: dict[str, Any]) -> Reading:
    return Reading(external_id="", regime=one["regime"], **{name: one[name] for name in METRICS})


def _refuse_wrong(given: list[dict[str, Any]]) -> None:
    """Raise BadInput naming each reading of an unknown post, of the future, or there twice."""
    posts = {
        post.id: post
        for post in g.db.scalars(
            select(Post).where(Post.id.in_({one["post_id"] for one in given})).options(joinedload(Post.asset))
        )
    }
    wrong: dict[int, dict[str, list[Sentence]]] = {}
    seen: set[tuple[Any, Any]] = set()
    for number, one in enumerate(given):
        post = posts.get(one["post_id"])
        if post is None or not may(g.user, "read", post):
            wrong[number] = {"post_id": [Sentence(N_("There is no post %(id)s, or you may not see it."), id=one["post_id"])]}
        elif one["at"] > g.now:
            wrong[number] = {"at": [Sentence(N_("A reading cannot be from the future."))]}
        elif (one["post_id"], one["at"]) in seen:
            wrong[number] = {"at": [Sentence(N_("This post has two readings of the same moment here."))]}
        seen.add((one["post_id"], one["at"]))
    if wrong:
        raise BadInput({"json": {"readings": wrong}})
