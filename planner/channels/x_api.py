"""How X's API is spoken to: the bearer token, X's two sets of field names, and what its refusals say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from planner.channels.port import Refused, RetryLater
from planner.channels.wire import DEFAULT_WAIT, Stop, Stopped, count, unanswered, verdict, wait_asked
from planner.core.http import Answer, CallFailed, Http, redact

__all__ = ["XApi", "last_segment", "problems"]

#: X renamed its fields in version 2.167 of August 2026: `tweet.fields` became `post.fields`.
_OTHER_NAME = {"post": "tweet", "tweet": "post"}
#: Codes of X's older error format that say more than the status.
_DUPLICATE, _TOO_LONG = 187, 186
_ACCOUNT_CODES = {64, 326}  # suspended, locked
#: Problem types that concern our access as a whole, whatever we ask for.
_ACCOUNT_PROBLEMS = {"client-forbidden", "unsupported-authentication", "oauth1-permissions"}


class XApi:
    """One account's way to X. Every method raises Stopped with the outcome when X does not say yes."""

    def __init__(self, api_url: str, http: Http, token: str, *, fields_name: str, now: Callable[[], datetime]) -> None:
        self._api_url = api_url
        self._http = http
        self._token = token
        self._fields_name = fields_name
        self._now = now

    def __repr__(self) -> str:
        return f"XApi({self._api_url!r})"

    def send(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """The JSON object X answers with a yes; empty when its body is broken, which each caller has to notice."""
        return self._yes(self._call(method, path, **body)).json_object()

    def posts(self, path: str, params: Mapping[str, str], fields: Sequence[str]) -> dict[str, Any]:
        """Posts with these fields. When X refuses our name for the parameter, it is asked once more with the other."""
        name = self._fields_name
        answer = self._call("GET", path, params=_asking(name, params, fields))
        if answer.status == 400 and f"{name}.fields" in answer.text:
            answer = self._call("GET", path, params=_asking(_OTHER_NAME[name], params, fields))
        body = self._yes(answer).json()
        if not isinstance(body, dict):
            raise Stopped(RetryLater("X's answer broke off."))
        return body

    def _call(self, method: str, path: str, **kwargs: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            return self._http.request(method, self._api_url + path, headers=headers, **kwargs)
        except CallFailed as failure:
            outcome = unanswered(failure)
        raise Stopped(outcome)

    def _yes(self, answer: Answer) -> Answer:
        if answer.ok:
            return answer
        raise Stopped(self._refusal(answer))

    def _refusal(self, answer: Answer) -> Stop:
        body = answer.json_object()
        said = redact(_sentence(body), self._token)[:300]
        codes = {count(told.get("code")) for told in (body, *problems(body))}
        kind = last_segment(body.get("type"))
        if answer.status == 403 and (_DUPLICATE in codes or "duplicate content" in said.lower()):
            return Refused("duplicate", "X says that this account has already posted the same text.")
        if _TOO_LONG in codes:
            return Refused("too_long", "X says that the text is too long.")
        if answer.status == 403 and (codes & _ACCOUNT_CODES or kind in _ACCOUNT_PROBLEMS):
            return Refused("forbidden", f"X does not let this account post. X says: {said}", account=True)
        if answer.status == 429 and kind == "usage-capped":
            wait = wait_asked(answer.headers, self._now()) or DEFAULT_WAIT
            return RetryLater("What X allows this app for the period is used up.", after=wait, account=True)
        return verdict(answer, platform="X", said=said, now=self._now())


def problems(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The entries of `errors`, in X's newer and older format alike."""
    errors = body.get("errors")
    yield from (entry for entry in (errors if isinstance(errors, list) else []) if isinstance(entry, dict))


def last_segment(kind: Any) -> str:
    """A problem type without its host, which X has changed once: https://api.x.com/2/problems/NAME -> NAME."""
    return kind.rstrip("/").rsplit("/", 1)[-1] if isinstance(kind, str) else ""


def _sentence(body: Mapping[str, Any]) -> str:
    """X's own reason, from whichever of its two formats it used."""
    for told in (body, *problems(body)):
        for name in ("detail", "message", "title"):
            if isinstance(told.get(name), str) and told[name]:
                return str(told[name])
    return ""


def _asking(name: str, params: Mapping[str, str], fields: Sequence[str]) -> dict[str, str]:
    return {**params, f"{name}.fields": ",".join(fields)}
