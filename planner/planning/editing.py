"""A live post that is to say something else: the words asked for, judged by the same rules as a new post, and taken over once they are live."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.port import Limits, Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import rules
from planner.planning.digest import leaving_title
from planner.planning.limits import limit_findings
from planner.planning.mentions import mentioned, spoken
from planner.planning.models import Approval, Post, Verb
from planner.planning.surroundings import surroundings
from planner.planning.values import PostValues, checked, values_of

__all__ = ["Yes", "asked", "digest_of", "edited", "judge", "said", "take_down", "take_over"]


def asked(post: Post, given: Mapping[str, Any], *, editable: Sequence[str]) -> dict[str, Any]:
    """What an edit changes, tidied: the parts of `given` that differ from the post. Raises Invalid, also when nothing differs."""
    before = said(post)
    values = checked(PostValues(**{**before, **{name: given[name] for name in editable if name in given}}), zone=post.channel.time_zone)
    changed = {name: values[name] for name in editable if values[name] != before[name]}
    if not changed:
        raise Invalid(N_("Nothing differs from what the post says now."))
    return changed


def said(post: Post) -> dict[str, Any]:
    """What the live post says, by the names of PostValues; an empty title there is the asset's."""
    return values_of(post) | {"title": leaving_title(post, post.asset)}


def edited(post: Post, content: Mapping[str, Any]) -> Post:
    """The post as it would be, for the rules and for the platform; never stored."""
    columns = {column.key: getattr(post, column.key) for column in Post.__table__.columns if not column.foreign_keys}
    return Post(**{**columns, **content}, asset=post.asset, channel=post.channel, campaign=post.campaign, asset_id=post.asset_id, channel_id=post.channel_id)


def judge(db: Session, post: Post, content: Mapping[str, Any], limits: Limits | None, *, at: datetime) -> list[rules.Finding]:
    """What the rules say of the edit going live at `at`: embargo, leak, sensitive, retired, and what the platform takes."""
    with db.no_autoflush:
        would = edited(post, content)
        around = surroundings(db, post, at=at)
        found = [
            *rules.gates(would, post.asset, post.campaign, post.channel, around, at),
            *limit_findings(would, post.asset, post.channel, limits),
        ]
    return sorted(found, key=lambda one: one.level != "blocking")


def digest_of(post: Post, content: Mapping[str, Any], *, alone: bool = False) -> str:
    """SHA-256 (64 hex characters) of what an edit would make of this post; what an approver says yes to.

    With what leaves beside it and stands elsewhere: how the people it mentions are called there, and of a video without a title of its own
    the asset's, since YouTube takes both anew. alone -- as it was before that was part of it.
    """
    told: dict[str, Any] = {"post": post.id, "content": dict(content)}
    text, title, platform = content.get("text", post.text), content.get("title", post.title), post.channel.platform
    # Held with the post, else each of its edits would read them anew.
    inspect(post).info.setdefault("mentioned", {}).update(mentioned(text, post.channel))
    if not alone and (said := spoken(text, platform, post.channel)) != text:
        told["mentions"] = said
    if not alone and platform is Platform.YOUTUBE and not title.strip():
        told["title"] = post.asset.title
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Yes(Protocol):
    """One yes to the edit, as planning.models.Approval keeps it."""

    step: str
    by_id: int | None
    by_name: str
    roles: list[str]
    at: datetime


def take_over(db: Session, post: Post, content: Mapping[str, Any], said: Sequence[Yes], *, asked_by_id: int | None, now: datetime) -> None:
    """It says so on the platform now: the post does too, with each yes that the edit had, and as changed last by whoever asked for it."""
    was = {name: getattr(post, name) for name in content}
    for name, value in content.items():
        setattr(post, name, value)
    post.updated_at = now
    post.submitted_by_id = asked_by_id or post.submitted_by_id
    digest = rules.content_digest(post, post.asset, post.channel)
    post.approved_digest = digest
    there = set(db.scalars(select(User.id).where(User.id.in_([one.by_id for one in said]))))
    note = N_("Approved as an edit of the live post.")
    for one in said:
        who = one.by_id if one.by_id in there else None
        post.approvals.append(Approval(verb=Verb.APPROVED, digest=digest, by_id=who, by_name=one.by_name, at=one.at, note=note, step=one.step, roles=list(one.roles)))
    history.record(db, None, "post.edited_live", post, now=now, was=was, became=dict(content))


def take_down(db: Session, post: Post, *, reason: str, actor: User | None, now: datetime) -> None:
    """It is gone from the platform. The post keeps its state, its address and its numbers."""
    post.taken_down_at = post.updated_at = now
    history.record(db, actor, "post.taken_down", post, now=now, note=reason)
