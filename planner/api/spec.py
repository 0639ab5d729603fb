"""The OpenAPI 3.1 document: written by flask-smorest from the views, with our own errors and bearer tokens."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

from flask import Flask, Response
from flask_smorest import Api
from marshmallow import Schema, fields

from planner.api.bodies import Blueprint
from planner.api.fields import Choice
from planner.api.problems import MIME
from planner.api.urls import RESOURCES

__all__ = ["PlannerApi", "Problem", "openapi_json"]

_DESCRIPTION = """\
Everything the planner's screens do to assets, posts and their numbers, for programs.

Send `Authorization: Bearer <token>`. Moments carry their offset; answers are in UTC. `null` means “not told”, 0 means zero.
Unknown members are refused. A write to an existing thing needs `If-Match`; every POST may carry an `Idempotency-Key`.
Errors are problem+json (RFC 9457), in English, or in French for `Accept-Language: fr`.
"""


class ProblemItem(Schema):
    """One member of the request that was refused."""

    field = fields.String(required=True, metadata={"description": "The member, with dots: media.0.alt_text."})
    detail = fields.String(required=True)
    code = fields.String(required=True)


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "A sentence for a person."})
    code = fields.String(required=True, metadata={"description": "A stable word for a program."})
    errors = fields.List(fields.Nested(ProblemItem))


class PlannerApi(Api):  # type: ignore[misc]
    """flask-smorest without its app-wide error handler."""

    ERROR_SCHEMA = Problem
    CONFIG: ClassVar[dict[str, Any]] = {
        "API_TITLE": "Planner",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "API_SPEC_OPTIONS": {
            "info": {"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "security": [{"token": []}],
        },
    }

    def __init__(self, app: Flask) -> None:
        for name, value in self.CONFIG.items():
            app.config[name] = value
        super().__init__(app)
        self.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
        self.ma_plugin.converter.add_attribute_function(_member_type)

    def _register_error_handlers(self) -> None:
        """`problems` answers for /api only; pages keep theirs."""

    def _register_responses(self) -> None:
        super()._register_responses()
        for response in self.spec.components.responses_lazy.values():
            content = response.get("content")
            if content:
                content[MIME] = content.pop(self.DEFAULT_RESPONSE_CONTENT_TYPE)


def _member_type(self: Any, field: fields.Field[Any], **_options: Any) -> dict[str, Any]:
    """Closed lists are texts, and list their values."""
    if not isinstance(field, Choice):
        return {}
    values = [member.value for member in field.enum]
    return {"type": ["string", "null"] if field.allow_none else "string", "enum": values + [None] * bool(field.allow_none)}


def openapi_json() -> Response:
    """The document, for anybody."""
    return Response(_document(), mimetype="application/json")


@cache
def _document() -> str:
    """Written once a process, on an application of its own that answers nobody: the real one loads its resources one by one."""
    api = PlannerApi(Flask(__name__, static_folder=None))
    for table in RESOURCES:
        about = import_module(table.module).bp.description
        blueprint = Blueprint(table.name, table.module, url_prefix=table.prefix, description=about)
        for one in table.addresses():
            blueprint.add_url_rule(one.rule, one.endpoint, one.view.load(), methods=one.methods)
        api.register_blueprint(blueprint)
    return json.dumps(api.spec.to_dict(), indent=2)
