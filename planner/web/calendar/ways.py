"""Ways of the calendar: back to where one came from, what is said there of what was done, and addresses that differ by their day alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from planner.core.errors import Invalid, PlannerError
from planner.core.i18n import N_
from planner.web.languages import say

__all__ = ["ANY_DAY", "back_to", "by_day", "came_from", "done", "moment_to_undo", "refused", "say_with_undo", "turning", "wants_json"]

#: Stands for the day in an address that is written once.
ANY_DAY = date.min


def back_to(asked: str | None, day: date | None = None) -> str:
    """Where one came from, on the calendar, a campaign's page or a post's, else the week of that day; nothing leads elsewhere."""
    home = url_for("planning.calendar")
    if asked and (asked == home or asked.startswith(f"{home}?")) and not {"\n", "\r", "\\"} & set(asked):
        return asked
    if asked and re.fullmatch(r"/(?:campaigns|posts)/[0-9]{1,18}", asked):
        return asked
    return url_for("planning.calendar", date=day)


def came_from(default: str) -> str:
    """The same of a page that no address tells it: what its form holds, else the page that the browser was on; else `default`."""
    asked, told = request.values.get("back"), _split(request.referrer or "")
    if asked is None and told.netloc == request.host:
        asked = f"{told.path}?{told.query}" if told.query else told.path
    return asked if asked and asked == back_to(asked) else default


def _split(address: str) -> SplitResult:
    """The parts of an address that anybody may have written; none of one that is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def by_day(address: str) -> Callable[[date], str]:
    """That address with a day in the place of ANY_DAY (the first, where there are several): a sheet has hundreds, and writing one takes long."""
    before, _any, after = address.partition(f"{ANY_DAY}")
    return lambda day: f"{before}{day}{after}"


def turning(kept: Mapping[str, Any]) -> Callable[..., str]:
    """Addresses of the calendar with those filters, each with what else is asked for (view, date, days); what is None is left out. A page has a dozen."""
    home = url_for("planning.calendar")
    tail = f"&{urlencode(kept, doseq=True)}" if kept else ""

    def to(view: str, date: Any = None, days: int | None = None) -> str:
        return f"{home}?view={view}{'' if date is None else f'&date={date}'}{'' if days is None else f'&days={days}'}{tail}"

    return to


def say_with_undo(text: str, undo: str, **fields: Any) -> None:
    """A message on the next page that can be taken back for a while."""
    said: Any = {"text": text, "undo": undo, "fields": fields}
    flash(said, "success")


def done(text: str, undo: str = "", **fields: Any) -> ResponseReturnValue:
    """What was done and its way back, which is to take back what was done to posts at this moment where none is named: on the next page, or told to the script."""
    if not undo:
        undo, fields = url_for("together.undo"), {"at": g.now.isoformat()}
    if wants_json():
        return jsonify(message=text, undo=undo, fields=fields)
    back = back_to(request.values.get("back"))
    say_with_undo(text, undo, back=back, **fields)
    return redirect(back)


def moment_to_undo() -> datetime:
    """The moment of what is to be undone, as `done` told it. Raises Invalid for what is none."""
    try:
        at = datetime.fromisoformat(request.form.get("at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1990 <= at.year <= 2100:
        raise Invalid(N_("There is nothing to undo."), field="at")
    return at


def refused(error: PlannerError, back: str) -> ResponseReturnValue:
    """Why not, on the page one came from."""
    flash(say(error), "error")
    return redirect(back)


def wants_json() -> bool:
    """Whether a script asks."""
    best: Any = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return bool(best == "application/json")
