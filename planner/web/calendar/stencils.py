"""Draws many posts for the price of a few: the template draws each kind of post once, and what differs from post to post is filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from planner.web.calendar.slips import Slip
from planner.web.static_files import asset_url

__all__ = ["drawer"]

#: What differs from post to post.
_FILLED = ("time", "there", "title", "url", "post_id", "version", "slot")


def drawer() -> Callable[[Iterable[Slip]], Markup]:
    """Draws posts one after the other, each as the macro `slip` of calendar/_macros.html does, character for character."""
    macro, sprite = current_app.jinja_env.get_template("calendar/_macros.html").module.slip, asset_url("icons.svg")  # type: ignore[attr-defined]

    def drawn(slips: Iterable[Slip]) -> Markup:
        return Markup("".join([_drawn(macro, sprite, one) for one in slips]))  # noqa: S704  # What is filled in is escaped.

    return drawn


@lru_cache(maxsize=4096)
def _drawn(macro: Callable[..., str], sprite: str, one: Slip) -> str:
    """Kept by all that a slip says: the same posts are looked at over and over, and by many."""
    return _stencil(macro, sprite, _kind(one)) % _filled(one)


def _kind(one: Slip) -> tuple[Any, ...]:
    return (one.channel, one.platform, one.colour, one.state, one.word, one.tone, one.icon, one.masked, one.open, one.lift, one.url != "", one.there != "", one.slot != "")


def _filled(one: Slip) -> dict[str, Any]:
    return {
        "time": one.time, "there": one.there and escape(one.there), "title": escape(one.title), "url": escape(one.url), "post_id": one.post_id,
        "version": one.version, "slot": one.slot,
    }  # fmt: skip


@lru_cache(maxsize=2048)
def _stencil(macro: Callable[..., str], sprite: str, kind: tuple[Any, ...]) -> str:
    """That kind of post with places to fill in, ready for the % of a mapping."""
    channel, platform, colour, state, word, tone, icon, masked, is_open, lift, has_url, has_there, has_slot = kind
    blank: Any = {name: f"\0{name}\0" for name in _FILLED}
    sample = Slip(
        date.min, blank["time"], blank["there"] if has_there else "", blank["title"], blank["url"] if has_url else "", 0, channel, platform, colour, state,
        word, tone, icon, blank["post_id"], blank["version"], masked, is_open, datetime.min.replace(tzinfo=UTC), lift, blank["slot"] if has_slot else "",
    )  # fmt: skip
    drawn = str(macro(sample, sprite)).replace("%", "%%")
    for name, mark in blank.items():
        drawn = drawn.replace(mark, f"%({name})s")
    return drawn
