"""The calendar's rows for programs in the page: posts, messages published directly, quiet periods, events and holidays, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, get_timezone
from flask_babel import gettext as _
from sqlalchemy import String, case, cast, literal, select

from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.people.models import Event
from planner.planning import queries
from planner.planning.conflicts import Stands, free_days_of, how_channels_stand
from planner.planning.findings import Quiet
from planner.planning.models import PostState
from planner.planning.moments import resolve_wall_time
from planner.planning.queries import CalendarEntry
from planner.planning.quiet_models import Blackout
from planner.planning.slots import free_slots
from planner.web.access import needs
from planner.web.calendar.asking import filters_of
from planner.web.calendar.slips import hands
from planner.web.labels import label
from planner.web.native_rows import ONLY, choice, native_rows, shown
from planner.web.stretches import zone

__all__ = ["event_rows", "events"]

#: Longest stretch one request may ask for: a month's grid is six weeks, a year is a fair export.
_LONGEST = timedelta(days=400)


@needs("read")
def events() -> ResponseReturnValue:
    """Posts, blackouts and holidays in [start, end)."""
    start, end = (_moment(name) for name in ("start", "end"))
    if not start < end or end - start > _LONGEST:
        raise Invalid(N_("Ask for a stretch of time of at most 400 days."), field="end")
    wanted, place = filters_of(request.args), zone()
    posts = [] if choice(request.args) == ONLY else queries.calendar(g.db, start, end, viewer=g.user, filters=wanted)
    rows = event_rows(posts, place) + native_rows(shown(start, end, wanted, request.args), place)
    first, last = start.astimezone(place).date(), end.astimezone(place).date()
    rows += _day_rows(first, last, wanted.channels)
    rows += _holiday_rows([one for number, one in how_channels_stand(g.db).items() if not wanted.channels or number in wanted.channels], first, last)
    if not wanted.states and choice(request.args) != ONLY:
        rows += _slot_rows(max(start, g.now), end, wanted.channels, place)
    return Response(orjson.dumps(rows), mimetype="application/json")


def event_rows(entries: list[CalendarEntry], place: ZoneInfo) -> list[dict[str, Any]]:
    """What is told of each post; times carry the offset of the reader's zone."""
    names = {state: label(state) for state in PostState}
    secret, gone = _("Confidential"), _("Taken down")
    mine = hands()
    base = url_for("posts.show", post_id=0).removesuffix("0")
    return [
        {
            "id": one.post_id,
            "title": secret if one.masked else one.title,
            "start": one.publish_at.astimezone(place).isoformat(timespec="seconds"),
            "end": None,
            "allDay": False,
            "url": None if one.masked else f"{base}{one.post_id}",
            "move_url": None if one.masked else f"{base}{one.post_id}/move",
            "editable": mine.may_move(one),
            "version": one.version,
            "platform": one.platform,
            "channel": one.channel,
            "colour": one.colour,
            "state": "taken_down" if one.taken_down else one.state,
            "state_label": gone if one.taken_down else names[one.state],
            "confidential": one.masked,
            "origin": "post",
        }
        for one in entries
    ]


def _day_rows(start: date, end: date, channels: Sequence[int]) -> list[dict[str, Any]]:
    """Blackouts that hold on any of those channels (empty: all), and events. One statement."""
    quiet = select(literal("blackout").label("what"), Blackout.id, Blackout.name, literal("").label("rival"), Blackout.starts_on, Blackout.ends_on, cast(Blackout.channel_ids, String).label("channels")).where(
        Blackout.starts_on <= end, Blackout.ends_on > start, Blackout.removed_at.is_(None)
    )
    events = select(case((Event.rival != "", "rival"), else_="event"), Event.id, Event.name, Event.rival, Event.starts_on, Event.ends_on, literal("[]")).where(
        Event.starts_on <= end, Event.ends_on > start, Event.removed_at.is_(None)
    )
    found = sorted(g.db.execute(quiet.union_all(events)), key=lambda row: (row.what != "blackout", row.starts_on, row.id))
    return [
        {
            "id": f"{'blackout' if row.what == 'blackout' else 'event'}-{row.id}", "title": f"{row.rival}: {row.name}" if row.rival else row.name,
            "start": row.starts_on.isoformat(), "end": row.ends_on.isoformat(), "allDay": True,
            "url": url_for("blackouts.edit", blackout_id=row.id) if row.what == "blackout" else url_for("events.edit", event_id=row.id),
            "move_url": None, "editable": False, "origin": row.what,
        }
        for row in found
        if Quiet(row.name, row.starts_on, row.ends_on, channels=json.loads(row.channels)).on_any_of(channels)
    ]  # fmt: skip


def _holiday_rows(stands: list[Stands], start: date, end: date) -> list[dict[str, Any]]:
    language = str(get_locale()).split("_")[0]
    found: dict[date, list[str]] = {}
    for day, kept, countries in free_days_of(stands, start, end + timedelta(days=1)):
        found.setdefault(day, []).append(f"{kept.named(language)} ({', '.join(countries)})")
    return [
        {
            "id": f"holiday-{day}-{number}", "title": title, "start": day.isoformat(), "end": (day + timedelta(days=1)).isoformat(), "allDay": True,
            "url": None, "move_url": None, "editable": False, "origin": "holiday",
        }
        for day, titles in found.items()
        for number, title in enumerate(titles)
    ]  # fmt: skip


def _slot_rows(start: datetime, end: datetime, channels: Sequence[int], place: ZoneInfo) -> list[dict[str, Any]]:
    """The queue's free slots: places that are proposed, where nothing stands yet."""
    if start >= end:
        return []
    return [
        {
            "id": f"slot-{one.slot_id}-{one.at:%Y%m%d}", "title": _("Free evergreen slot"), "start": one.at.astimezone(place).isoformat(timespec="seconds"),
            "end": None, "allDay": False, "url": url_for("evergreen.index"), "move_url": None, "editable": False, "channel": one.place.name,
            "colour": one.place.colour, "origin": "slot", "proposed": True,
        }
        for one in free_slots(g.db, start, end)
        if not channels or one.place.channel_id in channels
    ]  # fmt: skip


def _moment(name: str) -> datetime:
    """A moment of the address: with an offset, or as the reader's clock shows it."""
    text = request.args.get(name, "").replace(" ", "+")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Write a date and time such as 2026-03-24T09:30."), field=name) from None
    if not 1990 <= parsed.year <= 2100:
        raise Invalid(N_("Choose a year between 1990 and 2100."), field=name)
    return parsed.astimezone(UTC) if parsed.tzinfo else resolve_wall_time(parsed, str(get_timezone()), fold=0)
