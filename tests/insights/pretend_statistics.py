"""A pretend Matomo and a pretend Google Analytics for tests, on loopback, in each one's documented form; both count the same visits."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth import jwt
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

__all__ = ["KEY", "TOKEN", "Came", "PretendGoogle", "PretendMatomo"]

TOKEN = "0123456789abcdef0123456789abcdef"
_PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
#: The key file of a service account.
KEY = json.dumps(
    {
        "type": "service_account", "project_id": "example", "private_key_id": "1", "client_email": "reader@example.iam.gserviceaccount.com",
        "private_key": _PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        # Another address in the file is never called: anybody may have written it.
        "token_uri": "https://elsewhere.example/token",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Came:
    """Some visits. type -- direct, search, website, social or campaign, as Matomo has it."""

    day: str
    page: str
    type: str
    name: str = ""
    count: int = 1
    source: str = ""
    content: str = ""


@dataclass
class PretendMatomo:
    """Source: developer.matomo.org/api-reference/reporting-api; counts come as texts or numbers, as they do there."""

    server: HTTPServer
    came: list[Came] = field(default_factory=list)
    has_plugin: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request("/index.php").respond_with_handler(self._answer)

    @property
    def address(self) -> str:
        return self.server.url_for("").rstrip("/")

    def _answer(self, request: Request) -> Response:
        told = dict(request.form)
        self.asked.append(told)
        if request.method != "POST" or request.query_string or told.get("token_auth") != TOKEN:
            return _json({"result": "error", "message": "You can't access this resource as it requires a 'view' access: token_auth is not valid."}, 401)
        if told["idSite"] != "3":
            return _json({"result": "error", "message": f"You can't access this resource as it requires 'view' access for the website id = {told['idSite']}."})
        assert (told["module"], told["format"], told["period"], told["filter_limit"]) == ("API", "JSON", "day", "-1")
        method = told["method"]
        rows = [one for one in self.came if one.day == told["date"] and _fits(one, told.get("segment", ""))]
        if method == "VisitsSummary.getVisits":
            return _json({"value": sum(one.count for one in rows)})
        if method.startswith("MarketingCampaignsReporting."):
            if not self.has_plugin:
                return _json({"result": "error", "message": "The plugin MarketingCampaignsReporting is not enabled."})
            part = {"getContent": "content", "getSource": "source"}[method.partition(".")[2]]
            return _json(_labels(rows, part, "campaign"))
        kinds = {"Referrers.getSocials": "social", "Referrers.getCampaigns": "campaign", "Referrers.getWebsites": "website"}
        if method in kinds:
            return _json(_labels(rows, "name", kinds[method]))
        assert (method, told["flat"]) == ("Actions.getEntryPageUrls", "1")
        pages = Counter({page: sum(one.count for one in rows if one.page == page) for page in {one.page for one in rows}})
        return _json([{"label": page, "nb_visits": count, "entry_nb_visits": str(count), "url": f"https://www.example.com{page}"} for page, count in pages.items()])


@dataclass
class PretendGoogle:
    """Source: Google's discovery document of analyticsdata v1beta. It answers at most `page` rows at a time."""

    server: HTTPServer
    came: list[Came] = field(default_factory=list)
    fails: tuple[int, dict[str, Any]] | None = None
    thin: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request("/token", method="POST").respond_with_handler(self._token)
        self.server.expect_request("/v1beta/properties/77:runReport", method="POST").respond_with_handler(self._report)

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def _token(self, request: Request) -> Response:
        claims = jwt.decode(request.form["assertion"], certs=[_public()], audience="https://oauth2.googleapis.com/token", clock_skew_in_seconds=10**9)
        assert request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        assert claims["scope"] == "https://www.googleapis.com/auth/analytics.readonly"
        return _json({"access_token": "ya29.pretend", "expires_in": 3599, "token_type": "Bearer"})

    def _report(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer ya29.pretend"
        body = json.loads(request.data)
        self.asked.append(body)
        if self.fails is not None:
            return _json(self.fails[1], self.fails[0])
        names = [one["name"] for one in body.get("dimensions", ())]
        rows = [row for row in map(self._row, self.came) if not names or _passes(row, body)]
        told: dict[str, Any] = {
            "kind": "analyticsData#runReport", "dimensionHeaders": [{"name": name} for name in names], "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
            "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Paris"} | ({"subjectToThresholding": True} if self.thin else {}), "rowCount": len(rows),
        }  # fmt: skip
        first = int(body.get("offset", 0))
        part = rows[first : first + int(body["limit"])]
        if part and names:
            told["rows"] = [{"dimensionValues": [{"value": row[name]} for name in names], "metricValues": [{"value": row["sessions"]}]} for row in part]
        self.told.append(told)
        return _json(told)

    @staticmethod
    def _row(one: Came) -> dict[str, str]:
        named = {"direct": ("(direct)", "(none)"), "search": ("google", "organic"), "website": (one.name, "referral"), "social": (one.name, "social")}
        source, medium = named.get(one.type, (one.source or one.name, "social" if one.content else "email"))
        return {
            "date": one.day.replace("-", ""), "landingPage": one.page.partition("?")[0], "landingPagePlusQueryString": one.page, "sessionSource": source, "sessionMedium": medium,
            "sessionCampaignName": one.name if one.type == "campaign" else f"({one.type})", "sessionManualAdContent": one.content or "(not set)",
            "sessions": str(one.count),
        }  # fmt: skip


def _public() -> bytes:
    from cryptography.hazmat.primitives.serialization import PublicFormat

    return _PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _passes(row: dict[str, str], body: dict[str, Any]) -> bool:
    span, wanted = body["dateRanges"][0], body["dimensionFilter"]["filter"]
    value = row[wanted["fieldName"]]
    inside = span["startDate"].replace("-", "") <= row["date"] <= span["endDate"].replace("-", "")
    return inside and (value in wanted["inListFilter"]["values"] if "inListFilter" in wanted else value.startswith(wanted["stringFilter"]["value"]))


def _fits(one: Came, segment: str) -> bool:
    """A segment as Matomo reads it: parts joined by ;, values in the encoding of addresses."""
    known = {"referrerType": one.type, "referrerName": one.name, "campaignSource": one.source, "campaignContent": one.content}
    parts = [part.split("==") for part in segment.split(";") if part]
    return all(known[name] == unquote(value) for name, value in parts)


def _labels(rows: list[Came], part: str, kind: str) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for one in rows:
        if one.type == kind and getattr(one, part):
            counts[getattr(one, part)] += one.count
    return [{"label": label, "nb_visits": count} for label, count in counts.most_common()]


def _json(told: Any, status: int = 200) -> Response:
    return Response(json.dumps(told), status=status, mimetype="application/json")
