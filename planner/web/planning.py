"""The calendar: its page, drawn by the server and taken over by the script, and the rows the script asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _
from sqlalchemy import literal, select, union_all
from werkzeug.datastructures import MultiDict

from planner.accounts.models import RoleName
from planner.accounts.rules import ACTIONS
from planner.catalog.models import AssetKind, Audience
from planner.channels.models import Channel
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import queries, states
from planner.planning.models import Blackout, Campaign, PostState
from planner.planning.moments import resolve_wall_time
from planner.planning.queries import CalendarEntry, Filters
from planner.publishing.native_queries import NativeEntry
from planner.web.access import needs
from planner.web.labels import label
from planner.web.native_rows import ONLY, choice, native_rows, shown

__all__ = ["calendar", "events", "filters_of", "movable", "title_of"]

VIEWS = ("week", "month", "list")
#: Longest stretch one request may ask for: a month's grid is six weeks, a year is a fair export.
_LONGEST = timedelta(days=400)

Entry = CalendarEntry | NativeEntry
Member = TypeVar("Member", bound=StrEnum)


@needs("read")
def calendar() -> ResponseReturnValue:
    view = request.args.get("view", "week")
    view = view if view in VIEWS else "week"
    asked = _day(request.args.get("date", ""))
    start, end = _stretch(view, asked)
    wanted = filters_of(request.args)
    entries: list[Entry] = [*_posts(_midnight(start), _midnight(end), wanted, limit=2000), *shown(_midnight(start), _midnight(end), wanted, request.args)]
    names = _names()
    return render_template(
        "planning/calendar.html",
        view=view,
        asked=asked,
        days=_days(start, end, entries, everything=view == "week"),
        around=Around(start, end, *_turned(view, asked)),
        blackouts=_blackouts(start, end),
        kept=_kept(request.args),
        filters=wanted,
        native=choice(request.args),
        channels=names["channel"],
        campaigns=names["campaign"],
        kinds=[(one.value, label(one)) for one in AssetKind],
        post_states=[(one.value, label(one)) for one in PostState],
        audiences=[(one.value, label(one)) for one in Audience],
        ready=queries.ready_assets(g.db, viewer=g.user, limit=30),
        today=_today(),
    )


@needs("read")
def events() -> ResponseReturnValue:
    """The rows of the calendar's script: posts and blackouts in [start, end)."""
    start, end = (_moment(name) for name in ("start", "end"))
    if not start < end or end - start > _LONGEST:
        raise Invalid(N_("Ask for a stretch of time of at most 400 days."), field="end")
    wanted, zone = filters_of(request.args), _zone()
    rows = event_rows(_posts(start, end, wanted), zone) + native_rows(shown(start, end, wanted, request.args), zone)
    rows += _blackout_rows(start.astimezone(zone).date(), end.astimezone(zone).date())
    return Response(orjson.dumps(rows), mimetype="application/json")


def _posts(start: datetime, end: datetime, filters: Filters, *, limit: int = 5000) -> list[CalendarEntry]:
    if choice(request.args) == ONLY:
        return []
    return queries.calendar(g.db, start, end, viewer=g.user, filters=filters, limit=limit)


