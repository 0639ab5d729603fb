"""docs/cli.md and the commands say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def documented() -> dict[str, str]:
    """Command -> its section."""
    parts = re.split(r"^###? (.*)$", PAGE, flags=re.MULTILINE)
    return {title: body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title.startswith("flask planner")}


def test_every_command_is_documented_and_nothing_else(app: Flask) -> None:
    group = app.cli.commands["planner"]
    assert isinstance(group, click.Group)

    assert sorted(documented()) == sorted(path for path, _command in commands(group, "flask planner"))


def test_every_option_is_documented_and_nothing_else(app: Flask) -> None:
    group, sections = app.cli.commands["planner"], documented()
    assert isinstance(group, click.Group)
    taken = {
        path: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for path, command in commands(group, "flask planner")
    }

    said = {path: set(re.findall(r"`(--[a-z-]+)`", sections[path])) for path in taken}

    # “`--json`:” introduces the shape of the answer, so it is counted once for commands that take it.
    assert {path: options - {"--json", "--help"} for path, options in taken.items()} == {
        path: options - {"--json"} for path, options in said.items()
    }
    assert {path for path, options in taken.items() if "--json" in options} == {path for path, options in said.items() if "--json" in options}


def test_every_command_says_what_it_does_in_a_sentence(app: Flask) -> None:
    group = app.cli.commands["planner"]
    assert isinstance(group, click.Group)

    assert [path for path, command in commands(group, "flask planner") if not (command.help or "").splitlines()[0].endswith(".")] == []
