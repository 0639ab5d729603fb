"""Promotions on paper: real series whose views after a day are multiplied by a known truth, and what the desk makes of them.

`python -m tests.promotion.pretending` prints the table of docs/promotion.md: the estimate beside the plain ratio of averages.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median

from planner.promotion.uplift import PastVideo, Uplift, uplift
from tests.promotion.real import videos

__all__ = ["DAY", "Row", "channel", "rows"]

DAY = 7
#: How many pretended channels a row of the table rests on.
_CHANNELS = 60


def channel(seed: int, truth: float, *, promoted: int = 10, others: int = 40, chosen_by_level: float = 0.5) -> list[PastVideo]:
    """Past videos of one channel; those that did well are likelier to be promoted, and what came after was multiplied by `truth`."""
    chance = random.Random(seed)
    lot = chance.sample([video for video in videos() if video[DAY - 1] >= 10], promoted + others)
    liked = sorted(lot, key=lambda video: -(chosen_by_level * math.log(video[DAY - 1]) + chance.gauss(0, 1)))
    result = []
    for place, video in enumerate(liked):
        with_it = place < promoted
        told = []
        for age in (1, 3, DAY, 10, 14, 21, 30):
            count = float(video[age - 1])
            if with_it and age > DAY:
                count = video[DAY - 1] + (count - video[DAY - 1]) * truth
            if age in (DAY, 30) or chance.random() < 0.7:
                told.append((float(age), count))
        result.append(PastVideo(told, float(DAY) if with_it else None))
    return result


@dataclass(frozen=True, slots=True)
class Row:
    """What the desk made of one truth: bias of the estimate in ln, share of 80 % intervals that hold the truth, and both ratios."""

    truth: float
    promoted: int
    others: int
    estimate: float
    bias: float
    coverage: float
    naive: float

    def __str__(self) -> str:
        return (
            f"| ×{self.truth:g} | {self.promoted} and {self.others} | ×{self.estimate:.2f} | {self.bias:+.2f} | {self.coverage:.0%} | ×{self.naive:.1f} |"
        )


def rows(*, channels: int = _CHANNELS) -> Iterator[Row]:
    """One row a truth and a size of channel."""
    for promoted, others in ((10, 40), (4, 15)):
        for truth in (1.0, 1.5, 3.0):
            yield row([uplift(channel(seed, truth, promoted=promoted, others=others), 30) for seed in range(channels)], truth, promoted, others)


def row(told: list[Uplift], truth: float, promoted: int, others: int) -> Row:
    mean = fmean(gain.log_mean for gain in told)
    held = fmean(low <= truth <= high for low, high in (gain.interval() for gain in told))
    naive = median(math.exp(gain.naive) for gain in told if gain.naive is not None)
    return Row(truth, promoted, others, math.exp(mean), mean - math.log(truth), held, naive)


if __name__ == "__main__":
    print("| truth | promoted and other videos | estimate | bias (ln) | 80 % interval holds | plain ratio of averages |\n|---|---|---|---|---|---|")
    for one in rows():
        print(one)
