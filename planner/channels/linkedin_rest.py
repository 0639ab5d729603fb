"""How LinkedIn's /rest/ interface is spoken to and what its refusals mean.

Restli wants URNs percent-encoded inside `List(…)` while its own commas and parentheses stay as they are, so addresses
are built here and not by the HTTP library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from planner.channels.port import Refused, RetryLater
from planner.channels.wire import Stop, Stopped, inside, unanswered, verdict, wait_asked
from planner.core.http import Answer, CallFailed, redact

__all__ = ["Rest", "duplicate_of", "encoded", "objects", "urn_list"]

_DUPLICATE = re.compile(r"duplicate of (urn:li:\w+:\d+)")
#: Hosts that may see our token when LinkedIn tells an address to upload to.
_LINKEDIN_HOSTS = (".linkedin.com", ".licdn.com")


@dataclass(frozen=True, slots=True)
class Rest:
    """One account's way to LinkedIn. Every method raises Stopped when there is no answer; `yes` when it is not a yes.

    owner   -- the page, urn:li:organization:….
    request -- the application's make_request; it raises core.http.CallFailed.
    """

    api_url: str
    owner: str
    secret: str = field(repr=False)
    request: Callable[..., Answer] = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)

    def speaking_for(self, owner: str) -> Rest:
        return replace(self, owner=owner)

    def get(self, path: str, *, method: str = "") -> Answer:
        """`method` is Restli's own: FINDER or BATCH_GET where a plain GET would not say which."""
        return self._call("GET", self._url(path), headers={"X-RestLi-Method": method} if method else {})

    def find(self, path: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A finder's elements and its paging. An answer without a list of elements is none: an empty one says something."""
        told = self.yes(self.get(path, method="FINDER")).json_object()
        if not isinstance(told.get("elements"), list):
            raise Stopped(RetryLater("LinkedIn's answer broke off."))
        paging = told.get("paging")
        return objects(told["elements"]), paging if isinstance(paging, dict) else {}

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._call("POST", self._url(path), data=json.dumps(body).encode())

    def update(self, path: str, values: Mapping[str, Any]) -> Answer:
        """A partial update: only what is named changes."""
        data = json.dumps({"patch": {"$set": values}}).encode()
        return self._call("POST", self._url(path), data=data, headers={"X-RestLi-Method": "PARTIAL_UPDATE"})

    def delete(self, path: str) -> Answer:
        return self._call("DELETE", self._url(path), headers={"X-RestLi-Method": "DELETE"})

    def put(self, address: str, data: bytes) -> Answer:
        """Send a file, or part of one, to an address LinkedIn gave; slow lines get a second for each 100 kB."""
        if not self._is_linkedin(address):
            raise Stopped(RetryLater("LinkedIn gave an upload address that is not its own."))
        headers = {"Content-Type": "application/octet-stream"}
        return self._call("PUT", address, data=data, headers=headers, timeout=30 + len(data) / 100_000)

    def yes(self, answer: Answer) -> Answer:
        if answer.ok:
            return answer
        raise Stopped(self.refusal(answer))

    def refusal(self, answer: Answer) -> Stop:
        """What an answer that is not a yes means."""
        told = answer.json_object()
        said = redact(str(told.get("message") or ""), self.secret)[:300]
        tail = f" LinkedIn says: {said}" if said else ""
        match answer.status:
            case 403:  # A role or a scope is missing, which no other post would change.
                return Refused(
                    "forbidden", f"LinkedIn does not let this connection act for the page.{tail}", account=True
                )
            case 422 if _is_duplicate(told):
                return Refused("duplicate", f"LinkedIn says that the page already has this post.{tail}")
            case 426:
                sentence = "LinkedIn no longer speaks the version that PLANNER_LINKEDIN_VERSION names; set a newer one."
                return Refused("version", f"{sentence}{tail}", account=True)
            case 429:  # LinkedIn mostly tells no time: then the outbox backs off until the quotas are renewed.
                wait = wait_asked(answer.headers, self.now())
                sentence = "LinkedIn's quota for today is used up; it is renewed at 00:00 UTC."
                return RetryLater(sentence, after=wait, account=True)
        return verdict(answer, platform="LinkedIn", said=said, now=self.now())

    def _call(self, verb: str, address: str, **kwargs: Any) -> Answer:
        try:
            return self.request(verb, address, **kwargs)
        except CallFailed as failure:
            outcome = unanswered(failure)
        raise Stopped(outcome)

    def _url(self, path: str) -> str:
        return f"{self.api_url}/rest/{path}"

    def _is_linkedin(self, address: str) -> bool:
        try:
            told, ours = urlsplit(address), urlsplit(self.api_url)
        except ValueError:
            return False
        if (told.scheme, told.netloc) == (ours.scheme, ours.netloc):
            return True
        return told.scheme == "https" and f".{told.hostname}".endswith(_LINKEDIN_HOSTS)


def encoded(urn: str) -> str:
    """A URN for a path or a query."""
    return quote(urn, safe="")


def urn_list(urns: Iterable[str]) -> str:
    """URNs as Restli's List, its brackets and commas unencoded."""
    return f"List({','.join(map(encoded, urns))})"


def objects(told: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; none when it is not a list."""
    return [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []


def duplicate_of(reason: str) -> str | None:
    """The first post's URN, from LinkedIn's refusal of a second; it may name a post deleted a day ago, so look."""
    found = _DUPLICATE.search(reason)
    return found[1] if found else None


def _is_duplicate(told: Mapping[str, Any]) -> bool:
    codes = [error.get("code") for error in objects(inside(told, "errorDetails", "inputErrors"))]
    return "DUPLICATE_POST" in codes or duplicate_of(str(told.get("message"))) is not None
