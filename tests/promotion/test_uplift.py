"""Uplift on real series that were promoted on paper: no phantom, the truth inside the interval, a default called a default."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from planner.promotion.forecast import outlook
from planner.promotion.uplift import GUESS, PastVideo, Uplift, extra_views, uplift
from tests.promotion.pretending import channel, rows


def estimates(truth: float) -> list[Uplift]:
    return [uplift(channel(seed, truth), 30) for seed in range(16)]


def test_a_promotion_that_did_nothing_is_not_shown_as_one_that_did() -> None:
    told = estimates(1.0)
    assert abs(fmean(gain.log_mean for gain in told)) <= 0.15
    naive = fmean(gain.naive for gain in told if gain.naive is not None)
    assert naive > 0.4, "the plain ratio of averages is fooled by who was chosen; that is why it is not used"


def test_a_true_uplift_lies_inside_the_interval() -> None:
    told = estimates(1.5)
    inside = [low <= 1.5 <= high for low, high in (gain.interval() for gain in told)]
    assert fmean(inside) >= 0.74
    assert abs(fmean(gain.log_mean for gain in told) - math.log(1.5)) <= 0.15


def test_a_strong_uplift_is_understated_by_little_and_lies_inside_the_interval() -> None:
    told = estimates(3.0)
    assert fmean(low <= 3 <= high for low, high in (gain.interval() for gain in told)) >= 0.74
    assert -0.2 <= fmean(gain.log_mean for gain in told) - math.log(3) <= 0.05


def test_the_further_the_promoted_stood_above_the_others_before_the_wider_the_interval() -> None:
    def gain(before: float) -> Uplift:
        others = [PastVideo([(1.0, 50.0 + 5 * i), (7.0, 100.0 + 9 * i), (30.0, 150.0 + 13 * i)]) for i in range(12)]
        lifted = [PastVideo([(1.0, before / 2), (7.0, before + i), (30.0, before * 2.2 + i)], promoted_at=7.0) for i in range(4)]
        return uplift([*others, *lifted], 30)

    assert gain(150.0).log_sd < gain(1500.0).log_sd < gain(15_000.0).log_sd


def test_the_table_of_the_docs_is_what_is_measured() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "promotion.md").read_text()
    told = next(row for row in rows(channels=16) if row.truth == 1.0)

    assert all(line.count("|") == 7 for line in page.splitlines() if line.startswith("| ×"))
    assert (abs(told.bias) <= 0.15, told.coverage >= 0.74, told.naive > 3) == (True, True, True)


def test_without_a_promotion_on_record_it_is_a_default_and_says_so() -> None:
    gain = uplift([PastVideo([(7.0, 100.0), (30.0, 200.0)])], 30)
    assert (gain.measured, gain.promoted, gain.others, gain.log_mean) == (False, 0, 1, GUESS)
    assert gain.factor == pytest.approx(1.5)
    assert uplift([], 30, guess=math.log(2)).factor == pytest.approx(2)


def test_a_first_promotion_moves_the_guess_only_a_little() -> None:
    quiet = [PastVideo([(1.0, 50.0), (7.0, 100.0 + i), (30.0, 150.0 + i)]) for i in range(10)]
    strong = PastVideo([(1.0, 50.0), (7.0, 100.0), (30.0, 1100.0)], promoted_at=7.0)
    gain = uplift([*quiet, strong], 30)
    assert gain.measured
    assert 1.5 < gain.factor < 10


def test_videos_that_nobody_looked_at_again_say_nothing() -> None:
    unknown = [PastVideo([(1.0, 100.0), (7.0, 200.0)], promoted_at=7.0), PastVideo([], promoted_at=3.0)]
    assert uplift(unknown, 30) == Uplift(GUESS, uplift([], 30).log_sd, 0, 0)


@pytest.mark.parametrize("promoted_at", [14.0, 20.5, 29.0])
def test_a_promotion_after_the_days_that_are_counted_says_nothing(promoted_at: float) -> None:
    late = PastVideo([(5.0, 10.0), (19.0, 11.0), (20.0, 5011.0)], promoted_at=promoted_at)
    others = [PastVideo([(5.0, 55.0), (8.0, 56.0), (22.0, 56.0)]), PastVideo([(2.0, 50.0), (16.0, 90.0)], promoted_at=7.0)]

    assert uplift([late, *others], 14) == uplift(others, 14)


def test_extra_views_are_the_way_ahead_times_the_uplift() -> None:
    expected = outlook([], [(1.0, 200.0), (7.0, 400.0)], 30)
    assert expected is not None
    extra = extra_views(expected, Uplift(math.log(2), 0.1))
    assert extra.shape == (20_000,)
    assert list(extra[:-1]) <= list(extra[1:])
    assert np.median(extra) == pytest.approx(expected.forecast.median - 400, rel=0.15)
    assert extra_views(expected, Uplift(math.log(2), 0.1)).tolist() == extra.tolist()
