"""Where points lie in a field with two logarithmic axes: numbers for an inline SVG; colours and words are the page's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Field", "field_of"]

#: Steps of a decade at which a line may stand, the widest first.
_STEPS = ((1,), (1, 3), (1, 2, 5))
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A box with its inner field. dots -- a place for each point; across, up -- (place, value) of the lines; even -- ends of the line on
    which a view costs as much as in the middle of all points."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    dots: Sequence[tuple[float, float]]
    across: Sequence[tuple[float, float]]
    up: Sequence[tuple[float, float]]
    even: tuple[float, float, float, float] | None


def field_of(points: Sequence[tuple[float, float]], *, width: int = 760, height: int = 420) -> Field:
    """The field of these points (value across, value upwards), each > 0; at least one."""
    left, right, top, bottom = 72.0, width - 16.0, 14.0, height - 54.0
    x = _Axis([point[0] for point in points], left, right)
    y = _Axis([point[1] for point in points], bottom, top)
    middle = 10 ** median(math.log10(upwards / across) for across, upwards in points)
    return Field(
        width, height, left, right, top, bottom, [(round(x(across), 1), round(y(upwards), 1)) for across, upwards in points], x.ticks(), y.ticks(),
        _even(middle, x, y),
    )  # fmt: skip


class _Axis:
    """Value -> place, by its logarithm, with some room at both ends."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = math.log10(min(values)), math.log10(max(values))
        room = max(0.08 * (high - low), 0.15)
        self.low, self.high, self.start, self.end = low - room, high + room, start, end

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, float]]:
        told: list[float] = []
        for steps in _STEPS:
            told = [
                step * 10.0**decade
                for decade in range(math.floor(self.low), math.ceil(self.high) + 1)
                for step in steps
                if self.low <= math.log10(step * 10.0**decade) <= self.high
            ]
            if len(told) >= _TICKS:
                break
        told = told[:: max(1, math.ceil(len(told) / (2 * _TICKS)))]
        return [(round(self(value), 1), value) for value in told]


def _even(ratio: float, x: _Axis, y: _Axis) -> tuple[float, float, float, float] | None:
    """The ends of the line `upwards = ratio * across` inside the field; None when it does not cross it."""
    shift = math.log10(ratio)
    low, high = max(x.low, y.low - shift), min(x.high, y.high - shift)
    if low >= high:
        return None
    a, b = 10.0**low, 10.0**high
    return round(x(a), 1), round(y(a * ratio), 1), round(x(b), 1), round(y(b * ratio), 1)
