"""Each platform's schedule by age: what a year costs, and that the last reading before numbers close is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from planner.channels.port import Platform
from planner.insights.cadence import Pace, cadence_of, is_due, pace_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BORN = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)


def year(platform: Platform, born: datetime = BORN, *, days: int = 365, down: range = range(0)) -> list[datetime]:
    """When a post is read in a year of hourly rounds, when the planner is off during `down` (hours since publication)."""
    read: list[datetime] = []
    start = born.replace(minute=0) + HOUR
    for hour in range(days * 24):
        now = start + hour * HOUR
        if hour not in down and is_due(born, read[-1] if read else None, now, cadence=cadence_of(platform)):
            read.append(now)
    return read


@pytest.mark.parametrize("minute", [0, 20, 59])
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_x_is_asked_for_a_post_on_at_most_77_days_of_its_first_year(hour: int, minute: int) -> None:
    born = BORN.replace(hour=hour, minute=minute)
    read = [at for at in year(Platform.X, born) if at.date() < born.date() + 365 * DAY]

    assert len({at.date() for at in read}) <= 77
    before = [at for at in read if at < born + 30 * DAY]
    assert born + 30 * DAY - before[-1] <= timedelta(hours=30)  # The early snapshot: in the last day, six hours aside.


def test_a_youtube_video_is_read_every_day_for_ever_and_hourly_at_first() -> None:
    days = {at.date() for at in year(Platform.YOUTUBE)}

    assert len(days) == 366
    assert sum(at < BORN + 2 * DAY for at in year(Platform.YOUTUBE)) == 48


def test_linkedin_is_read_daily_then_weekly_and_once_more_before_the_year_is_over_then_never() -> None:
    read = year(Platform.LINKEDIN, days=400)

    assert read[-1].date() == date(2027, 3, 2)
    assert read[-1] < BORN + 365 * DAY
    assert pace_of(BORN, BORN + 365 * DAY, cadence_of(Platform.LINKEDIN)) == Pace.OVER
    daily = [at for at in read if BORN + 2 * DAY <= at < BORN + 90 * DAY]
    assert {(later - earlier) for earlier, later in pairwise(daily)} == {DAY}


def test_after_an_outage_reading_goes_on_at_once_and_the_missed_closing_is_made_up_for() -> None:
    outage = range(10 * 24, 10 * 24 + 36)
    read = year(Platform.X, down=outage)
    start = BORN.replace(minute=0) + HOUR
    resumed = start + 10 * 24 * HOUR + 36 * HOUR

    assert resumed in read
    assert not any(start + 10 * 24 * HOUR <= at < resumed for at in read)
    closing = year(Platform.X, down=range(29 * 24, 29 * 24 + 12))
    assert any(BORN + 29 * DAY < at < BORN + 30 * DAY for at in closing)
