"""How LinkedIn's /rest/ interface is spoken to and what its refusals mean.

Restli wants URNs percent-encoded inside `List(…)` while its own commas and parentheses stay as they are, so addresses
are built here and not by the HTTP library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from planner.channels.port import Refused, RetryLater, Unknown
from planner.core.http import Answer, CallFailed, NotSent, redact

__all__ = [
    "Declined",
    "Rest",
    "duplicate_of",
    "elements",
    "encoded",
    "not_now",
    "objects",
    "said",
    "unsure",
    "urn_list",
    "verdict",
]

_DUPLICATE = re.compile(r"duplicate of (urn:li:\w+:\d+)")
#: Hosts that may see our token when LinkedIn tells an address to upload to.
_LINKEDIN_HOSTS = (".linkedin.com", ".licdn.com")


class Declined(Exception):
    """A step before the post itself did not work: nothing is live. `status` is LinkedIn's, 0 when there was none."""

    def __init__(self, outcome: Refused | RetryLater, status: int = 0) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.status = status


@dataclass(frozen=True, slots=True)
class Rest:
    """One account's way to LinkedIn; `request` is the application's make_request. Raises core.http.CallFailed."""

    api_url: str
    owner: str
    secret: str = field(repr=False)
    request: Callable[..., Answer] = field(repr=False)

    def speaking_for(self, owner: str) -> Rest:
        return replace(self, owner=owner)

    def get(self, path: str, *, method: str = "") -> Answer:
        """`method` is Restli's own: FINDER or BATCH_GET where a plain GET would not say which."""
        return self.request("GET", self._url(path), headers={"X-RestLi-Method": method} if method else {})

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self.request("POST", self._url(path), data=json.dumps(body).encode())

    def delete(self, path: str) -> Answer:
        return self.request("DELETE", self._url(path), headers={"X-RestLi-Method": "DELETE"})

    def put(self, address: str, data: Any, *, size: int) -> Answer:
        """Send a file, or part of one, to an address LinkedIn gave; slow lines get a second for each 100 kB."""
        if not self._is_linkedin(address):
            raise Declined(RetryLater("LinkedIn gave an upload address that is not its own."))
        headers = {"Content-Type": "application/octet-stream"}
        return self.request("PUT", address, data=data, headers=headers, timeout=30 + size / 100_000)

    def _url(self, path: str) -> str:
        return f"{self.api_url}/rest/{path}"

    def _is_linkedin(self, address: str) -> bool:
        told, ours = urlsplit(address), urlsplit(self.api_url)
        if (told.scheme, told.netloc) == (ours.scheme, ours.netloc):
            return True
        return told.scheme == "https" and f".{told.hostname}".endswith(_LINKEDIN_HOSTS)


def encoded(urn: str) -> str:
    """A URN for a path or a query."""
    return quote(urn, safe="")


def urn_list(urns: Iterable[str]) -> str:
    """URNs as Restli's List, its brackets and commas unencoded."""
    return f"List({','.join(map(encoded, urns))})"


def said(answer: Answer, secret: str) -> Answer:
    """The answer when it is a yes. Raises Declined otherwise; only for steps that put nothing live."""
    if answer.ok and not answer.cut:
        return answer
    raise Declined(not_now(verdict(answer, secret)), answer.status)


def unsure(failure: CallFailed) -> RetryLater | Unknown:
    """What a call that should change something means when no answer came."""
    return RetryLater(str(failure)) if isinstance(failure, NotSent) else Unknown(str(failure))


def elements(answer: Answer) -> list[dict[str, Any]]:
    """What a finder found. Raises Declined when its answer has no such list, because an empty one says something."""
    found = answer.json_object().get("elements")
    if not isinstance(found, list):
        raise Declined(RetryLater("LinkedIn answered something that makes no sense."))
    return objects(found)


def objects(told: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; none when it is not a list."""
    return [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []


def verdict(answer: Answer, secret: str) -> Refused | RetryLater | Unknown:
    """What an answer that is not a yes means; Unknown for a 5xx and everything undocumented."""
    told = answer.json_object()
    message = redact(str(told.get("message") or ""), secret)[:300]
    status = answer.status
    if status == 401:
        sentence = "LinkedIn no longer accepts this connection. Connect the page again."
        return Refused("unauthorised", sentence, account=True)
    if status == 403:
        sentence = "LinkedIn does not let this connection act for the page: a role or a permission is missing."
        return Refused("forbidden", f"{sentence} {message}".rstrip(), account=True)
    if status == 426:
        sentence = "LinkedIn no longer speaks the version that PLANNER_LINKEDIN_VERSION names. Set a newer one."
        return Refused("version", f"{sentence} {message}".rstrip(), account=True)
    if status == 429:
        # LinkedIn tells no time; its quotas are renewed at 00:00 UTC, and until then the outbox backs off.
        return RetryLater("LinkedIn's quota for today is used up; it is renewed at 00:00 UTC.", account=True)
    if status == 422 and _is_duplicate(told):
        return Refused("duplicate", f"LinkedIn says that the page already has this post: {message}")
    if 400 <= status < 500 and status != 408:
        code = "not_found" if status == 404 else "content"
        return Refused(code, f"LinkedIn refused: {message or status}")
    return Unknown(f"LinkedIn gave no clear answer ({status}).")


def not_now(outcome: Refused | RetryLater | Unknown) -> Refused | RetryLater:
    """The same verdict where the call cannot have put anything live: unclear then means “try again later”."""
    return RetryLater(outcome.reason) if isinstance(outcome, Unknown) else outcome


def duplicate_of(reason: str) -> str | None:
    """The first post's URN, from LinkedIn's refusal of a second; it may name a post deleted a day ago, so look."""
    found = _DUPLICATE.search(reason)
    return found[1] if found else None


def _is_duplicate(told: Mapping[str, Any]) -> bool:
    details = told.get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    codes = {error.get("code") for error in errors or () if isinstance(error, dict)}
    return "DUPLICATE_POST" in codes or duplicate_of(str(told.get("message"))) is not None
