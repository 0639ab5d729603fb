"""How right the desk was: forecasts beside what came, coverage of the 80 % interval, calibration of “it pays”. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.promotion.models import Decision

__all__ = ["LATELY", "Bin", "Score", "Judged", "calibration", "judged", "score"]

#: The newest judged decisions that say whether the desk was wrong lately, and how many of them make a judgement.
LATELY, _LEAST = 10, 5
#: Four of five should lie in the interval; with fewer than half, something is wrong.
_WRONG = 0.5
_BINS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)

Where = Literal["below", "inside", "above"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One forecast beside what came."""

    decision: Decision
    days: int
    low: float
    median: float
    high: float
    actual: int

    @property
    def where(self) -> Where:
        return "below" if self.actual < self.low else "above" if self.actual > self.high else "inside"


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions to promote whose probability of paying lay in [start, end): how many, what was said on average, how many did pay."""

    start: float
    end: float
    count: int
    said: float
    paid: float


@dataclass(frozen=True, slots=True)
class Score:
    """judged, inside -- forecasts that could be judged, and how many of them held. error -- median of |actual - median| / actual.

    wrong_lately -- of the newest ones fewer than half held; None while there are too few.
    """

    judged: int
    inside: int
    above: int
    below: int
    error: float | None
    lately: tuple[int, int]
    wrong_lately: bool | None

    @property
    def coverage(self) -> float | None:
        return self.inside / self.judged if self.judged else None


def judged(decisions: Iterable[Decision]) -> list[Judged]:
    """Each forecast of a decision that was judged, in the order of the decisions."""
    found = []
    for one in decisions:
        for days, forecast, actual in ((30, one.forecast_30, one.views_30), (90, one.forecast_90, one.views_90)):
            if forecast and actual is not None:
                low, median, high = (float(value) for value in forecast)
                found.append(Judged(one, days, low, median, high, actual))
    return found


def score(told: Sequence[Judged]) -> Score:
    """The desk's own record; `told` the newest first."""
    inside = [one.where == "inside" for one in told]
    errors = sorted(abs(one.actual - one.median) / max(one.actual, 1) for one in told)
    newest = inside[:LATELY]
    wrong = sum(newest) / len(newest) < _WRONG if len(newest) >= _LEAST else None
    middle = (errors[(len(errors) - 1) // 2] + errors[len(errors) // 2]) / 2 if errors else None
    above, below = (sum(one.where == where for one in told) for where in ("above", "below"))
    return Score(len(told), sum(inside), above, below, middle, (sum(newest), len(newest)), wrong)


def calibration(decisions: Iterable[Decision]) -> list[Bin]:
    """Said against done, for decisions to promote that were judged; bins without any are left out."""
    known = [(one.pays, one.paid_off) for one in decisions if one.pays is not None and one.paid_off is not None]
    bins = []
    for start, end in itertools.pairwise(_BINS):
        here = [(said, paid) for said, paid in known if start <= said < end or (end == 1.0 and said == 1.0)]
        if here:
            bins.append(Bin(start, end, len(here), sum(said for said, _paid in here) / len(here), sum(paid for _said, paid in here) / len(here)))
    return bins
