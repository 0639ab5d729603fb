"""Weighs one video: its forecast with and without promotion, how it stands at its age, what a promotion would bring, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from planner.catalog.models import Confidentiality, Purpose
from planner.insights.rules import is_mixed
from planner.promotion.choices import PromotionKind
from planner.promotion.forecast import VERSION, Forecast, Outlook, Reading, known_at, outlook
from planner.promotion.gathering import ChannelPast, Video
from planner.promotion.knobs import Knobs
from planner.promotion.uplift import PastVideo, Uplift, uplift, with_promotion
from planner.promotion.verdict import Case, Economics, Reason, Thresholds, Verdict, economics, quality_of, verdict

__all__ = ["HORIZONS", "MEASURED", "PEERS", "Bench", "Evidence", "Place", "Similar", "WhatIf", "blocked", "frozen"]

#: How many of the channel's newest videos a forecast learns from, and of how many it is measured what promotions brought.
PEERS, MEASURED = 120, 200
#: Days after a decision at which it is judged.
HORIZONS = (30, 90)
_SIMILAR = 5
#: Videos up to so many times as long, or as short, are of like length.
_ALIKE = 2

Values = np.ndarray[Any, np.dtype[np.float64]]


class _Rates(NamedTuple):
    """A rate of each video of a channel of which it is told: number, seconds of length, rate."""

    assets: Values
    lengths: Values
    values: Values


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What somebody wants to see it worked out with instead; None keeps what holds."""

    cost: float | None = None
    kind: PromotionKind | None = None
    value_per_view: float | None = None
    target_share: float | None = None
    goal: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A video among the channel's others at the same age: times their median, place from the top, how many there are with it.

    rank -- share of the others below it.
    """

    ratio: float | None
    place: int
    count: int
    rank: float


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier video that had about as many views at the same age, and what it had at the age of the forecast (None: not known)."""

    asset_id: int
    title: str
    views_then: float
    views_later: float | None
    promoted: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the desk knows of one video now.

    expected -- as a distribution, `knobs.horizon_days` from now; None: neither readings nor other videos.
    alone, promoted -- days ahead -> forecast without and with promotion.
    """

    video: Video
    knobs: Knobs
    lines: Thresholds
    age: float
    expected: Outlook | None
    gain: Uplift
    alone: Mapping[int, Forecast]
    promoted: Mapping[int, Forecast]
    standing: Place | None
    retention: float | None
    retention_rank: float | None
    quality: float
    money: Economics | None
    case: Case | None
    verdict: Verdict | None
    similar: Sequence[Similar]
    history: int
    #: Seconds: the retention is set against videos between these lengths; None: against all, as too few are of like length.
    band: tuple[float, float] | None = None
    click_through: float | None = None
    click_rank: float | None = None
    reactions: float | None = None
    #: Share of the others that hold people less, read from what is “watched”, or “liked” where watch time is not told.
    interest: float | None = None
    interest_by: str = ""

    @property
    def views(self) -> float | None:
        return self.video.seen[-1][1] if self.video.seen else None

    @property
    def cold(self) -> bool:
        """Known from the channel's other videos only: right within a factor of 3."""
        return self.expected is not None and self.expected.basis == "level"

    @property
    def goal_chance(self) -> float | None:
        return None if self.case is None or self.case.goal is None or self.expected is None else self.expected.chance_of(self.case.goal)


def blocked(video: Video, now: datetime) -> tuple[str, dict[str, str]]:
    """Why it may not be promoted at all, and what fills that sentence; empty when nothing stands against it."""
    if video.embargo_until is not None and video.embargo_until > now:
        return "embargo", {"until": video.embargo_until.date().isoformat()}
    if video.campaign_embargo is not None and video.campaign_embargo > now:
        return "campaign", {"campaign": video.campaign, "until": video.campaign_embargo.date().isoformat()}
    if video.sensitive:
        return "sensitive", {}
    if video.confidentiality is Confidentiality.CONFIDENTIAL:
        return "confidential", {}
    if video.rights_until is not None and video.rights_until < now.date():
        return "rights", {"until": video.rights_until.isoformat()}
    return "", {}


