"""Re-edits as somebody's tasks: which are open, done, or open again after all."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, selectinload

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.core.errors import Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.promotion.models import Decision, ReEdit

__all__ = ["finish", "reedit", "reedit_of", "reedits", "reopen"]

_LAST_ID = 2**63 - 1


def reedit_of(db: Session, decision_id: int) -> ReEdit | None:
    """The task that a decision opened."""
    return db.scalars(select(ReEdit).where(ReEdit.decision_id == decision_id).options(selectinload(ReEdit.owner))).first()


def reedit(db: Session, number: int) -> ReEdit:
    """Raises NotFound for one that is not; whether somebody may see its video is the caller's question."""
    found = db.get(ReEdit, number) if 0 < number <= _LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def reedits(db: Session, *, viewer: User | None, limit: int = 20) -> list[tuple[ReEdit, str]]:
    """Open tasks of this person and those nobody has, with the video's title, the one due first ahead. One statement."""
    known = known_to(viewer)
    query = (
        select(ReEdit, Asset.title)
        .options(contains_eager(ReEdit.decision))
        .join(Decision, Decision.id == ReEdit.decision_id)
        .join(Asset, Asset.id == Decision.asset_id)
        .where(Decision.stands, ReEdit.done_at.is_(None))
        .order_by(ReEdit.due_on, ReEdit.id)
        .limit(limit)
    )
    if known is not None:
        query = query.where(known)
    if viewer is not None:
        query = query.where((ReEdit.owner_id == viewer.id) | ReEdit.owner_id.is_(None))
    return [(task, title) for task, title in db.execute(query)]


def finish(db: Session, task: ReEdit, *, at: datetime, actor: User | None, now: datetime) -> None:
    """The new title or thumbnail went live at this moment. Raises Forbidden, WrongState when that is said already, Invalid for a moment to come."""
    require(actor, "promotion.record", task.decision.asset)
    if task.done_at is not None:
        raise WrongState(N_("This re-edit is done already."))
    if not task.decision.decided_at - timedelta(days=1) <= at <= now:
        raise Invalid(N_("Choose a moment between the decision and now."), field="done_at")
    task.done_at = at
    history.record(db, actor, "promotion.reedit_done", task.decision, now=now, became={"done_at": at})


def reopen(db: Session, task: ReEdit, *, actor: User | None, now: datetime) -> None:
    """It is not done after all. Raises Forbidden, WrongState."""
    require(actor, "promotion.record", task.decision.asset)
    if task.done_at is None:
        raise WrongState(N_("This re-edit is not done yet."))
    was, task.done_at = task.done_at, None
    history.record(db, actor, "promotion.reedit_reopened", task.decision, now=now, was={"done_at": was})
