"""How a comparison of variants is told on a terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from planner.cli import output
from planner.insights.variants import LEAST_ACTED, LEAST_SEEN, Answer, Comparison, Shown

__all__ = ["beside", "shape_of"]

_DAY = timedelta(days=1)
_COLUMNS = ("post", "published_at", "seen", "acted", "rate", "low", "high", "words")
_SAYS = {
    Answer.CANNOT_TELL: "Cannot tell yet: the difference may be chance.",
    Answer.TOO_FEW: f"Cannot tell yet: each must be seen {LEAST_SEEN} times, and all together be acted upon {LEAST_ACTED} times.",
    Answer.NO_COMMON_AGE: "Cannot tell yet: not all of them were read at the same age, a day or more after they went out.",
    Answer.COUNTED_APART: "Cannot be told: the platform changed what it counts between them or after they went out.",
}


def shape_of(one: Comparison) -> dict[str, Any]:
    """The comparison with the members that the API gives it."""
    return {
        "channel_id": one.channel_id, "channel_name": one.channel, "platform": one.platform, "metric": one.metric, "act": one.acted,
        "age_days": None if one.age is None else one.age / _DAY, "answer": one.answer, "best": one.best, "gap": one.gap._asdict() if one.gap else None,
        "apart_days": one.apart / _DAY, "changes": one.changes, "variants": [asdict(each) for each in one.shown],
    }  # fmt: skip


def beside(one: Comparison) -> str:
    """For people: what can be said, with the difference, then each variant."""
    age = "" if one.age is None else f", at the age of {one.age / _DAY:.1f} days"
    says = f"Post {one.best} does better." if one.answer is Answer.BETTER else _SAYS[one.answer]
    if one.gap:
        low, high = (f"{100 * end:+.2f}" for end in (one.gap.low, one.gap.high))
        says += f" The best is {100 * one.gap.share:+.2f} points above the next, between {low} and {high}."
    return f"{one.channel}: {one.acted} by {one.metric}{age}\n{says}\n\n" + output.table([_line(each) for each in one.shown], _COLUMNS)


def _line(each: Shown) -> dict[str, Any]:
    rate = {name: f"{getattr(each.rate, part):.2%}" if each.rate else None for name, part in (("rate", "share"), ("low", "low"), ("high", "high"))}
    return {"post": each.post_id, "published_at": each.published_at, "seen": each.seen, "acted": each.acted, "words": each.words, **rate}
