"""What the demo's world holds beside the company's own plan: a trade show it goes to, and what a rival announces there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from planner.people import events
from planner.people.events import EventValues
from planner.people.models import EventKind

__all__ = ["tell"]

#: First and last day from today, and the rest.
_EVENTS = (
    (-31, -29, "Smart Ports Summit", EventKind.CONFERENCE, "", "Rotterdam", "Our harbour master spoke on the second day."),
    (-3, -3, "Campus cloud", EventKind.ANNOUNCEMENT, "Halden Networks", "", "Their answer to private 5G, priced by the antenna."),
    (8, 11, "Telecom Forum", EventKind.TRADE_SHOW, "", "Lisbon", "Booth 4C12."),
    (9, 9, "Keynote on edge computing", EventKind.ANNOUNCEMENT, "Halden Networks", "Lisbon", ""),
)


def tell(db: Session, *, today: date, now: datetime) -> None:
    """The events."""
    for first, last, name, kind, rival, place, note in _EVENTS:
        values = EventValues(name, today + timedelta(days=first), today + timedelta(days=last), kind, rival, place, "", note)
        events.add(db, values, actor=None, now=now)
