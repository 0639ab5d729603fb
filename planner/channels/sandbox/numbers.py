"""What a pretend post did: seeded counts that only grow, fast at first and ever more slowly, as real ones do.

Everything is a pure function of the post's traits and its age, so any process tells the same number at the same
moment and nothing has to be stored. The age curve was measured on public view counts of real videos:
mean of ln V(age) / V(1 day), linear in ln(age) between knots.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import blake2b
from statistics import NormalDist

__all__ = ["Traits", "fraction", "growth", "normal", "phi", "shares_of", "traits", "whole"]

#: Knots of the reference curve: age in days, and mean ln V(age) / V(1 day).
_AGES = (0.25, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 365, 3650)
_PHI = (-1.36, 0, 0.678, 0.917, 1.159, 1.300, 1.427, 1.539, 1.678, 1.806, 1.952, 2.055, 2.210, 2.32, 2.75, 3.6)
_DAY = 86_400.0
_CYCLE = 28
#: How much of a normal day a weekday brings to a business audience, Monday first; the mean is 1.
_WEEKDAYS = (1.10, 1.22, 1.25, 1.20, 1.03, 0.57, 0.63)
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class _Habits:
    """How one platform behaves: level at 30 days, its spread, how sharply posts age, and rates per view."""

    median: float
    spread: float
    ageing: float
    rates: dict[str, float]


_HABITS = {
    "youtube": _Habits(620, 0.95, 1.0, {"likes": 0.021, "comments": 0.0024, "shares": 0.006, "subscribers": 0.004}),
    "linkedin": _Habits(
        2900, 0.80, 0.55, {"reach": 0.61, "clicks": 0.024, "likes": 0.017, "comments": 0.0016, "shares": 0.0018}
    ),
    "x": _Habits(
        1250, 0.80, 0.35,
        {"likes": 0.011, "shares": 0.0031, "comments": 0.0012, "quotes": 0.0006, "bookmarks": 0.0014,
         "clicks": 0.008, "profiles": 0.0035},
    ),
}  # fmt: skip


def whole(*parts: object) -> int:
    """A 64-bit number that always is the same for the same parts."""
    text = "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def fraction(*parts: object) -> float:
    """A number in (0, 1) that always is the same for the same parts."""
    return ((whole(*parts) >> 12) + 0.5) / 2**52


def normal(*parts: object) -> float:
    """A standard normal number that always is the same for the same parts."""
    return _STANDARD.inv_cdf(fraction(*parts))


def phi(age_days: float) -> float:
    """The reference curve at an age in days > 0: linear in ln(age) between knots, flat slope of the ends outside."""
    index = min(max(bisect.bisect_right(_AGES, age_days), 1), len(_AGES) - 1)
    low, high = math.log(_AGES[index - 1]), math.log(_AGES[index])
    part = (math.log(age_days) - low) / (high - low)
    return _PHI[index - 1] + part * (_PHI[index] - _PHI[index - 1])


def growth(age_days: float, ageing: float) -> float:
    """Views at an age as a fraction of those at 30 days; 0 at age 0, 1 at 30 days, rising and concave."""
    if age_days <= 0:
        return 0.0
    first = _AGES[0]
    if age_days < first:  # The first hours are a straight line: the curve was not measured there.
        return growth(first, ageing) * age_days / first
    return math.exp(ageing * (phi(age_days) - _PHI[_AGES.index(30)]))


@dataclass(frozen=True)
class Traits:
    """What fate gave a post. `level` is its views after 30 days; `born` the (pretend) moment it went live."""

    platform: str
    key: str
    born: datetime
    level: float
    ageing: float
    rates: dict[str, float]
    burst: float
    burst_day: float

    @cached_property
    def _weights(self) -> list[float]:
        """Cumulated day weights of a four-week cycle: weekdays, and this post's own good and bad days."""
        monday = self.born.weekday()
        raw = [
            _WEEKDAYS[(monday + day) % 7] * (0.72 + 0.56 * fraction(self.key, "day", day)) for day in range(_CYCLE)
        ]
        scale = _CYCLE / sum(raw)
        sums = [0.0]
        for weight in raw:
            sums.append(sums[-1] + weight * scale)
        return sums

    def lived(self, age: timedelta) -> float:
        """Days of attention in an age: working days count for more than Sundays; four weeks are 28 days."""
        days = max(age.total_seconds() / _DAY, 0.0)
        cycles, rest = divmod(days, _CYCLE)
        day = int(rest)
        sums = self._weights
        return cycles * _CYCLE + sums[day] + (rest - day) * (sums[day + 1] - sums[day])

    def exact(self, age: timedelta) -> float:
        """Views as a real number; never falls as age grows."""
        days = self.lived(age)
        late = self.burst * (1 / (1 + math.exp(self.burst_day - days)) - 1 / (1 + math.exp(self.burst_day)))
        return self.level * (growth(days, self.ageing) + max(late, 0.0))

    def views(self, age: timedelta) -> int:
        """Views (impressions on LinkedIn and X) at an age."""
        return math.floor(self.exact(age))

    def count(self, what: str, age: timedelta) -> int:
        """Likes, comments, shares… at an age: a part of the views, so never more of them and never falling."""
        return math.floor(self.views(age) * self.rates.get(what, 0.0))

    def age_of(self, what: str, number: int, within: timedelta) -> timedelta:
        """The age at which the count `what` reached `number`; it must have done so `within` that age. Error under 1 s."""
        low, high = 0.0, within.total_seconds()
        while high - low > 0.5:
            middle = (low + high) / 2
            if self.count(what, timedelta(seconds=middle)) >= number:
                high = middle
            else:
                low = middle
        return timedelta(seconds=high)


