"""Parts of the frame that are the same on page after page: a process draws each once, for one language and what else it is drawn from, and keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import has_request_context, request, url_for
from flask_babel import get_locale
from jinja2 import Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from planner.web.static_files import asset_url

__all__ = ["address", "here", "once"]

#: More than the sets of roles, places and languages of a company; beyond that it is begun anew.
_MOST = 1000
_drawn: dict[tuple[Any, ...], Markup] = {}


@pass_context
def once(context: Context, name: str, *drawn_from: Any) -> Markup:
    """The template of that name, as it was drawn the first time for this.

    drawn_from -- what it reads beside the language and the addresses of built files. Nothing of one person or one request may be in it
                  (a name, a token, what was typed): the next person gets the same.
    """
    template: Template = context.environment.get_template(name)
    key = (template, get_locale(), asset_url("icons.svg"), request.script_root, *drawn_from)
    found = _drawn.get(key)
    if found is None:
        found = Markup(template.render(context.get_all()))  # noqa: S704  # What a template drew.
        if len(_drawn) >= _MOST:
            _drawn.clear()
        _drawn[key] = found
    return found


def address(endpoint: str, **values: Any) -> str:
    """Flask's url_for for templates; an address that needs no values is worked out once."""
    if values or not has_request_context():
        return url_for(endpoint, **values)
    return _plain(endpoint, request.blueprint if endpoint[:1] == "." else None, request.script_root)


@lru_cache(maxsize=1024)
def _plain(endpoint: str, _within: str | None, _root: str) -> str:
    return url_for(endpoint)


def here(places: Iterable[str]) -> str:
    """Which of these endpoints leads to the page that is asked for, or to what is above it; empty for none."""
    path = request.path
    return next((one for one, to in _ways(tuple(places), request.script_root) if path == to or (to != "/" and path.startswith(f"{to}/"))), "")


@lru_cache(maxsize=64)
def _ways(places: tuple[str, ...], root: str) -> list[tuple[str, str]]:
    return [(one, url_for(one).removeprefix(root)) for one in places]
