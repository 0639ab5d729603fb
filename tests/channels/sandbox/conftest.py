"""A sandbox with a clock that a test moves, served on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from planner.channels.sandbox import Running, Sandbox, serve

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class MovableClock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


class Caller:
    """A plain HTTP client of one platform of the sandbox, signed in with one token."""

    def __init__(self, base: str, token: str, headers: dict[str, str] | None = None) -> None:
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}", **(headers or {})}

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        url = path if path.startswith("http") else self.base + path
        return requests.request(method, url, headers=headers, timeout=20, allow_redirects=False, **options)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: MovableClock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "sandbox.sqlite3", now=clock)
    yield made
    made.close()


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Running]:
    with serve(sandbox) as running:
        yield running


@pytest.fixture
def caller(server: Running) -> Callable[..., Caller]:
    def make(token: str = "sandbox-one", headers: dict[str, str] | None = None) -> Caller:
        return Caller(server.url, token, headers)

    return make


@pytest.fixture
def x(caller: Callable[..., Caller]) -> Caller:
    return caller()


@pytest.fixture
def linkedin(caller: Callable[..., Caller]) -> Caller:
    return caller(headers={"LinkedIn-Version": "202607", "X-Restli-Protocol-Version": "2.0.0"})


@pytest.fixture
def door(caller: Callable[..., Caller]) -> Caller:
    """The sandbox's own door."""
    return caller("")
