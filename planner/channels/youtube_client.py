"""Google's client library as the planner uses it: our addresses, one connection a call, errors sorted.

The packaged discovery documents are used with `rootUrl` replaced, because the library's own `api_endpoint` option
leaves uploads on https. Tokens are refreshed in channels.service, under a lock, never by the library.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import google.auth.exceptions
import google_auth_httplib2
import httplib2
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import build_http

from planner.channels.port import Account, Refused, RetryLater, Unknown
from planner.channels.wire import wait_asked
from planner.core import meter

__all__ = ["FAILURES", "NO_TOKEN", "GarbledError", "answer", "connected", "cost", "is_connected", "items", "service", "verdict"]


class GarbledError(ValueError):
    """An answer came, and it makes no sense."""


#: Everything a call may end in besides an answer: a refusal, a broken connection, or an answer that makes no sense.
FAILURES = (
    HttpError,
    OSError,
    httplib2.HttpLib2Error,
    http.client.HTTPException,
    google.auth.exceptions.GoogleAuthError,
    ValueError,
)

NO_TOKEN = Refused("unauthorised", "This YouTube channel is not connected. Connect it again in Settings.", account=True)

_TOKEN = re.compile(r"[\x21-\x7e]+")
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY_QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "servingLimitExceeded", "uploadRateLimitExceeded"}
#: 403 reasons that concern the whole account, not one message.
_ACCOUNT = {
    "accessNotConfigured": "The Google project behind this connection may not use the YouTube API.",
    "authenticatedUserAccountClosed": "The Google account behind this channel is closed.",
    "authenticatedUserAccountSuspended": "The Google account behind this channel is suspended.",
    "insufficientPermissions": "A permission is missing. Connect the channel again and accept every permission.",
    "youtubeSignupRequired": "The connected Google account has no YouTube channel.",
}
_CONTENT = {
    "invalidCategoryId": "YouTube refuses the video's category.",
    "invalidDescription": "YouTube refuses the description: at most 5,000 bytes, without < and >.",
    "invalidFilename": "YouTube refuses the file's name.",
    "invalidPublishAt": "YouTube refuses the moment of publication.",
    "invalidTags": "YouTube refuses the tags: together at most 500 characters.",
    "invalidTitle": "YouTube refuses the title: 1 to 100 characters, without < and >.",
    "invalidVideoMetadata": "YouTube refuses the video's title, description or category.",
}


class _NeverAgain:
    """Mixin: a connection closed without an answer is an error, not a reason for httplib2 to send the request again."""

    def getresponse(self) -> Any:
        try:
            return super().getresponse()  # type: ignore[misc]
        except (http.client.BadStatusLine, http.client.ResponseNotReady) as error:
            raise ConnectionResetError("The connection was closed before an answer came.") from error


class _Plain(_NeverAgain, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    pass


class _Secure(_NeverAgain, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    pass


class Connection:
    """An httplib2-shaped connection with the bearer token on it, for one call of ours: it is not thread-safe."""

    def __init__(self, token: str, timeout_seconds: float) -> None:
        plain = build_http()  # leaves 308 alone, which resumable uploads need
        plain.timeout = timeout_seconds
        plain.follow_redirects = False
        self._http = google_auth_httplib2.AuthorizedHttp(
            Credentials(token=token),  # type: ignore[no-untyped-call]
            http=plain,
            refresh_status_codes=(),
        )

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **ignored: Any
    ) -> tuple[httplib2.Response, bytes]:
        meter.count("calls")
        meter.count(*cost(method, uri))
        kind = _Secure if uri.startswith("https:") else _Plain
        told = self._http.request(uri, method, body=body, headers=dict(headers or {}), connection_type=kind)
        return cast("tuple[httplib2.Response, bytes]", told)

    def close(self) -> None:
        self._http.close()


def cost(method: str, uri: str) -> tuple[str, int]:
    """What Google books for a call, and how many of it: units, or one of the 100 uploads or 100 searches a day.

    Source: YouTube's “Quota calculator” since 2026-06-01 (list 1; captions.list, updates, inserts and deletes 50; captions.insert 400,
    update 450). The pieces of an upload after its first call cost nothing more; YouTube Analytics has a quota of its own.
    """
    path, _, query = uri.partition("?")
    name = path.rpartition("/youtube/v3/")[2]
    if "/youtube/v3/" not in path or "upload_id=" in query:
        return "units", 0
    if method == "GET":
        return ("searches", 1) if name == "search" else ("units", 50 if name == "captions" else 1)
    if name == "videos" and "/upload/" in path:
        return "uploads", 1
    return "units", {"POST": 400, "PUT": 450}.get(method, 50) if name == "captions" else 50


def is_connected(account: Account) -> bool:
    """Whether the account has a token that can stand in a header."""
    return bool(account.secret and _TOKEN.fullmatch(account.secret))


@contextmanager
def connected(account: Account, timeout_seconds: float) -> Iterator[Connection]:
    """A connection for one call, closed afterwards. The account must have a token."""
    connection = Connection(account.secret or "", timeout_seconds)
    try:
        yield connection
    finally:
        connection.close()


def service(name: str, version: str, root_url: str) -> Any:
    """The library's object for an API at `root_url`; it only builds requests, which run on their own connection."""
    document = json.loads(get_static_doc(name, version))
    root = root_url.rstrip("/") + "/"
    document.update(rootUrl=root, baseUrl=root + document["servicePath"], mtlsRootUrl=root)
    # An http object must be given, or the library goes looking for credentials on this machine.
    return build_from_document(document, http=build_http(), client_options={"api_endpoint": root.rstrip("/")})


