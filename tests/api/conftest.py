"""The application on each database, and callers with a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from planner.accounts.models import User
from planner.accounts.service import issue_token
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_channel, make_user


class Caller:
    """A program with a token. Answers are what werkzeug's client gives."""

    def __init__(self, client: FlaskClient, user: User, token: str) -> None:
        self.client, self.user, self.token = client, user, token

    def send(self, method: str, path: str, body: Any = None, *, match: str | None = None, **headers: str) -> TestResponse:
        """One request; `match` is an ETag, keyword headers are written with underscores."""
        sent = {"Authorization": f"Bearer {self.token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if match is not None:
            sent["If-Match"] = match
        return self.client.open("/api/v1" + path, method=method, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.send("PATCH", path, body, **options)


@pytest.fixture
def rows(app: Flask) -> Iterator[Session]:
    """A session beside the requests: commit what is made before calling, and end the transaction before looking."""
    with app.extensions["planner"].sessions() as session:
        yield session


@pytest.fixture
def caller(app: Flask, rows: Session, clock: StoppedClock) -> Callable[..., Caller]:
    """Makes callers: a new person with these roles, and a token."""

    def make(*roles: str, user: User | None = None) -> Caller:
        person = user or make_user(rows, roles=roles)
        token = issue_token(rows, person, "test", actor=None, now=clock.now())
        rows.commit()
        return Caller(app.test_client(), person, token)

    return make


@pytest.fixture
def admin(caller: Callable[..., Caller]) -> Caller:
    return caller("admin")


@pytest.fixture
def planned(admin: Caller, rows: Session) -> dict[str, Any]:
    """A draft for tomorrow, made through the API."""
    asset, channel = make_asset(rows), make_channel(rows)
    rows.commit()
    body = {"asset_id": asset.id, "channel_id": channel.id, "text": "Hello.", "publish_at": "2026-03-03T12:00:00Z"}
    answer = admin.post("/posts", body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    return answer.json  # type: ignore[no-any-return]
