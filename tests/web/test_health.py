"""What the process says to whoever watches over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from planner.cli.upgrade import upgrade_database
from planner.factory import create_app
from tests.conftest import StoppedClock, make_settings

UPGRADE = "run “flask planner upgrade”"


@pytest.fixture
def start(tmp_path: Path, clock: StoppedClock) -> Iterator[Callable[[str], Flask]]:
    """Starts the product on a database."""
    apps: list[Flask] = []

    def _start(url: str) -> Flask:
        apps.append(create_app(make_settings(tmp_path, url, sandbox="off"), clock=clock))
        return apps[-1]

    yield _start
    for app in apps:
        app.extensions["planner"].engine.dispose()


def told(app: Flask) -> tuple[str, tuple[int, str]]:
    client = app.test_client()
    alive, ready = client.get("/healthz"), client.get("/readyz")
    assert (alive.status_code, ready.headers["Cache-Control"]) == (200, "no-store")
    return alive.text, (ready.status_code, ready.text.strip())


def test_ready_once_the_database_has_this_version_s_tables_also_while_a_newer_version_is_rolled_out(
    start: Callable[[str], Flask], tmp_path: Path
) -> None:
    app = start(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    before = told(app)
    upgrading = start(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with upgrading.app_context():
        upgrade_database(upgrading.extensions["planner"])
    migrated = told(app)
    seen = []
    for revision in ("20270101_of_a_newer_version", "20261128_uploads"):
        with app.extensions["planner"].engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        seen.append(told(app))

    assert before == ("ok", (503, f"The database is not ready: {UPGRADE}."))
    assert migrated == ("ok", (200, "ready"))
    assert seen == [("ok", (200, "ready")), ("ok", (503, f"The database is of an older version: {UPGRADE}."))]


def test_a_database_that_is_away_makes_the_process_not_ready_but_leaves_it_alive(start: Callable[[str], Flask]) -> None:
    app = start("postgresql+psycopg://planner@127.0.0.1:9/planner")

    assert told(app) == ("ok", (503, "The database does not answer."))
