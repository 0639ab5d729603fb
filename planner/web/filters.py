"""What templates may call: moments and numbers in the reader's way, labels, sentences, the places of the rail."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from flask import Flask, g, request
from flask_babel import format_currency, format_date, format_datetime, format_decimal, format_percent, get_locale, get_timezone, gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from planner.accounts.rules import ACTIONS, may
from planner.core.lazy import Lazy
from planner.web.firsts import as_written
from planner.web.languages import say, translate
from planner.web.once import address, here, once
from planner.web.session import runtime
from planner.web.static_files import asset_url, icon

__all__ = ["LATER", "init_app"]

#: Filters that know the features' words, or belong to a few pages: name -> where it is.
LATER = {
    "label": "planner.web.labels:label",
    "channel_choices": "planner.web.labels:channel_choices",
    "state_label": "planner.web.labels:label",
    "deed": "planner.web.words:deed",
    "changed": "planner.web.words:changed",
    "doer": "planner.web.words:doer",
    "step_name": "planner.web.decisions:step_name",
    "undone_word": "planner.web.words:undone_word",
    "folds": "planner.web.looks:folds",
    "playing_time": "planner.web.looks:playing_time",
    "change_word": "planner.web.words:change_word",
    "in_zone": "planner.web.moments:in_zone",
    "clock": "planner.web.moments:clock",
    "own_time": "planner.web.moments:own_time",
    "day_name": "planner.web.moments:day_name",
    "timespan": "planner.web.performance:timespan",
    "variant_difference": "planner.web.performance:variant_difference",
    "times": "planner.web.performance:times",
    "minutes": "planner.web.watched_words:minutes",
    "whole": "planner.web.performance:whole",
    "slice_name": "planner.web.performance:slice_name",
    "promotion_label": "planner.web.promotion.words:promotion_label",
    "percent": "planner.web.promotion.words:percent",
    "about": "planner.web.promotion.words:about",
    "reason": "planner.web.promotion.words:reason",
    "length_of": "planner.web.promotion.words:length_of",
    "small": "planner.web.promotion.words:small",
}

#: What every page of a signed-in person shows while sending is paused.
_banner = Lazy("planner.web.settings.base:banner")

#: Hosts that the sandbox plays.
_PRETENDED = frozenset({"x.com", "www.linkedin.com", "www.youtube.com"})

#: The rail: endpoint, label, icon, key after `g`, action needed.
PLACES = (
    ("desk.home", _l("Desk"), "inbox", "d", "read"),
    ("planning.calendar", _l("Calendar"), "calendar", "c", "read"),
    ("catalog.catalogue", _l("Catalogue"), "library", "a", "read"),
    ("campaigns.index", _l("Campaigns"), "flag", "m", "read"),
    ("performance.index", _l("Performance"), "chart-line", "p", "read"),
    ("promotion.board", _l("Promotion"), "megaphone", "b", "read"),
    ("people.index", _l("People"), "users", "o", "read"),
    ("settings.channels", _l("Settings"), "settings", "s", "read"),
)


#: What the New button offers: endpoint, label, icon, action needed.
NEW = (
    ("posts.new", _l("Post"), "calendar-plus", "post.create"),
    ("catalog.new", _l("Asset"), "library", "asset.create"),
    ("campaigns.new", _l("Campaign"), "flag", "campaign.edit"),
    ("imports.new", _l("Import"), "upload", "asset.import"),
)


def moment(value: datetime | None, style: str = "short") -> Markup:
    """A moment in the reader's zone, as a <time> element; the browser adds the zone's name. Short names its month, as every other moment does."""
    if value is None:
        return Markup("")
    told = format_datetime(value, "d MMM y, HH:mm" if style == "short" else style)
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), as_written(told, get_locale()))


def day(value: date | datetime | None, style: str = "medium") -> str:
    """A day in the reader's way, or the day of a moment in their zone."""
    if value is None:
        return ""
    return as_written(str(format_date(value, style)), get_locale())


def number(value: float | None) -> Markup:
    """A count in the reader's way; None is said as “not told”, never as 0."""
    if value is None:
        return Markup('<span class="not-told">{}</span>').format(escape(gettext("not told")))
    return Markup("{}").format(format_decimal(value))


