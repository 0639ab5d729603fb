"""The programs' door: /api/v1, one module a resource; `urls` has the addresses."""

from __future__ import annotations

from flask import Blueprint, Flask

from planner.api import problems, throttle
from planner.api.urls import DOCUMENT, RESOURCES
from planner.core.lazy import Lazy, Table

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Give the application its API. The pages come first: their session is used, and their error handlers are kept."""
    throttle.init_app(app, app.extensions["planner"].settings)
    for table in RESOURCES:
        blueprint = _blueprint(table)
        blueprint.before_request(Lazy("planner.api.door:open_door"))
        # A bearer token is never sent by a browser of its own accord, so there is nothing to forge.
        app.extensions["csrf"].exempt(blueprint)
        app.register_blueprint(blueprint)
    app.register_blueprint(_blueprint(DOCUMENT))
    problems.init_app(app)


def _blueprint(table: Table) -> Blueprint:
    blueprint = Blueprint(table.name, table.module, url_prefix=table.prefix)
    for one in table.addresses():
        blueprint.add_url_rule(one.rule, one.endpoint, one.view, methods=one.methods)
    return blueprint
