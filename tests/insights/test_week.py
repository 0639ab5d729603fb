"""A channel's week: how each hour did on the channel's clock, from how many posts, and nothing where they are too few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.insights import service
from planner.insights.best_times import LEAST, LEAST_THERE
from planner.insights.week import Cell, Week, week, week_of
from planner.planning.models import PostState
from tests.factories import make_asset, make_channel, make_post

#: A Tuesday, 9 o'clock in Paris.
TUESDAY = datetime(2026, 2, 3, 8, 0, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def weeks(count: int, ratio: float, start: datetime = TUESDAY) -> list[tuple[datetime, float]]:
    return [(start - number * WEEK, ratio) for number in range(count)]


def test_each_hour_tells_its_middle_post_and_their_number_on_the_channels_clock() -> None:
    told = [*weeks(5, 1.6), (TUESDAY, 9.0), *weeks(15, 0.8, TUESDAY + 6 * HOUR), *weeks(2, 3.0, TUESDAY + 30 * HOUR)]

    found = week_of(told, "Europe/Paris")

    assert found == Week(
        23, {(1, 9): Cell(6, 1.6), (1, 15): Cell(15, 0.8), (2, 15): Cell(2)},
        {9: Cell(6, 1.6), 15: Cell(17, 0.8)}, {1: Cell(21, 0.8), 2: Cell(2)},
    )  # fmt: skip
    assert (list(found.hours), found.is_enough) == (list(range(9, 16)), True)
    assert week_of(told, "Asia/Tokyo").cells[1, 17] == Cell(6, 1.6)


def test_too_few_posts_in_all_say_nothing_about_any_hour_but_how_many_they_are() -> None:
    found = week_of(weeks(LEAST - 1, 2.0), "Asia/Tokyo")
    assert (found.is_enough, found.cells, found.by_hour, found.by_day) == (False, {(1, 17): Cell(19)}, {17: Cell(19)}, {1: Cell(19)})


def test_a_week_without_posts_has_no_hours() -> None:
    assert (list(week_of([], "Europe/Paris").hours), week_of([], "Europe/Paris").posts) == ([], 0)


@pytest.mark.parametrize(("ratio", "step"), [(None, 0), (0.0, -2), (0.6, -2), (0.61, -1), (0.9, -1), (0.91, 0), (1.09, 0), (1.1, 1), (1.49, 1), (1.5, 2), (40.0, 2)])
def test_a_cells_colour_has_five_steps(ratio: float | None, step: int) -> None:
    assert Cell(9, ratio).step == step


@given(some.lists(some.tuples(some.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2026, 1, 1)), some.floats(0, 50)), max_size=60))
def test_whatever_is_told_no_post_is_lost_and_no_figure_rests_on_fewer_than_it_needs(told: list[tuple[datetime, float]]) -> None:
    found = week_of([(at.replace(tzinfo=UTC), ratio) for at, ratio in told], "America/New_York")

    for cells in (found.cells, found.by_hour, found.by_day):
        assert sum(one.posts for one in cells.values()) == found.posts == len(told)
        assert all((one.ratio is not None) == (found.is_enough and one.posts >= LEAST_THERE) for one in cells.values())


def test_posts_count_at_seven_days_of_age_beside_their_channels_others(db: Session, now: datetime) -> None:
    channel, asset = make_channel(db, platform=Platform.LINKEDIN, time_zone="Asia/Tokyo"), make_asset(db)
    for number in range(24):
        at = TUESDAY - number * WEEK + (6 * HOUR if number % 3 else 0 * HOUR)
        post = make_post(db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=at, published_at=at)
        service.record(db, [(post.id, Reading("", impressions=100 if number % 3 else 180))], at=at + WEEK, now=now)

    assert week(db, channel, now=now).cells == {(1, 17): Cell(8, 1.8), (1, 23): Cell(16, 1.0)}
