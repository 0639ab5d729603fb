"""Counts what a page asks of the database."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import event

from tests.conftest import Browser


def statements(app: Flask, client: Browser, path: str) -> int:
    """How many statements a page costs, the beginning of its transaction left out."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = app.extensions["planner"].engine
    event.listen(engine, "before_cursor_execute", note)
    answer = client.get(path)
    answer.get_data()  # Some pages ask while they are sent.
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    return len(seen)
