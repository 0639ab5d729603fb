"""The forecast on real series: calibrated, ordered, indifferent to how often somebody looked, silent where nothing is known."""

from __future__ import annotations

import math
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.promotion.forecast import Forecast, curve, forecast, known_at, outlook, tidy
from tests.promotion.real import posts, readings, videos

WAYS = [(3, 30), (7, 30), (7, 90)]
SOME = settings(max_examples=60, deadline=None)
ages = st.floats(0.01, 4000, allow_nan=False)
counts = st.floats(0, 1e12, allow_nan=False)
series = st.lists(st.tuples(ages, counts), max_size=12)


def told(until: int, horizon: int, past: int) -> list[tuple[Forecast, float]]:
    """(forecast, what came) of 80 videos, each with `past` other videos of the lot as its channel."""
    lot = videos()
    result = []
    for i in range(80):
        history = [readings(lot[(i + 1 + j * 7) % len(lot)], 99) for j in range(past)]
        expected = forecast(history, readings(lot[i], until), horizon)
        assert expected is not None
        result.append((expected, float(lot[i][horizon - 1])))
    return result


@pytest.mark.parametrize("past", [0, 5, 20])
@pytest.mark.parametrize(("until", "horizon"), WAYS)
def test_about_four_in_five_videos_end_inside_the_interval(until: int, horizon: int, past: int) -> None:
    inside = [expected.low <= came <= expected.high for expected, came in told(until, horizon, past)]
    assert 0.70 <= fmean(inside) <= 0.95


@pytest.mark.parametrize(("until", "horizon"), WAYS)
def test_the_median_is_nearer_than_the_last_count_carried_on(until: int, horizon: int) -> None:
    lot = videos()
    pairs = told(until, horizon, 20)
    ours = median(abs(expected.median / came - 1) for expected, came in pairs)
    carried = median(abs(lot[i][until - 1] / came - 1) for i, (_expected, came) in enumerate(pairs))
    assert ours < 0.85 * carried


def test_half_of_the_videos_end_above_the_median_when_the_channel_is_known() -> None:
    above = [came > expected.median for until, horizon in WAYS for expected, came in told(until, horizon, 20)]
    assert 0.40 <= fmean(above) <= 0.60


def test_news_items_on_networks_are_forecast_from_hours() -> None:
    lot = posts()
    inside = []
    for i in range(0, len(lot), 2):
        history = [item for j, item in enumerate(lot) if j != i][:20]
        seen = [reading for reading in lot[i] if reading[0] <= 0.5]
        if seen[-1][1] < 5:
            continue
        expected = forecast(history, seen, 2.0)
        assert expected is not None
        inside.append(expected.low <= lot[i][-1][1] <= expected.high)
    assert len(inside) >= 20
    assert 0.55 <= fmean(inside) <= 1.0


def test_a_channel_that_grows_slowly_overrules_the_start() -> None:
    slow = [[(1.0, 1000.0 + j), (7.0, 1030.0 + j), (30.0, 1060.0 + j)] for j in range(20)]
    alone, among = forecast([], [(7.0, 500.0)], 30), forecast(slow, [(7.0, 500.0)], 30)
    assert alone is not None
    assert among is not None
    assert among.median - 500 < 0.5 * (alone.median - 500)
    assert among.high - among.low < alone.high - alone.low


def test_a_burst_lifts_the_forecast_but_is_not_believed_entirely() -> None:
    steady = outlook([], [(1.0, 100.0), (6.0, 180.0), (7.0, 187.0)], 30)
    burst = outlook([], [(1.0, 100.0), (6.0, 180.0), (7.0, 1800.0)], 30)
    assert steady is not None
    assert burst is not None
    assert burst.own_pace is not None
    assert burst.own_pace > 3
    assert burst.forecast.median / 1800 > steady.forecast.median / 187
    assert burst.forecast.median < 1800 * 10


@pytest.mark.parametrize(("history", "observed"), [([], []), ([[]], []), ([[(-1.0, 5.0)]], [(math.nan, 3.0)]), ([], [(2.0, -1.0)])])
def test_there_is_no_answer_where_nothing_was_read(history: list, observed: list) -> None:
    assert forecast(history, observed, 30) is None


@pytest.mark.parametrize("horizon", [0, -1, math.nan, math.inf])
def test_an_age_that_is_none_is_refused(horizon: float) -> None:
    with pytest.raises(ValueError, match="positive number of days"):
        forecast([], [(1.0, 10.0)], horizon)


