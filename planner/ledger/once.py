"""Makes what one person sends twice happen once, inside the transaction that does it: a form pressed twice, or sent from ten tabs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.ledger.models import IdempotencyKey

__all__ = ["LIFE", "done", "take"]

#: How long it is remembered.
LIFE = timedelta(hours=24)


def take(db: Session, key: str, *, user_id: int, target: str, now: datetime) -> str | None:
    """What came of it when it was done already, else None: then this transaction does it, and says so with `done`.

    Waits for another transaction that is doing it just now. When that one rolls back, this one does it.
    key -- at most 200 characters, the same for the same content of the same form. target -- such as `POST /posts/new`.
    """
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.started_at < now - LIFE))
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = {"user_id": user_id, "key": key, "target": target, "body_digest": key[-64:], "started_at": now}
    made = db.scalar(insert(IdempotencyKey).values(**fresh).on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(IdempotencyKey.id))
    return None if made is not None else _row(db, key, user_id).body


def done(db: Session, key: str, *, user_id: int, came: str) -> None:
    """Note what came of it, for whoever sends it again."""
    row = _row(db, key, user_id)
    row.status, row.body = 302, came


def _row(db: Session, key: str, user_id: int) -> IdempotencyKey:
    return db.scalars(select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)).one()
