"""Takes an adopted message back to where it was found, and its numbers out of the asset's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.insights import service
from planner.publishing import natives
from planner.publishing.models import Native, NativeState

__all__ = ["put_back"]


def put_back(db: Session, native: Native, *, actor: User | None, now: datetime) -> None:
    """Open again as it was found; what was read of an adopted one no longer counts. Raises as publishing.natives.put_back does."""
    post_id = native.post_id if native.state is NativeState.ADOPTED else None
    natives.put_back(db, native, actor=actor, now=now)
    if post_id is not None:
        db.flush()
        service.forget(db, post_id)
