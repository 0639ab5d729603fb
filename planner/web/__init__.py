"""The browser's door: one module a screen family, thin views; `urls` has the addresses."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, request

from planner.core.lazy import Lazy
from planner.core.runtime import Runtime
from planner.web import access, compiled, environment, errors, filters, headers, languages, security, session
from planner.web.session import database
from planner.web.urls import SCREENS

__all__ = ["database", "init_app"]


def init_app(app: Flask, runtime: Runtime) -> None:
    """Give the application its pages."""
    app.before_request(_enter)
    environment.init_app(app)
    languages.init_app(app, runtime.settings)
    security.init_app(app, runtime.settings)
    session.init_app(app)
    access.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    compiled.init_app(app, runtime.settings)
    for table in SCREENS:
        blueprint = Blueprint(table.name, table.module, url_prefix=table.prefix or None)
        for one in table.addresses():
            blueprint.add_url_rule(one.rule, one.endpoint, one.view, methods=one.methods)
        if table.context:
            blueprint.context_processor(table.lazy(table.context))
        app.register_blueprint(blueprint)


def _enter() -> None:
    """Load what answers this address before anything else is done: no transaction, and no lock, waits for an import."""
    view = current_app.view_functions.get(request.endpoint or "")
    if isinstance(view, Lazy):
        view.load()
