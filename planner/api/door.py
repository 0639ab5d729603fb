"""The gate of the API: who calls, what they may do, which version they saw, and where the commit stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, g, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts import service as accounts
from planner.accounts.rules import require
from planner.api import idempotency, throttle
from planner.api.bodies import MAX_BODY_BYTES, Blueprint
from planner.api.problems import NeedsMatch, NeedsToken, Stale
from planner.core.errors import Conflict
from planner.core.i18n import N_
from planner.core.runtime import Runtime
from planner.core.settings import Settings

__all__ = ["changes", "creates", "expect", "open_door", "reads", "runtime", "settings", "steps", "tagged"]

View = TypeVar("View", bound=Callable[..., Any])

#: A token's last use is kept to the hour: often enough to see which one nobody needs any more.
_USE_NOTED_EVERY = timedelta(hours=1)
_STALE = N_("This was changed since you read it. Read it again, then repeat the change on the new version.")


def open_door() -> None:
    """Find the person behind the bearer token, before every request. A cookie opens nothing here."""
    request.max_content_length = MAX_BODY_BYTES
    g.user = None
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise NeedsToken(N_("Send a token: Authorization: Bearer … (made with “flask planner token add” or in the settings)."))
    token = accounts.valid_token(g.db, given.token, now=g.now)
    if token is None:
        raise NeedsToken(N_("This token is unknown, has expired or was revoked."))
    g.user = token.user
    if token.last_used_at is None or g.now - token.last_used_at > _USE_NOTED_EVERY:
        _note_use(token.id)
    throttle.count(g.user.id)


def _note_use(token_id: int) -> None:
    """In the request's own transaction when it writes anyway; a reading request gets a short one of its own."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        with runtime().sessions.begin() as db:
            accounts.note_token_use(db, token_id, now=g.now)
    else:
        accounts.note_token_use(g.db, token_id, now=g.now)


def runtime() -> Runtime:
    """What the running product holds."""
    held: Runtime = current_app.extensions["planner"]
    return held


def settings() -> Settings:
    return runtime().settings


def reads(action: str = "read") -> Callable[[View], View]:
    """Only people whose roles allow `action` get the answer; an unchanged one is 304 for those who send If-None-Match, unless it tells of
    what the version does not count (`g.tells_more`)."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require(g.user, action)
            response: Response = view(*args, **kwargs)
            return response if g.get("tells_more") else response.make_conditional(request)

        return guarded  # type: ignore[return-value]

    return wrap


def creates(action: str) -> Callable[[View], View]:
    """A write that makes something new; an Idempotency-Key makes it happen once however often it is sent."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require(g.user, action)
            return _once(view, args, kwargs)

        return Blueprint.doc(parameters=[idempotency.PARAMETER])(guarded)  # type: ignore[no-any-return]

    return wrap


def changes(action: str) -> Callable[[View], View]:
    """A write to an existing thing: If-Match has to name the version the caller saw, and the view has to `expect` it."""
    return _changes(action, _committed, [_IF_MATCH])


def steps(action: str) -> Callable[[View], View]:
    """The same for a POST: an Idempotency-Key gives who repeats it the first answer, although the version has moved on since."""
    return _changes(action, _once, [_IF_MATCH, idempotency.PARAMETER])


def _changes(action: str, run: Callable[..., Response], parameters: list[dict[str, Any]]) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require(g.user, action)
            if "If-Match" not in request.headers:
                raise NeedsMatch(N_("Send If-Match with the ETag you read, so that nobody's change is overwritten."))
            return run(view, args, kwargs)

        documented = Blueprint.doc(parameters=parameters)(guarded)
        documented.needs_version = True
        return documented  # type: ignore[no-any-return]

    return wrap


def expect(tag: object) -> None:
    """Raise Stale unless If-Match names this version of the thing (`*` names any)."""
    if not request.if_match.contains(str(tag)):
        raise Stale(_STALE)


def tagged(thing: Any, tag: object | None = None, status: int = 200) -> tuple[Any, int, dict[str, str]]:
    """A thing with its version as ETag; what was changed is flushed first, so that the version is the new one."""
    if request.method not in ("GET", "HEAD"):
        g.db.flush()
    return thing, status, {"ETag": f'"{thing.version if tag is None else tag}"'}


def _once(view: Callable[..., Any], args: Any, kwargs: Any) -> Response:
    """Under the caller's Idempotency-Key when there is one: the first answer again, or the view and its answer in one transaction."""
    key = idempotency.key_of(request)
    if key is None:
        return _committed(view, args, kwargs)
    claim = idempotency.claim(g.db, key, user_id=g.user.id, request=request, now=g.now)
    if isinstance(claim, Response):
        return claim
    try:
        return _committed(view, args, kwargs, before_commit=lambda done: idempotency.answer(g.db, claim, done))
    except BaseException:
        idempotency.release(g.db, claim)
        raise


def _committed(view: Callable[..., Any], args: Any, kwargs: Any, before_commit: Callable[[Response], None] | None = None) -> Response:
    try:
        response: Response = view(*args, **kwargs)
        if before_commit:
            before_commit(response)
        g.db.commit()
    except StaleDataError:
        g.db.rollback()
        raise Stale(_STALE) from None
    except IntegrityError:
        g.db.rollback()
        raise Conflict(N_("Somebody stored the same thing at the same moment. Read it again.")) from None
    except BaseException:
        g.db.rollback()
        raise
    return response


_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the version you read. Missing: 428. No longer current: 412.",
}
