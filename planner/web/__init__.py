"""The browser's door: one module a screen family, each a plain table of URLs and thin views."""

from __future__ import annotations

from flask import Flask

from planner.core.runtime import Runtime
from planner.web import access, errors, filters, headers, languages, security, session
from planner.web.blueprints import BLUEPRINTS
from planner.web.session import database

__all__ = ["database", "init_app"]


def init_app(app: Flask, runtime: Runtime) -> None:
    """Give the application its pages."""
    languages.init_app(app, runtime.settings)
    security.init_app(app, runtime.settings)
    session.init_app(app)
    access.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
