"""Old assets that come back: pure. Whether what a count gained lately is more than its age predicts, and what brought it.

What age predicts is what the same count gained in spans of the same length over the four weeks before (twelve for mentions, which are few):
counts of old things fall, so this never expects too little. The spread of those spans, weekends and moods included, says how far chance alone
goes; it is never taken for less than the square root of what is expected, as far as things that happen singly and by chance spread (Poisson).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

__all__ = ["LEAST", "LONGEST", "MENTIONED", "OLD", "SEEN", "SPAN", "SPREADS", "TIMES", "Cause", "CauseKind", "Measure", "Rise", "cause_of", "rise_of"]

#: Nothing younger comes back: it is still there.
OLD = timedelta(days=28)
#: The newest days that are looked at; where a count is read weekly, the span between two readings, but no longer than LONGEST.
SPAN, LONGEST = timedelta(days=3), timedelta(days=10)
#: A rise is told from so many on, at so many times what was to be expected, and so many spreads above it; all three must hold.
LEAST, TIMES, SPREADS = 50, 3.0, 5.0
#: A source is called the cause when it brought at least this part of what was gained beyond the expected.
_PART = 0.4


@dataclass(frozen=True, slots=True)
class Measure:
    """How a count is looked at: the newest `span`, no longer than `longest`, beside spans as long within `before`, of which `fewest` must be
    told; told from a gain of `least` on."""

    span: timedelta
    longest: timedelta
    before: timedelta
    fewest: int
    least: int


#: What is counted by the hundred: views, impressions, visits.
SEEN = Measure(SPAN, LONGEST, timedelta(days=28), 3, LEAST)
#: What others write is counted by the day and singly: a week beside the twelve before. Five in a week, where hardly any came, are told; of one a week
#: it takes six. By chance alone (Poisson) at any rate fewer than one week in a thousand gets there.
MENTIONED = Measure(timedelta(days=7), timedelta(days=7), timedelta(days=84), 4, 5)


class CauseKind(StrEnum):
    """What sort of source brought it: what another site links to fades within days, what people search for may last."""

    EXTERNAL = "external"
    SEARCH = "search"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rise:
    """A count gained `gained` on the days [since, until); `expected` by its age, and told because it reached `threshold`."""

    since: date
    until: date
    gained: int
    expected: float
    threshold: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought it; `name` is a host or a network, empty when nobody knows."""

    kind: CauseKind = CauseKind.UNKNOWN
    name: str = ""


def rise_of(points: Sequence[tuple[date, int]], measure: Measure = SEEN) -> Rise | None:
    """What the newest days of a count gained, when that is more than its age predicts; None when it is not, or cannot be said.

    points -- (day, count since publication at its end), by day, of one way of counting; days may be missing. A count that shrank,
              as platforms correct themselves, gained nothing.
    """
    if len(points) < 2:
        return None
    until = points[-1][0]
    place = bisect_left(points, until - measure.span + timedelta(days=1), key=lambda one: one[0]) - 1
    if place < 0 or not measure.span <= until - points[place][0] <= measure.longest:
        return None
    since = points[place][0]
    span = until - since
    before = _spans(points, since, span, measure.before)
    if len(before) < measure.fewest:
        return None
    expected = sum(before) / len(before)
    spread = max(math.sqrt(expected), math.sqrt(sum((one - expected) ** 2 for one in before) / (len(before) - 1)))
    threshold = math.ceil(max(measure.least, TIMES * expected, expected + SPREADS * spread))
    gained = points[-1][1] - points[place][1]
    return Rise(since + timedelta(days=1), until + timedelta(days=1), gained, expected, threshold) if gained >= threshold else None


def cause_of(gained: int, expected: float, sources: Mapping[tuple[CauseKind, str], float]) -> Cause:
    """What brought most of a rise.

    sources -- source -> what it brought on those days beyond what it used to bring; others are left out.
    """
    extra = gained - expected
    if not sources or extra <= 0:
        return Cause()
    (kind, name), most = max(sorted(sources.items()), key=lambda one: one[1])
    return Cause(kind, name) if most >= _PART * extra else Cause()


def _spans(points: Sequence[tuple[date, int]], end: date, span: timedelta, before: timedelta) -> list[float]:
    """Gains in spans of that length up to `end`, the newest first, as far as `before` and the readings reach."""
    found: list[float] = []
    while end - span >= points[0][0] and span * (len(found) + 1) <= before:
        found.append(max(_at(points, end) - _at(points, end - span), 0.0))
        end -= span
    return found


def _at(points: Sequence[tuple[date, int]], day: date) -> float:
    """The count at the end of a day, on a straight line between the readings around it."""
    place = bisect_left(points, day, key=lambda one: one[0])
    (later, more) = points[place]
    if later == day:
        return float(more)
    (earlier, less) = points[place - 1]
    return less + (more - less) * ((day - earlier) / (later - earlier))
