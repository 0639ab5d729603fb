"""Signing in: Flask-Security with argon2, CSRF on every form, throttled guessing."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache, wraps
from typing import Any

from flask import Flask, abort, g, request, session
from flask_babel import lazy_gettext as _l
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user, user_logged_in
from flask_principal import identity_loaded
from flask_security import Security, SQLAlchemySessionUserDatastore, password_changed, uia_email_mapper
from flask_wtf import CSRFProtect
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import lazyload, with_expression
from werkzeug.datastructures import ImmutableMultiDict

from planner.accounts import guessing, service
from planner.accounts.models import Role, User, user_roles
from planner.core.clock import utc_now
from planner.core.settings import Settings
from planner.web.access import bound
from planner.web.passwords import ChangePassword, SignIn, has_come_by_link
from planner.web.session import committing, database

__all__ = ["csrf", "init_app", "limiter", "stays_here"]

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, default_limits=[])


def stays_here(address: str) -> bool:
    """Whether an address leads to a page of ours. Browsers drop tabs and the ends of lines, so “/⇥/elsewhere” leads elsewhere."""
    return address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()


class _Store(SQLAlchemySessionUserDatastore):
    """Flask-Security's users, read through the session of the request."""

    def __init__(self) -> None:
        super().__init__(None, User, Role)  # type: ignore[arg-type]

    @property
    def db(self) -> Any:
        return database

    @db.setter
    def db(self, _value: Any) -> None:
        pass

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Any:
        """Whose session it is, which every page asks, by a statement built once; anything else as the library asks it."""
        if set(kwargs) == {"fs_uniquifier"} and not case_insensitive:
            return database.session.scalar(_by_mark(), {"mark": kwargs["fs_uniquifier"]})
        return super().find_user(case_insensitive, **kwargs)


def _counted(view: Any) -> Any:
    """The sign-in, each of whose tries counts for the account that is meant, however its address is written."""

    @wraps(view)
    def sign_in() -> Any:
        if request.method != "POST" or current_user.is_authenticated:
            return view()
        address = uia_email_mapper(request.form.get("email", "").strip())
        if address:
            with committing(database.session):
                guessing.count(database.session, address, now=g.now)
        answer = view()
        if address and current_user.is_authenticated:
            guessing.forget(database.session, address)  # In the transaction in which the library writes the sign-in down.
        return answer

    return sign_in


def _only_the_password(_app: Flask, *, user: User, **_more: Any) -> None:
    """Who has just set a password signs in by that: a link that still lies in a mailbox opens nothing any more."""
    service.spend_links(database.session, user, now=g.now)


def _nothing_of_before(_app: Flask, **_more: Any) -> None:
    """A session that somebody else may have begun is nobody's any more: its forms' token is made anew."""
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)


@lru_cache(maxsize=1)
def _by_mark() -> Any:
    """A person with the names of their roles, which is all that a page asks of those."""
    names = select(func.aggregate_strings(Role.name, " ")).join(user_roles).where(user_roles.c.user_id == User.id).scalar_subquery()
    told = with_expression(User.told_roles, func.coalesce(names, ""))
    return select(User).where(User.fs_uniquifier == bindparam("mark")).options(lazyload(User.roles), told)


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SALT=hashlib.sha256(b"salt:" + settings.secret_key.encode()).hexdigest(),
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_TRACKABLE=True,
        SECURITY_DATETIME_FACTORY=utc_now,
        SECURITY_REGISTERABLE=False,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_MSG_GENERIC_AUTHN_FAILED=(_l("This address and this password do not go together."), "error"),
        SECURITY_REDIRECT_ALLOW_SUBDOMAINS=False,
        SECURITY_I18N_DIRNAME=["builtin"],
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_https,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.is_https,
        RATELIMIT_STORAGE_URI=settings.rate_limit_url,
        RATELIMIT_STORAGE_OPTIONS=settings.rate_limit_options,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=False,
    )

    @app.before_request
    def _first() -> None:
        """Before anything may refuse: the page that says why loads its script as well. And before anything reads what was sent."""
        g.nonce = secrets.token_urlsafe(16)
        bound()

    csrf.init_app(app)
    limiter.init_app(app)
    # Each limit is on a view of its own, which looks at it; the library would look for others before every page.
    app.before_request_funcs[None] = [one for one in app.before_request_funcs[None] if getattr(one, "__self__", None) is not limiter]

    security = Security(app, _Store(), login_form=SignIn, change_password_form=ChangePassword)
    security.change_password_context_processor(lambda: {"by_link": has_come_by_link()})
    # What a person may do is said by accounts.rules; the library would load their roles for needs that nothing asks.
    for receiver in list(identity_loaded.receivers_for(app)):
        identity_loaded.disconnect(receiver, app)
    # People are known by their session alone; Flask-Security would look for tokens of its own in every address and JSON body.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    password_changed.connect(_only_the_password, app)
    user_logged_in.connect(_nothing_of_before, app)
    views: dict[str, Any] = app.view_functions
    views["security.login"] = _counted(views["security.login"])
    for asks_password in ("security.login", "security.verify", "security.change_password"):
        views[asks_password] = limiter.limit("30 per minute;300 per hour", methods=["POST"])(views[asks_password])
    # These are pages. What the library would say to a program is more than anybody needs: a token of its own, the reason of a refusal.
    app.extensions["security"].want_json(lambda _request: False)

    @app.before_request
    def _no_programs() -> None:
        if request.blueprint == "security" and request.is_json:
            abort(415)

    @app.before_request
    def _no_way_out() -> None:
        """A link to the sign-in page that would lead elsewhere afterwards leads home instead."""
        to = request.args.get("next", "")
        if request.endpoint == "security.login" and to and not stays_here(to):
            request.args = ImmutableMultiDict((name, value) for name, value in request.args.items(multi=True) if name != "next")

    @app.before_request
    def _who() -> None:
        g.user = None
        if request.endpoint != "static" and current_user.is_authenticated:
            g.user = current_user._get_current_object()
