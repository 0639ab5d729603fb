"""The group `flask planner`: a command's module is imported when the command is called or described."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from planner.core.lazy import Lazy

__all__ = ["LazyGroup"]


class LazyGroup(AppGroup):
    """Click's own pattern for commands that load late.

    commands -- name -> "module:function", of click commands and groups.
    """

    def __init__(self, name: str, commands: dict[str, str], **options: Any) -> None:
        super().__init__(name, **options)
        self._later = {command: Lazy(path) for command, path in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._later)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._later:
            return None
        command: click.Command = self._later[cmd_name].load()
        return command
