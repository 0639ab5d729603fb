"""What was done to a thing, on its page: the newest first, and where the rest is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import g, request, url_for
from flask_babel import gettext as _

from planner.accounts.models import Entry
from planner.accounts.queries import history_of
from planner.core.db import Record

__all__ = ["Past", "last_changed_by", "past_of"]


class Past(NamedTuple):
    """A page of a history; the addresses of the page before it and of the newest one, where there are such."""

    entries: Sequence[Entry]
    older: str | None
    newest: str | None


def past_of(subject: Record, *, limit: int = 50) -> Past:
    """As much of it as the address asks for (`history`). Raises Invalid for a damaged address."""
    before = request.args.get("history") or None
    found = history_of(g.db, subject, cursor=before, limit=limit)

    def address(cursor: str | None) -> str:
        return url_for(str(request.endpoint), **(request.view_args or {}), history=cursor, _anchor="history")

    return Past(found.items, address(found.next_cursor) if found.next_cursor else None, address(None) if before else None)


def last_changed_by(subject: Record) -> str:
    """Who did something to it last, by name."""
    latest = history_of(g.db, subject, limit=1).items
    return latest[0].actor_name if latest else _("Somebody")
