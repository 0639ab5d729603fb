"""Writes history inside the write it tells of: same session, same transaction."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.core.writing import add

__all__ = ["COMMAND_LINE", "PLANNER", "record", "record_now"]

#: Names shown where no person acted.
COMMAND_LINE = "command line"
PLANNER = "planner"


def record(
    db: Session,
    actor: User | None,
    action: str,
    subject: Any,
    *,
    now: datetime,
    was: dict[str, Any] | None = None,
    became: dict[str, Any] | None = None,
    note: str = "",
    name: str = "",
) -> Entry:
    """Add one line of history about `subject` (any row with an id; its table names the type).

    actor -- the person, or None for the planner itself (`PLANNER`) unless `name` says otherwise.
    """
    if subject.id is None:
        db.flush()
    entry = Entry(
        **_values(action, subject, now, was, became, note),
        actor_id=actor.id if actor else None,
        actor_name=actor.display_name if actor else (name or PLANNER),
    )
    db.add(entry)
    return entry


def record_now(
    db: Session, action: str, subject: Any, *, now: datetime, was: dict[str, Any] | None = None, became: dict[str, Any] | None = None, note: str = ""
) -> None:
    """The planner's own line about a stored row, written at once and past the unit of work: for steps taken for each message sent."""
    add(db, Entry, **_values(action, subject, now, was, became, note), actor_name=PLANNER)


def _values(
    action: str, subject: Any, now: datetime, was: dict[str, Any] | None, became: dict[str, Any] | None, note: str
) -> dict[str, Any]:
    return {
        "at": now,
        "action": action,
        "subject_type": subject.__tablename__,
        "subject_id": subject.id,
        "subject_name": str(getattr(subject, "title", "") or getattr(subject, "name", "") or getattr(subject, "email", "") or "")[:500],
        "was": _storable(was),
        "became": _storable(became),
        "note": note,
    }


def _storable(values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value
