"""One channel's page of numbers: what it gained in a quarter, its best and weakest posts, its followers, its good hours."""

from __future__ import annotations

from datetime import date

from babel.dates import get_day_names
from flask import g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from planner.insights.channel_page import AGE_DAYS, ChannelNumbers, channel_numbers
from planner.web.access import needs
from planner.web.filters import day, number
from planner.web.performance import Lines, around, times

__all__ = ["around", "show"]


@needs("read")
def show(channel_id: int) -> ResponseReturnValue:
    found = channel_numbers(g.db, channel_id, viewer=g.user, now=g.now)
    return render_template(
        "performance/channel.html", one=found, channel=found.channel, summary=_summary(found), seen_days=_seen(found), followers=_followers(found),
        breaks={found.break_on: _("YouTube counts views in another way")} if found.break_on else {}, age_days=AGE_DAYS,
        day_names=get_day_names("wide", "stand-alone", locale=get_locale() or "en"),
    )  # fmt: skip


def _summary(found: ChannelNumbers) -> str:
    """What a person would say of the quarter, in a few sentences."""
    said = []
    if found.quarter is not None:
        seen = found.quarter.gained[found.quarter.seen]
        said.append(
            ngettext("One post went out in %(days)s days.", "%(num)d posts went out in %(days)s days.", found.posts, days=found.days)
            if seen is None
            else ngettext(
                "One post went out in %(days)s days; what is there was seen %(seen)s times in them.",
                "%(num)d posts went out in %(days)s days; what is there was seen %(seen)s times in them.", found.posts, days=found.days, seen=number(seen),
            )
        )  # fmt: skip
    if found.best:
        first = found.best[0]
        said.append(_("The best stands at %(times)s of what is ordinary at its age: “%(title)s”.", times=times(first.ratio or 0), title=first.title))
    if len(found.followers) > 1:
        (start, before), (_last, after) = found.followers[0], found.followers[-1]
        change = after - before
        said.append(_("%(count)s people follow it, %(change)s since %(day)s.", count=number(after), change=f"{'+' if change > 0 else ''}{number(change)}", day=day(start)))
    return " ".join(map(str, said))


def _seen(found: ChannelNumbers) -> Lines | None:
    """From the first day of which anybody knows."""
    days = list(found.quarter.seen_by_day) if found.quarter else []
    while days and days[0][1] is None:
        days.pop(0)
    return Lines([(found.channel.name, found.channel.colour)], [(on, [value]) for on, value in days]) if len(days) > 1 else None


def _followers(found: ChannelNumbers) -> Lines | None:
    rows: list[tuple[date, list[int | None]]] = [(on, [count]) for on, count in found.followers]
    return Lines([(_("Followers"), found.channel.colour)], rows) if len(rows) > 1 else None