@lru_cache(maxsize=4096)
def traits(platform: str, account: str, post: str, born: datetime, seed: int, linked: bool = True) -> Traits:
    """Draw a post's traits: a heavy-tailed level by account and post, its ageing, its rates, perhaps a late burst.

    linked -- whether the message carries a link; without one nobody clicks through.
    """
    habits = _HABITS[platform]
    key = f"{seed}:{platform}:{post}"
    size = math.exp(0.35 * normal(seed, platform, account, "size"))
    luck = math.exp(habits.spread * normal(key, "luck") * 0.8)
    if fraction(key, "tail") > 0.97:  # one in thirty goes off by itself
        luck *= 3 + 5 * fraction(key, "tail size")
    hour = born.hour + born.minute / 60
    moment = (1.12 if 6 <= hour < 15 else 0.88) * math.sqrt(_WEEKDAYS[born.weekday()])
    rates = {
        name: min(rate * math.exp(0.45 * normal(key, name)), 0.9) for name, rate in habits.rates.items()
    }
    if "reach" in rates:
        rates["reach"] = 0.5 + 0.25 * fraction(key, "reach")
    if not linked and "clicks" in rates:
        rates["clicks"] *= 0.25 if platform == "linkedin" else 0.0
    bursts = fraction(key, "burst") > 0.93
    return Traits(
        platform=platform,
        key=key,
        born=born,
        level=max(habits.median * size * luck * moment, 12.0),
        ageing=habits.ageing * math.exp(0.18 * normal(key, "ageing")),
        rates=rates,
        burst=0.2 + 0.7 * fraction(key, "burst size") if bursts else 0.0,
        burst_day=20 + 160 * fraction(key, "burst day"),
    )


def shares_of(total: int, weights: Sequence[float]) -> list[int]:
    """Split a whole number by weights into whole numbers that sum to it (largest remainders)."""
    if total <= 0 or not weights:
        return [0] * len(weights)
    scale = total / sum(weights)
    exact = [weight * scale for weight in weights]
    counts = [math.floor(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda index: counts[index] - exact[index])
    for index in order[: total - sum(counts)]:
        counts[index] += 1
    return counts
