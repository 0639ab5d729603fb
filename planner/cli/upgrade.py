"""flask planner upgrade: the database brought to this version's tables, with a copy of it taken first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask.ctx import AppContext
from sqlalchemy import text

from planner.cli import copies, doubts, output
from planner.cli.running import held_runtime
from planner.core.db import Base
from planner.core.runtime import Runtime

__all__ = ["upgrade", "upgrade_database"]

#: Any number that no other program uses: two upgrades of one PostgreSQL database take turns on it.
_LOCK = 7_205_311_942


@click.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
@with_appcontext
def upgrade(as_json: bool) -> None:
    """Bring the database to this version's tables; on SQLite a copy is taken first."""
    runtime = held_runtime()
    was = _revisions()
    if was and was != _wanted() and runtime.engine.dialect.name == "postgresql":
        click.echo("This is PostgreSQL: no copy is taken here. Have one of your own (pg_dump) before an upgrade.", err=True)
    copy = upgrade_database(runtime)
    now = _revisions()
    sentence = "The database is up to date." if was == now else f"Upgraded to {', '.join(now)}."
    if copy:
        sentence += f" The copy from before is {copy}."
    done = {"was": was, "now": now, "copy": str(copy) if copy else None}
    click.echo(output.as_json(done) if as_json else sentence)


def upgrade_database(runtime: Runtime) -> Path | None:
    """Apply what is missing; the copy taken first, or None when nothing was missing, there was nothing to copy, or on PostgreSQL."""
    with _alone(runtime):
        if _revisions() == _wanted():
            return None
        copy = _copy(runtime)
        with _own_context():
            _alembic().upgrade()
        doubts.after_upgrade(runtime)
        return copy


def _revisions() -> list[str]:
    with _own_context():
        return sorted(script.revision for script in _alembic().current())


def _wanted() -> list[str]:
    with _own_context():
        return sorted(script.revision for script in _alembic().heads())


def _own_context() -> AppContext:
    """Flask-Alembic keeps its connection, and with it SQLite's write lock, until the application context ends: so it gets a short one."""
    return current_app._get_current_object().app_context()  # type: ignore[attr-defined, no-any-return]


def _copy(runtime: Runtime) -> Path | None:
    source = copies.database_file(runtime.settings)
    if source is None or not _revisions():
        return None
    target = runtime.settings.data_path / "backups" / f"before-upgrade-{copies.stamp(runtime.clock.now())}.sqlite3"
    copies.copy_database(source, target)
    return target


@contextmanager
def _alone(runtime: Runtime) -> Iterator[None]:
    """One upgrade at a time on PostgreSQL, where several machines may start together."""
    if runtime.engine.dialect.name != "postgresql":
        yield
        return
    with runtime.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK})
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _LOCK})
            connection.commit()


def _alembic() -> Any:
    """Flask-Alembic over the top-level migrations; made here because only an upgrade needs it."""
    if "alembic" not in current_app.extensions:
        from flask_alembic import Alembic

        # Flask-Alembic reads every module at its script location as a revision, so it is not shown env.py above.
        versions = Path(current_app.root_path).parent / "migrations" / "versions"
        current_app.config["ALEMBIC"] = {"script_location": str(versions)}
        Alembic(current_app._get_current_object(), run_mkdir=False, command_name="", metadatas=Base.metadata)  # type: ignore[attr-defined]
        # The doors say in their own words what was done; Alembic's lines would push the address off the first screen.
        logging.getLogger("alembic").setLevel(logging.WARNING)
    return current_app.extensions["alembic"]
