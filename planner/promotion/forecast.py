"""The forecast: how many views a video will have at an age, from the few readings that a corporate channel has.

Bayesian shrinkage on a reference age curve. Growth between two ages is a gamma process on the clock of that curve, so it is never
negative, skewed, and defined for readings at any ages; its pace is learnt from the channel's other videos and corrected by what this
video has shown so far. Closed form and no random numbers: the same readings give the same answer. docs/promotion.md tells it in words.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv, stdtr, stdtrit

__all__ = ["TOO_WIDE", "Forecast", "Outlook", "Reading", "VERSION", "curve", "forecast", "known_at", "outlook", "tidy"]

#: Kept with a decision, so that a later formula is never held against an earlier forecast.
VERSION = "1"
#: Age in days since publication, and cumulative views then.
Reading = tuple[float, float]
#: An 80 % interval whose ends lie further apart than this says “too early to say”.
TOO_WIDE = 10.0

# The reference curve: mean of ln V(age) - ln V(1 day) of videos at large, linear in ln age between the knots. It is the clock on
# which growth runs, not a claim about any one channel.
_AGES = (0.25, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 30.0, 45.0, 60.0, 90.0, 120.0, 365.0, 3650.0)
_GROWN = (-1.36, 0.0, 0.678, 0.917, 1.159, 1.300, 1.427, 1.539, 1.678, 1.806, 1.952, 2.055, 2.210, 2.32, 2.75, 3.6)
_LN_AGES = tuple(math.log(age) for age in _AGES)
_SLOPES = tuple((_GROWN[i + 1] - _GROWN[i]) / (_LN_AGES[i + 1] - _LN_AGES[i]) for i in range(len(_AGES) - 1))

_KNOTS, _HEIGHTS, _RISES = np.array(_LN_AGES), np.array(_GROWN), np.array(_SLOPES)

# Fitted once on real series of whole and of small channels, on one half, and checked on the other.
_SHAPE = 5.23  # shape of the gamma process for one unit of the curve
_START_PACE = 0.426  # growth for one unit of the curve before anything is known
_START_WEIGHT = 4.29  # how much that start weighs, in the same units as what follows
_VIDEO_WEIGHT = 8.32  # how alike the videos of one channel are: the most that one past video can weigh
_OUTSIDE = 0.109  # weight of past growth at other ages than those that are forecast
_OWN = 7.77  # weight of this video's own growth
_RECENCY = 5.32  # how fast that fades with its age
_LEVEL = 0.203  # videos that start high for their channel grow less, relatively
_BURST = 0.72  # growth above what was expected does not last entirely
_FADING = 0.728  # a longer way ahead is known less well
_CAP = 3.60  # no past video counts as faster than this many times the start
_ROOF = 4.0  # growth, in units of the curve, that nothing exceeds
_FEW_VIEWS, _VERY_FEW_VIEWS = 50, 5
_COUNTING = 0.4  # counts below _FEW_VIEWS waver by this many roots of what may come
# Without readings: spread of ln views between videos of one channel, and how many videos that guess is worth.
_SPREAD, _SPREAD_WORTH = 0.9, 3


class Forecast(NamedTuple):
    """Views at the wanted age: the median and the ends of the 80 % interval, low <= median <= high."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one video may have at one age, as a whole distribution.

    basis -- growth: grows from what was read last. level: known only from what the channel's others have at that age.
    seen_age, seen_views -- the last reading; None and 0 before there is one.
    history -- how many past videos of the channel had readings.
    channel_pace -- growth of the channel's videos, 1 being the reference curve. None without any.
    own_pace -- growth of this video against what its channel led to expect. None before it has two readings.
    """

    basis: Literal["growth", "level"]
    horizon: float
    seen_age: float | None
    seen_views: float
    history: int
    channel_pace: float | None
    own_pace: float | None
    #: growth: shape of the gamma process until the horizon, weight and scale of what is known of its pace, most growth there may be.
    #: level: degrees of freedom, unused, spread of ln views, centre of ln views.
    shape: float
    weight: float
    scale: float
    roof: float

    def views(self, q: Any) -> Any:
        """The q-quantile of the views at the horizon, q in (0, 1); a number or an array of them. Never below what was seen."""
        if self.basis == "level":
            told = np.exp(np.minimum(self.roof + self.scale * stdtrit(self.shape, q), 60.0)) - 1
            return np.maximum(told, self.seen_views)
        if self.roof <= 0:
            return np.zeros_like(np.asarray(q, float)) + self.seen_views
        share = np.minimum(betaincinv(self.shape, self.weight, q), 1 - 1e-12)
        return (self.seen_views + 1) * np.exp(np.minimum(self.scale * share / (1 - share), self.roof)) - 1

    def draws(self, count: int = 400) -> np.ndarray[Any, Any]:
        """`count` equally likely values of the views at the horizon, ascending: quantiles, nothing random."""
        return np.asarray(self.views((np.arange(count) + 0.5) / count), float)

    def chance_of(self, views: float) -> float:
        """Probability that the video has at least so many views at the horizon."""
        if views <= self.seen_views:
            return 1.0
        if self.basis == "level":
            return float(1 - stdtr(self.shape, (math.log(views + 1) - self.roof) / self.scale))
        grown = math.log((views + 1) / (self.seen_views + 1))
        if grown > self.roof:
            return 0.0
        return float(1 - betainc(self.shape, self.weight, grown / (self.scale + grown)))

    @property
    def forecast(self) -> Forecast:
        """The median and the 80 % interval. With few videos behind it the interval lies higher: surprises are upward."""
        known = self.history / (self.history + 5)
        if self.basis == "level":
            low, median, high = (float(self.views(q)) for q in (0.10, 0.50, 0.90))
            return Forecast(median, min(low, median), max(high, median))
        low, median, high = (float(v) for v in self.views(np.array((0.11 - 0.047 * known, 0.5, 0.934 - 0.041 * known))))
        if self.seen_views < _FEW_VIEWS and self.roof > 0:
            wavering = _COUNTING * math.sqrt(max(high - self.seen_views, 0.0))
            low, high = low - wavering, high + wavering
        median = max(median, self.seen_views)
        return Forecast(median, min(max(low, self.seen_views), median), max(high, median))

    @property
    def too_early(self) -> bool:
        """Whether the interval is too wide to say anything."""
        told = self.forecast
        return told.high > TOO_WIDE * max(told.low, 1.0)


def forecast(history: Iterable[Iterable[Reading]], observed: Iterable[Reading], horizon_days: float) -> Forecast | None:
    """Views of a video at `horizon_days`, from its own readings and those of its channel's past videos.

    history  -- past videos of the same channel, each [(age in days, cumulative views), …]: irregular, incomplete, in any order.
    observed -- the same for this video; may be empty before publication.
    horizon_days -- the age in days at which the views are wanted, > 0.
    returns  -- (median, low, high), low and high being an 80 % interval; None when there is nothing to go by.
    Raises ValueError when the horizon is not a positive number.
    """
    told = outlook(history, observed, horizon_days)
    return None if told is None else told.forecast


def outlook(history: Iterable[Iterable[Reading]], observed: Iterable[Reading], horizon_days: float) -> Outlook | None:
    """The same as `forecast`, as a distribution with what it rests on."""
    if not (math.isfinite(horizon_days) and horizon_days > 0):
        raise ValueError("The age to forecast must be a positive number of days.")
    past = [readings for readings in map(tidy, history) if readings]
    seen = tidy(observed)
    if not seen or (seen[-1][1] < _VERY_FEW_VIEWS and past and seen[-1][0] < horizon_days):
        return _by_level(past, seen, horizon_days)
    age, views = seen[-1]
    if horizon_days <= age:
        known = known_at(seen, horizon_days)
        views = math.exp(known) - 1 if known is not None else views
        return Outlook("growth", horizon_days, age, views, len(past), None, None, 1.0, 1.0, 1.0, 0.0)
    return _by_growth(past, seen, horizon_days)


def _by_level(past: Sequence[Sequence[Reading]], seen: Sequence[Reading], horizon: float) -> Outlook | None:
    """Student's t on ln views of the channel's videos at that age: right within about a factor of 3, no better."""
    if not past:
        return None
    levels = [_carried(readings, horizon) for readings in past]
    n = len(levels)
    centre = math.fsum(levels) / n
    freedom = _SPREAD_WORTH + n - 1
    variance = (_SPREAD_WORTH * _SPREAD**2 + math.fsum((level - centre) ** 2 for level in levels)) / freedom
    age, views = seen[-1] if seen else (None, 0.0)
    return Outlook("level", horizon, age, views, n, None, None, freedom, 0.0, math.sqrt(variance * (1 + 1 / n)), centre)


def _by_growth(past: Sequence[Tidy], seen: Sequence[Reading], horizon: float) -> Outlook:
    """A gamma process of unknown pace: the channel's videos say what pace to expect, this video's readings correct it."""
    age, views = seen[-1]
    start, end = curve(age), curve(horizon)
    ahead = end - start
    weight, pace = _channel(past, start, end)
    channel_pace = pace * _SHAPE if past else None
    levels = sorted(level for level in (known_at(readings, age) for readings in past) if level is not None)
    if levels:
        n = len(levels)
        above = math.log(views + 1) - (levels[n // 2] + levels[(n - 1) // 2]) / 2
        pace *= math.exp(-_LEVEL * n / (n + 5) * min(max(above, -2.0), 2.0))
    weight = 1 / (1 / _VIDEO_WEIGHT + 1 / weight)
    scale = weight * pace
    shown, against = 0.0, 0.0
    for (t0, v0), (t1, v1) in itertools.pairwise(seen):
        near = _OWN * (math.sqrt(t0 * t1) / age) ** _RECENCY
        shown += near * _SHAPE * (curve(t1) - curve(t0))
        against += near * (1 - (v0 + 1) / (v1 + 1))
    own_pace = None
    if shown > 0:
        own_pace = lasting = against / (shown * pace)
        if lasting > 1:
            lasting = 1 + (lasting**_BURST - 1) / _BURST
        weight, scale = weight + shown, scale + shown * pace * lasting
    fading = 1 + _FADING * ahead
    return Outlook(
        "growth", horizon, age, views, len(past), channel_pace, own_pace, _SHAPE * ahead, weight / fading, scale / fading, _ROOF * ahead
    )  # fmt: skip


def _channel(past: Sequence[Tidy], start: float, end: float) -> tuple[float, float]:
    """What the channel's videos say of its pace: (how much that weighs, growth for one unit of shape)."""
    begin = _START_PACE / _SHAPE
    weight, scale = _START_WEIGHT, _START_WEIGHT * begin
    _prepare([readings for readings in past if readings.steps is None])
    for readings in past:
        shape = grown = 0.0
        for left, right, more in readings.steps or ():
            step = right - left
            first, last = (left if left > start else start), (right if right < end else end)
            counts = _OUTSIDE + (1 - _OUTSIDE) * ((last - first) / step if last > first else 0.0)
            shape += counts * _SHAPE * step
            grown += counts * more
        if shape > 0:
            alike = _VIDEO_WEIGHT / (_VIDEO_WEIGHT + shape)
            weight += alike * shape
            scale += alike * min(grown, _CAP * begin * shape)
    return weight, scale / weight


