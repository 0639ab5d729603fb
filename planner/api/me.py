"""Who the token stands for, and what that person may do."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.accounts.rules import ACTIONS, may
from planner.api.bodies import Blueprint
from planner.api.door import reads
from planner.api.fields import Out

__all__ = ["bp"]

bp = Blueprint("api-me", __name__, description="The person behind the token.")


class MeOut(Out):
    id = fields.Integer(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    language = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    actions = fields.List(fields.String(), required=True, metadata={"description": "What the roles allow."})


@reads()
@bp.response(200, MeOut)
def show() -> dict[str, Any]:
    """Whom this token stands for."""
    user = g.user
    return {
        "id": user.id,
        "email": user.email,
        "name": user.display_name,
        "roles": sorted(user.role_names),
        "language": user.language,
        "time_zone": user.time_zone,
        "actions": sorted(action for action in ACTIONS if may(user, action)),
    }