def event_rows(entries: list[CalendarEntry], zone: ZoneInfo) -> list[dict[str, Any]]:
    """What the script shows of each post; times carry the offset of the reader's zone."""
    names = {state: label(state) for state in PostState}
    movable = states.ALLOWED["move"]
    secret, gone = _("Confidential"), _("Taken down")
    roles = g.user.role_names & ACTIONS["post.move"]
    mine_only = roles == {RoleName.AUTHOR}
    me = g.user.id
    base = url_for("posts.show", post_id=0).removesuffix("0")
    return [
        {
            "id": one.post_id,
            "title": secret if one.masked else one.title,
            "start": one.publish_at.astimezone(zone).isoformat(timespec="seconds"),
            "end": None,
            "allDay": False,
            "url": None if one.masked else f"{base}{one.post_id}",
            "move_url": None if one.masked else f"{base}{one.post_id}/move",
            "editable": bool(roles)
            and not one.masked
            and one.state in movable
            and (not mine_only or me in (one.author_id, one.owner_id)),
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


def title_of(entry: CalendarEntry) -> str:
    """What the reader may know a post by."""
    return _("Confidential") if entry.masked else entry.title or ""


def filters_of(args: MultiDict[str, str]) -> Filters:
    """The filters kept in the address; what is no filter of ours is ignored, so that an old link still opens."""
    return Filters(
        channels=_numbers(args.getlist("channel")),
        kinds=_members(AssetKind, args.getlist("kind")),
        states=_members(PostState, args.getlist("state")),
        audiences=_members(Audience, args.getlist("audience")),
        campaign_id=next(iter(_numbers(args.getlist("campaign"))), None),
        author_id=g.user.id if args.get("mine") == "1" else None,
    )


@dataclass(frozen=True, slots=True)
class Around:
    """The stretch on the page, and the days that lead to the ones before and after."""

    start: date
    end: date
    before: date
    after: date

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


def _names() -> dict[str, list[tuple[int, str]]]:
    """Number and name of every channel and every campaign, by name. One statement."""
    of_channels = select(literal("channel"), Channel.id, Channel.name)
    of_campaigns = select(literal("campaign"), Campaign.id, Campaign.name)
    found: dict[str, list[tuple[int, str]]] = {"channel": [], "campaign": []}
    for what, number, name in sorted(g.db.execute(union_all(of_channels, of_campaigns)), key=lambda row: (row[2], row[1])):
        found[what].append((number, name))
    return found


def _kept(args: MultiDict[str, str]) -> Mapping[str, Any]:
    """The filters again, for links that keep them."""
    names = ("channel", "kind", "state", "audience", "campaign", "mine", "native")
    return {name: args.getlist(name) for name in names if any(args.getlist(name))}


def _stretch(view: str, asked: date) -> tuple[date, date]:
    """First day and the day after the last one of a view that holds `asked`."""
    if view == "month":
        first = asked.replace(day=1)
        start = first - timedelta(days=first.weekday())
        return start, start + timedelta(days=42)
    if view == "list":
        return asked, asked + timedelta(days=31)
    start = asked - timedelta(days=asked.weekday())
    return start, start + timedelta(days=7)


def _turned(view: str, asked: date) -> tuple[date, date]:
    """The same view one page earlier and one later."""
    if view == "month":
        first = asked.replace(day=1)
        return (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
    step = timedelta(days=31 if view == "list" else 7)
    return asked - step, asked + step


def _days(start: date, end: date, entries: list[Entry], *, everything: bool) -> list[tuple[date, list[Entry]]]:
    """Each day with its posts and what was published directly, in order of time; a week shows its empty days too."""
    zone = _zone()
    found: dict[date, list[Entry]] = {}
    if everything:
        found = {start + timedelta(days=number): [] for number in range((end - start).days)}
    for one in sorted(entries, key=_at):
        found.setdefault(_at(one).astimezone(zone).date(), []).append(one)
    return sorted(found.items())


def _at(entry: Entry) -> datetime:
    return entry.at if isinstance(entry, NativeEntry) else entry.publish_at


def _blackouts(start: date, end: date) -> list[Blackout]:
    query = select(Blackout).where(Blackout.starts_on < end, Blackout.ends_on > start).order_by(Blackout.starts_on, Blackout.id)
    return list(g.db.scalars(query))


def _blackout_rows(start: date, end: date) -> list[dict[str, Any]]:
    return [
        {
            "id": f"blackout-{one.id}", "title": one.name, "start": one.starts_on.isoformat(), "end": one.ends_on.isoformat(),
            "allDay": True, "url": None, "move_url": None, "editable": False, "origin": "blackout",
        }
        for one in _blackouts(start, end + timedelta(days=1))
    ]  # fmt: skip


def movable(entry: CalendarEntry) -> bool:
    """Whether this state may be moved at all; the service asks who moves."""
    return not entry.masked and entry.state in states.ALLOWED["move"]


def _zone() -> ZoneInfo:
    return ZoneInfo(str(get_timezone()))


def _today() -> date:
    now: datetime = g.now
    return now.astimezone(_zone()).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, _zone()).astimezone(UTC)


def _day(text: str) -> date:
    """The day in the address, else today."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return _today()
    return day if 1990 <= day.year <= 2100 else _today()


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


def _numbers(texts: list[str]) -> tuple[int, ...]:
    return tuple(int(text) for text in texts if text.isdecimal() and len(text) < 18)


def _members(kind: type[Member], texts: list[str]) -> tuple[Member, ...]:
    known = {member.value: member for member in kind}
    return tuple(known[text] for text in texts if text in known)
