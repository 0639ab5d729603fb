"""Builds the application: settings → engine → floors → doors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from planner import api, cli, jobs, web
from planner.core.clock import Clock, SystemClock
from planner.core.db import Sessions, engine_options, prepare, sessions_of
from planner.core.log import set_up_logging
from planner.core.runtime import Runtime
from planner.core.secrets import Sealer
from planner.core.settings import Settings
from planner.core.types import use_sealer
from planner.web.rules import LazyRule

__all__ = ["ROOT", "create_app", "registry_of"]

#: The folder that holds templates/, static/ and migrations/.
ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Flask:
    """The whole product as one WSGI application.

    settings -- None reads the PLANNER_* variables. Raises BadSetting, which ends the program with one sentence.
    """
    settings = settings or Settings.from_env()
    settings.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_up_logging(settings.log_level)
    use_sealer(Sealer(settings.seal_key_list))

    url = settings.effective_database_url
    app = Flask("planner", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.url_rule_class = LazyRule
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_000_000,
        MAX_FORM_MEMORY_SIZE=4_000_000,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        SQLALCHEMY_ENGINES={"default": {"url": url, **engine_options(url)}},
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    web.database.init_app(app)
    with app.app_context():
        engine = prepare(web.database.engine)
    clock, sessions = clock or SystemClock(), sessions_of(engine)
    runtime = Runtime(
        settings=settings, clock=clock, engine=engine, sessions=sessions, make_registry=lambda: registry_of(settings, sessions, clock)
    )
    app.extensions["planner"] = runtime
    web.init_app(app, runtime)
    api.init_app(app)
    app.cli.add_command(cli.planner_group(jobs.COMMANDS))
    return app


def registry_of(settings: Settings, sessions: Sessions, clock: Clock) -> Any:
    """The adapters, made at the first use: the platforms' libraries take half a second that most commands and pages never need."""
    from planner.channels.registry import Registry
    from planner.channels.sandbox import embedded
    from planner.channels.usage import keeper

    return Registry(settings, embedded.address(settings), keeper(sessions, clock))
