"""The pretend numbers: same for the same post, only growing, whole, and of a believable size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.channels.sandbox.numbers import fraction, growth, phi, shares_of, traits

BORN = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
PLATFORMS = ("youtube", "linkedin", "x")


def test_the_reference_curve_goes_through_its_knots():
    assert [phi(1), phi(30), phi(365)] == pytest.approx([0, 1.806, 2.75])


def test_growth_is_zero_at_birth_and_one_after_thirty_days():
    assert [growth(0, 1.0), growth(30, 1.0)] == [0.0, 1.0]


def test_growth_slows_down():
    gains = [growth(day + 1, 1.0) - growth(day, 1.0) for day in (1, 3, 7, 14, 30, 60, 120)]

    assert gains == sorted(gains, reverse=True)


@given(
    platform=st.sampled_from(PLATFORMS),
    post=st.text(max_size=12),
    seed=st.integers(0, 9),
    ages=st.lists(st.floats(0, 400 * 86_400), min_size=2, max_size=12).map(sorted),
)
def test_counts_never_fall_and_parts_never_exceed_the_views(platform, post, seed, ages):
    fate = traits(platform, "account", post, BORN, seed)
    seen = [timedelta(seconds=age) for age in ages]

    for what in fate.rates:
        counts = [fate.count(what, age) for age in seen]
        assert counts == sorted(counts)
        assert all(count <= fate.views(age) for count, age in zip(counts, seen, strict=True))
    views = [fate.views(age) for age in seen]
    assert views == sorted(views)


def test_the_same_post_has_the_same_numbers_and_another_seed_has_others():
    age = timedelta(days=30)

    first = traits("x", "a", "1", BORN, 1)
    traits.cache_clear()

    assert traits("x", "a", "1", BORN, 1) == first
    assert traits("x", "a", "1", BORN, 2).views(age) != first.views(age)


@pytest.mark.parametrize(
    ("platform", "low", "high"), [("youtube", 300, 1500), ("linkedin", 1500, 6000), ("x", 600, 2500)]
)
def test_the_middle_post_of_many_accounts_is_of_a_corporate_size_after_thirty_days(platform, low, high):
    views = [
        traits(platform, f"account{number % 20}", str(number), BORN, 1).views(timedelta(days=30))
        for number in range(400)
    ]

    assert low < median(views) < high
    assert max(views) > 5 * median(views)


def test_a_sunday_brings_less_than_a_wednesday_in_the_long_run():
    quiet = busy = 0.0
    for number in range(60):
        fate = traits("linkedin", "a", str(number), BORN, 1)
        days = [fate.lived(timedelta(days=day + 1)) - fate.lived(timedelta(days=day)) for day in range(28)]
        busy += sum(days[1::7])  # day 0 is a Tuesday
        quiet += sum(days[5::7])
    assert quiet < 0.7 * busy


def test_the_age_at_which_a_count_was_reached_is_found_again():
    fate = traits("x", "a", "7", BORN, 3)
    within = timedelta(days=60)
    number = fate.count("likes", within)

    age = fate.age_of("likes", number, within)

    assert fate.count("likes", age) == number
    assert fate.count("likes", age - timedelta(seconds=1)) == number - 1


def test_a_message_without_a_link_is_not_clicked_on_x():
    assert traits("x", "a", "1", BORN, 1, False).count("clicks", timedelta(days=30)) == 0


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=8))
def test_a_split_sums_to_its_total(total, weights):
    assert sum(shares_of(total, weights)) == total


def test_fractions_lie_strictly_between_zero_and_one():
    assert all(0 < fraction("x", number) < 1 for number in range(1000))
