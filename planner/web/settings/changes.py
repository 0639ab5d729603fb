"""What changed in a thing, in the reader's words: names of fields, states, days and moments, before and after."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, gettext

from planner.core.i18n import N_
from planner.web.labels import label
from planner.web.words import COLUMNS

__all__ = ["changes"]

#: A field of any thing -> its name on screen; one that is not here is shown by its own name.
FIELDS: dict[str, str] = {
    **COLUMNS,
    "account": N_("Number on the platform"),
    "at": N_("Time"),
    "by_mail": N_("By e-mail"),
    "by_webhook": N_("Into a chat room"),
    "campaign": N_("Campaign"),
    "campaign_id": N_("Campaign"),
    "channel": N_("Channel"),
    "channels": N_("Channels"),
    "description": N_("What it is about"),
    "email": N_("E-mail address"),
    "enabled": N_("Asked"),
    "ends_on": N_("Ends on"),
    "events": N_("Events"),
    "external_id": N_("Number on the platform"),
    "file": N_("File"),
    "first_comment": N_("First comment"),
    "for": N_("Person"),
    "grace_minutes": N_("Grace, in minutes"),
    "last_on": N_("Last day"),
    "link": N_("Link"),
    "media": N_("Files"),
    "mentions": N_("Mentions"),
    "must_not": N_("Blocks"),
    "name": N_("Name"),
    "note": N_("Note"),
    "parameters": N_("Values"),
    "place": N_("Place"),
    "platform": N_("Platform"),
    "posts": N_("Posts"),
    "publish_at": N_("Goes out"),
    "published_at": N_("Published"),
    "rival": N_("Rival whose it is"),
    "roles": N_("Roles"),
    "rule": N_("Rule"),
    "starts_on": N_("Starts on"),
    "steps": N_("Steps of approval"),
    "state": N_("State"),
    "tags": N_("Tags"),
    "text": N_("Text"),
    "time_zone": N_("Time zone"),
    "wall_time": N_("By the clock there"),
}

#: Fields whose values are members of closed lists.
_CLOSED = frozenset({"audiences", "confidentiality", "kind", "platform", "purpose", "roles", "state"})
_MOMENTS = frozenset({"embargo_until", "publish_at", "published_at", "wall_time"})
_DAYS = frozenset({"ends_on", "last_on", "starts_on"})
_MOST = 160


def changes(was: dict[str, Any], became: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, before, after) as short texts; an empty text where nothing was said."""
    found = [(_name(field), _shown(field, was.get(field)), _shown(field, became.get(field))) for field in dict.fromkeys([*was, *became])]
    return [(name, before, after) for name, before, after in found if before or after]


def _name(field: str) -> str:
    return str(gettext(FIELDS[field])) if field in FIELDS else field.replace("_", " ")


def _shown(field: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    values = value if isinstance(value, list) else [value]
    text = ", ".join(_one(field, one) for one in values)
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _one(field: str, value: Any) -> str:
    if isinstance(value, dict) and field == "parameters":
        return ", ".join(f"{name} {told}" for name, told in value.items() if told != "")
    if isinstance(value, dict):  # A post's file.
        return f"{gettext('File')} {value.get('file_id', '')}"
    try:
        if field in _CLOSED:
            return label(value)
        if field in _MOMENTS:
            moment = datetime.fromisoformat(value)
            return str(format_datetime(moment, "short", rebase=moment.tzinfo is not None))
        if field in _DAYS:
            return str(format_date(date.fromisoformat(value), "medium"))
    except (KeyError, TypeError, ValueError):
        pass  # Older than the list, or another thing's field of the same name: shown as it is stored.
    return str(value)
