"""The calendar's page: a week with a lane for each channel, a month, a list or a year, drawn by the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from babel import Locale
from babel.dates import get_day_names
from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.catalog.models import AssetKind, Audience
from planner.catalog.service import LANGUAGES
from planner.channels.port import Platform
from planner.planning import queries
from planner.planning.conflicts import Clash, Stands, free_days_of, how_channels_stand, open_conflicts
from planner.planning.crowds import first_of_each
from planner.planning.drawer import drawer as in_drawer
from planner.planning.findings import RivalEvent
from planner.planning.gaps import Watch, watches
from planner.planning.models import PostState
from planner.planning.queries import CalendarEntry
from planner.planning.saved_views import first_query
from planner.publishing.native_queries import NativeEntry
from planner.web.access import needs
from planner.web.calendar import sheets
from planner.web.calendar.asking import Asked, asked_of
from planner.web.calendar.beside import Beside, EventName, Lift, beside
from planner.web.calendar.free import free_slips
from planner.web.calendar.sheets import Day, Mark, legend_of
from planner.web.calendar.slips import Entry, Slip, hands, moment_of, slips
from planner.web.calendar.stencils import drawer, month_boxes
from planner.web.calendar.unchanged import marked, unchanged
from planner.web.calendar.views import SCREEN, question_of
from planner.web.calendar.ways import ANY_DAY, by_day, turning
from planner.web.calendar.years import strip_of
from planner.web.labels import label, told_apart
from planner.web.languages import translate
from planner.web.moments import names_of
from planner.web.native_rows import ONLY, shown
from planner.web.stretches import midnight, midnights, today, zone

__all__ = ["calendar"]

#: As many posts as one page reads. A list says so when there are more; a month shows counts.
MOST = 2000


@needs("read")
def calendar() -> ResponseReturnValue:
    if not request.args and (first := first_query(g.db, SCREEN, viewer=g.user)) is not None:
        return redirect(f"{request.path}?{first}")
    if (answer := unchanged()) is not None:
        return answer
    asked = asked_of(request.args)
    around = asked.around
    side = beside(around.start, around.end, MOST, counts=asked.view == "month")
    entries, counts = _entries(asked, side)
    stands = how_channels_stand(g.db)
    seen = [one for number, one in stands.items() if not asked.filters.channels or number in asked.filters.channels]
    free = free_slips(asked, entries, stands, side) if counts is None and asked.view != "year" and len(entries) < MOST else []
    told = "_flashes" in session
    options = _options(side)
    html = render_template(
        "calendar/page.html",
        asked=asked,
        view=asked.view,
        around=around,
        kept=asked.kept,
        filters=asked.filters,
        beside=side,
        clashes=_clashes(entries, stands, side) if counts is None else [],
        uncompared=asked.view in ("week", "month") and (counts is not None or len(entries) >= MOST),  # A list says so itself.
        drawer=in_drawer(g.db, viewer=g.user, watched=_watched(stands) if asked.view != "year" else (), now=g.now),
        mine=hands(),
        options=options,
        asked_for=_asked_for(asked, options),
        hatched=any(isinstance(one, NativeEntry) for one in entries),
        found_none=bool(asked.kept) and not entries and asked.view in ("week", "month"),
        weekdays=_weekdays(),
        can_plan=may(g.user, "post.create"),
        can_move=may(g.user, "post.move"),
        can_note=may(g.user, "note.write"),
        question=question_of(request.args),
        any_day=ANY_DAY,
        by_day=by_day,
        to=turning(asked.kept),
        drawn=drawer(asked.view),
        month_boxes=month_boxes,
        **_sheet(asked, entries, side, [] if asked.view == "year" else _days(asked, side, seen), counts, free),
    )
    return marked(html, with_messages=told)


def _entries(asked: Asked, side: Beside) -> tuple[list[Entry], dict[date, int] | None]:
    """What is drawn; and how many posts each day has, where a month has so many that only the first of each day are read."""
    if asked.view == "year":
        return [], None
    start, end = midnight(asked.around.start), midnight(asked.around.end)
    posts: list[Entry] = []
    counts = None
    if asked.native != ONLY and asked.view == "month" and side.posts > MOST:
        days = sheets.days_between(asked.around.start, asked.around.end)
        first, many = first_of_each(g.db, list(pairwise(midnights(days))), viewer=g.user, filters=asked.filters, each=sheets.BOX_CAP + 1)
        posts += first
        counts = dict(zip(days, many, strict=True))
    elif asked.native != ONLY:
        posts += queries.calendar(g.db, start, end, viewer=g.user, filters=asked.filters, limit=MOST)
    natives = shown(start, end, asked.filters, request.args) if g.newest[1] else []  # Nobody published anything directly yet: nothing to look for.
    return [*posts, *natives], counts


def _sheet(
    asked: Asked, entries: Sequence[Entry], side: Beside, days: list[Day], counts: dict[date, int] | None, free: Sequence[Slip]
) -> dict[str, Any]:
    if asked.view == "year":
        return {"strip": strip_of(asked.around, side.quiet_on(asked.filters.channels), today(), only=asked.filters.campaign_id)}
    place = zone()
    if asked.view == "month":
        first, many = _first_of_each(entries, [one.day for one in days], counts or {})
        drawn = slips(first, place)
        return {"days": sheets.boxes(days, drawn, many, free), "legend": legend_of(drawn)}
    drawn = slips(entries, place)
    lines = [_line(one) for one in side.lifts]
    if asked.view == "list":
        return {"days": sheets.listed(days, sorted([*drawn, *lines, *free], key=lambda one: one.at), everything=asked.days == 1), "crowded": len(entries) >= MOST, "legend": legend_of(drawn)}
    wanted = [one for one in side.channels if not asked.filters.channels or one.number in asked.filters.channels]
    rows, hidden = sheets.lanes(days, drawn, wanted, [*lines, *free], side.blackouts, every=request.args.get("lanes") == "all")
    return {"days": days, "lanes": rows, "hidden": hidden, "legend": legend_of(drawn)}


def _first_of_each(entries: Iterable[Entry], days: Sequence[date], counted: Mapping[date, int]) -> tuple[list[Entry], dict[date, int]]:
    """Those that are drawn in a day's box, and how many each day has: what is only counted need not be worded.

    entries -- of those days, which follow each other.
    counted -- how many posts each day has, where `entries` holds only the first of them.
    """
    found: list[list[Entry]] = [[] for _day in days]
    turn, ends = 0, midnights(days)[1:]
    for one in sorted(entries, key=moment_of):
        while moment_of(one) >= ends[turn]:
            turn += 1
        found[turn].append(one)
    many = {day: max(len(there), counted.get(day, 0)) for day, there in zip(days, found, strict=True)}
    return [one for day, there in zip(days, found, strict=True) for one in sheets.fitting(there, many[day])], many


def _days(asked: Asked, side: Beside, seen: Iterable[Stands]) -> list[Day]:
    """Each day of the stretch with what the whole of it is; what holds posts back stands first, since what does not fit is left to the day's page."""
    start, end = asked.around.start, asked.around.end
    marks: dict[date, list[Mark]] = {day: [] for day in sheets.days_between(start, end)}
    for day, kept, countries in free_days_of(seen, start, end):
        marks[day].append(Mark("holiday", f"{kept.named(str(get_locale()).split('_')[0])} ({', '.join(countries)})", "sun"))
    quiet = set()
    every = asked.filters.channels or [one.number for one in side.channels]
    for blackout in side.quiet_on(asked.filters.channels):
        mark = Mark("blackout", blackout.name, "snowflake", url_for("blackouts.edit", blackout_id=blackout.number, back=request.full_path), sheet=True)
        for day in sheets.days_between(max(blackout.starts_on, start), min(blackout.ends_on, end)):
            marks[day].append(mark)
            if blackout.on_all_of(every):
                quiet.add(day)
    for lift in side.lifts if asked.view != "list" else ():  # There it is a line among the day's posts.
        local = lift.at.astimezone(zone())
        marks[local.date()].append(Mark("lift", _("Embargo lifts: %(title)s", title=lift.title), "lock-keyhole-open", _page_of(lift), f"{local:%H:%M}"))
    for event in side.events:
        mark = _event_mark(event)
        for day in sheets.days_between(max(event.starts_on, start), min(event.ends_on, end)):
            marks[day].append(mark)
    for note in side.notes:
        marks[note.day].append(Mark("note", note.text, "pencil", url_for("notes.edit", note_id=note.number, back=request.full_path), sheet=True))
    now, locale = today(), get_locale()
    return [
        Day(day, *names_of(day, locale), marks[day], today=day == now, quiet=day in quiet, other=asked.view == "month" and day.month != asked.day.month) for day in marks
    ]


