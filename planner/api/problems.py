"""Failures as application/problem+json (RFC 9457) for every address under /api; all other addresses keep their pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from flask import Flask, Response, g, json, request
from flask_babel import force_locale, gettext
from werkzeug.exceptions import HTTPException

from planner.core.db import is_busy
from planner.core.errors import Conflict, PlannerError
from planner.core.i18n import N_
from planner.core.log import get_logger

__all__ = ["BadInput", "Malformed", "NeedsMatch", "NeedsToken", "NotJson", "Sentence", "Stale", "init_app", "language", "said"]

log = get_logger(__name__)

PREFIX = "/api/"
MIME = "application/problem+json"

#: What a database says when others hold what is wanted, or when it cannot be reached just now.

_SENTENCES = {
    400: N_("The request could not be understood."),
    404: N_("There is nothing here, or you may not see it."),
    405: N_("This address does not take that kind of request."),
    406: N_("This address only answers with JSON."),
    413: N_("That is too large to take."),
    414: N_("That address is too long."),
    415: N_("Send the body as application/json."),
    429: N_("Too many requests. Wait a minute, then try again."),
    503: N_("The planner is busy. Try again in a moment."),
}


class Sentence(str):
    """An English sentence that still knows its pattern and parameters, so that it can be said in another language."""

    __slots__ = ("message", "params")

    def __new__(cls, message: str, **params: Any) -> Sentence:
        made = super().__new__(cls, message % params if params else message)
        made.message, made.params = message, params
        return made

    message: str
    params: dict[str, Any]


class NeedsToken(PlannerError):
    """No bearer token, or one that is unknown, expired or revoked."""

    code = "needs_token"
    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="planner"'}


class Malformed(PlannerError):
    """The body is not JSON at all."""

    code = "malformed"
    status = 400


class NotJson(PlannerError):
    code = "not_json"
    status = 415


class NeedsMatch(PlannerError):
    """A write to an existing thing came without If-Match."""

    code = "needs_if_match"
    status = 428


class Stale(Conflict):
    """If-Match names a version that is no longer the current one."""

    code = "stale"
    status = 412


class BadInput(PlannerError):
    """Some members of the request are malformed; `messages` is marshmallow's tree of sentences."""

    code = "invalid"
    status = 422

    def __init__(self, messages: Mapping[str, Any]) -> None:
        self.messages = messages
        super().__init__(N_("Some of what was sent cannot be taken: see “errors”."))


def init_app(app: Flask) -> None:
    """Put the API's answer in front of every error handler there is. Call it after the pages registered theirs."""
    handlers = app.error_handler_spec[None]
    for kind in (PlannerError, HTTPException, Exception):
        handlers[None].setdefault(kind, _passed_on)
    for by_class in handlers.values():
        for kind, handler in list(by_class.items()):
            by_class[kind] = _in_front_of(handler)


def language() -> str:
    """English unless the caller asks for French."""
    return request.accept_languages.best_match(("en", "fr")) or "en"


def _in_front_of(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def answer(error: Exception) -> Any:
        return _problem(error) if request.path.startswith(PREFIX) else handler(error)

    return answer


def _passed_on(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return error
    raise error


def _problem(error: Exception) -> Response:
    if "db" in g:
        g.db.rollback()
    with force_locale(language()):
        if isinstance(error, PlannerError):
            return _planner_problem(error)
        if isinstance(error, HTTPException):
            return _http_problem(error)
        return _crash(error)


def _planner_problem(error: PlannerError) -> Response:
    sentence = said(error.message, error.params)
    if isinstance(error, BadInput):
        errors = list(_flat(error.messages))
    elif error.field:
        errors = [{"field": error.field, "detail": sentence, "code": error.code}]
    else:
        errors = []
    return _answer(error.status, error.code, sentence, errors=errors, headers=getattr(error, "headers", {}))


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]
    code = HTTPStatus(status).name.lower()
    sentence = _SENTENCES.get(status, N_("The request could not be answered."))
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _answer(status, code, gettext(sentence), headers=kept)


def _crash(error: Exception) -> Response:
    if is_busy(error):
        log.warning("database_busy", path=request.path, reason=str(error.__cause__))
        return _answer(503, "busy", gettext(_SENTENCES[503]), headers={"Retry-After": "1"})
    number = uuid.uuid4().hex[:8]
    log.error("crash", number=number, path=request.path, exc_info=error)
    sentence = gettext(
        "Something broke on our side. Nothing you sent was stored. Tell your administrator: error %(number)s.", number=number
    )
    return _answer(500, "crash", sentence)


def _answer(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:planner:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    # A name that somebody made up may hold half a character, which no text may.
    response = Response(json.dumps(body, ensure_ascii=False).encode(errors="replace"), status=status, mimetype=MIME)
    response.headers["Content-Language"] = language()
    response.headers.extend(dict(headers or {}))
    response.vary.add("Accept-Language")
    return response


def _flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """Marshmallow's tree as a list; the first level is where it came from (json, query) and is left out."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flat(below, (*path, str(key)))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        field = ".".join(part for part in path[1:] if part != "_schema")
        sentence = said(message.message, message.params) if isinstance(message, Sentence) else gettext(str(message))
        yield {"field": field, "detail": sentence, "code": "invalid"}


def said(message: str, params: Mapping[str, Any]) -> str:
    """A sentence marked with N_, in the caller's language; moments in UTC."""
    shown = {name: _shown(value) for name, value in params.items()}
    return str(gettext(message, **shown) if shown else gettext(message))


def _shown(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value
