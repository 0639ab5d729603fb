"""Pauses: a stop of all sending, of one channel or of one campaign, with its reason; checked inside the attempt transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.core.errors import Invalid, WrongState
from planner.core.i18n import N_
from planner.planning.models import Pause, Post

__all__ = ["all_in_force", "in_force", "pause", "resume"]


def in_force(db: Session, post: Post) -> list[Pause]:
    """Pauses that stop this post now, oldest first."""
    return list(
        db.scalars(
            select(Pause)
            .where(
                Pause.ended_at.is_(None),
                or_(Pause.channel_id.is_(None), Pause.channel_id == post.channel_id),
                or_(Pause.campaign_id.is_(None), Pause.campaign_id == post.campaign_id),
            )
            .order_by(Pause.id)
        )
    )


def all_in_force(db: Session) -> list[Pause]:
    """Every pause that holds now, for the banner."""
    return list(db.scalars(select(Pause).where(Pause.ended_at.is_(None)).order_by(Pause.id)))


def pause(
    db: Session, reason: str, *, channel_id: int | None = None, campaign_id: int | None = None, actor: User | None, now: datetime
) -> Pause:
    """Stop all sending, or that of one channel or campaign. Raises Invalid without a reason."""
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why: everybody will read the reason."), field="reason")
    row = Pause(channel_id=channel_id, campaign_id=campaign_id, reason=reason, started_at=now, started_by_id=actor.id if actor else None)
    db.add(row)
    db.flush()
    history.record(db, actor, "pause.started", row, now=now, became={"channel": channel_id, "campaign": campaign_id}, note=reason)
    return row


def resume(db: Session, row: Pause, *, actor: User | None, now: datetime) -> None:
    """End a pause. What it held stays held until a person keeps, moves or drops each post. Raises WrongState when it had ended."""
    if row.ended_at is not None:
        raise WrongState(N_("This pause has already ended."))
    row.ended_at = now
    history.record(db, actor, "pause.ended", row, now=now)
