"""Saved views of the board: what an address asks for under a name, one's own or the team's."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from planner.web import keeping_views
from planner.web.access import needs

__all__ = ["SCREEN", "address_of", "question_of", "remove_view", "save_view"]

SCREEN = "promotion"
_ASKED = ("as", "view", "channel", "verdict", "sort")


def question_of(args: MultiDict[str, str], *, quadrant: bool = False) -> str:
    """What an address asks for, without its page; only what is ours stays."""
    pairs = {name: args.get(name, "")[:40] for name in _ASKED}
    if quadrant:
        pairs["as"] = "quadrant"
    return urlencode({name: text for name, text in pairs.items() if text})


def address_of(query: str) -> str:
    """Where a view leads: the list, or the quadrant."""
    asked = dict(parse_qsl(query))
    place = url_for("promotion.quadrant" if asked.pop("as", "") == "quadrant" else "promotion.board")
    return f"{place}?{urlencode(asked)}" if asked else place


@needs("view.own")
def save_view() -> ResponseReturnValue:
    return keeping_views.keep_asked(SCREEN, question_of, address_of)


@needs("view.own")
def remove_view(view_id: int) -> ResponseReturnValue:
    keeping_views.remove(SCREEN, view_id, undo=url_for(".save_view"))
    return redirect(address_of(request.form.get("query", "")))
