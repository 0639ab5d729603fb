"""Engines: what their errors tell, and what is planned once."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from planner.core.db import make_engine, reading


def test_an_error_of_the_database_tells_no_value(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT * FROM nowhere WHERE title = :title"), {"title": "Project Falcon"})

    assert "nowhere" in str(caught.value)
    assert "Falcon" not in str(caught.value)


def test_postgresql_plans_what_is_looked_at_again_and_again_once(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with Session(reading(engine)) as db, pytest.raises(ProgrammingError):
        db.execute(text("SELECT nothing FROM channels"))  # What ends badly is taken back as ever.
    for number in range(8):
        with Session(reading(engine)) as db:
            db.execute(text("SELECT name FROM channels WHERE id = :id"), {"id": number})
    with reading(engine).connect() as connection:
        prepared = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    engine.dispose()

    assert [one for one in prepared if "FROM channels WHERE id" in one]


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        number: int = connection.scalar(text("SELECT pg_backend_pid()"))
        return number


def cut(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        while connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :number"), {"number": number}):
            connection.rollback()


def test_a_connection_whose_server_went_away_is_replaced_before_it_is_used(postgres_url: str) -> None:
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    first = backend(engine)
    cut(other, first)

    assert backend(engine) != first

    engine.dispose()
    other.dispose()


def test_a_connection_is_asked_whether_it_works_only_after_a_rest(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(postgres_url)
    asked: list[object] = []
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: bool(asked.append(connection)) or True)
    first = backend(engine)

    assert (backend(engine), len(asked)) == (first, 0)

    monkeypatch.setattr("planner.core.db._REST_SECONDS", -1.0)
    assert (backend(engine), len(asked)) == (first, 1)

    engine.dispose()


def test_a_connection_that_was_closed_here_is_replaced(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    first = backend(engine)
    with engine.connect() as connection:
        held = connection.connection.driver_connection
    assert held is not None
    held.close()

    assert backend(engine) != first

    engine.dispose()
