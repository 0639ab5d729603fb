"""What the verbs of a post share: say a word on its content, bring it into a state, write that down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.port import Limits
from planner.planning import rules
from planner.planning.differences import snapshot
from planner.planning.models import STANDARD_STEP, Approval, Post, PostState, Verb
from planner.planning.steps import COMMAND
from planner.planning.surroundings import surroundings

__all__ = ["digest_of", "findings_of", "into", "record", "say"]


def digest_of(post: Post) -> str:
    """Of what would leave now."""
    return rules.content_digest(post, post.asset, post.channel)


def findings_of(db: Session, post: Post, limits: Limits | None, now: datetime) -> list[rules.Finding]:
    """What the rules say of it now."""
    return rules.findings(post, post.asset, post.campaign, post.channel, limits, now, surroundings(db, post))


def say(post: Post, verb: Verb, note: str, actor: User | None, now: datetime, *, step: str = STANDARD_STEP) -> Approval:
    """Add a person's word on what the post says now."""
    said = Approval(
        verb=verb, digest=digest_of(post), by_id=actor.id if actor else None, by_name=actor.display_name if actor else history.COMMAND_LINE, at=now,
        note=note, step=step, roles=sorted(actor.role_names) if actor else [COMMAND], content=snapshot(post),
    )  # fmt: skip
    post.approvals.append(said)
    return said


def into(db: Session, post: Post, state: PostState, action: str, actor: User | None, now: datetime, note: str = "", name: str = "") -> None:
    """Bring it into a state and write that down."""
    was, post.state, post.updated_at = post.state, state, now
    record(db, actor, action, post, now, was={"state": was}, became={"state": state}, note=note, name=name)


def record(db: Session, actor: User | None, action: str, post: Post, now: datetime, *, name: str = "", **told: Any) -> None:
    """One line of history; without an actor, that of `name`, else the command line's."""
    history.record(db, actor, action, post, now=now, name=name or history.COMMAND_LINE, **told)
