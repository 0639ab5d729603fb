"""Fixtures: databases (SQLite always, PostgreSQL where one is offered), the application, signed-in clients, a settable clock."""

from __future__ import annotations

import os
import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from planner import tables
from planner.accounts.models import User
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.core.secrets import Sealer
from planner.core.settings import Settings
from planner.core.types import use_sealer
from tests.factories import NOON, make_user

SECRET = "a-key-for-tests-0123456789-abcdefgh"
POSTGRES = os.environ.get("PLANNER_TEST_POSTGRES_URL", "")
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104


#: Files whose tests wait for browsers, processes and clocks. They go first, the longest before the others, so that none is left to run alone at the end.
_LONG = (
    "tests/browser/test_pages", "tests/browser/test_first_day", "tests/browser/test_main_path", "tests/publishing/test_modes", "tests/publishing/test_kill",
    "tests/browser/", "tests/demo/", "tests/jobs/", "tests/publishing/", "tests/planning/test_doors", "tests/web/test_access",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, long in enumerate(_LONG) if item.nodeid.startswith(long)), len(_LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are processors: while some wait, others compute."""
    return 2 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def lacking(sentence: str) -> NoReturn:
    """Something real that the test needs is not on this machine: it is skipped, in CI it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def offered(variable: str) -> str:
    """The address in `variable`; without one the test is skipped, in CI it fails."""
    return os.environ.get(variable) or lacking(f"{variable} is not set: this test needs that server.")


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Any connection to somewhere else is a mistake in a test."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise RuntimeError(f"a test tried to reach {address[0]}")
        return real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    yield
    socket.socket.connect = real  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def sealing_keys() -> None:
    use_sealer(Sealer([f"seal:{SECRET}"]))


@pytest.fixture(autouse=True, scope="session")
def hasty_sqlite() -> Iterator[None]:
    """Databases that live for one test need not survive a power cut; the processes that tests start keep theirs safe."""

    def relax(connection: Any, _record: Any, _proxy: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(Pool, "checkout", relax)
    yield
    event.remove(Pool, "checkout", relax)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def compiled_templates(shared_folder: Path) -> FileSystemBytecodeCache:
    """Each application compiles its templates anew; all tests share what that gives."""
    place = shared_folder / "compiled-templates"
    place.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(place))


class StoppedClock:
    """A clock that a test sets; its stopwatch runs only when told."""

    def __init__(self, now: datetime = NOON) -> None:
        self.moment = now
        self.stopwatch = 1000.0

    def now(self) -> datetime:
        return self.moment

    def decision_time(self, db: Session) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.stopwatch

    def observer(self) -> str:
        return "test"

    def advance(self, by: timedelta) -> None:
        """Both the time and the stopwatch."""
        self.moment += by
        self.stopwatch += by.total_seconds()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def now(clock: StoppedClock) -> datetime:
    return clock.moment


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, made once and copied for each test."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return path


#: Waits for whoever still writes, deletes every row, and lets every number start at one again: also those of rows that were undone.
#: A function of the one connection that calls it, so that PostgreSQL plans the statements once.
_EMPTY = """
CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE {tables} IN EXCLUSIVE MODE;
  {deletes}
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
#: Truncating makes a new file of each table and each index, which takes longer by far than to delete the few rows of a test. So deleted rows
#: stay in the files until, now and then, all are made anew. Nothing else tidies them up: new rows always lie behind old ones.
_ANEW = "TRUNCATE {tables}"
_EVERY = 500
_UNTIDIED = "ALTER TABLE {table} SET (autovacuum_enabled = off)"
#: What the schema looks like: some tests take a piece of it away.
_SHAPE = """
SELECT sum(hashtextextended(name, place::bigint)::numeric) FROM (
  SELECT relname || '.' || attname AS name, attrelid AS place FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'p', 'f') AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT conname, conrelid FROM pg_constraint WHERE connamespace = 'public'::regnamespace
) AS parts
"""
_ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class PostgresDatabase:
    """One worker's PostgreSQL database with the schema: emptied after each test, which takes a hundredth of making one."""

    def __init__(self, server: URL) -> None:
        self.url = server.set(database=f"planner_test_{uuid.uuid4().hex[:10]}")
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._own = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True)
        event.listen(self._own, "connect", self._prepare)
        self._names = [f'"{table.name}"' for table in reversed(tables.metadata.sorted_tables)]
        self._emptied = 0
        self._make()

    def _make(self) -> None:
        self.drop()
        with self._admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{self.url.database}"'))
            # What lives for one test need not survive a power cut.
            connection.execute(text(f'ALTER DATABASE "{self.url.database}" SET synchronous_commit = off'))
        engine = make_engine(self.url.render_as_string(hide_password=False))
        tables.metadata.create_all(engine)
        engine.dispose()
        with self._own.connect() as connection:
            for name in self._names:
                connection.execute(text(_UNTIDIED.format(table=name)))
            self._shape = connection.scalar(text(_SHAPE))

    def _prepare(self, connection: Any, _record: Any) -> None:
        deletes = " ".join(f"DELETE FROM {name};" for name in self._names)
        connection.execute(_EMPTY.format(tables=", ".join(self._names), deletes=deletes))
        connection.commit()

    def empty(self) -> None:
        with self._own.connect() as connection:
            connection.execute(text(_ALONE))  # A killed worker's server process, say.
            whole = connection.scalar(text(_SHAPE)) == self._shape
            if whole:
                connection.execute(text("SELECT pg_temp.empty()"))
                self._emptied += 1
            if whole and self._emptied % _EVERY == 0:
                connection.execute(text(_ANEW.format(tables=", ".join(self._names))))
        if not whole:
            self._make()

    def drop(self) -> None:
        self._own.dispose()
        with self._admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{self.url.database}" WITH (FORCE)'))
        self._admin.dispose()


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(make_url(offered("PLANNER_TEST_POSTGRES_URL")))
    yield database
    database.drop()


