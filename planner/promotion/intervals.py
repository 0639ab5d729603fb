"""How sure a share is that was counted: Wilson's 80 % interval, and how likely a run of misses is by chance. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Rate", "at_most", "rate"]

#: 80 %.
_Z = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 80 % interval."""

    share: float
    low: float
    high: float
    out_of: int


def rate(counted: tuple[int, int] | None, least: int = 100) -> Rate | None:
    """Of so many, so many did: the share with Wilson's interval; None below `least`. More than all is a slip of the source, and counts as all."""
    if counted is None or counted[0] < max(least, 1):
        return None
    out_of, did = counted
    did = min(did, out_of)
    part, square = did / out_of, _Z * _Z
    middle = (part + square / (2 * out_of)) / (1 + square / out_of)
    away = _Z / (1 + square / out_of) * math.sqrt(part * (1 - part) / out_of + square / (4 * out_of * out_of))
    return Rate(part, max(middle - away, 0.0), min(middle + away, 1.0), out_of)


def at_most(did: int, out_of: int, chance: float) -> float:
    """Probability that at most `did` of `out_of` do when each does with this chance (binomial)."""
    return math.fsum(math.comb(out_of, one) * chance**one * (1 - chance) ** (out_of - one) for one in range(did + 1))