def money(value: Decimal | float, currency: str) -> str:
    """An amount in the reader's way, without cents where there are none; to two digits where it is a few cents or a part of one, never as 0."""
    pattern = (get_locale() or Locale("en")).currency_formats["standard"].pattern
    size = abs(float(value))
    cents = "" if value == int(value) else ".00" + "#" * (-1 - math.floor(math.log10(size))) if size < 0.1 else ".00"
    said = str(format_currency(value, currency, format=pattern.replace(".00", cents), currency_digits=False))
    # A line may break after a hyphen, which would part a loss from its sign: U+2060 joins the two.
    return said.replace("-", "-\u2060", 1) if value < 0 else said


def price(value: Decimal) -> str:
    """A small amount of US dollars in the reader's way, to the tenth of a cent where it has one."""
    pattern = (get_locale() or Locale("en")).currency_formats["standard"].pattern
    return str(format_currency(value, "USD", format=pattern.replace(".00", ".00#"), currency_digits=False))


def percent(value: float, digits: int = 0) -> str:
    """A part of a whole in the reader's way, to the whole percent; to the tenth with `digits` of one, and where it is less than one percent
    or would be rounded up to all. Never a 0 % or 100 % that is not one."""
    if digits:
        return str(format_percent(value, format=_percent_pattern("0.0")))
    is_near_an_end = 0 < value < 0.01 or 0.995 <= value < 1
    return str(format_percent(min(max(value, 0.001), 0.999) if is_near_an_end else value, format=_percent_pattern("0.#" if is_near_an_end else "0")))


def at_least(value: float) -> str:
    """The same of a lower bound: never rounded up."""
    steps = 1000 if value < 0.01 else 100
    return percent(math.floor(value * steps + 1e-9) / steps)


def _percent_pattern(digits: str) -> str:
    """The language's own pattern (its space before the sign) with these digits."""
    pattern = (get_locale() or Locale("en")).percent_formats[None].pattern
    return str(pattern.replace("#,##0", digits))


def size(count: int) -> str:
    """Bytes as megabytes with one digit, which is how a film's upload is followed."""
    return str(gettext("%(size)s MB", size=format_decimal(round(count / 1_000_000, 1), format="#,##0.0")))


def live(url: str) -> str:
    """Where a published post can be seen: in the sandbox's pretend world while that is on, else where the platform said."""
    parts = urlsplit(url)
    if runtime().settings.sandbox != "off" and parts.hostname in _PRETENDED:
        from planner.channels.sandbox import embedded  # Only needed, and only loaded, while the sandbox is on.

        base = embedded.address(runtime().settings)
        return f"{base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    return url


def init_app(app: Flask) -> None:
    later = {name: Lazy(path) for name, path in LATER.items()}
    app.jinja_env.filters.update(later, moment=moment, day=day, number=number, t=translate, say=say, money=money, price=price, percent=percent, at_least=at_least, live=live, bytes=size)
    app.jinja_env.globals.update(asset_url=asset_url, draw_icon=icon, url_for=address, translate=translate, label=later["label"], once=once)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _context() -> dict[str, Any]:
        user = g.get("user")
        settings = runtime().settings
        roles = user.role_names if user and user.active else frozenset()
        nav = [place[:4] for place in PLACES if place[0] in app.view_functions and roles & ACTIONS[place[4]]]
        nav_new = [one[:3] for one in NEW if one[0] in app.view_functions and roles & ACTIONS[one[3]]]
        places = tuple(place[0] for place in nav)
        return {
            "csp_nonce": lambda: g.get("nonce", ""),
            "nav": nav,
            "nav_new": nav_new,
            # The same without words, and which of them this page is in: what the kept parts of the frame are drawn from.
            "rail_places": places,
            "rail_new": tuple(one[0] for one in nav_new),
            "rail_here": here(places),
            "may": lambda action, thing=None: may(user, action, thing) if user else False,
            "lang": str(get_locale() or settings.language)[:2],
            "zone": str(get_timezone()),
            "theme": (user.theme if user else None) or request.cookies.get("theme", "auto"),
            "sandbox_on": settings.sandbox != "off",
            "me": user,
            **(_banner() if user else {}),
        }
