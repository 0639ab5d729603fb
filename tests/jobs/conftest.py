"""A product without doors whose adapters speak to a pretend platform inside this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from planner.channels.registry import Registry
from planner.channels.sandbox import Running, Sandbox, serve
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.jobs.registry import FUNCTIONS
from tests.conftest import StoppedClock, make_settings


@pytest.fixture
def platforms(tmp_path: Path, clock: StoppedClock) -> Iterator[Running]:
    with serve(Sandbox(tmp_path / "platforms.sqlite3", now=clock.now)) as running:
        yield running


@pytest.fixture
def runtime(database_url: str, engine: Engine, clock: StoppedClock, platforms: Running, tmp_path: Path) -> Runtime:
    settings = make_settings(tmp_path, database_url, sandbox=platforms.url)
    return Runtime(
        settings=settings, clock=clock, engine=engine, sessions=sessions_of(engine), make_registry=lambda: Registry(settings, platforms.url)
    )


@pytest.fixture
def made_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs of tests/jobs/made.py, by their function's name."""
    for name in ("double", "refuse", "crash", "oversleep"):
        monkeypatch.setitem(FUNCTIONS, name, f"tests.jobs.made:{name}")
