"""Asks Google Analytics 4 for visits (its sessions), by the Data API's runReport, with the key of a service account.

Source: Google's discovery document of analyticsdata v1beta, and “Using OAuth 2.0 for Server to Server Applications” for the token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from planner.core.errors import PlannerError, Refused, Unavailable
from planner.core.i18n import N_
from planner.insights.visit_rows import VisitRow
from planner.insights.web_statistics import Asked, Caller, call, row_of
from planner.planning.marks import post_of

__all__ = ["DIMENSIONS", "Ga4", "report_body"]

DIMENSIONS = ("date", "landingPage", "sessionSource", "sessionMedium", "sessionCampaignName", "sessionManualAdContent")
_WITH_QUERY = "landingPagePlusQueryString"
_SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
#: Paths in one question, and rows in one answer.
_PATHS, _ROWS = 100, 10_000
_NOBODY = frozenset({"(not set)", "(none)", "(direct)", "(organic)", "(referral)"})


class Ga4:
    """One property. `key` is the JSON file that Google hands out for a service account; its token is made once and used for its hour."""

    def __init__(self, http: Caller, *, api_url: str, token_url: str, number: str, key: str, host: str, now: datetime) -> None:
        self._http, self._host, self._number = http, host, number
        self._url = f"{api_url}/v1beta/properties/{number}:runReport"
        self._token_url = f"{token_url}/token"
        self._key, self._now = key, now
        self._token = ""

    def check(self) -> None:
        self._ask({"dateRanges": [{"startDate": "yesterday", "endDate": "yesterday"}], "metrics": [{"name": "sessions"}], "limit": "1"})

    def visits(self, days: Sequence[date], paths: Sequence[str], *, by_query: bool = False) -> Asked:
        if not days:
            return Asked()
        found: dict[tuple[str, ...], int] = {}
        thinned = False
        for wanted in _filters(paths):
            for rows, thin in self._pages(report_body(min(days), max(days), wanted, by_query=by_query)):
                found.update(rows)
                thinned = thinned or thin
        told: dict[date, list[VisitRow]] = {day: [] for day in days}
        for (day, page, source, medium, campaign, content), count in sorted(found.items()):
            at = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
            if at in told and count:
                path = page if page.startswith("/") else ""
                if path or post_of(content) is not None:
                    address = f"https://{self._host}{path}" if path else ""
                    told[at].append(row_of(at, address, count, source=source, medium=medium, campaign=_known(campaign), content=_known(content)))
        return Asked(told, thinned)

    def _pages(self, body: dict[str, Any]) -> Iterator[tuple[dict[tuple[str, ...], int], bool]]:
        """Every page of one report's rows."""
        done = 0
        while True:
            told = self._ask(body | {"offset": str(done)})
            rows = _rows(told)
            done += _ROWS
            meta = told.get("metadata")
            meta = meta if isinstance(meta, dict) else {}
            yield rows, bool(meta.get("subjectToThresholding") or meta.get("dataLossFromOtherRow"))
            if done >= int(told.get("rowCount") or 0):
                return

    def _ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = call(self._http, self._url, field="number", json=dict(body), headers={"Authorization": f"Bearer {self._bearer()}"})
        told = answer.json_object()
        if not answer.ok:
            raise self._failed(answer.status, told)
        if told.get("kind") != "analyticsData#runReport":
            raise Unavailable(N_("Google Analytics gave no clear answer. It is asked again within the hour."), field="number")
        return told

    def _bearer(self) -> str:
        if not self._token:
            answer = call(
                self._http, self._token_url, field="key",
                data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._assertion()},
            )  # fmt: skip
            token = answer.json_object().get("access_token")
            if not answer.ok or not isinstance(token, str) or not token:
                raise Refused(N_("Google does not accept this key. Make a new one for the service account and paste the whole file."), field="key")
            self._token = token
        return self._token

    def _assertion(self) -> str:
        """What the service account signs: who it is, and that it only wants to read."""
        from google.auth import crypt, jwt  # Slow to load; only who reads Google Analytics pays for it.

        info = _key_of(self._key)
        issued = int(self._now.timestamp())
        claims = {"iss": info["client_email"], "scope": _SCOPE, "aud": "https://oauth2.googleapis.com/token", "iat": issued, "exp": issued + 3600}
        try:
            signer = crypt.RSASigner.from_service_account_info(info)  # type: ignore[no-untyped-call]
            return str(jwt.encode(signer, claims).decode())  # type: ignore[no-untyped-call]
        except (ValueError, TypeError):
            raise _no_key() from None

    def _failed(self, status: int, told: Mapping[str, Any]) -> PlannerError:
        error = told.get("error")
        error = error if isinstance(error, dict) else {}
        message = str(error.get("message", ""))
        if status == 429:
            return Unavailable(N_("The property's quota at Google is used up. It is asked again within the hour."), field="number")
        if status == 401:
            return Refused(N_("Google does not accept this key. Make a new one for the service account and paste the whole file."), field="key")
        if status == 403 and ("has not been used" in message or "disabled" in message):
            return Refused(N_("The Google project of this key may not use the Google Analytics Data API yet: enable it in Google's console."), field="key")
        if status == 403:
            return Refused(
                N_("The service account may not read the property %(number)s. Give it (%(address)s) the role Viewer in Google Analytics."),
                field="number", number=self._number, address=_key_of(self._key)["client_email"],
            )  # fmt: skip
        if status < 500:
            return Refused(N_("Google Analytics refuses the property %(number)s. It is the number under Admin, Property details."), field="number", number=self._number)
        return Unavailable(N_("Google Analytics gave no clear answer. It is asked again within the hour."), field="number")


