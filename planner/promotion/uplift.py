"""Uplift: how many times more views a promotion brings, from the channel's own past promotions.

A promoted video was often chosen because it did well, so the plain ratio of averages overstates what promotion did (about threefold on small
channels). Here each past video is compared with its own forecast from before its promotion day, and promoted videos
with videos of the same channel that were not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from planner.promotion.forecast import Forecast, Outlook, Reading, known_at, outlook, tidy

__all__ = ["GUESS", "PastVideo", "Uplift", "extra_views", "uplift", "with_promotion"]

# Before any promotion is on record: e^guess times the views still to come, give or take. Once there is one, the guess yields more:
# ten promotions on record outweigh it, and neither one that did nothing nor a very strong one is drawn far towards it.
GUESS, _GUESS_SPREAD, _YIELDING_SPREAD = math.log(1.5), 0.5, 0.9
# A video that went off by itself, or was never seen again, says no more than this many spreads from the middle.
_UNUSUAL = 2.5
# Spread of residuals before any is measured, and how many videos that is worth.
_SPREAD, _SPREAD_WORTH = 0.9, 4
# How much the residual may change with a level e times higher, which shrinks the line through few unpromoted videos.
_LINE = 0.15
# How much one promotion differs from the next.
_EACH = 0.3
_DEFAULT_AGE = 7.0
# The estimate is fitted in so many rounds, stays within e^6 either way, and is called no surer than a quarter of all views to come allows.
_ROUNDS, _FAR, _STEEP = 12, 6.0, 0.25


@dataclass(frozen=True, slots=True)
class PastVideo:
    """One earlier video of the channel. `promoted_at` is its age in days when its promotion began; None: it was not promoted."""

    readings: Sequence[Reading]
    promoted_at: float | None = None


class _Point(NamedTuple):
    """One past video: ln level at its promotion day, views that came after it, views that were forecast to come, views it reached."""

    level: float
    came: float
    told: float
    reached: float

    def residual(self, lifted: float = 0.0) -> float:
        """ln of what came over what was forecast to come, `lifted` times e: one is added to both counts, not to the uplift."""
        return math.log((self.came + 1) / (self.told * math.exp(lifted) + 1))


@dataclass(frozen=True, slots=True)
class Uplift:
    """What promotion multiplies the views still to come by, as ln: mean and standard deviation.

    promoted, others -- how many past videos it rests on. naive -- ln of the plain ratio of averages, shown only as what not to believe.
    """

    log_mean: float
    log_sd: float
    promoted: int = 0
    others: int = 0
    naive: float | None = None

    @property
    def measured(self) -> bool:
        """False: no promotion is on record, this is a default and not a measurement."""
        return self.promoted > 0

    @property
    def factor(self) -> float:
        return math.exp(self.log_mean)

    def interval(self, share: float = 0.8) -> tuple[float, float]:
        """The ends of the interval that holds the factor with this probability."""
        z = float(ndtri(0.5 + share / 2))
        return math.exp(self.log_mean - z * self.log_sd), math.exp(self.log_mean + z * self.log_sd)


def uplift(videos: Iterable[PastVideo], horizon_days: float, *, guess: float = GUESS) -> Uplift:
    """Uplift of one kind of promotion on one channel.

    videos -- the channel's past videos; those promoted in another way left out by the caller: kinds are never mixed.
    horizon_days -- the age until which views are counted; videos not known at that age say nothing.
    guess  -- ln of the uplift to start from; the result leans to it while little is on record.
    """
    told = [(tidy(video.readings), video.promoted_at) for video in videos]
    told = [(readings, promoted) for readings, promoted in told if known_at(readings, horizon_days) is not None]
    ages = [age for _readings, age in told if age is not None and age < horizon_days]
    usual = median(ages) if ages else min(_DEFAULT_AGE, horizon_days / 2)
    plain = [readings for readings, promoted in told if promoted is None]
    with_it: list[_Point] = []
    without: list[_Point] = []
    for index, (readings, promoted) in enumerate(told):
        age = usual if promoted is None else promoted
        peers = [other for other, was in told[:index] + told[index + 1 :] if was is None] if promoted is None else plain
        point = _residual(readings, age, horizon_days, peers)
        if point is not None:
            (without if promoted is None else with_it).append(point)
    return _estimate(with_it, without, guess)


def _residual(readings: Sequence[Reading], age: float, horizon: float, peers: Sequence[Sequence[Reading]]) -> _Point | None:
    """How the video went against its own forecast from before that age; None where too little was read before it, or it lies behind the horizon."""
    if age >= horizon:
        return None
    before = [reading for reading in readings if reading[0] <= age]
    reached = known_at(readings, horizon)
    if not before or before[-1][1] < 5 or reached is None:
        return None
    told = outlook(peers, before, horizon)
    if told is None:
        return None
    seen = before[-1][1]
    return _Point(math.log(seen + 1), max(math.exp(reached) - 1 - seen, 0.0), told.forecast.median - seen, max(math.exp(reached) - 1, 0.0))


def _estimate(with_it: Sequence[_Point], without: Sequence[_Point], guess: float) -> Uplift:
    n, m = len(with_it), len(without)
    if n == 0:
        return Uplift(guess, _GUESS_SPREAD, 0, m)
    raw, error = 0.0, 0.0
    for _ in range(_ROUNDS):
        off, error = _off(with_it, without, raw)
        raw = min(max(raw + off, -_FAR), _FAR)
    trust = _YIELDING_SPREAD**2 / (_YIELDING_SPREAD**2 + error)
    naive = None
    if m:
        naive = math.log(fmean(point.reached + 1 for point in with_it) / fmean(point.reached + 1 for point in without))
    return Uplift(guess + trust * (raw - guess), math.sqrt(trust * error), n, m, naive)


def _off(with_it: Sequence[_Point], without: Sequence[_Point], lifted: float) -> tuple[float, float]:
    """How far the promoted videos lie above the line of the others if promotion multiplied by e^lifted, and the variance of that.

    The line goes through the residuals of the others against their levels. Promoted videos have higher levels than the others,
    so how well its slope is known counts as well as how many videos there are.
    """
    n, m = len(with_it), len(without)
    told, plain = [point.residual(lifted) for point in with_it], [point.residual() for point in without]
    ups, rests = _tamed(told, plain)
    level = fmean(point.level for point in without) if m else 0.0
    rest = fmean(rests) if m else 0.0
    across = math.fsum((point.level - level) ** 2 for point in without) + (_SPREAD / _LINE) ** 2
    slope = math.fsum((point.level - level) * (value - rest) for point, value in zip(without, rests, strict=True)) / across
    gap = fmean(point.level for point in with_it) - level if m else 0.0
    over = [value - slope * (point.level - level) for point, value in zip(with_it, ups, strict=True)]
    squares = math.fsum((value - fmean(over)) ** 2 for value in over)
    squares += math.fsum((value - rest - slope * (point.level - level)) ** 2 for point, value in zip(without, rests, strict=True))
    squares /= fmean(now == was for now, was in zip((*ups, *rests), (*told, *plain), strict=True)) ** 2  # what was tamed hides a part of the spread
    variance = (_SPREAD_WORTH * _SPREAD**2 + squares) / (_SPREAD_WORTH + n - 1 + max(m - 1, 0))
    steep = fmean(point.told / (point.told + math.exp(-lifted)) for point in with_it)
    return fmean(over) - rest * m / (m + 2), variance * (1 / n + 1 / (m + 2) + gap**2 / across) / max(steep, _STEEP) ** 2 + _EACH**2 / n


def _tamed(*groups: Sequence[float]) -> list[list[float]]:
    """The same residuals, those far from the middle of their group brought nearer; the spread is that of all groups (MAD)."""
    middles = [median(group) if group else 0.0 for group in groups]
    away = [abs(value - middle) for group, middle in zip(groups, middles, strict=True) for value in group]
    most = _UNUSUAL * max(1.4826 * median(away), 0.2)
    return [[min(max(value, middle - most), middle + most) for value in group] for group, middle in zip(groups, middles, strict=True)]


def extra_views(expected: Outlook, gain: Uplift, *, draws: int = 400, steps: int = 50) -> np.ndarray[Any, Any]:
    """Equally likely values of the views that a promotion would add until the horizon, `draws` x `steps` of them, ascending.

    Each way the video may go without promotion is taken with each uplift there may be. Quantiles throughout, nothing random.
    """
    return np.sort(np.outer(_to_come(expected, draws), _factors(gain, steps) - 1).ravel())


def with_promotion(expected: Outlook, gain: Uplift, *, draws: int = 400, steps: int = 50) -> Forecast:
    """The views at the horizon with a promotion: median and 80 % interval of everything that may be."""
    told = expected.seen_views + np.outer(_to_come(expected, draws), _factors(gain, steps)).ravel()
    low, middle, high = (float(value) for value in np.quantile(told, (0.1, 0.5, 0.9)))
    return Forecast(middle, low, high)


def _to_come(expected: Outlook, draws: int) -> np.ndarray[Any, Any]:
    return np.maximum(expected.draws(draws) - expected.seen_views, 0.0)


def _factors(gain: Uplift, steps: int) -> np.ndarray[Any, Any]:
    z = ndtri((np.arange(steps) + 0.5) / steps)
    return np.asarray(np.exp(gain.log_mean + z * math.sqrt(gain.log_sd**2 + _EACH**2)), float)
