"""A channel's health as its page shows it: what went wrong, what ends when, what is allowed, what was used. None is “not told”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from babel.numbers import format_currency
from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from planner.channels import usage
from planner.channels.models import Trouble
from planner.channels.port import Platform
from planner.channels.queries import ChannelHealth
from planner.channels.scopes import NEEDS, Need, lacking
from planner.channels.usage import Doing, Kind
from planner.channels.versions import SUNSETS
from planner.core.settings import Settings
from planner.web.filters import number as shown_number

__all__ = ["Health", "Line", "health_of"]

_DOING = {
    Doing.SEND: _l("Sending"),
    Doing.LOOK: _l("Looking up a post"),
    Doing.READ: _l("Reading numbers"),
    Doing.TABLES: _l("Asking YouTube Analytics"),
    Doing.DELETE: _l("Taking a post down"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is used up, for the table: already in the reader's words; None where it is not told."""

    what: str
    today: str | None
    month: str | None
    #: Of how much, or why nobody knows.
    most: str | None
    #: Part of the day's or month's most that is used, when both are known.
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything beside the channel's own facts."""

    trouble: Trouble | None
    trouble_doing: str
    #: Whether the same thing worked again after the trouble.
    is_over: bool
    needs: tuple[Need, ...]
    missing: tuple[Need, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    counted_since: date | None
    version: str
    version_ends: date | None


def health_of(channel: ChannelHealth, settings: Settings, *, now: datetime) -> Health:
    """Three statements."""
    troubles = usage.troubles(g.db, channel.id)
    trouble = troubles[0] if troubles else None
    used = usage.spent(g.db, channel.id, channel.platform, now=now)
    worked = {Doing.SEND: channel.last_success_at, Doing.READ: channel.last_collected_at}.get(Doing(trouble.doing)) if trouble else None
    is_linkedin = channel.platform is Platform.LINKEDIN
    return Health(
        trouble=trouble,
        trouble_doing=str(_DOING[Doing(trouble.doing)]) if trouble else "",
        is_over=bool(trouble and worked and worked > trouble.at),
        needs=NEEDS.get(channel.platform, ()) if channel.has_key else (),
        missing=tuple(lacking(channel.platform, channel.scopes)),
        lines=tuple(_lines(channel.platform, used, settings)),
        notes=tuple(_notes(channel.platform, settings)),
        counted_since=used.since,
        version=settings.linkedin_version if is_linkedin else "",
        version_ends=SUNSETS.get(settings.linkedin_version) if is_linkedin else None,
    )


def _lines(platform: Platform, used: usage.Spent, settings: Settings) -> list[Line]:
    def row(what: str, kind: Kind, most: str | None = None, part: float | None = None) -> Line:
        return Line(what, _count(used, used.today, kind), _count(used, used.month, kind), most, part)

    if platform is Platform.YOUTUBE:
        units, uploads = used.everybody.get(Kind.UNITS, 0), used.everybody.get(Kind.UPLOADS, 0)
        return [
            row(_("Units of quota"), Kind.UNITS, *_of_all(used, units, settings.youtube_units_day)),
            row(_("Uploads"), Kind.UPLOADS, *_of_all(used, uploads, settings.youtube_uploads_day)),
            row(_("Calls"), Kind.CALLS),
        ]
    if platform is Platform.X:
        today, month = (_cost(counts, settings) for counts in (used.today, used.month))
        budget = settings.x_budget_month
        most = _("of %(budget)s a month", budget=_dollars(budget)) if budget > 0 else None
        part = min(month / budget, 1.0) if budget > 0 and used.since else None
        costs = [_dollars(one) if used.since else None for one in (today, month)]
        return [
            Line(_("Cost of posts"), costs[0], costs[1], most, part),
            row(_("Posts without a link"), Kind.POSTS),
            row(_("Posts with a link"), Kind.LINK_POSTS),
            row(_("Calls"), Kind.CALLS),
        ]
    return [row(_("Calls"), Kind.CALLS)] if platform in (Platform.LINKEDIN, Platform.WEBHOOK) else []


def _notes(platform: Platform, settings: Settings) -> list[str]:
    if platform is Platform.X:
        prices = [_dollars(price) for price in (settings.x_price_post, settings.x_price_link)]
        return [
            _("X charges %(post)s for a post and %(link)s for one with a link (PLANNER_X_PRICE_POST, PLANNER_X_PRICE_LINK). Reads cost too, and are not in this sum.",
              post=prices[0], link=prices[1]),
            _("What credit is left, X tells in its developer console only.")
            if settings.x_budget_month > 0
            else _("What credit is left, X tells in its developer console only. A monthly budget can be set: PLANNER_X_BUDGET_MONTH."),
        ]  # fmt: skip
    if platform is Platform.YOUTUBE:
        return [_("The quota is one for all YouTube channels of your Google project. Its day ends at midnight in California.")]
    if platform is Platform.LINKEDIN:
        return [_("LinkedIn publishes no numbers for its quotas; its developer portal shows them. Its day ends at midnight UTC.")]
    return []


def _count(used: usage.Spent, counts: Mapping[str, int], kind: Kind) -> str | None:
    return str(shown_number(counts.get(kind, 0))) if used.since else None


def _of_all(used: usage.Spent, everybody: int, most: int) -> tuple[str, float | None]:
    if used.since is None:
        return _("of %(most)s a day", most=shown_number(most)), None
    return _("%(all)s of %(most)s today, all channels", all=shown_number(everybody), most=shown_number(most)), min(everybody / most, 1.0) if most else None


def _cost(counts: Mapping[str, int], settings: Settings) -> float:
    """US dollars for the posts that were counted, at the prices that are set."""
    return round(counts.get(Kind.POSTS, 0) * settings.x_price_post + counts.get(Kind.LINK_POSTS, 0) * settings.x_price_link, 4)


def _dollars(amount: float) -> str:
    """US dollars in the reader's way; up to a hundredth of a cent, for a post costs one and a half cents."""
    locale = get_locale()
    pattern = locale.currency_formats["standard"].pattern.replace(".00", ".00##")
    return str(format_currency(amount, "USD", format=pattern, locale=locale, currency_digits=False))
