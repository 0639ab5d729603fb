"""How sure a share is that was counted, how sure the difference of two is, and how likely a run of misses is by chance. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Rate", "at_most", "difference", "rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its interval."""

    share: float
    low: float
    high: float
    out_of: int


def rate(counted: tuple[int, int] | None, least: int = 100, *, sure: float = 0.8) -> Rate | None:
    """Of so many, so many did: the share with Wilson's interval; None below `least`. More than all is a slip of the source, and counts as all."""
    if counted is None or counted[0] < max(least, 1):
        return None
    out_of, did = counted
    did = min(did, out_of)
    z = NormalDist().inv_cdf((1 + sure) / 2)
    part, square = did / out_of, z * z
    middle = (part + square / (2 * out_of)) / (1 + square / out_of)
    away = z / (1 + square / out_of) * math.sqrt(part * (1 - part) / out_of + square / (4 * out_of * out_of))
    return Rate(part, max(middle - away, 0.0), min(middle + away, 1.0), out_of)


def difference(one: Rate, other: Rate) -> tuple[float, float]:
    """The ends of the interval of one share less the other, as sure as both are (Newcombe 1998, method 10, from Wilson's intervals)."""
    gap = one.share - other.share
    return (
        gap - math.hypot(one.share - one.low, other.high - other.share),
        gap + math.hypot(one.high - one.share, other.share - other.low),
    )


def at_most(did: int, out_of: int, chance: float) -> float:
    """Probability that at most `did` of `out_of` do when each does with this chance (binomial)."""
    return math.fsum(math.comb(out_of, one) * chance**one * (1 - chance) ** (out_of - one) for one in range(did + 1))
