"""Pauses: a stop of all sending, of one channel or of one campaign, with its reason; checked inside the attempt transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Exists, or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.models import Channel
from planner.core.errors import Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning.models import Campaign, Post
from planner.planning.quiet_models import Pause

__all__ = ["PauseLine", "all_in_force", "by_id", "in_force", "lines", "pause", "resume", "standstill", "stopped"]


@dataclass(frozen=True, slots=True)
class PauseLine:
    """One pause in force as people read it; without a channel or campaign it stops everything."""

    id: int
    reason: str
    started_at: datetime
    started_by: str | None
    channel: str | None
    campaign: str | None


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


def stopped() -> Exists:
    """The same for a query that names Post: whether any pause stops it now."""
    whole_or_its_own = or_(Pause.channel_id.is_(None), Pause.channel_id == Post.channel_id), or_(Pause.campaign_id.is_(None), Pause.campaign_id == Post.campaign_id)
    return select(Pause.id).where(Pause.ended_at.is_(None), *whole_or_its_own).correlate(Post).exists()


def all_in_force(db: Session) -> list[Pause]:
    """Every pause that holds now, for the banner."""
    return list(db.scalars(select(Pause).where(Pause.ended_at.is_(None)).order_by(Pause.id)))


#: Built once, since every page asks.
_LINES = (
    select(Pause.id, Pause.reason, Pause.started_at, User.name, User.email, Channel.name, Campaign.name)
    .outerjoin(User, Pause.started_by_id == User.id)
    .outerjoin(Channel, Channel.id == Pause.channel_id)
    .outerjoin(Campaign, Campaign.id == Pause.campaign_id)
    .where(Pause.ended_at.is_(None))
    .order_by(Pause.id)
)


def lines(db: Session) -> list[PauseLine]:
    """The pauses in force with what they stop, oldest first. One statement, on a table that stays small."""
    return [PauseLine(row[0], row[1], row[2], row[3] or row[4], row[5], row[6]) for row in db.connection().execute(_LINES)]


def by_id(db: Session, pause_id: int) -> Pause:
    """One pause. Raises NotFound."""
    row = db.get(Pause, pause_id)
    if row is None:
        raise NotFound()
    return row


def standstill(db: Session, channel_id: int | None = None) -> None:
    """Wait until no attempt is being opened on the channel, or on any: from here to the end of the transaction none is.

    Whoever opens an attempt holds its channel's row. Ask for the time after this: what was opened before it began before it.
    A writing transaction of SQLite holds all rows.
    """
    rows = select(Channel.id).order_by(Channel.id)
    if channel_id is not None:
        rows = rows.where(Channel.id == channel_id)
    if db.get_bind().dialect.name == "postgresql":
        rows = rows.with_for_update(key_share=True)
    db.execute(rows).all()


def pause(
    db: Session, reason: str, *, channel_id: int | None = None, campaign_id: int | None = None, actor: User | None, now: datetime
) -> Pause:
    """Stop all sending, or that of one channel or campaign: once this is committed, no attempt begins that it concerns.

    now -- asked for after `standstill`. Raises Invalid without a reason, or for a channel or campaign that is none.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why: everybody will read the reason."), field="reason")
    if channel_id is not None and db.get(Channel, channel_id) is None:
        raise Invalid(N_("There is no such channel."), field="channel_id")
    if campaign_id is not None and db.get(Campaign, campaign_id) is None:
        raise Invalid(N_("There is no such campaign."), field="campaign_id")
    standstill(db, channel_id)
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
