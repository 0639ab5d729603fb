"""The calendar for whoever has a link: a page to look at, and a feed for calendar apps. Nobody signs in, nothing leads into the product."""

from __future__ import annotations

import calendar as days_of
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any
from urllib.parse import urlsplit

from babel.dates import get_day_names
from flask import Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_limiter import RequestLimit

from planner.core.errors import NotFound
from planner.planning import ics, shares
from planner.planning.models import PostState, Share, ShareKind
from planner.planning.shared import Quiet, SharedEvent, SharedPost, shared
from planner.web.access import public
from planner.web.labels import label
from planner.web.languages import say
from planner.web.security import limiter
from planner.web.session import runtime
from planner.web.stretches import Stretch, day_of, midnight, stretch, today, zone

__all__ = ["feed", "page"]

VIEWS = ("month", "list")
#: What a feed holds: calendar apps keep only what it still says, and ask again.
_BACK, _AHEAD = timedelta(days=92), timedelta(days=400)

_S = PostState
#: What RFC 5545 can say of a state; the words for it stand in the description.
_STATUS = {
    **dict.fromkeys((_S.APPROVED, _S.SCHEDULED, _S.SENDING, _S.PUBLISHED), "CONFIRMED"),
    _S.CANCELLED: "CANCELLED",
}


def _too_many(_limit: RequestLimit) -> Response:
    return _private(make_response(render_template("shared/gone.html", sentence=_("Too many tries. Wait a minute, then try again.")), 429))


#: Only what opens nothing counts: a good link may be asked for as often as somebody likes.
_guess_slowly = limiter.shared_limit(
    "30 per minute; 300 per hour", scope="shared links", deduct_when=lambda answer: answer.status_code == 404, on_breach=_too_many
)


@public
@_guess_slowly
def page(token: str) -> ResponseReturnValue:
    """A month or the next 31 days, to look at and to print."""
    try:
        share = shares.opened(g.db, token, ShareKind.PAGE, now=g.now)
    except NotFound as error:
        return _private(make_response(render_template("shared/gone.html", sentence=say(error)), 404))
    view = request.args.get("view", "")
    view = view if view in VIEWS else "month"
    asked = day_of(request.args.get("date", ""))
    around = stretch(view, asked, whole_weeks=False)
    found = shared(g.db, share, midnight(around.start), midnight(around.end), now=g.now, limit=2000)
    _note(share)
    html = render_template(
        "shared/calendar.html",
        token=token,
        name=found.name,
        ends=share.expires_at,
        view=view,
        asked=asked,
        stretch=around,
        days=_days(around, found.posts, found.blackouts, everything=view == "month"),
        blackouts=[(one, _quiet(one)) for one in found.blackouts],
        events=[(one, _event_name(one)) for one in found.events],
        weekdays=_weekdays(),
        today=today(),
    )
    return _private(make_response(html))


@public
@_guess_slowly
def feed(token: str) -> ResponseReturnValue:
    """The plan from three months ago to a year ahead, as an iCalendar file; 304 when nothing in it changed."""
    try:
        share = shares.opened(g.db, token, ShareKind.FEED, now=g.now)
    except NotFound as error:
        return _private(Response(say(error) + "\n", 404, mimetype="text/plain"))
    begins = g.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = shared(g.db, share, begins - _BACK, begins + _AHEAD, now=g.now, cancelled=True)
    host = urlsplit(runtime().settings.base_url).hostname or "planner"
    with force_locale(share.language):
        moments = [_moment(one, host, personal=share.personal) for one in found.posts]
        quiet = [ics.Day(f"blackout-{one.id}@{host}", _quiet(one), one.starts_on, one.ends_on, begins) for one in found.blackouts]
        events = [_event(one, host, personal=share.personal) for one in found.events]
        body = ics.calendar_of(found.name or _("Calendar"), moments, [*quiet, *events])
    _note(share)
    answer = Response(body, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    answer.add_etag()
    return _private(answer, "private, no-cache").make_conditional(request)


def _moment(one: SharedPost, host: str, *, personal: bool) -> ics.Moment:
    told: dict[str, Any] = {"uid": f"post-{one.post_id}@{host}", "at": one.at, "zone": one.time_zone, "changed": one.changed, "sequence": one.version - 1}
    if one.masked or one.state is None:
        return ics.Moment(summary=_("Confidential"), confidential=True, **told)
    return ics.Moment(
        summary=_("%(platform)s · %(title)s", platform=label(one.platform), title=one.title),
        status=_STATUS.get(one.state, "TENTATIVE"),
        description=_("%(channel)s · %(state)s", channel=one.channel, state=label(one.state)),
        url=f"{runtime().settings.base_url.rstrip('/')}/posts/{one.post_id}" if personal else one.url,
        categories=(label(one.kind),),
        **told,
    )


def _event(one: SharedEvent, host: str, *, personal: bool) -> ics.Day:
    """An event of the feed; one's own feed leads to it in the product, another's to its page in the world."""
    told: dict[str, Any] = {
        "uid": f"event-{one.id}@{host}", "first": one.starts_on, "until": one.ends_on, "changed": one.changed, "sequence": one.version - 1,
    }  # fmt: skip
    if one.masked or one.kind is None:
        return ics.Day(summary=_event_name(one), confidential=True, **told)
    url = f"{runtime().settings.base_url.rstrip('/')}/events/{one.id}" if personal else one.url
    return ics.Day(summary=_event_name(one), location=one.place, url=url, categories=(label(one.kind),), **told)


def _event_name(one: SharedEvent) -> str:
    if one.masked:
        return str(_("Confidential"))
    return f"{one.rival}: {one.name}" if one.rival else one.name


def _quiet(one: Quiet) -> str:
    name = one.name or _("Quiet period")
    on = ", ".join(one.channels) if one.channels else "" if one.everywhere else _("some channels")
    return f"{name} ({on})" if on else name


def _private(answer: Response, caching: str = "no-store") -> Response:
    """Whoever has the address can read it: no index, no shared cache, and no page it leads to may learn it."""
    answer.headers["Cache-Control"] = caching
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _note(share: Share) -> None:
    if shares.is_use_due(share, g.now):
        with runtime().sessions.begin() as db:
            shares.note_use(db, share, now=g.now)


@dataclass(frozen=True, slots=True)
class Box:
    """One day with what is planned for it. `column` is its weekday, Monday 1."""

    day: date
    column: int
    posts: list[SharedPost]
    #: A blackout holds on every channel that the page shows.
    quiet: bool


def _days(around: Stretch, posts: Iterable[SharedPost], blackouts: list[Quiet], *, everything: bool) -> list[Box]:
    """Each day in order; without `everything` only those with a post."""
    place = zone()
    found: dict[date, list[SharedPost]] = {}
    if everything:
        found = {around.start + timedelta(days=number): [] for number in range((around.end - around.start).days)}
    for one in posts:
        found.setdefault(one.at.astimezone(place).date(), []).append(one)
    return [
        Box(day, day.isoweekday(), on_day, any(quiet.everywhere and quiet.starts_on <= day < quiet.ends_on for quiet in blackouts))
        for day, on_day in sorted(found.items())
    ]


def _weekdays() -> list[str]:
    names = get_day_names("abbreviated", "stand-alone", locale=get_locale())
    return [names[number] for number in range(len(days_of.day_name))]
