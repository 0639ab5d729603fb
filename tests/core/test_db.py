"""Engines: what their errors tell."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError


def test_an_error_of_the_database_tells_no_value(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT * FROM nowhere WHERE title = :title"), {"title": "Project Falcon"})

    assert "nowhere" in str(caught.value)
    assert "Falcon" not in str(caught.value)