def test_before_publication_the_channel_s_others_are_the_answer() -> None:
    others = [[(30.0, views)] for views in (100.0, 200.0, 400.0, 800.0, 1600.0)]
    expected = forecast(others, [], 30)
    assert expected is not None
    assert expected.median == pytest.approx(400, rel=0.02)
    assert 2 < expected.high / expected.median < 6


def test_what_is_known_already_is_not_forecast() -> None:
    assert forecast([], [(1.0, 10.0), (10.0, 90.0)], 10) == Forecast(pytest.approx(90), pytest.approx(90), pytest.approx(90))


def test_counts_that_fell_are_left_out() -> None:
    assert tidy([(3.0, 80.0), (1.0, 50.0), (2.0, 90.0), (4.0, 95.0)]) == [(1.0, 50.0), (2.0, 90.0), (4.0, 95.0)]
    assert known_at([(1.0, 9.0), (4.0, 99.0)], 2.0) == pytest.approx((math.log(10) + math.log(100)) / 2)
    assert known_at([(1.0, 9.0), (4.0, 99.0)], 6.0) is None


def test_the_curve_rises_with_age() -> None:
    grown = [curve(age) for age in (0.01, 0.25, 0.5, 1, 2.5, 7, 20, 45, 400, 3650)]
    assert grown == sorted(grown)
    assert curve(1) == 0
    assert curve(36500) == curve(3650)


@SOME
@given(st.lists(series, max_size=6), series, st.floats(0.1, 4000))
def test_an_answer_is_finite_ordered_and_never_below_what_was_seen(history: list, observed: list, horizon: float) -> None:
    expected = outlook(history, observed, horizon)
    if expected is None:
        assert not tidy(observed)
        assert not any(map(tidy, history))
        return
    low, middle, high = expected.forecast.low, expected.forecast.median, expected.forecast.high
    assert all(map(math.isfinite, (low, middle, high)))
    assert expected.seen_views * (1 - 1e-9) - 1e-6 <= low <= middle <= high or (expected.seen_age is not None and horizon < expected.seen_age)
    draws = expected.draws(40)
    assert all(map(math.isfinite, draws))
    assert list(draws) == sorted(draws)
    assert 0 <= expected.chance_of(middle) <= 1


@SOME
@given(st.randoms(use_true_random=False), st.integers(0, 200))
def test_the_order_of_readings_and_of_videos_changes_nothing(random: object, which: int) -> None:
    lot = videos()
    history = [readings(lot[(which + j) % len(lot)], 60) for j in range(1, 8)]
    seen = readings(lot[which], 7)
    mixed = [random.sample(past, len(past)) for past in random.sample(history, len(history))]  # type: ignore[attr-defined]
    first, second = forecast(history, seen, 30), forecast(mixed, random.sample(seen, len(seen)), 30)  # type: ignore[attr-defined]
    assert first == pytest.approx(second)


@SOME
@given(st.integers(0, 200), st.floats(0, 5000))
def test_more_views_seen_never_lower_the_least_one_expects(which: int, more: float) -> None:
    lot = videos()
    history = [readings(lot[(which + j) % len(lot)], 60) for j in range(1, 8)]
    seen = readings(lot[which], 7)
    before = forecast(history, seen, 30)
    after = forecast(history, [*seen[:-1], (seen[-1][0], seen[-1][1] + more)], 30)
    assert before is not None
    assert after is not None
    assert after.low >= seen[-1][1] + more - 1e-6
    assert after.median >= max(seen[-1][1] + more, before.median * 0.999)


def test_looking_twice_as_often_hardly_changes_the_answer() -> None:
    lot = videos()
    apart = []
    for i in range(60):
        history = [readings(lot[(i + j) % len(lot)], 60) for j in range(1, 8)]
        rare, often = forecast(history, readings(lot[i], 7, every=2), 30), forecast(history, readings(lot[i], 7), 30)
        assert rare is not None
        assert often is not None
        apart.append(abs(math.log((rare.median + 1) / (often.median + 1))))
    assert median(apart) < 0.05


def test_a_chance_agrees_with_the_quantiles() -> None:
    expected = outlook([], [(1.0, 200.0), (7.0, 400.0)], 30)
    assert expected is not None
    assert [round(expected.chance_of(float(expected.views(q))), 6) for q in (0.1, 0.5, 0.8)] == [0.9, 0.5, 0.2]
    assert expected.chance_of(400) == 1.0
    assert expected.chance_of(1e12) == 0.0
