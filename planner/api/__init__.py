"""The programs' door: /api/v1, one module a resource."""

from __future__ import annotations

from flask import Flask

from planner.api import (
    assets,
    campaigns,
    channels,
    deliveries,
    jobs,
    me,
    natives,
    performance,
    post_steps,
    posts,
    problems,
    snapshots,
    throttle,
)
from planner.api.door import open_door
from planner.api.spec import PlannerApi

__all__ = ["init_app"]

RESOURCES = (
    me.bp, assets.bp, performance.bp, channels.bp, campaigns.bp, posts.bp, post_steps.bp, deliveries.bp, natives.bp, snapshots.bp, jobs.bp,
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Give the application its API. The pages come first: their session is used, and their error handlers are kept."""
    throttle.init_app(app, app.extensions["planner"].settings)
    api = PlannerApi(app)
    for blueprint in RESOURCES:
        api.register_blueprint(blueprint)
        # A bearer token is never sent by a browser of its own accord, so there is nothing to forge.
        app.extensions["csrf"].exempt(blueprint)
    problems.init_app(app)


for _blueprint in RESOURCES:
    _blueprint.before_request(open_door)