def _event_mark(event: EventName) -> Mark:
    kind, icon, text = ("rival", "target", f"{event.rival}: {event.name}") if event.rival else ("event", "map-pin", event.name)
    return Mark(kind, text, icon, url_for("events.edit", event_id=event.number, back=request.full_path), sheet=True)


def _line(lift: Lift) -> Slip:
    """The embargo as a line between the posts before it and those after."""
    local = lift.at.astimezone(zone())
    said = _("Embargo lifts: %(title)s", title=lift.title)
    return Slip(local.date(), f"{local:%H:%M}", "", said, _page_of(lift), 0, "", "", 0, "", "", "red", "lock-keyhole-open", None, 0, False, False, lift.at, True)


def _page_of(lift: Lift) -> str:
    if lift.campaign_id is not None:
        return url_for("campaigns.show", campaign_id=lift.campaign_id)
    return url_for("assets.show", asset_id=lift.asset_id)


def _clashes(entries: Sequence[Entry], stands: dict[int, Stands], side: Beside) -> list[tuple[Clash, str]]:
    """What gets in its own way and can still be changed, each with its sentence."""
    posts = [one for one in entries if isinstance(one, CalendarEntry)]
    rivals = [RivalEvent(one.name, one.rival, one.starts_on, one.ends_on) for one in side.events if one.rival]
    return [(one, _said(one)) for one in open_conflicts(posts, stands, side.audiences, g.now, rivals)]


