"""Which language and time zone a page speaks: the person's choice, else the browser's, else the setting."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g, has_request_context, request
from flask.globals import app_ctx
from flask_babel import Babel, format_date, format_datetime, format_decimal, get_locale, get_translations, gettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from planner.core.errors import PlannerError
from planner.core.i18n import Named
from planner.core.settings import Settings
from planner.core.text import isolated
from planner.web import reasons
from planner.web.firsts import as_written

__all__ = ["LANGUAGES", "init_app", "say", "translate"]

LANGUAGES = ("en", "fr")

#: Language -> whose dates, clocks and numbers its pages use: the company is European, so English has 24 hours and day before month.
#: Flask-Security keeps its French under the whole name only.
_MANNERS = {"en": Locale("en", "GB"), "fr": Locale("fr", "FR")}


def init_app(app: Flask, settings: Settings) -> None:
    def locale() -> Locale:
        return _MANNERS[language()]

    def language() -> str:
        if not has_request_context():
            return settings.language
        user = getattr(g, "user", None)
        chosen = (user.language if user else None) or request.cookies.get("language")
        if chosen in LANGUAGES:
            return str(chosen)
        return request.accept_languages.best_match(LANGUAGES) or settings.language

    def zone() -> str:
        user = getattr(g, "user", None) if has_request_context() else None
        return (user.time_zone if user else None) or settings.time_zone

    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.time_zone
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).resolve().parent.parent / "translations")
    Babel(app, locale_selector=locale, timezone_selector=zone)
    app.jinja_env.globals.update(gettext=_gettext, _=_gettext)


@pass_eval_context
def _gettext(place: EvalContext, message: str, /, **values: Any) -> str:
    """What templates call: Jinja's own, but it asks for the reader's catalogue once a page, and keeps each sentence that has no values."""
    said = _catalogue()
    if not values and place.autoescape:
        return _plain(said, message)
    text: str = said.ugettext(message)
    values = {name: isolated(value) for name, value in values.items()}
    return (Markup(text) if place.autoescape else text) % values  # noqa: S704  # Our own sentences; the values are escaped.


@lru_cache(maxsize=4096)
def _plain(said: NullTranslations, message: str) -> Markup:
    return Markup(said.ugettext(message)) % {}  # noqa: S704


def _catalogue() -> Any:
    """The reader's, kept where Flask-Babel keeps the reader's language: it changes with it."""
    try:  # A page asks dozens of times: each look through a proxy counts.
        found = app_ctx.g._flask_babel.babel_translations
    except (AttributeError, RuntimeError):
        found = None
    if found is None:
        found = get_translations()
        if g:
            g._flask_babel.babel_translations = found
    return found


def translate(message: str, **params: Any) -> str:
    """A sentence marked with N_, or one that a channel told, in the reader's language; moments and numbers among `params` in the reader's way."""
    if not message:
        return ""
    shown = {name: _shown(value) for name, value in params.items()}
    if shown:
        return str(gettext(message, **shown))
    said = str(gettext(message))
    return reasons.told(message) if said == message else said


def say(error: PlannerError) -> str:
    """The sentence of a failure, in the reader's language."""
    return translate(error.message, **error.params)


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_written(format_datetime(value, "d MMM yyyy, HH:mm"), get_locale())
    if isinstance(value, date):
        return as_written(format_date(value, "d MMM yyyy"), get_locale())
    if isinstance(value, Named):
        return value.named((get_locale() or Locale("en")).language)
    return format_decimal(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else isolated(value)
