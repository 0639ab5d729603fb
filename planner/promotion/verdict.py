"""The verdict: what a promotion would bring, whether that pays, and what to do with the video, with its reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from planner.core.i18n import N_
from planner.promotion.choices import LABELS, Choice, Confidence
from planner.promotion.forecast import Outlook
from planner.promotion.uplift import Uplift, extra_views

__all__ = ["LABELS", "Case", "Choice", "Confidence", "Economics", "Reason", "Thresholds", "Verdict", "economics", "quality_of", "verdict"]


#: What one step up is, when somebody who counts has spoken of the video.
_STEPS = (Choice.KEEP_FOR_EVENTS, Choice.LET_IT_RUN, Choice.AMPLIFY_FREE, Choice.PROMOTE)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the rules draw their lines; settings, explained on a page of their own. Shares and probabilities in [0, 1]."""

    goal_sure: float = 0.80
    low_start: float = 0.30
    pays: float = 0.70
    pays_not: float = 0.30
    worst_retention: float = 0.15
    good: float = 0.50
    comparable: int = 5
    young_days: float = 3.0
    qualified_views: float = 50.0


@dataclass(frozen=True, slots=True)
class Economics:
    """What a promotion would bring until the horizon, in views and in money of `value_per_view`.

    extra -- additional views at 10, 50 and 90 %. pays -- probability that the gain is above 0; None while no value of a view is given.
    expected_gain, cost_per_extra -- mean gain; cost of one more qualified view at the median. None where it cannot be told.
    """

    extra: tuple[float, float, float]
    qualified: float
    pays: float | None
    expected_gain: float | None
    cost_per_extra: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence: English with %(name)s places, and what fills them."""

    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one video. None is “not told” throughout; ranks are shares of the channel's comparable videos below this one.

    blocked -- why it may not be promoted at all: embargo, campaign, sensitive, confidential or rights; empty when nothing stands against it.
    blocked_by -- what fills the sentence about that: until, campaign.
    comparable -- videos of the channel known at this age. start -- rank of its views among them; click_through, retention -- likewise.
    qualified_views -- views so far by those it is for. for_event, audio_only -- what it was made as.
    vouched_by -- a politician, journalist or analyst who spoke of it; empty when nobody did.
    """

    expected: Outlook
    economics: Economics
    age_days: float
    blocked: str = ""
    blocked_by: Mapping[str, str] = field(default_factory=dict)
    goal: float | None = None
    comparable: int = 0
    start: float | None = None
    click_through: float | None = None
    retention: float | None = None
    qualified_views: float | None = None
    for_event: bool = False
    audio_only: bool = False
    vouched_by: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, how sure that is, why, and what would change it."""

    choice: Choice
    confidence: Confidence
    reasons: Sequence[Reason]
    would_change: Sequence[Reason]


_BLOCKED = {
    "embargo": N_("It is under embargo until %(until)s."),
    "campaign": N_("Its campaign %(campaign)s is under embargo until %(until)s."),
    "sensitive": N_("It is sensitive: one release is all there may be."),
    "confidential": N_("It is confidential."),
    "rights": N_("Its rights ended on %(until)s."),
}


def quality_of(viewed: float | None, channel: Sequence[float] | np.ndarray[Any, Any], *, comparable: int = 5) -> float:
    """How much a view of this video is worth against the channel's others: average percentage viewed over their median, in [.5, 1.25].

    1 when it is not told or fewer than `comparable` others are.
    """
    if viewed is None or len(channel) < comparable:
        return 1.0
    usual = float(np.median(channel))
    return 1.0 if usual <= 0 else min(max(viewed / usual, 0.5), 1.25)


def economics(
    expected: Outlook, gain: Uplift, *, cost: float, target_share: float | None, value_per_view: float | None, quality: float = 1.0
) -> Economics:  # fmt: skip
    """What a promotion of this cost would bring. Production cost is spent already and is no part of it.

    target_share -- part of the viewers that the video is for, in [0, 1]; None counts every view, as nobody told better.
    value_per_view -- what one view by them is worth, in the currency of `cost`.
    """
    extra = extra_views(expected, gain)
    low, middle, high = (float(v) for v in np.quantile(extra, (0.1, 0.5, 0.9)))
    share = 1.0 if target_share is None else target_share
    per_extra = cost / (middle * share) if middle * share > 0 else None
    if value_per_view is None:
        return Economics((low, middle, high), middle * share, None, None, per_extra)
    gains = extra * (share * value_per_view * quality) - cost
    return Economics((low, middle, high), middle * share, float(np.mean(gains > 0)), float(np.mean(gains)), per_extra)


def verdict(case: Case, lines: Thresholds | None = None) -> Verdict:
    """The first rule that applies decides; somebody who counts moves it one step up; what is thin is said to be so."""
    lines = lines or Thresholds()
    choice, reasons = _decide(case, lines)
    if case.vouched_by and choice in _STEPS:
        step = min(_STEPS.index(choice) + 1, len(_STEPS) - 1)
        if _STEPS[step] is not choice:
            choice = _STEPS[step]
            reasons.append(Reason("vouched", N_("%(who)s spoke of it, which counts one step up."), {"who": case.vouched_by}))
    confidence = _confidence(case, lines, reasons)
    return Verdict(choice, confidence, tuple(reasons), tuple(_would_change(case, choice, lines)))


def _decide(case: Case, lines: Thresholds) -> tuple[Choice, list[Reason]]:
    if case.blocked:
        return Choice.DO_NOT_PROMOTE, [Reason(case.blocked, _BLOCKED[case.blocked], dict(case.blocked_by))]
    if case.goal is not None and (sure := case.expected.chance_of(case.goal)) >= lines.goal_sure:
        told = N_("It reaches its goal of %(goal)s views by itself with a probability of %(chance)s.")
        return Choice.LET_IT_RUN, [Reason("goal_by_itself", told, {"goal": case.goal, "chance": sure})]
    holds = case.retention is not None and case.retention >= lines.good
    weak = [rank for rank in (case.start, case.click_through) if rank is not None and rank <= lines.low_start]
    if weak and holds:
        told = N_("Those who start it stay, but few start it: the title or the thumbnail does not say what it is.")
        return Choice.RE_EDIT, [Reason("few_start", told)]
    pays = case.economics.pays
    shallow = case.retention is not None and case.retention <= lines.worst_retention
    if pays is not None and pays >= lines.pays:
        if shallow:
            told = N_("It would pay with a probability of %(chance)s, but people leave it early: promotion would buy short visits.")
            return Choice.LET_IT_RUN, [Reason("short_visits", told, {"chance": pays})]
        told = N_("It pays with a probability of %(chance)s.")
        reasons = [Reason("pays", told, {"chance": pays})]
        if _interest_and_exposure(case, lines):
            reasons.append(Reason("free_first", N_("It is liked and seen already: let employees pass it on before money is spent.")))
        return Choice.PROMOTE, reasons
    below = case.start is None or case.start <= lines.good
    if case.for_event and below and (pays is None or pays < lines.pays_not):
        return Choice.KEEP_FOR_EVENTS, [Reason("for_event", N_("It was made for an event and is judged by its use there."))]
    reasons = [_does_not_pay(pays)]
    if case.audio_only:
        reasons.append(Reason("audio_only", N_("It has sound only and cost little, so little has to come back.")))
    if _interest_and_exposure(case, lines):
        reasons.append(Reason("free_first", N_("It is liked and seen already: let employees pass it on before money is spent.")))
        return Choice.AMPLIFY_FREE, reasons
    return Choice.LET_IT_RUN, reasons


def _does_not_pay(pays: float | None) -> Reason:
    if pays is None:
        return Reason("no_value", N_("Nobody said what a view is worth, so whether it pays cannot be told."))
    return Reason("does_not_pay", N_("It pays with a probability of %(chance)s only."), {"chance": pays})


def _interest_and_exposure(case: Case, lines: Thresholds) -> bool:
    return case.retention is not None and case.retention > lines.good and case.start is not None and case.start > lines.good


def _confidence(case: Case, lines: Thresholds, reasons: list[Reason]) -> Confidence:
    """Says what is thin, and how far the verdict can be trusted with it."""
    if case.blocked:
        return Confidence.SOUND
    if case.age_days < lines.young_days:
        told = N_("It is younger than %(days)s days.")
        reasons.append(Reason("young", told, {"days": lines.young_days}))
        return Confidence.TOO_EARLY
    if case.expected.too_early:
        reasons.append(Reason("too_wide", N_("The forecast is too wide to say anything.")))
        return Confidence.TOO_EARLY
    thin = False
    if case.comparable < lines.comparable:
        told = N_("Videos of the channel that can be compared with it: only %(count)s.")
        reasons.append(Reason("few_comparable", told, {"count": case.comparable}))
        thin = True
    if case.qualified_views is not None and case.qualified_views < lines.qualified_views:
        told = N_("Those it is for who have seen it: only about %(count)s.")
        reasons.append(Reason("few_qualified", told, {"count": case.qualified_views}))
        thin = True
    return Confidence.INDICATIVE if thin else Confidence.SOUND


def _would_change(case: Case, choice: Choice, lines: Thresholds) -> list[Reason]:
    pays = case.economics.pays
    told: list[Reason] = []
    if choice is Choice.DO_NOT_PROMOTE:
        return [Reason("lifted", N_("When nothing stands against it any more, it is judged anew."))]
    if choice is not Choice.PROMOTE and (pays is None or pays < lines.pays):
        message = N_("A higher value of a view, more viewers of those it is for, or a cheaper promotion: from a probability of %(chance)s on it pays.")
        told.append(Reason("more_value", message, {"chance": lines.pays}))
    if choice is Choice.PROMOTE and pays is not None:
        message = N_("A dearer promotion or fewer viewers of those it is for: below a probability of %(chance)s it does not pay.")
        told.append(Reason("less_value", message, {"chance": lines.pays}))
    if case.retention is None:
        told.append(Reason("retention_unknown", N_("How long people watch is not told; it may turn the verdict either way.")))
    if case.goal is not None and choice is Choice.LET_IT_RUN:
        told.append(Reason("higher_goal", N_("A higher goal."), {}))
    return told
