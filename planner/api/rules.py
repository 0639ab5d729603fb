"""The rules of planning: how each stands, for all channels or for one, and what lets one post pass."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import creates, expect, reads, steps
from planner.api.fields import Body, Flag, Line, Lines, Moment, Number, Out, QueryNumber
from planner.api.posts import limits_of
from planner.channels import service as channels
from planner.planning import queries, tuning
from planner.planning.rulebook import BOOK, Rule, rule, tuning_of
from planner.planning.surroundings import all_settings

__all__ = ["bp"]

bp = Blueprint("api-rules", __name__, description="What is checked before a post goes on.")


class RuleOut(Out):
    code = fields.String(required=True)
    name = fields.String(required=True)
    checks = fields.String(required=True)
    level = fields.String(required=True, metadata={"enum": ["blocking", "warning"]})
    locked = fields.Boolean(required=True, metadata={"description": "It always holds: it can neither be switched off nor changed."})
    enabled = fields.Boolean(required=True)
    must_not = fields.Boolean(required=True, metadata={"description": "Its warning was made to block."})
    parameters = fields.Dict(required=True)
    own = fields.Boolean(required=True, metadata={"description": "Set for this very channel, or for all where none is asked for."})


class RuleList(Out):
    items = fields.List(fields.Nested(RuleOut), required=True)


class RuleQuery(Body):
    channel_id = QueryNumber(least=1, load_default=None, metadata={"description": "As it stands there; as for all channels when left out."})


class RuleIn(Body):
    rule = Line(least=1, most=40, required=True)
    channel_id = Number(least=1, allow_none=True, load_default=None, metadata={"description": "null: all channels that say nothing of their own."})
    enabled = Flag(load_default=True)
    must_not = Flag(load_default=False)
    parameters = fields.Dict(keys=fields.String(), load_default=dict, metadata={"description": "What is left out is as the book has it."})


class ResetIn(Body):
    rule = Line(least=1, most=40, required=True)
    channel_id = Number(least=1, allow_none=True, load_default=None)


class OverrideIn(Body):
    rule = Line(least=1, most=40, required=True, metadata={"description": "Code of a rule that was made to block and blocks this post."})
    reason = Lines(least=1, most=tuning.LONGEST_REASON, required=True)
    digest = Line(most=64, allow_none=True, load_default=None, metadata={"description": "Of the post you read; another one by now is a 409."})


class OverrideOut(Out):
    rule = fields.String(required=True, attribute="code")
    reason = fields.String(required=True)
    digest = fields.String(required=True)
    by_name = fields.String(required=True)
    at = Moment(required=True)


class OverrideList(Out):
    items = fields.List(fields.Nested(OverrideOut), required=True)


@reads()
@bp.arguments(RuleQuery, location="query")
@bp.response(200, RuleList)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Every rule, in the order of the book."""
    channel_id = query["channel_id"]
    if channel_id is not None:
        channels.by_id(g.db, channel_id)
    return {"items": [_shown(one, channel_id) for one in BOOK]}


@creates("rules.set")
@bp.arguments(RuleIn)
@bp.response(200, RuleOut)
def set_rule(given: dict[str, Any]) -> Any:
    """Say how a rule stands, for one channel or for all."""
    code = given.pop("rule")
    tuning.set_rule(g.db, code, **given, actor=g.user, now=g.now)
    known = rule(code)
    assert known is not None
    return _shown(known, given["channel_id"])


@creates("rules.set")
@bp.arguments(ResetIn)
@bp.response(200, RuleOut)
def reset(given: dict[str, Any]) -> Any:
    """Take back what was set: the channel follows the setting for all again, or all follow the book."""
    tuning.reset(g.db, given["rule"], channel_id=given["channel_id"], actor=g.user, now=g.now)
    known = rule(given["rule"])
    assert known is not None
    return _shown(known, given["channel_id"])


@reads()
@bp.response(200, OverrideList)
def overrides(post_id: int) -> dict[str, Any]:
    """Which rules a post was let past, by whom and why, the latest first."""
    return {"items": tuning.overrides_of(g.db, queries.post(g.db, post_id, viewer=g.user))}


@steps("post.approve")
@bp.arguments(OverrideIn)
@bp.response(201, OverrideOut)
def override(given: dict[str, Any], post_id: int) -> Any:
    """Let exactly this content and moment pass a rule that was made to block; any edit asks again."""
    post = queries.post(g.db, post_id, viewer=g.user)
    expect(post.version)
    return tuning.override(
        g.db, post, given["rule"], reason=given["reason"], digest=given["digest"], limits=limits_of(post), actor=g.user, now=g.now
    )


def _shown(one: Rule, channel_id: int | None) -> dict[str, Any]:
    settings = all_settings(g.db)
    told = {"code": one.code, "name": one.name, "checks": one.checks, "level": one.level, "locked": one.locked}
    if one.locked:
        return told | {"enabled": True, "must_not": False, "parameters": {}, "own": False}
    stands = tuning_of(settings, channel_id).of(one.code)
    own = any(row.code == one.code and row.channel_id == channel_id for row in settings)
    return told | {"enabled": stands.enabled, "must_not": stands.must_not, "parameters": dict(stands.values), "own": own}
