"""Draws many posts and days for the price of a few: the template draws each kind of them once, and what differs from one to the next is filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup, escape

from planner.web.calendar.sheets import Day
from planner.web.calendar.slips import Slip
from planner.web.calendar.ways import by_day
from planner.web.once import blank, with_places

__all__ = ["drawer", "month_boxes"]

#: What differs from post to post.
_FILLED = ("time", "there", "title", "url", "post_id", "version", "slot")


def drawer(view: str) -> Callable[[Iterable[Slip]], Markup]:
    """Draws posts one after the other, each as the macro of calendar/_macros.html does, character for character: `line` in a list, else `slip`."""
    macro = _macro("line" if view == "list" else "slip")
    language = str(get_locale())

    def drawn(slips: Iterable[Slip]) -> Markup:
        return Markup("".join([_drawn(macro, language, one) for one in slips]))  # noqa: S704  # What is filled in is escaped.

    return drawn


def month_boxes(page: str, note_page: str = "") -> Callable[[Iterable[Day]], Markup]:
    """Draws a month's days one after the other, each as the macro `month_box` does.

    page, note_page -- addresses with ANY_DAY in the day's place; no second one for who may write no notes.
    """
    head, box, marks, more, slip = (_macro(name) for name in ("month_head", "month_box", "marks", "more", "slip"))
    language, page_of, marks_page = str(get_locale()), by_day(escape(page)), by_day(page)

    def drawn(one: Day) -> str:
        return _box(box, one.look, one.slips != []) % {
            "day": one.day,
            "head": _drawn_head(head, language, page, note_page, one.day, one.name, one.short, one.today),
            "marks": marks(one, marks_page(one.day)) if one.marks else "",
            "posts": "".join([_drawn(slip, language, post) for post in one.slips]),
            "more": _more(more, language, one.more) % {"page": page_of(one.day)} if one.more else "",
        }

    return lambda days: Markup("".join([drawn(one) for one in days]))  # noqa: S704  # What is filled in is drawn, or escaped.


def _macro(name: str) -> Callable[..., str]:
    macro: Callable[..., str] = getattr(current_app.jinja_env.get_template("calendar/_macros.html").module, name)
    return macro


@lru_cache(maxsize=4096)
def _drawn(macro: Callable[..., str], language: str, one: Slip) -> str:
    """Kept by all that a slip says: the same posts are looked at over and over, and by many."""
    return _stencil(macro, language, _kind(one)) % _filled(one)


def _kind(one: Slip) -> tuple[Any, ...]:
    return (one.channel, one.platform, one.colour, one.state, one.word, one.tone, one.icon, one.masked, one.open, one.lift, one.url != "", one.there != "", one.slot != "", one.post_id is None)


def _filled(one: Slip) -> dict[str, Any]:
    return {
        "time": one.time, "there": one.there and escape(one.there), "title": escape(one.title), "url": escape(one.url), "post_id": one.post_id,
        "version": one.version, "slot": one.slot,
    }  # fmt: skip


@lru_cache(maxsize=2048)
def _stencil(macro: Callable[..., str], _language: str, kind: tuple[Any, ...]) -> str:
    """That kind of post with places to fill in, ready for the % of a mapping; kept for each language, in whose words it is drawn."""
    channel, platform, colour, state, word, tone, icon, masked, is_open, lift, has_url, has_there, has_slot, is_native = kind
    places = blank(*_FILLED)
    sample = Slip(
        date.min, places["time"], places["there"] if has_there else "", places["title"], places["url"] if has_url else "", 0, channel, platform, colour, state,
        word, tone, icon, None if is_native else places["post_id"], places["version"], masked, is_open, datetime.min.replace(tzinfo=UTC), lift, places["slot"] if has_slot else "",
    )  # fmt: skip
    return with_places(macro(sample), places)


@lru_cache(maxsize=4096)
def _drawn_head(macro: Callable[..., str], language: str, page: str, note_page: str, day: date, name: str, short: str, today: bool) -> Markup:
    """Kept by all that it says, as a slip is."""
    at, note_at = by_day(escape(page)), by_day(escape(note_page))
    filled = {"number": day.day, "name": escape(name), "short": escape(short), "page": at(day), "note_page": note_at(day)}
    return Markup(_head(macro, language, today, note_page != "") % filled)  # noqa: S704  # What is filled in is escaped.


@lru_cache(maxsize=64)
def _head(macro: Callable[..., str], _language: str, today: bool, noted: bool) -> str:
    places = blank("number", "name", "short", "page", "note_page")
    sample = {"day": {"day": places["number"]}, "name": places["name"], "short": places["short"], "today": today}
    return with_places(macro(sample, places["page"], places["note_page"] if noted else ""), places)


@lru_cache(maxsize=256)
def _box(macro: Callable[..., str], look: str, has_posts: bool) -> str:
    places = blank("day", "head", "marks", "posts", "more")
    sample = {"day": places["day"], "look": look}
    return with_places(macro(sample, places["head"], places["marks"], places["posts"] if has_posts else "", places["more"]), places)


@lru_cache(maxsize=1024)
def _more(macro: Callable[..., str], _language: str, count: int) -> str:
    places = blank("page")
    return with_places(macro(count, places["page"]), places)
