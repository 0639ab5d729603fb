"""The gate: every page needs a signed-in person unless it says otherwise, and `needs` names what it lets them do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, current_app, g, redirect, request, session
from werkzeug.wrappers import Response

from planner.accounts.rules import require
from planner.core.errors import NotFound
from planner.core.lazy import Lazy

__all__ = ["bound", "init_app", "needs", "public", "takes_files"]

View = TypeVar("View", bound=Callable[..., Any])
_PUBLIC = {"static", "security.login", "security.logout"}
#: Larger numbers are nobody's: the databases count in 64 bits.
_LAST_ID = 2**63 - 1
#: Bytes of a form without files, and of one that nobody signed in sends; a file is as large as PLANNER_MAX_UPLOAD_MB says.
_MOST_OF_A_FORM, _MOST_OF_A_STRANGER = 5_000_000, 100_000


def public(view: View) -> View:
    """Mark a view that anybody may open."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """Mark a view that is sent files: whoever is signed in may send it as much as PLANNER_MAX_UPLOAD_MB says."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def bound() -> None:
    """Refuse a large body before any of it lies on the disk: asked before everything else, also before whose form it is."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    view = current_app.view_functions.get(request.endpoint or "")
    view = view.load() if isinstance(view, Lazy) else view
    if "_user_id" not in session:
        request.max_content_length = _MOST_OF_A_STRANGER
    elif not getattr(view, "takes_files", False):
        request.max_content_length = min(_MOST_OF_A_FORM, current_app.config["MAX_CONTENT_LENGTH"])


def needs(action: str) -> Callable[[View], View]:
    """Only people whose roles allow `action` reach the view; others get the 403 page."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require(g.user, action)
            return view(*args, **kwargs)

        guarded.needs = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def init_app(app: Flask) -> None:
    @app.before_request
    def _gate() -> Response | None:
        if request.endpoint is None or request.path.startswith("/api/"):
            return None
        view = app.view_functions[request.endpoint]
        view = view.load() if isinstance(view, Lazy) else view
        if request.endpoint in _PUBLIC or getattr(view, "is_public", False) or g.user is not None:
            if any(isinstance(value, int) and value > _LAST_ID for value in (request.view_args or {}).values()):
                raise NotFound()
            return None
        here = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect("/login" + (f"?{urlencode({'next': here})}" if here not in ("", "/") else ""))
