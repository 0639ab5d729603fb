"""Old assets that come back: what is a rise and what is chance, the threshold, and what brought it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.insights.resurfacing import LEAST, MENTIONED, Cause, CauseKind, Rise, cause_of, rise_of

LAST = date(2026, 11, 22)
DAY = timedelta(days=1)


def series(gains: Sequence[int], *, every: int = 1, start: int = 1000) -> list[tuple[date, int]]:
    """Readings at the end of each day (or of each `every`th, the last among them), the last of them LAST."""
    counts = list(accumulate(gains, initial=start))
    days = [LAST - (len(counts) - 1 - number) * DAY for number in range(len(counts))]
    return list(zip(days, counts, strict=True))[::-1][::every][::-1]


def test_a_rise_says_what_was_gained_what_its_age_predicts_and_from_where_it_is_told() -> None:
    assert rise_of(series([10] * 30 + [100, 150, 250])) == Rise(date(2026, 11, 20), date(2026, 11, 23), 500, 30.0, 90)


@pytest.mark.parametrize(
    ("gains", "told"),
    [
        ([10] * 30 + [30, 30, 30], True),
        ([10] * 30 + [30, 30, 29], False),
        # Three times nearly nothing is nothing.
        ([0] * 30 + [20, 20, LEAST - 41], False),
        ([0] * 30 + [20, 20, LEAST - 40], True),
        # What swings widely has to rise further: its weekends alone are four times its weekdays.
        ([200, 5, 5, 5] * 8 + [100, 60, 60], False),
        # A count that falls with age is expected to fall.
        ([1000 // (day + 1) for day in range(40)], False),
        # Corrected downwards, then back: nothing was gained.
        ([10] * 20 + [-500] + [10] * 9 + [10, 10, 10], False),
        # Too short a past says nothing.
        ([10] * 8 + [100, 100, 100], False),
        ([500], False),
    ],
)
def test_what_is_told_and_what_is_not(gains: list[int], told: bool) -> None:
    assert (rise_of(series(gains)) is not None) is told


def test_a_count_that_is_read_weekly_is_compared_week_by_week() -> None:
    weekly = series([10] * 35 + [60] * 7, every=7)

    assert rise_of(weekly) == Rise(date(2026, 11, 16), date(2026, 11, 23), 420, 70.0, 210)
    assert rise_of([one for one in weekly if one[0] != LAST - 7 * DAY]) is None


def test_an_outage_is_a_gap_and_no_rise() -> None:
    points = [one for one in series([100] * 40) if not LAST - 3 * DAY <= one[0] < LAST]
    assert rise_of(points) is None


def test_noise_raises_no_alert() -> None:
    chance, told = random.Random(11), 0
    for _ in range(3000):
        level, decay = 10 ** chance.uniform(0, 4), chance.uniform(0, 1)
        gains = [
            # Overdispersed, weekly, and falling with age: what a corporate channel's old video does.
            max(0, round(chance.gammavariate(4, level / 4) * (1 if day % 7 < 5 else 0.5) * (30 / (30 + day)) ** decay))
            for day in range(40)
        ]
        told += rise_of(series(gains)) is not None
    assert told == 0


def test_a_burst_of_ten_times_is_always_told() -> None:
    chance = random.Random(12)
    for _ in range(500):
        level = 10 ** chance.uniform(1.5, 4)
        gains = [max(0, round(chance.gammavariate(4, level / 4))) for _ in range(40)] + [round(level * 10)] * 3
        assert rise_of(series(gains)) is not None


@given(st.lists(st.integers(-50, 500), max_size=45), st.integers(1, 9))
def test_what_is_told_reaches_its_threshold_and_the_threshold_what_is_expected(gains: list[int], every: int) -> None:
    rise = rise_of(series(gains, every=every))
    if rise is not None:
        assert rise.gained >= rise.threshold >= max(LEAST, 3 * rise.expected)
        assert 3 <= (rise.until - rise.since).days <= 10


@pytest.mark.parametrize(
    ("weeks", "told"),
    [
        ([0] * 12 + [5], 5),
        ([0] * 12 + [4], None),
        # One a week, and then six.
        ([1] * 12 + [6], 6),
        ([1] * 12 + [5], None),
        ([2] * 12 + [10], 10),
        ([2] * 12 + [9], None),
        # Much spoken of when it came out, forgotten, then spoken of again: its own beginning makes it expect more.
        ([40, 9, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], None),
        ([40, 9, 3, 1, *[0] * 12, 9], 9),
        # What is mentioned in bursts has to be mentioned more.
        ([0, 6, 0, 0, 6, 0, 0, 6, 0, 0, 6, 0, 9], None),
        # Three weeks say nothing.
        ([0] * 3 + [9], None),
    ],
)
def test_mentions_are_looked_at_week_by_week(weeks: list[int], told: int | None) -> None:
    gains = [0, *(count if place == 3 else 0 for count in weeks for place in range(7))]
    rise = rise_of(series(gains), MENTIONED)
    assert (rise.gained if rise else None) == told


@given(st.lists(st.integers(0, 3), min_size=7, max_size=7), st.integers(4, 14))
def test_a_steady_trickle_of_mentions_is_no_news(week: list[int], weeks: int) -> None:
    assert rise_of(series([0, *week * weeks]), MENTIONED) is None


@given(st.lists(st.integers(0, 1), min_size=84, max_size=84), st.integers(0, 6), st.integers(0, 5))
def test_a_burst_of_mentions_months_later_is_told(before: list[int], on: int, less: int) -> None:
    quiet = [count if place % (10 - less) == 0 else 0 for place, count in enumerate(before)]
    burst = [0] * 7
    burst[on] = 30
    assert rise_of(series([0, *quiet, *burst]), MENTIONED) is not None


def test_chance_alone_hardly_ever_raises_an_alert_of_mentions() -> None:
    chance, told = random.Random(13), 0
    for _ in range(2000):
        rate = chance.uniform(0, 0.6)
        told += rise_of(series([0, *(sum(chance.random() < rate / 8 for _ in range(8)) for _ in range(91))]), MENTIONED) is not None
    assert told <= 2


REDDIT, SEARCH = (CauseKind.EXTERNAL, "reddit.com"), (CauseKind.SEARCH, "google")


@pytest.mark.parametrize(
    ("sources", "cause"),
    [
        ({REDDIT: 300.0, SEARCH: 40.0}, Cause(*REDDIT)),
        ({SEARCH: 300.0}, Cause(*SEARCH)),
        # Nobody is called the cause of a rise of which it brought a tenth.
        ({REDDIT: 40.0}, Cause()),
        ({}, Cause()),
    ],
)
def test_the_cause_is_what_brought_most_of_what_nobody_expected(sources: dict[tuple[CauseKind, str], float], cause: Cause) -> None:
    assert cause_of(500, 30, sources) == cause
