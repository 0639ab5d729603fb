"""What others wrote about an asset: how often, by day or month, where, and each mention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.catalog import queries as catalog
from planner.core.networks import NETWORKS
from planner.listening.queries import AssetMentions, asset_mentions, mentions_of
from planner.web.access import needs
from planner.web.filters import number

__all__ = ["Shown", "index", "mentions_shown"]

#: More days than these are drawn by month.
_MOST_DAYS = 62
#: Places named; the others are counted together.
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """An asset's mentions on its page. rows -- (day, or a month's first day) -> mentions, none left out between the first and the last."""

    told: AssetMentions
    by_month: bool
    rows: Sequence[tuple[date, int]]
    #: Where, and how many there.
    places: Sequence[str]
    networks: dict[str, str]


def mentions_shown(asset_id: int) -> Shown:
    """One statement."""
    told = asset_mentions(g.db, asset_id)
    by_month = bool(told.days) and (max(told.days) - min(told.days)).days > _MOST_DAYS
    unsaid = _("nobody said where")
    places = [f"{place or unsaid} {number(count)}" for place, count in told.places[:_PLACES]]
    if elsewhere := sum(count for _place, count in told.places[_PLACES:]):
        places.append(_("elsewhere %(count)s", count=number(elsewhere)))
    return Shown(told, by_month, _rows(told, by_month=by_month), places, NETWORKS)


@needs("read")
def index(asset_id: int) -> ResponseReturnValue:
    """Every mention of an asset, the newest first, a page at a time."""
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    cursor = request.args.get("cursor")
    page = mentions_of(g.db, asset.id, cursor=cursor)
    return render_template(
        "assets/mentions.html", asset=asset, mentions=page.items, networks=NETWORKS, first_href=url_for(".index", asset_id=asset.id) if cursor else None,
        next_href=url_for(".index", asset_id=asset.id, cursor=page.next_cursor) if page.next_cursor else None,
    )  # fmt: skip


def _rows(told: AssetMentions, *, by_month: bool) -> list[tuple[date, int]]:
    if not told.days:
        return []
    first, last = min(told.days), max(told.days)
    if not by_month:
        return [(first + timedelta(days=number), told.days.get(first + timedelta(days=number), 0)) for number in range((last - first).days + 1)]
    months: dict[date, int] = {}
    month = first.replace(day=1)
    while month <= last:
        months[month] = 0
        month = (month + timedelta(days=32)).replace(day=1)
    for day, count in told.days.items():
        months[day.replace(day=1)] += count
    return list(months.items())
