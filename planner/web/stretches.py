"""The stretch of days that a calendar's page shows, by its reader's clock, and the ones before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import get_timezone

__all__ = ["Stretch", "day_of", "midnight", "midnights", "stretch", "today", "zone"]

_LIST_DAYS = 31


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days on the page, half-open, and the days that lead to the ones before and after."""

    start: date
    end: date
    before: date
    after: date

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


def stretch(view: str, asked: date, *, whole_weeks: bool = True, days: int | None = None) -> Stretch:
    """The page that holds `asked`: a month, in whole weeks (six of them) or by itself; a list of 31 days (or `days`); twelve months, two of them gone; else the week."""
    if view == "year":
        month = asked.replace(day=1)
        return Stretch(_months_on(month, -2), _months_on(month, 10), _months_on(month, -6), _months_on(month, 6))
    if view == "month":
        first = asked.replace(day=1)
        before, after = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
        if not whole_weeks:
            return Stretch(first, after, before, after)
        start = first - timedelta(days=first.weekday())
        return Stretch(start, start + timedelta(days=42), before, after)
    length = timedelta(days=(days or _LIST_DAYS) if view == "list" else 7)
    start = asked if view == "list" else asked - timedelta(days=asked.weekday())
    return Stretch(start, start + length, asked - length, asked + length)


def _months_on(first: date, months: int) -> date:
    """The first of the month that many months later."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def zone() -> ZoneInfo:
    """The reader's."""
    return ZoneInfo(str(get_timezone()))


def today() -> date:
    """The day it is for the reader."""
    now: datetime = g.now
    return now.astimezone(zone()).date()


def midnight(day: date) -> datetime:
    """When that day begins for the reader."""
    return datetime.combine(day, time.min, zone()).astimezone(UTC)


def midnights(days: Sequence[date]) -> list[datetime]:
    """When each of these days begins for the reader, and when the last one ends."""
    place = zone()
    return [datetime.combine(day, time.min, place).astimezone(UTC) for day in [*days, days[-1] + timedelta(days=1)]]


def day_of(text: str) -> date:
    """The day in an address, else today."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return today()
    return day if 1990 <= day.year <= 2100 else today()