def report_body(first: date, last: date, wanted: Mapping[str, Any], *, by_query: bool = False) -> dict[str, Any]:
    """The body of runReport for these days, both included, and this dimensionFilter; pages with their query only where it names one, since that parts the rows further."""
    dimensions = [_WITH_QUERY if name == "landingPage" and by_query else name for name in DIMENSIONS]
    return {
        "dateRanges": [{"startDate": first.isoformat(), "endDate": last.isoformat()}],
        "dimensions": [{"name": name} for name in dimensions],
        "metrics": [{"name": "sessions"}],
        "dimensionFilter": dict(wanted),
        "orderBys": [{"dimension": {"dimensionName": name}} for name in dimensions],
        "limit": str(_ROWS),
    }


def _filters(paths: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Our pages, a hundred at a time, each with and without a final slash; then what carries our mark, wherever it arrived."""
    for first in range(0, len(paths), _PATHS):
        values = [form for path in paths[first : first + _PATHS] for form in ((path, f"{path}/") if path else ("/",))]
        yield {"filter": {"fieldName": "landingPage", "inListFilter": {"values": values, "caseSensitive": True}}}
    yield {"filter": {"fieldName": "sessionManualAdContent", "stringFilter": {"matchType": "BEGINS_WITH", "value": "post-"}}}


def _rows(told: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    """Dimensions -> sessions. Counts are texts in this interface."""
    found: dict[tuple[str, ...], int] = {}
    for row in told.get("rows") or ():
        key = tuple(str(one.get("value", "")) for one in row["dimensionValues"])
        if len(key) == len(DIMENSIONS) and key[0].isdigit() and len(key[0]) == 8:
            found[key] = int(row["metricValues"][0]["value"])
    return found


def _known(name: str) -> str:
    return "" if name in _NOBODY else name


def _key_of(text: str) -> dict[str, str]:
    """The key file. Raises Refused for what is none."""
    try:
        told = json.loads(text)
    except ValueError:
        raise _no_key() from None
    if not isinstance(told, dict) or told.get("type") != "service_account" or not all(isinstance(told.get(one), str) for one in ("client_email", "private_key")):
        raise _no_key()
    return {name: value for name, value in told.items() if isinstance(value, str)}


def _no_key() -> Refused:
    return Refused(N_("This is not the key file of a service account: paste the whole JSON file that Google's console gave you."), field="key")
