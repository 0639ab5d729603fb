"""The clock's door: what runs by itself, in threads, in `flask planner work`, or through Celery."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

from planner.jobs.commands import add_commands

__all__ = ["init_app"]


def init_app(app: Flask, group: AppGroup) -> None:
    """Add `tick`, `work` and `demo` to the terminal's commands. Embedded workers start with gunicorn (see gunicorn.conf.py)."""
    add_commands(group)
