"""The one outgoing client: time limits, size limits, no secrets in errors, and a guard for addresses people typed.

PlannerError
├── Unavailable
│   └── CallFailed       no complete answer came
│       ├── NotSent      not one byte of the request left: nothing happened, for certain
│       └── MaybeSent    bytes left us and no answer came: it may have happened
└── Refused
    └── Blocked          an address from outside leads somewhere it must not (core.addresses)
"""

from __future__ import annotations

import json as json_module
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from planner.core import meter
from planner.core.addresses import Blocked, check_public
from planner.core.errors import Unavailable
from planner.core.i18n import N_
from planner.core.transport import call, new_session

__all__ = ["Answer", "Blocked", "CallFailed", "Http", "MaybeSent", "NotSent", "check_public", "redact"]

MAX_BYTES = 8 * 1024 * 1024
CONNECT_SECONDS = 10.0
_MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}


class CallFailed(Unavailable):
    """No complete answer came. `host` is all that is told of the address: the rest may be a secret."""

    def __init__(self, message: str, host: str) -> None:
        super().__init__(message, host=host)
        self.host = host


class NotSent(CallFailed):
    """Refused, unknown name, failed handshake: not one byte of the request left us."""

    def __init__(self, host: str) -> None:
        super().__init__(N_("%(host)s could not be reached; nothing was sent."), host)


class MaybeSent(CallFailed):
    """Time-out or reset after bytes were sent: the other side may have acted on them."""

    def __init__(self, host: str) -> None:
        super().__init__(N_("%(host)s gave no clear answer; it may have acted on what was sent."), host)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `cut` means the body is incomplete: too large, too slow, or the connection broke."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cut: bool = False
    url: str = field(default="", repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The decoded body, or None when it is cut, empty or not JSON: a broken answer is no answer."""
        if self.cut:
            return None
        try:
            return json_module.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def json_object(self) -> dict[str, Any]:
        """The decoded body when it is a JSON object, else an empty one."""
        value = self.json()
        return value if isinstance(value, dict) else {}


class Http:
    """Calls other machines. One per process is enough: each thread keeps its own connections.

    timeout_seconds -- from the first byte sent to the last byte read, for one call.
    allow_private   -- let guarded calls reach private and loopback addresses on any port (an internal Mattermost).
    allowed         -- base addresses that guarded calls may always reach (the sandbox).
    """

    def __init__(self, timeout_seconds: float, allow_private: bool = False, allowed: Iterable[str] = ()) -> None:
        self.timeout_seconds = timeout_seconds
        self.allow_private = allow_private
        self._allowed = tuple(urlsplit(base.rstrip("/")) for base in allowed if base)
        self._threads = threading.local()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        timeout_seconds: float | None = None,
        max_bytes: int = MAX_BYTES,
        guarded: bool = False,
    ) -> Answer:
        """One call, without following redirects. `guarded` is for addresses that a person typed.

        Raises NotSent, MaybeSent; Blocked when guarded. No error holds more of the address than its host.
        """
        if guarded and not self._is_allowed(url):
            check_public(url, allow_private=self.allow_private)
            session = self._session("guarded")
        else:
            session = self._session("plain")
        limit = timeout_seconds or self.timeout_seconds
        call.deadline = time.monotonic() + limit
        call.sent = False
        meter.count("calls")
        try:
            response = session.request(
                method,
                url,
                params=params,
                headers=headers,
                json=json,
                data=data,
                files=files,
                timeout=(min(CONNECT_SECONDS, limit), limit),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body, cut = _read(response, max_bytes)
                return Answer(response.status_code, response.headers, body, cut, url)
        except (requests.RequestException, HTTPError, OSError, ValueError):
            pass
        # Raised here and not inside `except`: the library's own error, whose text holds the whole address, is let go.
        host = urlsplit(url).hostname or ""
        raise MaybeSent(host) if call.sent else NotSent(host)

    def fetch_public(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> Answer:
        """GET an address that came from outside, following at most five redirects, each checked like the first.

        The answer's `url` is where it ended. Raises NotSent, MaybeSent, Blocked.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self.request(
                "GET", url, headers=headers, timeout_seconds=timeout_seconds, max_bytes=max_bytes, guarded=True
            )
            target = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target)
        raise Blocked(N_("This address leads from one page to another without end."))

    def _session(self, kind: str) -> requests.Session:
        """This thread's session: plain, or guarded; they share no connection."""
        session: requests.Session | None = getattr(self._threads, kind, None)
        if session is None:
            session = new_session(guarded=kind == "guarded", allow_private=self.allow_private)
            setattr(self._threads, kind, session)
        return session

    def _is_allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            return any(_origin(parts) == _origin(base) and _below(parts.path, base.path) for base in self._allowed)
        except ValueError:
            return False


def redact(text: str, *secrets: str | None) -> str:
    """The text without these secrets and without anything that looks like a token in a header or an address."""
    for secret in sorted((s for s in secrets if s), key=len, reverse=True):
        text = text.replace(secret, "…")
    return _TOKEN_LIKE.sub(lambda found: f"{found[1]}…", text)


_TOKEN_LIKE = re.compile(
    r"(?i)(\bbearer\s+|\bbasic\s+(?=[a-z0-9+/=]{16})|/hooks/|/services/"
    r"|\b(?:access_token|refresh_token|oauth2_access_token|client_secret|token|sig|key|code)=)"
    r"[^\s\"'&<>;,]+"
)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _below(path: str, base: str) -> bool:
    return path == base or path.startswith(base.rstrip("/") + "/")


def _read(response: requests.Response, max_bytes: int) -> tuple[bytes, bool]:
    """The body up to the limit, decompressed bit by bit, and whether something is missing."""
    parts: list[bytes] = []
    size = 0
    try:
        while size <= max_bytes and time.monotonic() < call.deadline:
            part = response.raw.read1(65536, decode_content=True)
            if not part:
                return b"".join(parts), False
            parts.append(part)
            size += len(part)
    except (HTTPError, OSError, ValueError):
        pass
    response.raw.close()
    return b"".join(parts)[:max_bytes], True
