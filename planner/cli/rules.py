"""flask planner rules: how the rules of planning stand, and what lets one post pass."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup

from planner.channels.models import Channel
from planner.cli.channels import find_channel
from planner.cli.running import Run, acts
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import queries, tuning
from planner.planning.rulebook import BOOK, Rule, rule, tuning_of
from planner.planning.surroundings import all_settings

__all__ = ["rules"]

rules = AppGroup("rules", help="The rules of planning: list, set, reset, override.")

_COLUMNS = ("code", "enabled", "must_not", "locked", "parameters")
_CHANNEL = click.option("--channel", "channel_name", help="Number or name of the channel; all channels when left out.")


@rules.command("list")
@_CHANNEL
@acts(writes=False)
def list_(run: Run, channel_name: str | None) -> None:
    """How each rule stands, in the order of the book."""
    channel = _channel(run, channel_name)
    run.may("read")
    rows = [_shape(run, one, channel) for one in BOOK]
    run.table("rules", [row | {"parameters": json.dumps(row["parameters"])} for row in rows] if not run.as_json else rows, _COLUMNS, "No rules.")


@rules.command("set")
@click.argument("code")
@_CHANNEL
@click.option("--off", is_flag=True, help="It is not asked.")
@click.option("--must-not", is_flag=True, help="Its warning blocks.")
@click.option("--value", "values", multiple=True, help="NAME=VALUE, such as minutes=30; may be given several times.")
@acts()
def set_(run: Run, code: str, channel_name: str | None, off: bool, must_not: bool, values: tuple[str, ...]) -> None:
    """Say how a rule stands, for one channel or for all."""
    channel = _channel(run, channel_name)
    tuning.set_rule(
        run.db, code, channel_id=channel.id if channel else None, enabled=not off, must_not=must_not, parameters=dict(map(_pair, values)),
        actor=run.actor, now=run.now,
    )  # fmt: skip
    _tell(run, code, channel)


@rules.command("reset")
@click.argument("code")
@_CHANNEL
@acts()
def reset(run: Run, code: str, channel_name: str | None) -> None:
    """Take back what was set."""
    channel = _channel(run, channel_name)
    tuning.reset(run.db, code, channel_id=channel.id if channel else None, actor=run.actor, now=run.now)
    _tell(run, code, channel)


@rules.command("override")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@click.argument("code")
@click.option("--reason", required=True, help="Kept with the post.")
@click.option("--digest", help="Of the content you read (see “post show”); refused when it changed since.")
@acts()
def override(run: Run, number: int, code: str, reason: str, digest: str | None) -> None:
    """Let one post pass a rule that was made to block; any edit asks again."""
    post = queries.post(run.db, number, viewer=run.actor)
    limits = run.runtime.registry.limits(post.channel.platform)
    made = tuning.override(run.db, post, code, reason=reason, digest=digest, limits=limits, actor=run.actor, now=run.now)
    told = {"post_id": number, "rule": code, "reason": made.reason, "by": made.by_name, "at": made.at}
    run.show(told, f"Post {number} passes “{code}”: {made.reason}")


def _tell(run: Run, code: str, channel: Channel | None) -> None:
    known = rule(code)
    assert known is not None
    told = _shape(run, known, channel)
    stands = ("blocks" if told["must_not"] else "warns") if told["enabled"] else "is off"
    run.show(told, f"{code} {stands} on {channel.name if channel else 'all channels'}: {json.dumps(told['parameters'])}")


def _shape(run: Run, one: Rule, channel: Channel | None) -> dict[str, Any]:
    told = {"code": one.code, "locked": one.locked, "enabled": True, "must_not": False, "parameters": {}}
    if one.locked:
        return told
    stands = tuning_of(all_settings(run.db), channel.id if channel else None).of(one.code)
    return told | {"enabled": stands.enabled, "must_not": stands.must_not, "parameters": dict(stands.values)}


def _channel(run: Run, name: str | None) -> Channel | None:
    return find_channel(run.db, name) if name else None


def _pair(typed: str) -> tuple[str, int | str]:
    name, mark, value = typed.partition("=")
    if not mark or not name.strip():
        raise Invalid(N_("Write NAME=VALUE, such as minutes=30."), field="--value")
    value = value.strip()
    return name.strip(), int(value) if value.isdecimal() and len(value) < 9 else value
