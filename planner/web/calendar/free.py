"""The queue's free slots on the calendar: drawn from what the page has read already, and filled by one click."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import parse_qsl, urlsplit

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from planner.accounts.rules import may
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning import evergreen
from planner.planning.conflicts import Stands
from planner.planning.habits import AWAY
from planner.planning.queries import CalendarEntry
from planner.planning.slots import Place, free_of, taken_in
from planner.web.access import needs
from planner.web.calendar.asking import Asked, filters_of
from planner.web.calendar.beside import Beside
from planner.web.calendar.slips import Entry, Slip
from planner.web.calendar.ways import back_to, done, refused, wants_json
from planner.web.moments import in_zone
from planner.web.native_rows import ONLY
from planner.web.session import committing
from planner.web.stretches import midnight, zone

__all__ = ["fill", "free_slips"]

#: Filters that leave all posts of the channels that are shown on the page.
_ALL_POSTS = frozenset({"channel", "native"})


def free_slips(asked: Asked, entries: Sequence[Entry], stands: dict[int, Stands], side: Beside) -> list[Slip]:
    """What nothing stands in yet, as the sheet draws it: lighter beside posts that a filter chose, not at all beside posts in a state.

    No statement where all posts of a channel are on the page; one where a filter could hide what stands in a slot.
    """
    start, end = max(midnight(asked.around.start), g.now), midnight(asked.around.end)
    if not side.slots or start >= end or "state" in asked.kept or asked.native == ONLY:
        return []
    aside = not set(asked.kept) <= _ALL_POSTS
    taken = taken_in(g.db, list(side.slots), start, end) if aside else _standing(entries)
    channels = {one.number: one for one in side.channels if not asked.filters.channels or one.number in asked.filters.channels}
    weeks = [
        (Place(number, channels[number].name, channels[number].time_zone, channels[number].colour, stands[number].tuning), slots)
        for number, slots in side.slots.items()
        if number in channels and number in stands
    ]
    place, word, can_plan, made = zone(), _("Free"), may(g.user, "post.create"), []
    for slot in free_of(weeks, side.blackouts, taken, start, end):
        local, channel = slot.at.astimezone(place), channels[slot.place.channel_id]
        there = slot.at.astimezone(stands[channel.number].zone).date()
        made.append(Slip(
            local.date(), f"{local:%H:%M}", "", word, "", channel.number, channel.name, channel.platform, channel.colour % 8, "free", word, "aside" if aside else "neutral", "plus", None,
            0, False, can_plan, slot.at, slot=f"{slot.slot_id}:{there}",
        ))  # fmt: skip
    return made


def _standing(entries: Sequence[Entry]) -> dict[int, list[datetime]]:
    """Channel -> moments of the posts on the page."""
    found: dict[int, list[datetime]] = {}
    for one in entries:
        if isinstance(one, CalendarEntry) and one.state not in AWAY:
            found.setdefault(one.channel_id, []).append(one.publish_at)
    return found


@needs("post.create")
def fill() -> ResponseReturnValue:
    """A draft in that slot, about what was not shared for longest of what the calendar was asked for; the sentence says about what, with the way back."""
    number, _colon, text = request.form.get("slot", "").partition(":")
    try:
        slot_id, day = int(number), date.fromisoformat(text)
    except ValueError:
        raise NotFound() from None
    if not (0 < slot_id < 10**17 and 1990 <= day.year <= 2100):
        raise NotFound()
    back = back_to(request.form.get("back"), day)
    fits = filters_of(MultiDict(parse_qsl(urlsplit(back).query)))
    try:
        with committing(g.db):
            post = evergreen.fill(g.db, slot_id, day, fits=fits, actor=g.user, now=g.now)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        if wants_json():
            raise
        return refused(error, back)
    when = in_zone(post.publish_at, post.time_zone).striptags()
    said = _("“%(title)s” fills the slot of %(when)s, as a draft.", title=post.asset.title, when=when)
    hidden = _("It is of no campaign, so that filter hides it.") if fits.campaign_id else ""
    return done(f"{said} {hidden}".strip())
