"""Failures as pages: the sentence, the status, and a way on. Never a trace."""

from __future__ import annotations

import uuid

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from planner.core.db import is_busy
from planner.core.errors import PlannerError
from planner.core.log import get_logger
from planner.web.languages import say
from planner.web.session import only_look

__all__ = ["init_app"]

log = get_logger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(PlannerError, _planner_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def page(status: int, sentence: str) -> ResponseReturnValue:
    """The error page, or JSON where a script asked."""
    if request.accept_mimetypes.best == "application/json" or request.is_json:
        return jsonify(message=sentence, status=status), status
    return render_template("errors/error.html", status=status, sentence=sentence), status


def _planner_error(error: PlannerError) -> ResponseReturnValue:
    return page(error.status, say(error))


def _csrf_error(_error: CSRFError) -> ResponseReturnValue:
    return page(400, _("This form is too old or did not come from this site. Go back, reload the page and try again."))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error
    sentences = {
        400: _("The request could not be understood."),
        403: _("Your role does not allow this. Ask an administrator."),
        404: _("There is nothing here, or you may not see it."),
        405: _("This address does not take that kind of request."),
        413: _("That is too large to take."),
        429: _("Too many tries. Wait a minute, then try again."),
    }
    status = error.code or 500
    return page(status, sentences.get(status, _("The request could not be answered.")))


def _crash(error: Exception) -> ResponseReturnValue:
    number = uuid.uuid4().hex[:8]
    # An address that holds a key (a sign-in link, a shared calendar) is logged without it.
    path = str(request.url_rule) if "token" in (request.view_args or {}) else request.path
    if "db" in g:
        g.db.rollback()
    only_look()
    if is_busy(error):
        log.warning("database_busy", path=path, reason=str(error.__cause__))
        return page(503, _("The planner is busy. Try again in a moment."))
    log.error("crash", number=number, path=path, exc_info=error)
    return page(500, _("Something broke on our side. Nothing you typed was stored. Tell your administrator: error %(number)s.", number=number))
