"""The terminal's door: `flask planner …`. The background work (tick, work, demo) is added by `planner.jobs`."""

from __future__ import annotations

from flask.cli import AppGroup

from planner.cli.assets import asset
from planner.cli.channels import channel
from planner.cli.database import backup, check, rebuild, reseal, restore
from planner.cli.deliveries import deliveries
from planner.cli.imports import import_
from planner.cli.performance import performance
from planner.cli.posts import post
from planner.cli.sandbox import sandbox
from planner.cli.tokens import token
from planner.cli.upgrade import upgrade
from planner.cli.users import users

__all__ = ["planner_group"]

planner_group = AppGroup("planner", help="The editorial planner.")

for _command in (
    upgrade, check, users, token, import_, channel, asset, post, deliveries, performance, sandbox, rebuild, reseal, backup, restore,
):  # fmt: skip
    planner_group.add_command(_command)
