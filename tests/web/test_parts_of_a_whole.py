"""Parts of a whole, small amounts and ratios as people read them, and the line in the middle of the picture of costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from planner.web.cost_field import field_of
from planner.web.filters import money, percent
from planner.web.performance import times


@pytest.mark.parametrize(
    ("part", "said"),
    [(0, "0%"), (0.0001, "0.1%"), (0.004, "0.4%"), (0.25, "25%"), (0.994, "99%"), (0.9975, "99.8%"), (0.99996, "99.9%"), (1, "100%")],
)
def test_nothing_and_all_are_only_said_of_nothing_and_all(app: Flask, part: float, said: str) -> None:
    with app.test_request_context():
        assert percent(part) == said


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [("0.0024", "€0.0024", "0,0024 €"), ("0.00002", "€0.00002", "0,00002 €"), ("0.0138", "€0.014", "0,014 €"), ("0.05", "€0.05", "0,05 €"),
     ("0.4938", "€0.49", "0,49 €"), ("3", "€3", "3 €"), ("1234.5", "€1,234.50", "1\u202f234,50 €")],
)  # fmt: skip
def test_what_costs_a_part_of_a_cent_is_not_said_to_cost_nothing(app: Flask, amount: str, english: str, french: str) -> None:
    for language, said in (("en", english), ("fr", french)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert money(Decimal(amount), "EUR").replace("\xa0", " ") == said


def test_how_many_times_has_no_fraction_from_ten_on(app: Flask) -> None:
    with app.test_request_context():
        assert [times(ratio) for ratio in (9.94, 9.96, 10.4)] == ["×9.9", "×10", "×10"]


def test_the_line_of_equal_cost_lies_between_two_assets() -> None:
    field = field_of([(100, 100), (100, 10_000)])

    assert field.even is not None
    x0, y0, x1, y1 = field.even
    across = field.dots[0][0]
    there = y0 + (y1 - y0) * (across - x0) / (x1 - x0)
    assert there == pytest.approx((field.dots[0][1] + field.dots[1][1]) / 2, abs=1)
