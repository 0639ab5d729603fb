"""The settings of the promotion desk as values: what holds everywhere, what holds for one channel, what for one video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.promotion.choices import PromotionKind
from planner.promotion.models import PromotionSettings

__all__ = ["AHEAD", "Knobs", "knobs_of", "load"]

#: How far ahead a verdict looks unless a setting says otherwise, in days.
AHEAD = 30


@dataclass(frozen=True, slots=True)
class Knobs:
    """What a verdict is worked out with.

    value_per_view -- what one view by those a video is for is worth, in `currency`; None: nobody said.
    target_share -- part of the viewers it is for, in [0, 1]; None: nobody said, every view counts.
    cost -- of one promotion. thresholds -- those that differ from promotion.verdict.Thresholds.
    """

    value_per_view: float | None = None
    target_share: float | None = None
    cost: float = 0.0
    currency: str = "EUR"
    horizon_days: int = AHEAD
    kind: PromotionKind = PromotionKind.AD
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def over(self, row: PromotionSettings | None) -> Knobs:
        """These, with what the row says instead."""
        if row is None:
            return self
        told: dict[str, Any] = {one.name: getattr(row, one.name) for one in fields(self) if one.name != "thresholds"}
        given: dict[str, Any] = {name: float(value) if name in _AMOUNTS else value for name, value in told.items() if value is not None}
        return replace(self, **given, thresholds={**self.thresholds, **(row.thresholds or {})})


_AMOUNTS = ("value_per_view", "target_share", "cost")


def load(db: Session) -> dict[int | None, Knobs]:
    """Channel (None: everywhere) -> its knobs. One statement."""
    rows = {row.channel_id: row for row in db.scalars(select(PromotionSettings))}
    everywhere = Knobs().over(rows.get(None))
    return {None: everywhere} | {number: everywhere.over(row) for number, row in rows.items() if number is not None}


def knobs_of(known: Mapping[int | None, Knobs], channel_id: int | None) -> Knobs:
    """Of one channel, or what holds everywhere."""
    return known.get(channel_id) or known[None]
