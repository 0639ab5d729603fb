"""The pretend platforms as one web server: finds what is asked, applies scripted failures, keeps a journal."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from planner.channels.sandbox import (
    accounts,
    admin,
    analytics,
    faults,
    limits,
    linkedin,
    linkedin_media,
    linkedin_numbers,
    linkedin_social,
    oauth,
    seeding,
    webhooks,
    world,
    x,
    x_media,
    x_read,
    youtube,
    youtube_lists,
    youtube_upload,
)
from planner.channels.sandbox.accounts import Identity, Rejection
from planner.channels.sandbox.faults import Plan
from planner.channels.sandbox.seeding import Seeded
from planner.channels.sandbox.state import State, stamp
from planner.channels.sandbox.wire import Answered, Call, Route, Routes
from planner.core.clock import utc_now

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Cut", "Sandbox"]

_TABLES: tuple[Routes, ...] = (
    x.routes, x_read.routes, x_media.routes, linkedin.routes, linkedin_media.routes, linkedin_media.uploads,
    linkedin_numbers.routes, linkedin_social.routes, linkedin_social.profile, youtube.routes, youtube_lists.routes,
    youtube_upload.routes, youtube_upload.sessions, analytics.routes, webhooks.routes, *oauth.tables, world.routes, admin.routes,
)  # fmt: skip
#: Members of an address that may hold a secret; the journal never keeps their values.
_SECRET = {"access_token", "oauth2_access_token", "token", "code", "refresh_token", "client_secret", "state", "upload_id"}
#: First parts of paths that are themselves a permission.
_SECRET_PATHS = {"hooks", "services", "teams", "dms-uploads"}
#: Platforms whose calls are signed with a bearer token.
_SIGNED = {"x", "linkedin", "youtube"}
_JOURNAL = 20_000


class Cut(ConnectionAbortedError):
    """The connection was closed on purpose, without an answer."""


class Sandbox:
    """Pretend X, LinkedIn, YouTube and webhooks on one state file.

    seed             -- another seed gives every post other numbers.
    speed            -- how many pretend minutes pass for a real one; posts age in pretend time.
    now              -- the clock, for tests; the machine's own when absent.
    accept_any_token -- any token not known as revoked is somebody's; False: only `sandbox-…` and issued ones.
    """

    def __init__(
        self,
        state_path: str | Path,
        *,
        seed: int = 1,
        speed: float = 1.0,
        now: Callable[[], datetime] | None = None,
        accept_any_token: bool = True,
    ) -> None:
        self.seed = seed
        self.speed = speed
        self.accept_any_token = accept_any_token
        #: Where it is served, without a slash at the end; empty until `serve` or somebody else says so.
        self.public_url = ""
        self.state = State(state_path, now or utc_now)
        self.state.run_at(speed)
        self._map = Map(strict_slashes=False)
        self._routes: dict[str, dict[str, Route]] = {}
        self._voices = {table.platform: table.voice for table in reversed(_TABLES)}  # the first of a platform speaks for it
        for table in _TABLES:
            for route in table.table:
                if route.rule not in self._routes:
                    self._routes[route.rule] = {}
                    self._map.add(Rule(route.rule, endpoint=route.rule))
                self._routes[route.rule][route.method] = route

    def close(self) -> None:
        """Close the state file."""
        self.state.close()

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The server's one entry. Raises Cut, with the socket closed, when a scripted failure says so."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except Cut:
            _hang_up(environ)
            raise
        finally:
            request.close()
        if response.headers.pop("X-Sandbox-Truncate", None):
            whole = response.get_data()
            start_response(response.status, [*response.headers, ("Content-Length", str(len(whole)))])
            return _half(whole, environ)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            route, args = self._find(request)
        except HTTPException as error:
            voice = self._voices[_platform_of(request.path)]
            return voice(error.code or 404, "unknown")
        call = Call(self, request, route, args, self.state.now())
        if not route.operation:
            return _carry_out(route, call)
        operation = route.name(request)
        token = _token(request)
        refusal = self._who(call, token)
        drawn = self._plan(call, operation)
        _wait(drawn.before)
        call.now = self.state.now()
        call.lag, call.accept_delay = drawn.lag, drawn.accept_delay
        response = None
        try:
            response = self._respond(call, operation, refusal, drawn)
            _wait(drawn.after)
            return response
        finally:
            self._note(call, operation, token, response)

    def _respond(self, call: Call, operation: str, refusal: Response | None, drawn: Plan) -> Response:
        voice = call.route.voice
        ending = drawn.ending
        kind = ending.kind if ending else ""
        if kind == "drop_before":
            call.note = kind
            raise Cut("dropped before it was accepted")
        if ending and kind == "token_revoked":
            return voice(401, Rejection.REVOKED)
        if ending and kind == "rate_limit":
            return limits.throttled(voice, call, ending)
        if ending and kind == "status" and not ending.accepted:
            return voice(ending.status, "fault")
        response = refusal or limits.over(voice, call, operation) or _carry_out(call.route, call)
        if ending and kind == "drop_after":
            call.note = f"{kind} {response.status_code}"
            raise Cut("dropped after it was accepted")
        if ending and kind == "status":
            call.note = f"accepted {response.status_code}"
            return voice(ending.status, "fault")
        if kind == "truncate_answer":
            call.note = kind
            response.headers["X-Sandbox-Truncate"] = "yes"
        return response

    def _find(self, request: Request) -> tuple[Route, dict[str, Any]]:
        rule, args = self._map.bind("sandbox").match(request.path, method="GET")
        by_method = self._routes[rule]
        method = "GET" if request.method == "HEAD" else request.method
        if method not in by_method:
            raise MethodNotAllowed(list(by_method))
        return by_method[method], dict(args)

    def _who(self, call: Call, token: str) -> Response | None:
        """Find whose call it is; the refusal when it is nobody's. Where none is needed, a token that came must still be good."""
        platform = call.route.platform
        if not call.route.secured and (not token or platform not in _SIGNED):
            return None
        with call.reading() as db:
            found = accounts.identify(db, platform, token, call.now, accept_any=self.accept_any_token)
            stored = isinstance(found, Identity) and accounts.account(db, platform, found.account.id)
        if isinstance(found, Rejection):
            return call.route.voice(401, found)
        if not stored:
            with call.writing() as db:
                accounts.ensure(db, found.account)
        call.identity = found
        wanted = call.route.scopes
        if wanted and found.scopes is not None and not found.scopes.intersection(wanted):
            return call.route.voice(403, "scope")
        return None

    def _plan(self, call: Call, operation: str) -> Plan:
        with call.reading() as db:
            scripted = db.execute("SELECT 1 FROM faults WHERE remaining IS NULL OR remaining > 0 LIMIT 1").fetchone()
        if not scripted:
            return Plan()
        account = call.identity.account.id if call.identity else ""
        with call.writing() as db:
            return faults.plan(db, call.route.platform, operation, account, lists=call.route.listing)

    def _note(self, call: Call, operation: str, token: str, response: Response | None) -> None:
        row = (
            stamp(call.now), call.route.platform, operation, call.request.method, _path(call.request),
            response.status_code if response is not None else None, call.note,
            accounts.digest(token) if token else "", call.identity.account.id if call.identity else "",
        )  # fmt: skip
        with suppress(sqlite3.Error), call.writing() as db:
            cursor = db.execute(
                "INSERT INTO calls (at, platform, operation, method, path, status, note, token, account)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            if cursor.lastrowid and cursor.lastrowid % 500 == 0:
                db.execute("DELETE FROM calls WHERE id <= ?", (cursor.lastrowid - _JOURNAL,))

    def advance(self, by: timedelta) -> None:
        """Let time pass for every post at once."""
        with self.state.reading() as db:
            speed = self.state.timeline(db).speed
        self.state.run_at(speed, ahead=by)

    def seed_account(self, platform: str, token: str, **about: Any) -> accounts.Account:
        """Name the account behind a token: see seeding.seed_account."""
        return seeding.seed_account(self, platform, token, **about)

    def seed_post(self, platform: str, token: str, **about: Any) -> Seeded:
        """Put in a post of the past: see seeding.seed_post."""
        return seeding.seed_post(self, platform, token, **about)

    def script(self, *specs: dict[str, Any]) -> list[int]:
        """Add scripted failures; their numbers. Raises faults.BadFault."""
        parsed = [faults.parse(spec) for spec in specs]
        with self.state.writing() as db:
            return [faults.add(db, fault) for fault in parsed]


def _carry_out(route: Route, call: Call) -> Response:
    try:
        if route.gate:
            route.gate(call)
        response = route.handler(call)
    except Answered as answered:
        response = answered.response
    response.headers.extend(call.headers)
    return response


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _path(request: Request) -> str:
    """The address asked for, secrets blanked."""
    query = [
        (name, "…" if name.lower() in _SECRET else value)
        for name, value in parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    ]
    first, *rest = request.path.lstrip("/").split("/")
    path = "/" + "/".join([first, *("…" if first in _SECRET_PATHS else part for part in rest)])
    return f"{path}?{urlencode(query)}" if query else path


def _platform_of(path: str) -> str:
    for start, platform in (("/2/", "x"), ("/rest/", "linkedin"), ("/youtube/", "youtube"), ("/upload/youtube/", "youtube"), ("/_sandbox", "sandbox")):
        if path.startswith(start):
            return platform
    return "world"


def _wait(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


def _hang_up(environ: WSGIEnvironment) -> None:
    connection = environ.get("werkzeug.socket") or environ.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _half(whole: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
    yield whole[: len(whole) // 2]
    _hang_up(environ)
    raise Cut("cut in the middle of the answer")

