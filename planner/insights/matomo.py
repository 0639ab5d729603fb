"""Asks a Matomo for visits, by its Reporting API: entry pages of a day, once for each source that the day had.

Source: developer.matomo.org, Reporting API (Referrers.*, Actions.getEntryPageUrls, segments). Every call is a POST, since tokens made
by Matomo 5 are refused in an address. A campaign's content (our mark) is told only where the plugin Marketing Campaigns Reporting is
installed; without it a campaign is known by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from planner.core.errors import PlannerError, Refused
from planner.core.http import redact
from planner.core.i18n import N_
from planner.core.pages import page_key
from planner.insights.visit_rows import VisitRow
from planner.insights.web_statistics import Asked, Caller, call, row_of

__all__ = ["Matomo"]

#: Types of referrer -> their word in a segment, and the medium they are kept with.
_PLAIN = (("direct", "direct"), ("search", "search"))
#: Other websites that are told by name, the largest first; the rest is told together.
_NAMED_SITES = 25
_MOST_NAMES = 200


class Matomo:
    """One site of one Matomo."""

    def __init__(self, http: Caller, *, address: str, site: str, token: str, host: str, now: datetime) -> None:
        self._http, self._url, self._site, self._token = http, address.rstrip("/") + "/index.php", site, token
        self._host, self._now = host, now

    def check(self) -> None:
        told = self._ask("VisitsSummary.getVisits", self._now.date() - timedelta(days=1))
        if not isinstance(told, dict) or "value" not in told:
            raise _no_matomo()

    def visits(self, days: Sequence[date], paths: Sequence[str], *, by_query: bool = False) -> Asked:  # It tells each page with its query.
        wanted = frozenset(paths)
        return Asked({day: list(self._of_day(day, wanted)) for day in days})

    def _of_day(self, day: date, wanted: frozenset[str]) -> Iterator[VisitRow]:
        for kind, medium in _PLAIN:
            yield from self._entries(day, f"referrerType=={kind}", wanted, source="direct" if kind == "direct" else "", medium=medium)
        for name in self._names("Referrers.getSocials", day):
            yield from self._entries(day, f"referrerType==social;referrerName=={quote(name, safe='')}", wanted, source=name, medium="social network")
        yield from self._campaigns(day, wanted)
        yield from self._websites(day, wanted)

    def _campaigns(self, day: date, wanted: frozenset[str]) -> Iterator[VisitRow]:
        """By our mark where it is told, whatever the page; the rest of each campaign by its name."""
        marked: Counter[tuple[str, str]] = Counter()
        for content in self._names("MarketingCampaignsReporting.getContent", day, optional=True):
            segment = f"referrerType==campaign;campaignContent=={quote(content, safe='')}"
            for source in self._names("MarketingCampaignsReporting.getSource", day, optional=True, segment=segment):
                for name in self._names("Referrers.getCampaigns", day, segment=f"{segment};campaignSource=={quote(source, safe='')}"):
                    exact = f"{segment};campaignSource=={quote(source, safe='')};referrerName=={quote(name, safe='')}"
                    for row in self._entries(day, exact, None if content.startswith("post-") else wanted, source=source, medium="", campaign=name, content=content):
                        marked[name, row.page] += row.visits
                        yield row
        for name in self._names("Referrers.getCampaigns", day):
            for row in self._entries(day, f"referrerType==campaign;referrerName=={quote(name, safe='')}", wanted, source="", medium="campaign", campaign=name):
                left = row.visits - marked[name, row.page]
                if left > 0:
                    yield row_of(day, row.page, left, medium="campaign", campaign=name)

    def _websites(self, day: date, wanted: frozenset[str]) -> Iterator[VisitRow]:
        named: Counter[str] = Counter()
        for name in self._names("Referrers.getWebsites", day)[:_NAMED_SITES]:
            for row in self._entries(day, f"referrerType==website;referrerName=={quote(name, safe='')}", wanted, source=name, medium="website"):
                named[row.page] += row.visits
                yield row
        for row in self._entries(day, "referrerType==website", wanted, source="", medium="website"):
            left = row.visits - named[row.page]
            if left > 0:
                yield row_of(day, row.page, left, medium="website")

    def _names(self, method: str, day: date, *, optional: bool = False, **more: str) -> list[str]:
        try:
            rows = self._ask(method, day, **more)
        except Refused as error:
            if optional and error.field == "address":
                return []
            raise
        names = [str(row["label"]) for row in _rows(rows) if row.get("label") not in (None, "", "-1", -1)]
        return names[:_MOST_NAMES]

    def _entries(self, day: date, segment: str, wanted: frozenset[str] | None, **told: str) -> Iterator[VisitRow]:
        for row in _rows(self._ask("Actions.getEntryPageUrls", day, segment=segment, flat="1")):
            address = str(row.get("url") or row.get("label") or "")
            host, path = page_key(address)
            count = _count(row.get("entry_nb_visits"))
            if count and host in ("", self._host) and (wanted is None or path in wanted):
                query = address.partition("#")[0].partition("?")[2]
                yield row_of(day, f"https://{self._host}{path}{'?' + query if query else ''}", count, **told)

    def _ask(self, method: str, day: date, **more: str) -> Any:
        form = {
            "module": "API", "method": method, "idSite": self._site, "period": "day", "date": day.isoformat(), "format": "JSON",
            "format_metrics": "0", "filter_limit": "-1", "language": "en", "token_auth": self._token, **more,
        }  # fmt: skip
        answer = call(self._http, self._url, field="address", data=form, guarded=True)
        told = answer.json()
        if isinstance(told, dict) and told.get("result") == "error":
            raise self._failed(str(told.get("message", "")))
        if answer.status == 401:
            raise self._failed("token_auth")
        if told is None or not answer.ok:
            raise _no_matomo()
        return told

    def _failed(self, message: str) -> PlannerError:
        text = message.lower()
        if "token" in text or "authenticat" in text or "logged in" in text:
            return Refused(N_("Matomo does not accept the token. Make one in Matomo under Personal, Security, and paste it here."), field="key")
        if "idsite" in text or "view' access" in text or "view access" in text or "website id" in text:
            return Refused(N_("The token may not read the site %(number)s of this Matomo, or there is none."), field="number", number=self._site)
        return Refused(N_("Matomo says: %(text)s"), field="address", text=redact(message, self._token)[:200])


def _no_matomo() -> Refused:
    return Refused(N_("What answers at this address is no Matomo. Give the address at which you open Matomo, without index.php."), field="address")


def _rows(told: Any) -> list[dict[str, Any]]:
    return [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []


def _count(value: Any) -> int:
    """Matomo tells counts as numbers or as texts."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else 0
