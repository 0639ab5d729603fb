"""Reads the moments and days that people type."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["day", "moment", "one_day", "when"]


def moment(typed: str, *, field: str) -> datetime:
    """A moment with its offset, or else in UTC. Raises Invalid, naming the option `field`."""
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid(N_("“%(typed)s” is not a moment. Write 2026-03-24T09:30Z."), field=field, typed=typed[:60]) from None
    if not 1970 <= found.year <= 2100:
        raise Invalid(N_("The year %(year)s is out of reach."), field=field, year=found.year)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def when(typed: str, now: datetime) -> dict[str, Any]:
    """“now”, a moment with its offset, or a wall time, as the members of PostValues. Raises Invalid."""
    if typed.strip().lower() == "now":
        return {"publish_at": now}
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid(N_("“%(typed)s” is not a time. Write 2026-03-24T09:30, or “now”."), field="--at", typed=typed[:60]) from None
    if not 1970 <= moment.year <= 2100:
        raise Invalid(N_("The year %(year)s is out of reach."), field="--at", year=moment.year)
    if moment.tzinfo is None:
        return {"wall_time": moment.isoformat(timespec="minutes")}
    return {"publish_at": moment.astimezone(UTC)}


def one_day(typed: str, *, field: str) -> date:
    """A day. Raises Invalid, naming the option `field`."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid(N_("“%(typed)s” is not a day. Write 2026-12-31."), field=field, typed=typed[:60]) from None


def day(typed: str | None, now: datetime, days_from_now: int) -> datetime:
    """The start of a typed day in UTC, or of the day so many days from now. Raises Invalid."""
    try:
        chosen = date.fromisoformat(typed) if typed else now.date() + timedelta(days=days_from_now)
    except ValueError:
        raise Invalid(N_("“%(typed)s” is not a day. Write YYYY-MM-DD."), typed=str(typed)[:60]) from None
    return datetime.combine(chosen, time(), UTC)
