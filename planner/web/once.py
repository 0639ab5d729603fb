"""Parts of the frame that are the same on page after page: a process draws each once, for one language and what else it is drawn from, and keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import g, has_request_context, request, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from jinja2 import Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from planner.web.static_files import asset_url

__all__ = ["address", "blank", "here", "once", "with_places"]

#: More than the sets of roles, places and languages of a company; beyond that it is begun anew.
_MOST = 1000
#: Flask-WTF keeps a request's token under this name.
_TOKEN = "csrf_token"  # noqa: S105
#: What was drawn, ready for the % of a mapping, and whether a token belongs into it.
_drawn: dict[tuple[Any, ...], tuple[str, bool]] = {}


@pass_context
def once(context: Context, name: str, *drawn_from: Any, **each: Any) -> Markup:
    """The template of that name, as it was drawn the first time for this.

    drawn_from -- what it reads beside the language and the addresses of built files: all that makes it another text.
    each       -- what is put in anew each time, as a text or a whole attribute. The template sees a mark in its place, so it cannot look
                  into it nor write it into an address.

    A form's token (csrf_token) may be in it: everybody gets their own. Nothing else of one request may (a nonce, what was typed): the next
    one gets the same.
    """
    template: Template = context.environment.get_template(name)
    key = (template, get_locale(), asset_url("icons.svg"), request.script_root, *drawn_from)
    found = _drawn.get(key)
    if found is None:
        if len(_drawn) >= _MOST:
            _drawn.clear()
        found = _drawn[key] = _draw(template, context.get_all(), blank(*each))
    text, has_token = found
    told = {one: escape(value) for one, value in each.items()}
    if has_token:
        told[_TOKEN] = generate_csrf()
    return Markup(text % told)  # noqa: S704  # What a template drew; what is put in is escaped.


def _draw(template: Template, values: dict[str, Any], marks: dict[str, Any]) -> tuple[str, bool]:
    text, token = template.render({**values, **marks}), g.get(_TOKEN)
    has_token = bool(token) and token in text
    return with_places(text, {**marks, _TOKEN: token} if has_token else marks), has_token


def blank(*names: str) -> dict[str, Any]:
    """A mark for each of these, to be drawn in the place of what differs."""
    return {name: Markup(f"\0{name}\0") for name in names}  # noqa: S704


def with_places(drawn: str, marks: dict[str, Any]) -> str:
    """What was drawn with these marks, ready for the % of a mapping."""
    ready = str(drawn).replace("%", "%%")
    for name, mark in marks.items():
        ready = ready.replace(mark, f"%({name})s")
    return ready


def address(endpoint: str, **values: Any) -> str:
    """Flask's url_for for templates; an address that needs no values is worked out once."""
    if values or not has_request_context():
        return url_for(endpoint, **values)
    return _plain(endpoint, request.blueprint if endpoint[:1] == "." else None, request.script_root)


@lru_cache(maxsize=1024)
def _plain(endpoint: str, _within: str | None, _root: str) -> str:
    return url_for(endpoint)


#: Pages whose address does not begin with their place's: the first part of it, and the place.
_APART = {
    "approvals": "desk.home", "held": "desk.home", "posts": "planning.calendar", "published-directly": "planning.calendar",
    "events": "planning.calendar", "imports": "catalog.catalogue",
}  # fmt: skip


def here(places: Iterable[str]) -> str:
    """Which of these endpoints leads to the page that is asked for, or to what is above it; empty for none."""
    path, places = request.path, tuple(places)
    found = next((one for one, to in _ways(places, request.script_root) if path == to or (to != "/" and path.startswith(f"{to}/"))), "")
    apart = _APART.get(path.split("/", 2)[1], "")
    return found or (apart if apart in places else "")


@lru_cache(maxsize=64)
def _ways(places: tuple[str, ...], root: str) -> list[tuple[str, str]]:
    return [(one, url_for(one).removeprefix(root)) for one in places]
