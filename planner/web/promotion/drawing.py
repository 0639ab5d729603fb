"""Draws a forecast: what was seen as a line, what may come as a fan. Paths for an inline SVG; colours are the style sheet's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from planner.promotion.scores import Bin

__all__ = ["Dots", "Fan", "Picture", "Reliability", "draw", "reliability", "scatter"]

#: Age in days, low, median, high.
Ahead = Sequence[float]


@dataclass(frozen=True, slots=True)
class Fan:
    """One course that views may take: the area of four in five, and its middle."""

    area: str
    middle: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths in a box of width × height. `across` and `up`: where a day, or a number of views, is."""

    width: int
    height: int
    line: str
    dot: tuple[float, float] | None
    fans: Sequence[Fan]
    across: Sequence[tuple[float, int]] = field(default=())
    up: Sequence[tuple[float, int]] = field(default=())


@dataclass(frozen=True, slots=True)
class Dots:
    """Points in a square field of a box of width × height; the field's edges, and its middle on both axes."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    dots: Sequence[tuple[float, float]]

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Reliability:
    """Said across, done upwards. points: across, up, ends of the interval upwards, radius. ticks: where each share is, on both axes."""

    width: int
    height: int
    points: Sequence[tuple[float, float, float, float, float]]
    ticks: Sequence[tuple[float, float, float]]

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the field."""
        return self.ticks[0][1], self.ticks[0][2], self.ticks[-1][1], self.ticks[-1][2]


def reliability(bins: Sequence[Bin], *, width: int = 420, height: int = 320) -> Reliability:
    """The reliability diagram: a calibrated desk has its points on the diagonal, as far as their intervals tell."""
    left, right, top, bottom = 78.0, width - 34.0, 14.0, height - 40.0

    def x(share: float) -> float:
        return round(left + (right - left) * share, 1)

    def y(share: float) -> float:
        return round(bottom - (bottom - top) * share, 1)

    most = max((one.count for one in bins), default=1)
    points = [(x(one.said), y(one.paid), y(one.low), y(one.high), round(4 + 6 * math.sqrt(one.count / most), 1)) for one in bins]
    return Reliability(width, height, points, [(share, x(share), y(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])


def scatter(points: Sequence[tuple[float, float]], *, width: int, height: int) -> Dots:
    """Points of two shares in [0, 1], the first to the right, the second upwards. Points on one spot are moved apart."""
    left, right, top, bottom = 34.0, width - 12.0, 28.0, height - 54.0
    inner, taken = 14.0, set()
    dots = []
    for across, up in points:
        x = left + inner + (right - left - 2 * inner) * across
        y = bottom - inner - (bottom - top - 2 * inner) * up
        while (round(x / 8), round(y / 8)) in taken and x < right - inner:
            x += 8.0
        taken.add((round(x / 8), round(y / 8)))
        dots.append((round(x, 1), round(y, 1)))
    return Dots(width, height, left, right, top, bottom, dots)


def draw(seen: Sequence[Sequence[float]], courses: Sequence[Sequence[Ahead]], *, width: int, height: int, axes: bool = False) -> Picture | None:
    """The picture of one video; None when nothing was seen and nothing is forecast.

    seen -- (age in days, views), by age. courses -- each a list of (age, low, median, high), by age; the first is drawn over the others.
    A very wide fan is cut at four times its middle, so that the line stays readable.
    """
    ages = [point[0] for point in seen] + [one[0] for course in courses for one in course]
    tops = [point[1] for point in seen] + [min(one[3], 4 * max(one[2], 1)) for course in courses for one in course]
    if not ages:
        return None
    left, right, top, bottom = (44.0, 10.0, 8.0, 22.0) if axes else (2.0, 3.0, 3.0, 3.0)
    oldest, most = max(max(ages), 1.0), max(*tops, 1.0) if len(tops) > 1 else max(tops[0], 1.0)

    def x(age: float) -> float:
        return round(left + (width - left - right) * age / oldest, 1)

    def y(views: float) -> float:
        return round(height - bottom - (height - top - bottom) * min(views / most, 1.0), 1)

    start = seen[-1] if seen else (0.0, 0.0)
    fans = [_fan(start, course, x, y) for course in courses if course]
    points = [(x(age), y(views)) for age, views in ([(0.0, 0.0), *seen] if seen else [])]
    dot = points[-1] if points else None
    picture = Picture(width, height, _path(points), dot, fans)
    if not axes:
        return picture
    across = [(x(day), day) for day in _days(oldest)]
    return Picture(width, height, picture.line, dot, fans, across, [(y(value), value) for value in _steps(most)])


def _fan(start, course, x, y) -> Fan:  # type: ignore[no-untyped-def]
    begin = (x(start[0]), y(start[1]))
    high = [(x(one[0]), y(one[3])) for one in course]
    low = [(x(one[0]), y(one[1])) for one in reversed(course)]
    return Fan(_path([begin, *high, *low]) + "Z", _path([begin, *((x(one[0]), y(one[2])) for one in course)]))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{across:g} {down:g}" for across, down in points) if points else ""


def _days(oldest: float) -> list[int]:
    step = next(step for step in (5, 10, 15, 30, 60, 90, 180, 365, 1000, 10**6) if oldest / step <= 6)
    return list(range(0, int(oldest) + 1, step))


def _steps(most: float) -> list[int]:
    """Three to five round numbers up to the highest."""
    unit = 10 ** math.floor(math.log10(max(most, 1)))
    step = next(step for step in (unit / 5, unit / 2, unit, 2 * unit, 5 * unit) if most / step <= 5) if most >= 5 else 1
    return [round(step * number) for number in range(int(most / step) + 1)]
