"""The list of screen families."""

from __future__ import annotations

from flask import Blueprint

from planner.web.account import bp as account
from planner.web.jobs import bp as jobs

__all__ = ["BLUEPRINTS"]

BLUEPRINTS: tuple[Blueprint, ...] = (account, jobs)
