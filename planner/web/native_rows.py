"""What was published directly, on the calendar: which of it a reader sees, and its rows for the script."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from planner.planning.models import PostState
from planner.planning.queries import Filters
from planner.publishing import native_queries
from planner.publishing.native_queries import NativeEntry

__all__ = ["HIDE", "ONLY", "choice", "native_rows", "shown", "wanted"]

HIDE, ONLY = "hide", "only"


def choice(args: MultiDict[str, str]) -> str:
    """What the address asks for: HIDE, ONLY, or everything ("")."""
    asked = args.get("native", "")
    return asked if asked in (HIDE, ONLY) else ""


def shown(start: datetime, end: datetime, filters: Filters, args: MultiDict[str, str]) -> list[NativeEntry]:
    """The open ones in [start, end) that these filters leave."""
    return native_queries.entries(g.db, start, end, channels=filters.channels) if wanted(filters, choice(args)) else []


def wanted(filters: Filters, native: str) -> bool:
    """Whether these filters leave any; `native` as `choice` tells it. They have a channel and are live; about an asset's kind, audience,
    campaign or author nothing is known, so whoever asks for one does not see them."""
    about_more = filters.kinds or filters.audiences or filters.campaign_id is not None or filters.author_id is not None or filters.owner_id is not None or filters.language
    other_states = filters.states and PostState.PUBLISHED not in filters.states
    return not (native == HIDE or about_more or other_states)


def native_rows(entries: list[NativeEntry], zone: ZoneInfo) -> list[dict[str, Any]]:
    """What the script shows of each: like a post that nobody can move."""
    there, gone, wordless = _("Published directly"), _("Published directly, deleted there since"), _("Without words")
    base = url_for("natives.show", native_id=0).removesuffix("0") if entries else ""
    return [
        {
            "id": f"native-{one.native_id}", "title": one.says or wordless, "start": one.at.astimezone(zone).isoformat(timespec="seconds"),
            "end": None, "allDay": False, "url": f"{base}{one.native_id}", "move_url": None, "editable": False, "platform": one.platform,
            "channel": one.channel, "colour": one.colour, "state": "native_gone" if one.gone else "native",
            "state_label": gone if one.gone else there, "confidential": False, "origin": "native",
        }
        for one in entries
    ]  # fmt: skip