def _prepare(past: Sequence[Tidy]) -> None:
    """Work out the steps of many videos at once: the curve at all their ages in one go, as `curve` has it."""
    if not past:
        return
    x = np.array([math.log(age) for readings in past for age, _views in readings])
    knot = np.maximum(np.searchsorted(_KNOTS, x, side="right") - 1, 0)
    reached = np.where(x >= _KNOTS[-1], _GROWN[-1], _HEIGHTS[knot] + _RISES[np.minimum(knot, len(_SLOPES) - 1)] * (x - _KNOTS[knot])).tolist()
    grown = [math.log(views + 1) for readings in past for _age, views in readings]
    first = 0
    for readings in past:
        last = first + len(readings)
        here, level = reached[first:last], grown[first:last]
        readings.steps = [
            (left, right, after - before) for left, right, before, after in zip(here, here[1:], level, level[1:], strict=False) if right > left
        ]
        first = last


def curve(age: float) -> float:
    """The reference curve at an age in days: mean ln growth since the first day. Straight on below its first knot, flat after ten years."""
    x = math.log(age)
    if x >= _LN_AGES[-1]:
        return _GROWN[-1]
    i = max(bisect_right(_LN_AGES, x) - 1, 0)
    return _GROWN[i] + _SLOPES[i] * (x - _LN_AGES[i])


