"""One call to a pretend platform: what came in, who sent it, and the table of what can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from planner.channels.sandbox.accounts import Account, Identity
from planner.channels.sandbox.state import Timeline

if TYPE_CHECKING:
    from planner.channels.sandbox.server import Sandbox

__all__ = ["Answered", "Budget", "Call", "Route", "Routes", "answer", "instant"]

Handler = Callable[["Call"], Response]
#: How a platform words trouble: a status and why -> an answer in its own format. Why is one of Rejection's values, or
#: scope (not consented to), throttled, quota, unknown (no such path or method) or fault (scripted).
Voice = Callable[[int, str], Response]


class Answered(Exception):
    """Raised to end a call with an answer from anywhere inside it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Budget:
    """What a platform allows one account: `cost` of `limit` in each window of `seconds` (a day is a Pacific day)."""

    name: str
    limit: int
    seconds: int
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked of a platform.

    voice     -- how it words trouble.
    operation -- its name for scripted failures and the journal, or how to tell it from the request.
    scopes    -- any one of these must have been consented to; empty: none is needed.
    secured   -- whether a token is needed at all.
    listing   -- whether it lists posts, which a platform's index may do late.
    gate      -- checked before the handler; raises Answered to refuse.
    budget    -- what it costs, of how many, in how many seconds, under which name; None: no limit is kept.
    """

    platform: str
    method: str
    rule: str
    operation: str | Callable[[Request], str]
    handler: Handler
    voice: Voice
    scopes: tuple[str, ...] = ()
    secured: bool = True
    listing: bool = False
    budget: Budget | None = None
    gate: Callable[[Call], None] | None = None

    def name(self, request: Request) -> str:
        return self.operation if isinstance(self.operation, str) else self.operation(request)


class Routes:
    """The table of one platform; a decorator fills it."""

    def __init__(self, platform: str, voice: Voice, gate: Callable[[Call], None] | None = None) -> None:
        self.platform = platform
        self.voice = voice
        self.gate = gate
        self.table: list[Route] = []

    def __call__(
        self,
        method: str,
        rule: str,
        operation: str | Callable[[Request], str],
        *,
        scopes: tuple[str, ...] = (),
        secured: bool = True,
        listing: bool = False,
        budget: Budget | None = None,
    ) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self.table.append(Route(self.platform, method, rule, operation, handler, self.voice, scopes, secured, listing, budget, self.gate))
            return handler

        return keep


@dataclass
class Call:
    """One call. `now` is read once; `accept_delay` and `lag` come from scripted failures."""

    sandbox: Sandbox
    request: Request
    route: Route
    args: Mapping[str, str]
    now: datetime
    identity: Identity | None = None
    accept_delay: timedelta = timedelta()
    lag: timedelta = timedelta()
    note: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        assert self.identity is not None, "this route needs a token"
        return self.identity.account

    @property
    def live_at(self) -> datetime:
        """When something accepted in this call can be seen."""
        return self.now + self.accept_delay

    @property
    def seed(self) -> int:
        return self.sandbox.seed

    def reading(self) -> AbstractContextManager[Connection]:
        return self.sandbox.state.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        return self.sandbox.state.writing()

    @cached_property
    def settings(self) -> dict[str, Any]:
        with self.reading() as db:
            return self.sandbox.state.settings(db)

    @cached_property
    def line(self) -> Timeline:
        with self.reading() as db:
            return self.sandbox.state.timeline(db)

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when it is not JSON."""
        try:
            return json.loads(self.request.get_data() or b"null")
        except ValueError:
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        return self.json if isinstance(self.json, dict) else {}

    def query(self, name: str, default: str = "") -> str:
        return self.request.args.get(name, default)

    def url(self, path: str) -> str:
        """An address on this server, as the caller sees it."""
        return self.request.host_url.rstrip("/") + path


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None, mime: str = "application/json") -> Response:
    """A JSON answer; an empty one when body is None."""
    raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    response = Response(raw, status=status)
    if body is not None:
        response.headers["Content-Type"] = f"{mime}; charset=utf-8"
    else:
        response.headers.pop("Content-Type", None)
    response.headers.extend(dict(headers or {}))
    return response


def instant(text: str) -> datetime | None:
    """A moment written as RFC 3339, aware; None when it is not one."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.astimezone(UTC) if value.tzinfo else None