class Bench:
    """One channel's past, prepared once and used for each of its videos."""

    def __init__(self, past: ChannelPast, knobs: Knobs, now: datetime, gains: Mapping[tuple[str, PromotionKind, int], Uplift] | None = None) -> None:
        """gains -- (view definition, kind, days ahead) -> what is kept of what promotions brought; what is not there is worked out."""
        self.past, self.knobs, self.now = past, knobs, now
        self._peers: dict[str, list[tuple[int, Sequence[Reading]]]] = {}
        self._gains: dict[tuple[str, PromotionKind, int], Uplift] = dict(gains or {})
        self._told: dict[tuple[str, str], _Rates] = {}

    @cached_property
    def regime(self) -> str:
        """The view definition of the channel's newest readings, for what is not published yet."""
        return next((one.regime for one in self.past.videos if one.series and not is_mixed(one.regime)), "")

    def history(self, regime: str, without: int | None = None) -> list[Sequence[Reading]]:
        """Readings of the channel's newest other videos in one view definition; none in one that is mixed of two."""
        return [readings for asset_id, readings in self._of(regime) if asset_id != without][:PEERS]

    def weigh(self, video: Video, what_if: WhatIf | None = None) -> Evidence:
        """The evidence about one of the channel's videos, or about one that is not published yet."""
        knobs, video = _with(self.knobs, video, what_if)
        regime = video.regime or self.regime
        history = self.history(regime, video.asset_id)
        age, seen = video.age(self.now), video.seen
        ahead = knobs.horizon_days
        gain = self.gain(regime, knobs.kind)
        told = {days: outlook(history, seen, age + days) for days in sorted({*HORIZONS, ahead})}
        expected = told[ahead]
        retention = video.retention(regime)
        given: dict[str, Any] = dict(knobs.thresholds)
        lines = Thresholds(**given)
        others, band = self._alike(video, regime, lines.comparable)
        quality = quality_of(retention, others, comparable=lines.comparable)
        standing = self._place(video, history)
        rank = _rank(retention, others, lines.comparable)
        clicks, click_rank = self._against("click_through", video, regime, lines.comparable)
        reactions, liked = self._against("reactions", video, regime, lines.comparable)
        interest, read_from = (rank, "watched") if rank is not None else (liked, "liked" if liked is not None else "")
        against, against_by = blocked(video, self.now)
        money = case = answer = None
        if expected is not None:
            share = video.target_share if video.target_share is not None else knobs.target_share
            value = video.value_per_view if video.value_per_view is not None else knobs.value_per_view
            money = economics(expected, gain, cost=knobs.cost, target_share=share, value_per_view=value, quality=quality)
            qualified = None if share is None or not seen else seen[-1][1] * share
            case = Case(
                expected, money, age, blocked=against, blocked_by=against_by, goal=video.goal, click_through=click_rank, comparable=standing.count - 1 if standing else 0,
                start=standing.rank if standing and standing.count > lines.comparable else None, retention=rank, qualified_views=qualified,
                for_event=video.purpose is Purpose.EVENT, audio_only=video.audio_only, vouched_by=video.vouched_by,
            )  # fmt: skip
            answer = verdict(case, lines)
        return Evidence(
            video, knobs, lines, age, expected, gain, {days: one.forecast for days, one in told.items() if one},
            {days: with_promotion(one, gain) for days, one in told.items() if one}, standing, retention, rank, quality, money, case, answer,
            self._similar(video, regime, age + ahead), len(history), band, clicks, click_rank, reactions, interest, read_from,
        )  # fmt: skip

    def gain(self, regime: str, kind: PromotionKind) -> Uplift:
        """What one kind of promotion brought on this channel; the default where none is on record."""
        key = (regime, kind, self.knobs.horizon_days)
        if key not in self._gains:
            told = [(one, [age for was, age, _cost in one.promoted if was is kind]) for one in self.past.videos[:MEASURED]]
            told = [] if is_mixed(regime) else told
            videos = [PastVideo(one.series[regime], min(ages, default=None)) for one, ages in told if regime in one.series and (ages or not one.promoted)]
            some = any(video.promoted_at is not None for video in videos)
            self._gains[key] = uplift(videos if some else (), max(self.knobs.horizon_days, 1))
        return self._gains[key]

    def gains(self) -> dict[PromotionKind, Uplift]:
        """What each kind on record brought, in the newest view definition."""
        kinds = {kind for one in self.past.videos[:MEASURED] for kind, _age, _cost in one.promoted}
        return {kind: self.gain(self.regime, kind) for kind in sorted(kinds)}

    def idea(self) -> dict[int, Forecast]:
        """Days after publication -> what a new video of this channel may have. Empty without past videos."""
        told = {days: outlook(self.history(self.regime), (), days) for days in HORIZONS}
        return {days: one.forecast for days, one in told.items() if one is not None}

    def _of(self, regime: str) -> list[tuple[int, Sequence[Reading]]]:
        if is_mixed(regime):
            return []
        if regime not in self._peers:
            self._peers[regime] = [(one.asset_id, one.series[regime]) for one in self.past.videos if one.series.get(regime)][: PEERS + 1]
        return self._peers[regime]

    def _rates(self, name: str, regime: str) -> _Rates:
        if (name, regime) not in self._told:
            others = () if is_mixed(regime) else self.past.videos
            told = [(one.asset_id, one.duration or 0, getattr(one, name)(regime)) for one in others]
            rows = [row for row in told if row[2] is not None]
            self._told[name, regime] = _Rates(*(np.array([row[place] for row in rows], float) for place in range(3)))
        return self._told[name, regime]

    def _alike(self, video: Video, regime: str, least: int) -> tuple[Values, tuple[float, float] | None]:
        """What is watched of the channel's others of like length; of all of them where fewer than `least` are."""
        told = self._rates("retention", regime)
        other = told.assets != video.asset_id
        if video.duration:
            low, high = video.duration / _ALIKE, video.duration * _ALIKE
            near = told.values[other & (told.lengths >= low) & (told.lengths <= high)]
            if len(near) >= least:
                return near, (low, high)
        return told.values[other], None

    def _against(self, name: str, video: Video, regime: str, least: int) -> tuple[float | None, float | None]:
        """A rate of the video, and the share of the channel's others below it; each None where it cannot be told."""
        told, mine = self._rates(name, regime), getattr(video, name)(regime)
        return mine, _rank(mine, told.values[told.assets != video.asset_id], least)

    def _place(self, video: Video, history: Sequence[Sequence[Reading]]) -> Place | None:
        """Age-matched: only what the others had when they were as old as this one at its last reading."""
        if not video.seen:
            return None
        age, views = video.seen[-1]
        others = [level for level in (known_at(readings, age) for readings in history) if level is not None]
        mine = math.log(views + 1)
        middle = math.exp(median([*others, mine])) - 1
        above = sum(level > mine for level in others)
        rank = sum(level < mine for level in others) / len(others) if others else 0.5
        return Place(views / middle if middle >= 1 and others else None, above + 1, len(others) + 1, rank)

    def _similar(self, video: Video, regime: str, later: float) -> list[Similar]:
        """The channel's videos nearest in views at the same age."""
        if not video.seen:
            return []
        age, views = video.seen[-1]
        found = []
        for one in () if is_mixed(regime) else self.past.videos[: PEERS + 1]:
            then = known_at(one.series.get(regime, ()), age) if one.asset_id != video.asset_id else None
            if then is not None:
                after = known_at(one.series[regime], later)
                found.append((abs(then - math.log(views + 1)), after is None, one, then, after))
        found.sort(key=lambda row: row[:2])
        return [
            Similar(one.asset_id, one.title, math.exp(then) - 1, None if after is None else math.exp(after) - 1, bool(one.promoted))
            for _far, _unknown, one, then, after in found[:_SIMILAR]
        ]