@pytest.fixture
def sqlite_url(empty_sqlite: Path, tmp_path: Path) -> str:
    path = tmp_path / "planner.sqlite3"
    path.write_bytes(empty_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    offered("PLANNER_TEST_POSTGRES_URL")
    database: PostgresDatabase = request.getfixturevalue("postgres_database")
    yield database.url.render_as_string(hide_password=False)
    database.empty()


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES or os.environ.get("CI") == "true" else ["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs on SQLite and, where one is offered, on PostgreSQL."""
    return str(request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_url"))


class Anywhere:
    """An engine that outlives a test and connects to whichever database the test says: what SQLAlchemy compiled once is kept."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        event.listen(engine, "do_connect", self._connect)

    def _connect(self, _dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> None:
        if self.engine.dialect.name == "sqlite":
            arguments[0] = self.engine.url.database
        else:
            named["dbname"] = self.engine.url.database

    def move(self, url: str) -> None:
        """From now on every connection is one to the database at `url`, of the same kind."""
        self.engine.dispose()
        self.engine.url = make_url(url)


@pytest.fixture(scope="session")
def engines() -> Iterator[dict[str, Anywhere]]:
    """This worker's engines, by the kind of database."""
    made: dict[str, Anywhere] = {}
    yield made
    for one in made.values():
        one.engine.dispose()


@pytest.fixture
def engine(database_url: str, engines: dict[str, Anywhere]) -> Iterator[Engine]:
    """This worker's engine, on a database of this test's own. What a test listens for there ends with the test."""
    kind = make_url(database_url).get_backend_name()
    if kind not in engines:
        engines[kind] = Anywhere(make_engine(database_url))
    engines[kind].move(database_url)
    yield engines[kind].engine.execution_options()
    engines[kind].engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    """A session on a database of this test's own."""
    with sessions_of(engine)() as session:
        yield session
        session.rollback()


def make_settings(tmp_path: Path, url: str, **values: Any) -> Settings:
    """Settings of a product that lives in a test's folder."""
    values.setdefault("secret_key", SECRET)
    values.setdefault("executor", "none")
    return Settings(database_url=url, data_dir=str(tmp_path), **values)


Furnish = Callable[[str], AbstractContextManager[Flask]]


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory, compiled_templates: FileSystemBytecodeCache) -> Iterator[Callable[[str], tuple[Flask, Anywhere]]]:
    """One application a worker and kind of database: its pages, templates and statements are loaded once."""
    made: dict[str, tuple[Flask, Anywhere]] = {}
    folder = tmp_path_factory.mktemp("house")

    def house(url: str) -> tuple[Flask, Anywhere]:
        from planner.factory import create_app  # Only tests that need the doors pay for them.

        kind = make_url(url).get_backend_name()
        if kind not in made:
            application = create_app(make_settings(folder, url, sandbox="off"), clock=StoppedClock())
            application.testing = True
            application.jinja_env.bytecode_cache = compiled_templates
            made[kind] = application, Anywhere(application.extensions["planner"].engine)
        return made[kind]

    yield house
    for application, _engine in made.values():
        application.extensions["planner"].engine.dispose()


@pytest.fixture
def furnish(houses: Callable[[str], tuple[Flask, Anywhere]], tmp_path: Path, clock: StoppedClock) -> Furnish:
    """Makes the whole product anew on a database of this test's own, with the stopped clock, the sandbox off."""

    @contextmanager
    def furnished(url: str) -> Iterator[Flask]:
        from planner.factory import registry_of
        from planner.web.security import limiter

        application, engine = houses(url)
        old, settings = application.extensions["planner"], make_settings(tmp_path, url, sandbox="off")
        engine.move(url)
        limiter.reset()
        application.extensions["planner-api-throttle"].storage.reset()
        application.extensions["planner"] = Runtime(settings, clock, old.engine, old.sessions, lambda: registry_of(settings, old.sessions, clock))
        config, views, made_by = dict(application.config), dict(application.view_functions), application.test_client_class
        yield application
        for kept, changed in ((config, application.config), (views, application.view_functions)):
            changed.clear()
            changed.update(kept)
        application.extensions["planner"], application.test_client_class = old, made_by
        engine.engine.dispose()

    return furnished


@pytest.fixture
def app(furnish: Furnish, sqlite_url: str) -> Iterator[Flask]:
    """The whole product on a SQLite of this test's own."""
    with furnish(sqlite_url) as application:
        yield application


@pytest.fixture
def app_on_each_database(furnish: Furnish, database_url: str) -> Iterator[Flask]:
    """The same on each database; a module that wants it makes it its `app`."""
    with furnish(database_url) as application:
        yield application


@pytest.fixture
def app_db(app: Flask) -> Iterator[Session]:
    """A session on the application's own database, beside its requests."""
    with app.extensions["planner"].sessions() as session:
        yield session


class Browser(FlaskClient):
    """A client that sends forms the way a browser does: with the token of the page's form."""

    def token(self) -> str:
        """A CSRF token of this session."""
        page = self.get("/healthz")
        assert page.status_code == 200
        with self.session_transaction() as session:
            session.setdefault("csrf_token", "0" * 40)
            raw = session["csrf_token"]
        from itsdangerous import URLSafeTimedSerializer

        signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        signed = signer.dumps(raw)
        return signed if isinstance(signed, str) else signed.decode()

    def submit(self, path: str, **fields: Any) -> Any:
        """POST a form with its CSRF token."""
        return self.post(path, data={"csrf_token": self.token(), **fields})


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., Browser]:
    """Makes clients signed in as a given user, or as a new one with the given roles."""

    def _sign_in(user: User | None = None, *, roles: tuple[str, ...] = ("admin",)) -> Browser:
        app.test_client_class = Browser
        with app.extensions["planner"].sessions.begin() as session:
            identity = user.fs_uniquifier if user else make_user(session, roles=roles).fs_uniquifier
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = identity
            session["_fresh"] = True
        return client  # type: ignore[return-value]

    return _sign_in


@pytest.fixture
def client(sign_in: Callable[..., Browser]) -> Browser:
    """A client signed in as an administrator."""
    return sign_in()