def _watched(stands: dict[int, Stands]) -> Sequence[Watch]:
    """The audiences whose gaps are shown: to who plans, since only they can mend them."""
    if not stands or not may(g.user, "post.create"):
        return ()
    return watches({(setting.channel_id, setting.code): setting for one in stands.values() for setting in one.settings}.values())


def _said(clash: Clash) -> str:
    params = {name: label(value) if isinstance(value, Audience) else value for name, value in clash.params.items()}
    return translate(clash.message, **params)


def _options(side: Beside) -> dict[str, Any]:
    """What each filter offers."""
    return {
        "channels": tuple(told_apart((one.number, one.name, Platform(one.platform)) for one in side.channels)),
        "campaigns": tuple(side.campaigns),
        "owners": tuple(side.owners),
        **_closed_lists(get_locale()),
    }


@lru_cache(maxsize=8)
def _closed_lists(locale: Locale) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer that is the same for everybody who reads that language; kept, like the templates' own words."""
    names = locale.languages
    return {
        "kinds": [(one.value, label(one)) for one in AssetKind],
        "states": [(one.value, label(one)) for one in PostState],
        "audiences": [(one.value, label(one)) for one in Audience],
        "languages": [(code, names.get(code, code)) for code in LANGUAGES],
    }


def _asked_for(asked: Asked, options: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """Each filter that holds, what is left of the address without it, and its words."""
    offered: dict[str, Iterable[tuple[Any, str]]] = {
        "channel": options["channels"], "campaign": options["campaigns"], "audience": options["audiences"], "kind": options["kinds"],
        "state": options["states"], "owner": options["owners"], "language": options["languages"], "mine": [("1", _("Written by me"))],
        "native": [("hide", _("Published directly: hidden")), ("only", _("Published directly: only these"))],
    }  # fmt: skip
    found = []
    for name, values in asked.kept.items():
        words = {str(value): text for value, text in offered[name]}
        rest = {other: kept for other, kept in asked.kept.items() if other != name}
        found.append((name, rest, ", ".join(words.get(value, "?") for value in values)))
    return found


def _weekdays() -> list[str]:
    names = get_day_names("abbreviated", "stand-alone", locale=get_locale())
    return [names[number] for number in range(7)]


