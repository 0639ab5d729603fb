"""A product without doors, for the desk's background work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from tests.conftest import StoppedClock, make_settings


def _no_registry() -> Any:
    raise AssertionError("the promotion desk asks no platform")


@pytest.fixture
def runtime(database_url: str, engine: Engine, clock: StoppedClock, tmp_path: Path) -> Runtime:
    return Runtime(make_settings(tmp_path, database_url, sandbox="off"), clock, engine, sessions_of(engine), _no_registry)
