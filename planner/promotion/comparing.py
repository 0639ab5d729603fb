"""Before and after a new title or thumbnail: views a day against what was to be expected without it, and clicks on the thumbnail. Pure.

A video slows down by itself, so the days after are not held against the days before but against their forecast from before the change,
as in uplift. Where the interval holds what came, nothing can be told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from planner.insights.intervals import Rate, rate
from planner.promotion.forecast import Reading, known_at, outlook, tidy

__all__ = ["Comparison", "Verdict", "compare"]

#: Days after a change before anything is said of it, and the days before that it is set beside.
_LEAST, _BEFORE = 7.0, 14.0
Verdict = Literal["too_early", "alike", "more", "less"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Views a day before and after, and what was to be expected after without the change (low, median, high); None where not known.

    verdict -- too_early: fewer than seven days are read; alike: what came lies inside what was to be expected.
    """

    before: float | None
    after: float | None
    expected: tuple[float, float, float] | None
    days: float
    verdict: Verdict
    clicks_before: Rate | None = None
    clicks_after: Rate | None = None

    @property
    def clicks(self) -> Verdict:
        """What the clicks say: more or less where the two intervals do not touch."""
        if self.clicks_before is None or self.clicks_after is None:
            return "too_early"
        if self.clicks_after.low > self.clicks_before.high:
            return "more"
        return "less" if self.clicks_after.high < self.clicks_before.low else "alike"


def compare(
    readings: Sequence[Reading], changed: float, history: Sequence[Sequence[Reading]], *, shown_before: tuple[int, int] | None = None,
    shown_after: tuple[int, int] | None = None,
) -> Comparison:  # fmt: skip
    """One video's change at an age in days.

    history -- the channel's other videos in the same view definition. shown_before, shown_after -- showings of the thumbnail and clicks
    until the change, and since.
    """
    told = tidy(readings)
    level = known_at(told, changed)
    clicks = (rate(shown_before), rate(shown_after))
    if level is None or not told or told[-1][0] <= changed:
        return Comparison(_earlier(told, changed, level), None, None, 0.0, "too_early", *clicks)
    there = math.exp(level) - 1
    age, views = told[-1]
    days = age - changed
    before = [one for one in told if one[0] < changed]
    expected = outlook(history, [*before, (changed, max(there, before[-1][1] if before else 0.0))], age)
    after = max(views - there, 0.0) / days
    if expected is None:
        return Comparison(_earlier(told, changed, level), after, None, days, "too_early", *clicks)
    ahead = expected.forecast
    low, middle, high = (max(one - there, 0.0) / days for one in (ahead.low, ahead.median, ahead.high))
    verdict: Verdict = "too_early" if days < _LEAST else "more" if after > high else "less" if after < low else "alike"
    return Comparison(_earlier(told, changed, level), after, (low, middle, high), days, verdict, *clicks)


def _earlier(told: Sequence[Reading], changed: float, level: float | None) -> float | None:
    """Views a day in the fortnight before, or since publication."""
    start = max(changed - _BEFORE, 0.0)
    was = 0.0 if start == 0 else known_at(told, start)
    if level is None or was is None or changed <= start:
        return None
    return max(math.exp(level) - math.exp(was), 0.0) / (changed - start)

