"""What changed in a thing, in the reader's words: names of fields, states, days and moments, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, format_decimal, gettext

from planner.core.i18n import N_
from planner.promotion.choices import Choice
from planner.web.labels import label
from planner.web.promotion.words import promotion_label
from planner.web.words import COLUMNS

__all__ = ["changes"]

#: A field of any thing -> its name on screen; one that is not here is shown by its own name.
FIELDS: dict[str, str] = {
    **COLUMNS,
    "account": N_("Number on the platform"),
    "at": N_("Time"),
    "attendance": N_("People who saw it"),
    "audience": N_("Audience"),
    "budget": N_("Budget"),
    "by_mail": N_("By e-mail"),
    "by_webhook": N_("Into a chat room"),
    "campaign": N_("Campaign"),
    "campaign_id": N_("Campaign"),
    "channel": N_("Channel"),
    "channels": N_("Channels"),
    "choice": N_("Decision"),
    "cool_down_days": N_("Days between"),
    "day": N_("Day"),
    "description": N_("What it is about"),
    "email": N_("E-mail address"),
    "enabled": N_("Asked"),
    "ends_on": N_("Ends on"),
    "event": N_("Event"),
    "events": N_("Events"),
    "external_id": N_("Number on the platform"),
    "file": N_("File"),
    "first_comment": N_("First comment"),
    "for": N_("Person"),
    "grace_minutes": N_("Grace, in minutes"),
    "hashtags": N_("Sets of hashtags"),
    "last_on": N_("Last day"),
    "leads": N_("Leads"),
    "link": N_("Link"),
    "marks": N_("Marks in the link"),
    "media": N_("Files"),
    "mentions": N_("Mentions"),
    "must_not": N_("Blocks"),
    "name": N_("Name"),
    "note": N_("Note"),
    "on": N_("Day"),
    "parameters": N_("Values"),
    "place": N_("Place"),
    "platform": N_("Platform"),
    "playlist": N_("Playlist on YouTube"),
    "posts": N_("Posts"),
    "publish_at": N_("Goes out"),
    "published_at": N_("Published"),
    "rights_until": N_("Rights until"),
    "rival": N_("Rival whose it is"),
    "roles": N_("Roles"),
    "rule": N_("Rule"),
    "screenings": N_("Screenings"),
    "starts_on": N_("Starts on"),
    "steps": N_("Steps of approval"),
    "state": N_("State"),
    "tags": N_("Tags"),
    "target_share": N_("Share it is for"),
    "template": N_("Template"),
    "text": N_("Text"),
    "time_zone": N_("Time zone"),
    "value_per_view": N_("Value of a view"),
    "views_30": N_("Views after 30 days"),
    "wall_time": N_("By the clock there"),
}

#: Field that holds a number -> what people call the row with it.
Named = Mapping[str, Mapping[int, str]]

#: Fields whose values are members of closed lists.
_CLOSED = frozenset({"audiences", "confidentiality", "kind", "platform", "purpose", "roles", "state"})
_MOMENTS = frozenset({"embargo_until", "publish_at", "published_at", "wall_time"})
_DAYS = frozenset({"ends_on", "last_on", "on", "rights_until", "starts_on"})
_COUNTS = frozenset({"attendance", "leads", "screenings", "views_30"})
_MOST = 160


def changes(was: dict[str, Any], became: dict[str, Any], named: Named | None = None) -> list[tuple[str, str, str]]:
    """(what, before, after) as short texts; an empty text where nothing was said. named -- field -> number -> what people call it."""
    names = named or {}
    found = [(_name(field), _shown(field, was.get(field), names), _shown(field, became.get(field), names)) for field in dict.fromkeys([*was, *became])]
    return [(name, before, after) for name, before, after in found if before or after]


def _name(field: str) -> str:
    return str(gettext(FIELDS[field])) if field in FIELDS else field.replace("_", " ")


def _shown(field: str, value: Any, named: Named) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if field in named:
        return named[field].get(value, f"#{value}")
    values = value if isinstance(value, list) else [value]
    text = ", ".join(_one(field, one) for one in values)
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _one(field: str, value: Any) -> str:
    if isinstance(value, dict) and "file_id" in value:
        return f"{gettext('File')} {value['file_id']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {told}" for name, told in value.items() if told != "")
    try:
        if field == "choice":
            return promotion_label(Choice(value))
        if field in _COUNTS:
            return str(format_decimal(value))
        if field in _CLOSED:
            return label(value)
        if field in _MOMENTS:
            moment = datetime.fromisoformat(value)
            return str(format_datetime(moment, "d MMM y, HH:mm", rebase=moment.tzinfo is not None))
        if field in _DAYS:
            return str(format_date(date.fromisoformat(value), "medium"))
    except (KeyError, TypeError, ValueError):
        pass  # Older than the list, or another thing's field of the same name: shown as it is stored.
    return str(value)
