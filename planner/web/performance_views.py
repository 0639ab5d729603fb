"""Saved views of the ranking of posts: what an address asks for under a name, one's own or the team's."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from planner.web import keeping_views
from planner.web.access import needs

__all__ = ["SCREEN", "address_of", "question_of", "remove_view", "save_view"]

SCREEN = "performance"
_ASKED = ("metric", "age", "channel", "kind", "order")


def question_of(args: MultiDict[str, str]) -> str:
    """What an address asks for; only what is ours stays."""
    pairs = {name: args.get(name, "")[:40] for name in _ASKED}
    return urlencode({name: text for name, text in pairs.items() if text})


def address_of(query: str) -> str:
    place = url_for("performance.index")
    return f"{place}?{query}" if query else place


@needs("view.own")
def save_view() -> ResponseReturnValue:
    return keeping_views.keep_asked(SCREEN, question_of, address_of)


@needs("view.own")
def remove_view(view_id: int) -> ResponseReturnValue:
    keeping_views.remove(SCREEN, view_id, undo=url_for(".save_view"))
    return redirect(address_of(question_of(MultiDict(parse_qsl(request.form.get("query", ""))[:20]))))
