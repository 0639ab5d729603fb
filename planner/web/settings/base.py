"""What the pages of Settings share: their tabs and zones; and the banner that every page shows while sending is paused."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.exc import SQLAlchemyError

from planner.accounts.rules import may
from planner.core.text import isolated
from planner.planning import pauses
from planner.planning.pauses import PauseLine

__all__ = ["TABS", "banner", "tabs", "zones"]

#: So many pauses are said each; of more, one line tells how many.
_BANNERS = 3
#: Endpoint, label, icon, action needed (empty: anybody who is signed in).
TABS = (
    ("settings.channels", _l("Channels"), "radio", "read"),
    ("settings.sites", _l("Websites"), "globe", "read"),
    ("settings.people", _l("Accounts"), "users", "user.manage"),
    ("settings.tokens", _l("API tokens"), "key-round", "token.own"),
    ("settings.rules", _l("Rules"), "scale", "read"),
    ("blackouts.index", _l("Blackouts"), "snowflake", "read"),
    ("settings.approval", _l("Approval"), "badge-check", "read"),
    ("settings.pauses", _l("Pause"), "circle-pause", "read"),
    ("settings.history", _l("History"), "history", "history.read"),
    ("settings.digest", _l("Daily digest"), "mail", "read"),
    ("settings.preferences", _l("My preferences"), "user", ""),
)


def tabs() -> dict[str, Any]:
    """The tabs this person may open."""
    return {"settings_tabs": [tab for tab in TABS if g.get("user") and (not tab[3] or may(g.user, tab[3]))]}


def banner() -> dict[str, Any]:
    """One small statement a page."""
    if "db" not in g or not may(g.user, "read"):
        return {}
    try:
        found = sorted(pauses.lines(g.db), key=lambda one: bool(one.channel or one.campaign))  # What stops everything stands first.
        return {"banner": [*map(_said, found[:_BANNERS]), *_rest(len(found) - _BANNERS)]}
    except SQLAlchemyError:  # The page that tells of a broken database must not need the database.
        return {}


def _rest(more: int) -> list[dict[str, str]]:
    """One line for all that are not said each."""
    if more <= 0:
        return []
    text = ngettext("One more pause holds.", "%(num)d more pauses hold.", more)
    return [{"kind": "pause", "text": text, "url": url_for("settings.pauses"), "label": _("See them all")}]


def _said(one: PauseLine) -> dict[str, str]:
    if one.channel:
        text = _("“%(name)s” is paused: %(reason)s", name=isolated(one.channel), reason=isolated(one.reason))
    elif one.campaign:
        text = _("The campaign “%(name)s” is paused: %(reason)s", name=isolated(one.campaign), reason=isolated(one.reason))
    else:
        text = _("All sending is paused: %(reason)s", reason=isolated(one.reason))
    return {"kind": "pause", "text": text, "url": url_for("held.index"), "label": _("What is held")}


def zones() -> list[str]:
    """The zones a person may choose, in order."""
    return [*sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")), "UTC"]
