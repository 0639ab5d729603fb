"""The calendar: its page, drawn by the server and taken over by the script, and the rows the script asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, get_timezone
from flask_babel import gettext as _
from sqlalchemy import String, cast, literal, select, union_all
from werkzeug.datastructures import MultiDict

from planner.accounts.models import RoleName
from planner.accounts.rules import ACTIONS
from planner.catalog.models import AssetAudience, AssetKind, Audience
from planner.channels.models import Channel
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning import queries, states
from planner.planning.conflicts import Clash, Stands, conflicts, free_days_of, how_channels_stand
from planner.planning.findings import Quiet
from planner.planning.models import Blackout, Campaign, Post, PostState
from planner.planning.moments import resolve_wall_time
from planner.planning.queries import CalendarEntry, Filters
from planner.publishing.native_queries import NativeEntry
from planner.web.access import needs
from planner.web.labels import label
from planner.web.languages import translate
from planner.web.native_rows import ONLY, choice, native_rows, shown
from planner.web.stretches import day_of, midnight, stretch, today, zone

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
    asked = day_of(request.args.get("date", ""))
    around = stretch(view, asked)
    start, end = around.start, around.end
    wanted = filters_of(request.args)
    entries: list[Entry] = [*_posts(midnight(start), midnight(end), wanted, limit=2000), *shown(midnight(start), midnight(end), wanted, request.args)]
    beside = _beside(start, end)
    stands = how_channels_stand(g.db)
    shown_on = [one for number, one in stands.items() if not wanted.channels or number in wanted.channels]
    clashes = conflicts([one for one in entries if isinstance(one, CalendarEntry)], stands, beside.audiences)
    return render_template(
        "planning/calendar.html",
        view=view,
        asked=asked,
        days=_days(start, end, entries, everything=view == "week"),
        around=around,
        blackouts=beside.blackouts,
        holidays=_holidays(shown_on, start, end),
        clashes=[(one, _said(one)) for one in clashes],
        kept=_kept(request.args),
        filters=wanted,
        native=choice(request.args),
        channels=beside.channels,
        campaigns=beside.campaigns,
        kinds=[(one.value, label(one)) for one in AssetKind],
        post_states=[(one.value, label(one)) for one in PostState],
        audiences=[(one.value, label(one)) for one in Audience],
        ready=queries.ready_assets(g.db, viewer=g.user, limit=30),
        today=today(),
    )


@needs("read")
def events() -> ResponseReturnValue:
    """The rows of the calendar's script: posts and blackouts in [start, end)."""
    start, end = (_moment(name) for name in ("start", "end"))
    if not start < end or end - start > _LONGEST:
        raise Invalid(N_("Ask for a stretch of time of at most 400 days."), field="end")
    wanted, place = filters_of(request.args), zone()
    rows = event_rows(_posts(start, end, wanted), place) + native_rows(shown(start, end, wanted, request.args), place)
    first, last = start.astimezone(place).date(), end.astimezone(place).date()
    rows += _blackout_rows(first, last)
    rows += _holiday_rows([one for number, one in how_channels_stand(g.db).items() if not wanted.channels or number in wanted.channels], first, last)
    return Response(orjson.dumps(rows), mimetype="application/json")


def _posts(start: datetime, end: datetime, filters: Filters, *, limit: int = 5000) -> list[CalendarEntry]:
    if choice(request.args) == ONLY:
        return []
    return queries.calendar(g.db, start, end, viewer=g.user, filters=filters, limit=limit)


def event_rows(entries: list[CalendarEntry], place: ZoneInfo) -> list[dict[str, Any]]:
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
            "start": one.publish_at.astimezone(place).isoformat(timespec="seconds"),
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
class Beside:
    """What a page shows beside its posts: channels and campaigns by name, what is quiet, and whom the assets planned in the stretch are for."""

    channels: list[tuple[int, str]]
    campaigns: list[tuple[int, str]]
    blackouts: list[Quiet]
    audiences: dict[int, list[Audience]]


def _beside(start: date, end: date) -> Beside:
    """One statement for all four: each row says what it is, and has its number, its name and its days."""
    no_day = literal(""), literal("")
    planned = select(Post.asset_id).where(Post.publish_at >= midnight(start), Post.publish_at < midnight(end))
    rows = union_all(
        select(literal("channel"), Channel.id, Channel.name, *no_day),
        select(literal("campaign"), Campaign.id, Campaign.name, *no_day),
        select(literal("audience"), AssetAudience.asset_id, cast(AssetAudience.audience, String), *no_day).where(AssetAudience.asset_id.in_(planned)),
        select(literal("blackout"), Blackout.id, Blackout.name, cast(Blackout.starts_on, String), cast(Blackout.ends_on, String)).where(
            Blackout.starts_on < end, Blackout.ends_on > start
        ),
    )
    found = Beside([], [], [], {})
    for what, number, name, starts_on, ends_on in sorted(g.db.execute(rows), key=lambda row: (row[3], row[2], row[1])):
        if what == "audience":
            found.audiences.setdefault(number, []).append(Audience(name))
        elif what == "blackout":
            found.blackouts.append(Quiet(name, date.fromisoformat(starts_on), date.fromisoformat(ends_on)))
        else:
            (found.channels if what == "channel" else found.campaigns).append((number, name))
    return found


def _holidays(stands: list[Stands], start: date, end: date) -> dict[date, list[str]]:
    """Day -> what is kept on it, each with its countries, in the reader's language."""
    found: dict[date, list[str]] = {}
    for day, kept, countries in free_days_of(stands, start, end):
        found.setdefault(day, []).append(f"{kept.named(str(get_locale()).split('_')[0])} ({', '.join(countries)})")
    return found


def _holiday_rows(stands: list[Stands], start: date, end: date) -> list[dict[str, Any]]:
    return [
        {
            "id": f"holiday-{day}-{number}", "title": title, "start": day.isoformat(), "end": (day + timedelta(days=1)).isoformat(), "allDay": True,
            "url": None, "move_url": None, "editable": False, "origin": "holiday",
        }
        for day, titles in _holidays(stands, start, end + timedelta(days=1)).items()
        for number, title in enumerate(titles)
    ]  # fmt: skip


def _said(clash: Clash) -> str:
    params = {name: label(value) if isinstance(value, Audience) else value for name, value in clash.params.items()}
    return translate(clash.message, **params)


def _kept(args: MultiDict[str, str]) -> Mapping[str, Any]:
    """The filters again, for links that keep them."""
    names = ("channel", "kind", "state", "audience", "campaign", "mine", "native")
    return {name: args.getlist(name) for name in names if any(args.getlist(name))}


def _days(start: date, end: date, entries: list[Entry], *, everything: bool) -> list[tuple[date, list[Entry]]]:
    """Each day with its posts and what was published directly, in order of time; a week shows its empty days too."""
    place = zone()
    found: dict[date, list[Entry]] = {}
    if everything:
        found = {start + timedelta(days=number): [] for number in range((end - start).days)}
    for one in sorted(entries, key=_at):
        found.setdefault(_at(one).astimezone(place).date(), []).append(one)
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
