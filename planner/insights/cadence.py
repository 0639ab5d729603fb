"""How often a post is read: pure. Each platform's own schedule by age, and when it stops telling some of the numbers.

Readings fall into whole UTC hours and days, so that everything of one channel that is due is asked for together: batches are full,
and two readings of a day's end lie exactly one day apart. Sources: docs/concepts.md, “Numbers”.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from planner.channels.port import Platform

__all__ = ["CADENCES", "EVERYWHERE", "Cadence", "Pace", "cadence_of", "is_due", "pace_of"]

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Cadence:
    """One platform's schedule.

    hourly -- from publication, how long a post is read each UTC hour.
    daily  -- on how many UTC days, that of publication among them, it is read at least once; None: for ever. Weekly afterwards.
    closes -- after how long the platform stops telling something; None: never. One more reading is taken on the last day before.
    ends   -- whether it then tells nothing at all, so that nobody asks any more.
    """

    hourly: timedelta = timedelta(days=2)
    daily: int | None = 90
    closes: timedelta | None = None
    ends: bool = False

    def closing(self, published_at: datetime) -> datetime | None:
        """When the platform stops telling."""
        return None if self.closes is None else published_at + self.closes

    def last_day(self, published_at: datetime) -> date | None:
        """The last UTC day whose beginning lies well before that moment; on it the early snapshot is taken."""
        closing = self.closing(published_at)
        return None if closing is None else (closing - _LEEWAY).astimezone(UTC).date()


#: A platform's month may be a few hours shorter than ours.
_LEEWAY = timedelta(hours=6)

EVERYWHERE = Cadence()
CADENCES = {
    # A call for fifty videos costs one unit of ten thousand: all of them are read every day.
    Platform.YOUTUBE: Cadence(daily=None),
    # Statistics reach back twelve months.
    Platform.LINKEDIN: Cadence(closes=timedelta(days=365), ends=True),
    # X charges each post once a UTC day, and tells clicks and what was organic for thirty days: 29 days, the closing one, 47 weeks.
    Platform.X: Cadence(daily=29, closes=timedelta(days=30)),
}


class Pace:
    """Names of the three paces, and of none."""

    HOURLY, DAILY, WEEKLY, OVER = "hourly", "daily", "weekly", "over"


def cadence_of(platform: Platform) -> Cadence:
    return CADENCES.get(platform, EVERYWHERE)


def pace_of(published_at: datetime, now: datetime, cadence: Cadence) -> str:
    """At which pace a post is read at its present age."""
    closing = cadence.closing(published_at)
    if cadence.ends and closing is not None and now >= closing:
        return Pace.OVER
    if now - published_at < cadence.hourly:
        return Pace.HOURLY
    old = (_day(now) - _day(published_at)).days
    return Pace.DAILY if cadence.daily is None or old < cadence.daily else Pace.WEEKLY


def is_due(
    published_at: datetime, read_at: datetime | None, now: datetime, *, asked_at: datetime | None = None, cadence: Cadence = EVERYWHERE
) -> bool:
    """Whether a post wants a reading now.

    asked_at -- when the platform was last asked about it and told nothing; of a post that is gone nobody asks more than once a UTC
                day after its first two.
    """
    pace = pace_of(published_at, now, cadence)
    if pace == Pace.OVER:
        return False
    last = max((one for one in (read_at, asked_at) if one is not None), default=None)
    if last is None:
        return True
    if pace == Pace.HOURLY:
        return _hour(last) < _hour(now)
    today, then = _day(now), _day(last)
    if then >= today:
        return False
    if pace == Pace.DAILY or last == asked_at or (today - then).days >= _WEEK:
        return True
    closing, closing_day = cadence.closing(published_at), cadence.last_day(published_at)
    return closing is not None and closing_day is not None and then < closing_day <= today and now < closing


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _hour(at: datetime) -> datetime:
    utc = at.astimezone(UTC)
    return datetime.combine(utc.date(), time(utc.hour), UTC)
