"""Good hours: what stands out, what is too little to say, on the channel's clock, and when it comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.best_times import LEAST, LEAST_THERE, Slot, best_times, judge, next_of
from planner.planning.models import PostState
from tests.factories import make_asset, make_channel, make_post

#: A Tuesday, 9 o'clock in Paris.
TUESDAY = datetime(2026, 2, 3, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def weeks(count: int, ratio: float, start: datetime = TUESDAY) -> list[tuple[datetime, float]]:
    return [(start - number * WEEK, ratio) for number in range(count)]


def test_an_hour_with_enough_better_posts_stands_out_on_the_channel_s_clock() -> None:
    told = [*weeks(6, 1.5), *weeks(20, 1.0, TUESDAY + timedelta(hours=6))]

    assert judge(told, "Europe/Paris") == (Slot(1, 9, 12, 1.5, 6),)
    assert judge(told, "Asia/Tokyo") == (Slot(1, 17, 20, 1.5, 6),)


@pytest.mark.parametrize("told", [weeks(LEAST_THERE - 1, 3.0), weeks(9, 1.05), [*weeks(4, 3.0), *weeks(3, 0.5)]])
def test_too_few_hardly_better_or_mixed_is_no_hint(told: list[tuple[datetime, float]]) -> None:
    assert judge(told, "Europe/Paris") == ()


@given(some.lists(some.tuples(some.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2026, 1, 1)), some.floats(0, 50)), max_size=60))
def test_whatever_is_told_a_hint_rests_on_enough_posts_and_there_are_at_most_three(told: list[tuple[datetime, float]]) -> None:
    found = judge([(at.replace(tzinfo=UTC), ratio) for at, ratio in told], "America/New_York")

    assert len(found) <= 3 and all(one.posts >= LEAST_THERE and one.ratio >= 1.1 for one in found)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 8, tzinfo=UTC)),
        (datetime(2026, 3, 3, 7, 0, tzinfo=UTC), datetime(2026, 3, 3, 8, tzinfo=UTC)),
        (datetime(2026, 3, 3, 7, 1, tzinfo=UTC), datetime(2026, 3, 10, 8, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 31, 7, tzinfo=UTC)),  # The clocks go forward in between.
    ],
)
def test_the_next_one_is_at_least_an_hour_away_and_minds_the_clock_change(now: datetime, then: datetime) -> None:
    assert next_of(Slot(1, 9, 12, 1.5, 6), "Europe/Paris", now) == then


def test_a_channel_with_few_numbers_says_how_many_it_has_and_one_with_enough_says_its_hour(db: Session, now: datetime) -> None:
    channel, asset = make_channel(db, platform=Platform.LINKEDIN), make_asset(db)
    told = []
    for number in range(LEAST):
        good = number % 3 == 0
        at = TUESDAY - (number + 1) * WEEK + timedelta(hours=0 if good else 8)
        post = make_post(db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=at, published_at=at, external_id=f"urn:{number}")
        told.append((post.id, at + WEEK, Reading(post.external_id or "", impressions=300 if good else 100)))
    insights.record_rows(db, told[1:])
    few = best_times(db, channel, now=now)
    assert (few.posts, few.is_enough, few.slots) == (LEAST - 1, False, ())

    insights.record_rows(db, told[:1])
    enough = best_times(db, channel, now=now)
    assert (enough.posts, enough.slots) == (LEAST, (Slot(1, 9, 12, 3.0, 7),))
