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
