"""The list of screen families."""

from __future__ import annotations

from flask import Blueprint

from planner.web.account import bp as account
from planner.web.assets import bp as assets
from planner.web.campaigns import bp as campaigns
from planner.web.catalog import bp as catalog
from planner.web.desk import bp as desk
from planner.web.held import bp as held
from planner.web.imports import bp as imports
from planner.web.jobs import bp as jobs
from planner.web.moments import bp as moments
from planner.web.natives import bp as natives
from planner.web.performance import bp as performance
from planner.web.planning import bp as planning
from planner.web.post_steps import bp as post_steps
from planner.web.posts import bp as posts
from planner.web.settings import bp as settings

__all__ = ["BLUEPRINTS"]

BLUEPRINTS: tuple[Blueprint, ...] = (
    account,
    assets,
    catalog,
    campaigns,
    desk,
    held,
    imports,
    jobs,
    moments,
    natives,
    performance,
    planning,
    post_steps,
    posts,
    settings,
)
