"""Parts of a whole as people read them, and the line in the middle of the picture of costs."""

from __future__ import annotations

import pytest
from flask import Flask

from planner.web.cost_field import field_of
from planner.web.filters import percent


@pytest.mark.parametrize(
    ("part", "said"),
    [(0, "0%"), (0.0001, "0.1%"), (0.004, "0.4%"), (0.25, "25%"), (0.994, "99%"), (0.9975, "99.8%"), (0.99996, "99.9%"), (1, "100%")],
)
def test_nothing_and_all_are_only_said_of_nothing_and_all(app: Flask, part: float, said: str) -> None:
    with app.test_request_context():
        assert percent(part) == said


def test_the_line_of_equal_cost_lies_between_two_assets() -> None:
    field = field_of([(100, 100), (100, 10_000)])

    assert field.even is not None
    x0, y0, x1, y1 = field.even
    across = field.dots[0][0]
    there = y0 + (y1 - y0) * (across - x0) / (x1 - x0)
    assert there == pytest.approx((field.dots[0][1] + field.dots[1][1]) / 2, abs=1)
