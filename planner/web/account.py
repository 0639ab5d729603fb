"""One's own things: the one-time sign-in link, language, theme and time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import login_user

from planner.accounts import service
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.web.access import public
from planner.web.languages import LANGUAGES
from planner.web.passwords import came_by_link
from planner.web.security import limiter, stays_here
from planner.web.session import committing

__all__ = ["preferences", "sign_in"]


@public
@limiter.limit("30 per minute")
def sign_in(token: str) -> ResponseReturnValue:
    """A page with one button: opening a link changes nothing, so a mail scanner cannot use it up."""
    user = service.user_of_link(g.db, token, now=g.now)
    if request.method == "GET":
        return render_template("account/sign_in.html", user=user)
    with committing(g.db):
        service.use_link(g.db, token, now=g.now)
        login_user(user)
        came_by_link(user, now=g.now)
    if user.password:
        said = _("If you have forgotten your password, set another one within half an hour.")
    else:
        said = _("Without a password of your own, somebody has to make you a link each time you sign in.")
    told: Any = {"text": said, "href": url_for("security.change_password"), "label": _("Set a password")}
    flash(told, "info")
    return redirect("/")


def preferences() -> ResponseReturnValue:
    """Language, theme, time zone: any of them alone; the answer goes back to where one was."""
    language, theme, zone = (request.form.get(name) or None for name in ("language", "theme", "time_zone"))
    if language and language not in LANGUAGES:
        raise Invalid(N_("Choose English or French."))
    if theme and theme not in ("auto", "light", "dark"):
        raise Invalid(N_("Choose light, dark or automatic."))
    if zone and zone not in available_timezones():
        raise Invalid(N_("“%(zone)s” is not a time zone we know."), zone=zone)
    with committing(g.db):
        service.prefer(g.db, g.user, language=language, theme=theme, time_zone=zone, now=g.now)
    back = request.form.get("next", "/")
    response = make_response(redirect(back if stays_here(back) else url_for("desk.home")))
    if language:
        response.set_cookie("language", language, max_age=31_536_000, samesite="Lax")
    if theme:
        response.set_cookie("theme", theme, max_age=31_536_000, samesite="Lax")
    flash(_("Saved."), "success")
    return response
