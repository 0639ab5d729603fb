"""How a ratio is measured: rounds of A and B in turn, the median of each round's ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Line", "Skipped", "cpu_ratio"]


@dataclass(frozen=True)
class Line:
    """One bench's result. `figure`, `gate` and `aim` are in the bench's own unit; smaller is better unless `higher`."""

    name: str
    figure: float
    gate: float
    aim: float
    unit: str = "x"
    higher: bool = False

    @property
    def is_met(self) -> bool:
        return self.figure >= self.gate if self.higher else self.figure <= self.gate

    def __str__(self) -> str:
        def shown(value: float) -> str:
            return f"{value:.2f}{self.unit}" if self.unit == "x" else f"{value:g}{self.unit}"

        return f"{self.name} {shown(self.figure)} {shown(self.gate)} {shown(self.aim)} {'met' if self.is_met else 'short'}"


@dataclass(frozen=True)
class Skipped:
    """A bench that this machine cannot run, and the sentence that says what it lacks."""

    name: str
    why: str
    is_met: bool = True

    def __str__(self) -> str:
        return f"{self.name} skipped: {self.why}"


def cpu_ratio(ours: Callable[[], Any], limit: Callable[[], Any], *, rounds: int = 15, each: int = 10) -> float:
    """Median over rounds of CPU(ours) / CPU(limit), the two interleaved so that a drifting machine drifts for both."""
    for _ in range(3):
        ours()
        limit()
    ratios = []
    for _ in range(rounds):
        first = _cpu(ours, each)
        second = _cpu(limit, each)
        ratios.append(first / second)
    return statistics.median(ratios)


def _cpu(step: Callable[[], Any], each: int) -> float:
    start = time.process_time()
    for _ in range(each):
        step()
    return time.process_time() - start