def _with(knobs: Knobs, video: Video, what_if: WhatIf | None) -> tuple[Knobs, Video]:
    if what_if is None:
        return knobs, video
    given: dict[str, Any] = {name: getattr(what_if, name) for name in ("cost", "kind") if getattr(what_if, name) is not None}
    asked: dict[str, Any] = {
        name: getattr(what_if, name) for name in ("value_per_view", "target_share", "goal") if getattr(what_if, name) is not None
    }
    return replace(knobs, **given), replace(video, **asked)


def _rank(value: float | None, others: Values, least: int) -> float | None:
    return None if value is None or len(others) < least else float(np.mean(others < value))


def frozen(evidence: Evidence) -> dict[str, Any]:
    """Everything that went in, as plain values, to be kept with a decision."""
    video, knobs, money = evidence.video, evidence.knobs, evidence.money
    reasons: Sequence[Reason] = evidence.verdict.reasons if evidence.verdict else ()
    return {
        "formula": VERSION, "age_days": round(evidence.age, 3), "regime": video.regime, "readings": [list(one) for one in video.seen],
        "history": evidence.history, "kind": knobs.kind.value, "cost": knobs.cost, "currency": knobs.currency, "horizon_days": knobs.horizon_days,
        "value_per_view": video.value_per_view if video.value_per_view is not None else knobs.value_per_view,
        "target_share": video.target_share if video.target_share is not None else knobs.target_share,
        "goal": video.goal, "quality": evidence.quality, "retention": evidence.retention, "thresholds": dict(knobs.thresholds),
        "uplift": [evidence.gain.log_mean, evidence.gain.log_sd, evidence.gain.promoted, evidence.gain.others],
        "alone": {str(days): _triple(one) for days, one in evidence.alone.items()},
        "promoted": {str(days): _triple(one) for days, one in evidence.promoted.items()},
        "extra": list(money.extra) if money else None, "expected_gain": money.expected_gain if money else None,
        "reasons": [{"code": one.code, "message": one.message, "params": dict(one.params)} for one in reasons],
    }  # fmt: skip


def _triple(told: Forecast) -> list[float]:
    """Low, median, high, in whole views."""
    return [round(told.low), round(told.median), round(told.high)]
