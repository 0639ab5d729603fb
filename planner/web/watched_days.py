"""The days of a video as YouTube Analytics tells them: how often it was started and how long it was watched, in lines and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from planner.insights import rules
from planner.insights.watched import Watched
from planner.web.filters import day, number

__all__ = ["Line", "WatchedDays", "watched_days"]

#: Days drawn at most, the newest.
_MOST_DAYS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Line:
    """A chart's table with one column: a row a day; None is a day that was not told."""

    columns: Sequence[tuple[str, int]]
    rows: Sequence[tuple[date, Sequence[float | None]]]


@dataclass(frozen=True, slots=True)
class WatchedDays:
    """Views and hours have a drawing each: on one scale the hours would lie on the ground. breaks -- day -> what is counted in another way."""

    views: Line
    hours: Line
    breaks: dict[date, str]
    summary: str


def watched_days(one: Watched, *, short: bool = False) -> WatchedDays | None:
    """None with fewer than two days told. short -- whether the video is a Short."""
    told = {on: (int(row["views"]), float(row["estimatedMinutesWatched"]) / 60) for on, row in one.days or ()}
    if len(told) < 2:
        return None
    last = max(told)
    first = max(min(told), last - _MOST_DAYS)
    days = [first + timedelta(days=number_) for number_ in range((last - first).days + 1)]
    breaks = rules.breaks(one.platform, first, last, short=short)
    return WatchedDays(
        Line([(_("Views"), 0)], [(on, [told[on][0] if on in told else None]) for on in days]),
        Line([(_("Hours watched"), 3)], [(on, [round(told[on][1], 1) if on in told else None]) for on in days]),
        {on: _("YouTube counts views in another way") for on in breaks},
        _summary({on: counts for on, counts in told.items() if on >= max((first, *breaks))}),
    )  # fmt: skip


def _summary(told: dict[date, tuple[int, float]]) -> str:
    """Of the days counted in one way, the newest."""
    if not told:
        return ""
    most = max(told, key=lambda on: (told[on][0], on))
    said = _(
        "From %(first)s to %(last)s it was started %(views)s times and watched for %(hours)s h; most often on %(day)s (%(most)s).",
        first=day(min(told)), last=day(max(told)), views=number(sum(views for views, _hours in told.values())),
        hours=number(round(sum(hours for _views, hours in told.values()), 1)), day=day(most), most=number(told[most][0]),
    )  # fmt: skip
    return str(said)
