"""Hints of good hours for chosen channels, with the number of posts behind each; a page of its own, and a piece of the composer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import get_day_names
from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy import select

from planner.channels.models import Channel
from planner.insights.best_times import LEAST, BestTimes, Slot, best_times, next_of
from planner.planning.moments import wall_of
from planner.web.access import needs

__all__ = ["hints"]

#: Channels one answer tells of.
_MOST = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """One slot in the reader's words: its day, its hours, and when it comes next on the channel's clock."""

    slot: Slot
    day: str
    next_at: datetime
    wall_time: str


@needs("read")
def hints() -> ResponseReturnValue:
    """For the channels of the address."""
    numbers = [number for number in request.args.getlist("channels", type=int) if 0 < number < 2**63][:_MOST]
    channels = g.db.scalars(select(Channel).where(Channel.id.in_(numbers)).order_by(Channel.name)) if numbers else ()
    told = [(times, [_hint(slot, times) for slot in times.slots]) for times in (best_times(g.db, one, now=g.now) for one in channels)]
    return render_template("planning/best_times.html", told=told, least=LEAST)


def _hint(slot: Slot, times: BestTimes) -> Hint:
    at = next_of(slot, times.zone, g.now)
    return Hint(slot, get_day_names("wide", "format", locale=get_locale() or "en")[slot.weekday], at, wall_of(at, times.zone))
