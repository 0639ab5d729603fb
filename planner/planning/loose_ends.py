"""Loose ends that the desk shows: what an approver asked to change, campaigns with nothing ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.planning.models import Approval, Campaign, Post, PostState, Standing, Verb

__all__ = ["AHEAD", "IdleCampaign", "asked_changes", "idle_campaigns"]

#: How far ahead a running campaign should have something.
AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class IdleCampaign:
    """A campaign that runs and has nothing planned ahead; `last_at` is the moment of its latest post, None when it never had one."""

    campaign_id: int
    name: str
    ends_on: date | None
    last_at: datetime | None


def asked_changes(db: Session, posts: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Post -> (who, what should change) of the last request for changes. One statement, none without posts."""
    if not posts:
        return {}
    rows = db.execute(
        select(Approval.post_id, Approval.by_name, Approval.note)
        .where(Approval.post_id.in_(posts), Approval.verb == Verb.CHANGES_REQUESTED)
        .order_by(Approval.id)
    )
    return {row.post_id: (row.by_name, row.note) for row in rows}


def idle_campaigns(db: Session, *, viewer: User, now: datetime, today: date, limit: int = 20) -> list[IdleCampaign]:
    """Campaigns that run today without a post in the next fortnight: one's own; for who edits campaigns, also those without an owner. One statement."""
    ahead = (
        select(Post.id)
        .where(Post.campaign_id == Campaign.id, Post.publish_at >= now, Post.publish_at < now + AHEAD, Post.state != PostState.CANCELLED)
        .exists()
    )
    last = select(func.max(Post.publish_at)).where(Post.campaign_id == Campaign.id, Post.state != PostState.CANCELLED).scalar_subquery()
    whose = or_(Campaign.owner_id == viewer.id, Campaign.owner_id.is_(None)) if may(viewer, "campaign.edit") else Campaign.owner_id == viewer.id
    rows = db.execute(
        select(Campaign.id, Campaign.name, Campaign.ends_on, last)
        .where(Campaign.standing == Standing.RUNNING, Campaign.starts_on <= today, Campaign.ends_on >= today, whose, ~ahead)
        .order_by(Campaign.ends_on, Campaign.id)
        .limit(limit)
    )
    return [IdleCampaign(*row) for row in rows]
