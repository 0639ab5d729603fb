"""Settings, My preferences: one's own language, theme, time zone and password."""

from __future__ import annotations

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale, get_timezone
from flask_babel import gettext as _

from planner.accounts import service
from planner.web.forms.settings import PreferencesForm
from planner.web.session import committing
from planner.web.settings.base import zones

_A_YEAR = 31_536_000


def preferences() -> ResponseReturnValue:
    """Anybody who is signed in has preferences, whatever their roles."""
    form = PreferencesForm(
        language=str(get_locale())[:2], theme=g.user.theme or request.cookies.get("theme", "auto"), time_zone=str(get_timezone())
    )
    if form.validate_on_submit():
        chosen = {"language": form.language.data, "theme": form.theme.data}
        with committing(g.db):
            service.prefer(g.db, g.user, **chosen, time_zone=form.time_zone.data, now=g.now)
        with force_locale(form.language.data):
            flash(_("Saved."), "success")
        response = make_response(redirect(url_for(".preferences")))
        for name, value in chosen.items():
            response.set_cookie(name, value, max_age=_A_YEAR, samesite="Lax")
        return response
    return render_template("settings/preferences.html", form=form, zones=zones()), 422 if form.refused else 200
