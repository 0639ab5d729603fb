"""The verbs of the rules: set one for a channel or for all, give it back, and override one on a post with a reason. None commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.channels.models import Channel
from planner.channels.port import Limits
from planner.core.errors import Conflict, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning import free_days, rules, states
from planner.planning.models import Post, RuleOverride, RuleSetting
from planner.planning.rulebook import BY_FINDING, Rule, rule
from planner.planning.surroundings import surroundings
from planner.planning.wording import KNOWN

__all__ = ["LONGEST_REASON", "override", "overrides_of", "reset", "set_rule"]

#: The longest reason for an override, in characters.
LONGEST_REASON = 500


def set_rule(
    db: Session,
    code: str,
    *,
    channel_id: int | None = None,
    enabled: bool,
    must_not: bool = False,
    parameters: Mapping[str, Any],
    actor: User | None,
    now: datetime,
) -> RuleSetting:
    """Say how a rule stands on one channel, or on all (None) that say nothing of their own.

    parameters -- by the names of the book; what is left out is as the book has it.
    Raises NotFound for an unknown rule or channel, WrongState for one that always holds, Invalid naming the parameter.
    """
    require(actor, "rules.set")
    known = _tunable(db, code, channel_id)
    values = {one.name: one.read(parameters.get(one.name, one.default)) for one in known.parameters}
    _check_known(values)
    if set(parameters) - values.keys():
        raise Invalid(N_("This rule has no such parameter."))
    row = _setting(db, code, channel_id)
    told = {"enabled": enabled, "must_not": must_not and enabled and known.judges_posts, "parameters": values}
    if row is None:
        row = RuleSetting(code=code, channel_id=channel_id, **told)
        db.add(row)
        was = None
    else:
        was = {"enabled": row.enabled, "must_not": row.must_not, "parameters": dict(row.parameters)}
        if was == told:
            return row
        row.enabled, row.must_not, row.parameters = enabled, bool(told["must_not"]), values
    db.flush()
    history.record(db, actor, "rule.set", row, now=now, was=was, became=told | {"channel": channel_id})
    return row


def reset(db: Session, code: str, *, channel_id: int | None = None, actor: User | None, now: datetime) -> None:
    """Take back what was set: the channel follows the setting for all again, or all follow the book. Nothing happens when nothing was set."""
    require(actor, "rules.set")
    _tunable(db, code, channel_id)
    row = _setting(db, code, channel_id)
    if row is not None:
        was = {"enabled": row.enabled, "must_not": row.must_not, "parameters": dict(row.parameters), "channel": channel_id}
        history.record(db, actor, "rule.reset", row, now=now, was=was)
        db.delete(row)
        db.flush()


def override(
    db: Session,
    post: Post,
    code: str,
    *,
    reason: str,
    digest: str | None = None,
    limits: Limits | None = None,
    actor: User | None,
    now: datetime,
) -> RuleOverride:
    """Let exactly this content and moment pass a rule that an administrator made blocking; any edit asks again.

    digest -- of what the person was looking at; another by now is a Conflict. None: not told.
    Raises Forbidden for who may not approve, Invalid without a reason, WrongState when that rule does not block this post or
    may not be overridden.
    """
    require(actor, "post.approve", post)
    states.require(post, "revise")
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why it may go out all the same: the reason is kept with the post."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="reason", most=LONGEST_REASON)
    current = rules.content_digest(post, post.asset, post.channel)
    if digest is not None and digest != current:
        raise Conflict(N_("This post was changed after you opened it. Read it again, then decide."))
    found = rules.findings(post, post.asset, post.campaign, post.channel, limits, now, surroundings(db, post))
    if not any(one.overridable and BY_FINDING[one.code].code == code for one in found):
        raise WrongState(N_("That rule does not stand in the way of this post, or nobody may override it."))
    row = RuleOverride(
        post_id=post.id, code=code, digest=current, reason=reason, by_id=actor.id if actor else None,
        by_name=actor.display_name if actor else history.COMMAND_LINE, at=now,
    )  # fmt: skip
    db.add(row)
    history.record(db, actor, "post.rule_overridden", post, now=now, became={"rule": code}, note=reason, name=history.COMMAND_LINE)
    db.flush()
    return row


def overrides_of(db: Session, post: Post) -> list[RuleOverride]:
    """Every override of this post, the latest first. One statement."""
    return list(db.scalars(select(RuleOverride).where(RuleOverride.post_id == post.id).order_by(RuleOverride.id.desc())))


def _tunable(db: Session, code: str, channel_id: int | None) -> Rule:
    known = rule(code)
    if known is None or (channel_id is not None and db.get(Channel, channel_id) is None):
        raise NotFound()
    if known.locked:
        raise WrongState(N_("This rule always holds: it can neither be switched off nor changed."))
    return known


def _setting(db: Session, code: str, channel_id: int | None) -> RuleSetting | None:
    return db.scalar(select(RuleSetting).where(RuleSetting.code == code, RuleSetting.channel_id.is_not_distinct_from(channel_id)))


def _check_known(values: Mapping[str, Any]) -> None:
    country, language = values.get("country"), values.get("language")
    if country and country not in free_days.countries():
        raise Invalid(N_("Choose one of the list."), field="country")
    if language and language not in KNOWN:
        raise Invalid(N_("Choose one of the list."), field="language")
