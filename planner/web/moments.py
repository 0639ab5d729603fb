"""How planning's pages say a moment: in the channel's zone, with the reader's own beside it when the clocks differ."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from flask_babel import get_locale, get_timezone
from markupsafe import Markup

from planner.web.firsts import as_written

__all__ = ["clock", "day_name", "in_zone", "names_of", "own_time"]

_LONG, _SHORT = "EEE d MMM y, HH:mm", "HH:mm"


def in_zone(moment: datetime | None, zone: str | None = None, style: str = _LONG) -> Markup:
    """A moment as clocks in `zone` (None: the reader's) show it, as a <time> element."""
    if moment is None:
        return Markup("")
    place, locale = ZoneInfo(zone or str(get_timezone())), get_locale()
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(), as_written(str(format_datetime(moment, style, tzinfo=place, locale=locale)), locale)
    )


def clock(moment: datetime | None) -> Markup:
    """Hour and minute in the reader's zone."""
    return in_zone(moment, None, _SHORT)


def own_time(moment: datetime | None, zone: str) -> str:
    """The moment in the reader's own zone, when their clocks show something else than those in `zone`; else nothing."""
    mine = str(get_timezone())
    if moment is None or moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment.astimezone(ZoneInfo(mine)).replace(tzinfo=None):
        return ""
    return as_written(str(format_datetime(moment, _LONG, tzinfo=ZoneInfo(mine), locale=get_locale())), get_locale())


def day_name(day: date) -> str:
    """A day as a heading: its name, number and month."""
    return names_of(day, get_locale())[0]


@lru_cache(maxsize=2048)
def names_of(day: date, locale: Locale | None) -> tuple[str, str]:
    """A day as a heading (its name, number and month), and short; kept, since a page of the calendar names many."""
    name = as_written(str(format_date(day, "EEEE d MMMM", locale=locale)), locale)
    return name[:1].upper() + name[1:], as_written(str(format_date(day, "medium", locale=locale)), locale)