def answer(request: Any, connection: Connection) -> dict[str, Any]:
    """Execute a request; its JSON object. Raises one of FAILURES."""
    told = request.execute(http=connection)
    if not isinstance(told, dict):
        raise GarbledError("YouTube did not answer with a JSON object.")
    return told


def items(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objects in an answer's `items`; none when it has no such member."""
    listed = told.get("items")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def verdict(error: Exception, *, now: datetime) -> Refused | RetryLater | Unknown:
    """What a failure means; Unknown for a 5xx, a broken connection or a senseless answer.

    Callers who know that nothing can have been accepted narrow Unknown with `wire.nothing_live`.
    """
    if isinstance(error, GarbledError):
        return Unknown(str(error))
    if not isinstance(error, HttpError):
        kind = "took too long to answer" if isinstance(error, TimeoutError) else "gave no clear answer"
        return Unknown(f"YouTube {kind} ({type(error).__name__}).", down=True)
    status, reason, message = int(error.resp.status), *_told(error)
    wait = wait_asked({"Retry-After": str(error.resp.get("retry-after", ""))}, now)
    if reason in _DAY_QUOTA:
        return RetryLater(
            "YouTube's daily quota is used up; it is renewed at midnight Pacific time.",
            _until_renewed(now),
            account=True,
        )
    if reason == "uploadLimitExceeded":
        return RetryLater(
            "This channel has uploaded as many videos as YouTube allows a day.", timedelta(hours=24), account=True
        )
    if reason in _TOO_FAST or status == 429:
        return RetryLater("YouTube asks for fewer calls a minute.", wait, account=True)
    if status == 401:
        return Refused(
            "unauthorised", "YouTube no longer accepts this connection. Connect the channel again.", account=True
        )
    if reason in _ACCOUNT:
        return Refused("forbidden", _ACCOUNT[reason], account=True)
    if status == 503 and wait is not None:
        return RetryLater("YouTube is not available at the moment.", wait, down=True)
    if status >= 500 or status < 400:
        return Unknown(f"YouTube gave no clear answer ({status}).", down=status >= 500)
    if reason in _CONTENT:
        return Refused("content", _CONTENT[reason])
    code = {403: "forbidden", 404: "not_found", 410: "not_found"}.get(status, "content")
    return Refused(code, f"YouTube refused: {message or reason or status}")


def _told(error: HttpError) -> tuple[str, str]:
    """Google's short reason and its message; empty when it gave none."""
    try:
        said = json.loads(error.content)["error"]
        return str(said["errors"][0].get("reason", "")), str(said.get("message", ""))[:300]
    except (ValueError, TypeError, LookupError, AttributeError):
        return "", ""


def _until_renewed(now: datetime) -> timedelta:
    """Time from `now` to the next midnight in California, where YouTube's day of quota ends."""
    tomorrow = now.astimezone(_PACIFIC).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_PACIFIC)
    return midnight - now