class Tidy(list[Reading]):
    """Readings in order; what every forecast asks of them is worked out once. Never changed after it is made."""

    __slots__ = ("steps",)

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        super().__init__(readings)
        #: Between two readings: where the curve was and is, and how much ln views grew. None: not worked out yet.
        self.steps: list[tuple[float, float, float]] | None = None


def tidy(readings: Iterable[Reading]) -> Tidy:
    """Readings by age, one an age, without those that are no count and without those that fell (the platform took views back)."""
    if type(readings) is Tidy:
        return readings
    kept, newest, most = Tidy(), 0.0, -1.0
    given = list(readings)
    for age, views in given:
        age, views = float(age), float(views)
        if not (0 < age < math.inf and 0 <= views < math.inf):
            continue
        if age <= newest:
            return _sorted(given)
        newest = age
        if views >= most:
            most = views
            kept.append((age, views))
    return kept


def _sorted(readings: Iterable[Reading]) -> Tidy:
    kept = Tidy()
    for age, views in sorted((float(age), float(views)) for age, views in readings if 0 < age < math.inf and 0 <= views < math.inf):
        if kept and views < kept[-1][1]:
            continue
        if kept and kept[-1][0] == age:
            kept.pop()
        kept.append((age, views))
    return kept


def known_at(readings: Sequence[Reading], age: float) -> float | None:
    """ln(views + 1) at an age, between the readings around it; up to 10 % beyond the first and last. None where nobody looked."""
    if not readings or not readings[0][0] * 0.9 <= age <= readings[-1][0] * 1.1:
        return None
    i = bisect_right(readings, (age, math.inf))
    if i == 0 or i == len(readings):
        return math.log(readings[min(i, len(readings) - 1)][1] + 1)
    (t0, v0), (t1, v1) = readings[i - 1], readings[i]
    part = (math.log(age) - math.log(t0)) / (math.log(t1) - math.log(t0))
    return math.log(v0 + 1) * (1 - part) + math.log(v1 + 1) * part


def _carried(readings: Sequence[Reading], horizon: float) -> float:
    """ln(views + 1) at an age; where nobody looked, carried there along the curve at the pace one starts from."""
    known = known_at(readings, horizon)
    if known is not None:
        return known
    age, views = readings[-1] if readings[-1][0] < horizon else readings[0]
    return max(math.log(views + 1) + _START_PACE * (curve(horizon) - curve(age)), 0.0)
