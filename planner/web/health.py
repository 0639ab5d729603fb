"""Two addresses for whoever watches over the process: whether it is alive, and whether it can do its work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, InterfaceError, TimeoutError

from planner.core.db import reading
from planner.web.access import public
from planner.web.session import runtime

__all__ = ["alive", "ready"]

_TYPE = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@public
def alive() -> tuple[str, int]:
    """The process answers. Nothing else is asked, so a database that is away is no reason to start it again."""
    return "ok", 200


@public
def ready() -> tuple[str, int, dict[str, str]]:
    """The database answers and has the tables of this version; one statement. A newer version's tables are none of our business:
    while a new version is rolled out, the old one still serves."""
    try:
        with reading(runtime().engine).connect() as connection:
            found = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        reason = str(getattr(error, "orig", error)).lower()
        if "no such table" in reason or "does not exist" in reason:
            return "The database is not ready: run “flask planner upgrade”.\n", 503, _TYPE
        return "The database does not answer.\n", 503, _TYPE
    newest, known = _revisions(str(Path(current_app.root_path).parent / "migrations" / "versions"))
    if found != newest and found <= known:
        return "The database is of an older version: run “flask planner upgrade”.\n", 503, _TYPE
    return "ready\n", 200, _TYPE


@cache
def _revisions(folder: str) -> tuple[frozenset[str], frozenset[str]]:
    """The newest migrations of this version, and all of them."""
    from alembic.script import ScriptDirectory  # Loaded once, by the first who asks.

    scripts = ScriptDirectory(folder, version_locations=[folder])
    return frozenset(scripts.get_heads()), frozenset(one.revision for one in scripts.walk_revisions())
