"""A terminal: runs `flask planner …` in this process, on a database of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session


@pytest.fixture
def rows(app: Flask) -> Iterator[Session]:
    """A session beside the commands: commit what is made before them, and roll back before looking."""
    with app.extensions["planner"].sessions() as session:
        yield session


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """Runs one command; its result has exit_code, stdout and stderr. What is no refusal is raised."""

    def _run(*args: object, typed: str | None = None) -> Result:
        result = app.test_cli_runner().invoke(args=["planner", *map(str, args)], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return _run


@pytest.fixture
def told(run: Callable[..., Result]) -> Callable[..., Any]:
    """Runs one command with --json, expects it to go well, and gives what it printed."""

    def _told(*args: object) -> Any:
        result = run(*args, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return _told


@pytest.fixture
def refused(run: Callable[..., Result]) -> Callable[..., str]:
    """Runs one command, expects exit code 1, nothing on stdout and one line on stderr, and gives that line."""

    def _refused(*args: object) -> str:
        result = run(*args)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.strip()

    return _refused
