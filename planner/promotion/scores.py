"""How right the desk was: forecasts beside what came, coverage of the 80 % interval, calibration of “it pays”. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.insights.intervals import at_most, rate
from planner.promotion.models import Decision

__all__ = ["LATELY", "Bin", "Score", "Judged", "calibration", "judged", "score"]

#: The newest judged decisions that say whether the desk was wrong lately, and how many of them make a judgement.
LATELY, _LEAST = 20, 5
#: Four of five should lie in the interval; so few that chance alone makes it rarer than this, and something is wrong.
_HOLDS, _RARE = 0.8, 0.05
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
    """Decisions to promote whose probability of paying lay in [start, end): how many, what was said on average, what share did pay.

    low, high -- where that share may truly lie (80 %): few promotions say little.
    """

    start: float
    end: float
    count: int
    said: float
    paid: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """judged, inside -- forecasts that could be judged, and how many of them held. error -- median of |actual - median| / actual.

    lately -- of the newest decisions' first judgements, how many held, and of how many. wrong_lately -- so few that chance alone hardly
    explains it; None while there are too few.
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
    first = {one.decision: one.where == "inside" for one in reversed(told)}  # One a decision: its two judgements are not two proofs.
    newest = [first[one] for one in dict.fromkeys(one.decision for one in told)][:LATELY]
    wrong = at_most(sum(newest), len(newest), _HOLDS) < _RARE if len(newest) >= _LEAST else None
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
            did = rate((len(here), sum(paid for _said, paid in here)), least=1)
            assert did is not None
            bins.append(Bin(start, end, len(here), sum(said for said, _paid in here) / len(here), did.share, did.low, did.high))
    return bins
