"""The terminal's door: `flask planner …`. The background work (tick, work, demo) is `planner.jobs`'s."""

from __future__ import annotations

from collections.abc import Mapping

from planner.cli.group import LazyGroup

__all__ = ["planner_group"]

#: Command -> where it is.
COMMANDS = {
    "upgrade": "planner.cli.upgrade:upgrade",
    "check": "planner.cli.database:check",
    "users": "planner.cli.users:users",
    "token": "planner.cli.tokens:token",
    "import": "planner.cli.imports:import_",
    "channel": "planner.cli.channels:channel",
    "asset": "planner.cli.assets:asset",
    "post": "planner.cli.posts:post",
    "rules": "planner.cli.rules:rules",
    "share": "planner.cli.shares:share",
    "mentions": "planner.cli.mentions:mentions",
    "deliveries": "planner.cli.deliveries:deliveries",
    "performance": "planner.cli.performance:performance",
    "promotion": "planner.cli.promotion:promotion",
    "sandbox": "planner.cli.sandbox:sandbox",
    "rebuild": "planner.cli.database:rebuild",
    "reseal": "planner.cli.database:reseal",
    "backup": "planner.cli.database:backup",
    "restore": "planner.cli.database:restore",
}


def planner_group(more: Mapping[str, str]) -> LazyGroup:
    """`flask planner` with its own commands and those of another door."""
    return LazyGroup("planner", {**COMMANDS, **more}, help="The editorial planner.")
