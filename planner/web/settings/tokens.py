"""Settings, API tokens: one's own keys for the API, each shown the once."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, g, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts import queries, service
from planner.web.access import needs
from planner.web.forms.settings import TokenForm
from planner.web.session import committing


@needs("token.own")
def tokens() -> ResponseReturnValue:
    form, made = TokenForm(), ""
    if form.validate_on_submit():
        days = int(form.days.data) if form.days.data else None
        with committing(g.db):
            expires_at = g.now + timedelta(days=days) if days else None
            made = service.issue_token(g.db, g.user, form.name.data, actor=g.user, now=g.now, expires_at=expires_at)
        form = TokenForm(formdata=None)
    found = queries.tokens_of(g.db, g.user)
    response = make_response(render_template("settings/tokens.html", form=form, tokens=found, made=made, now=g.now))
    response.status_code = 422 if form.refused else 200
    if made:
        response.headers["Cache-Control"] = "no-store"
    return response


@needs("token.own")
def revoke_token(token_id: int) -> ResponseReturnValue:
    token = queries.own_token(g.db, g.user, token_id)
    if token.revoked_at is None:
        with committing(g.db):
            service.revoke_token(g.db, token, actor=g.user, now=g.now)
    flash(_("“%(name)s” no longer works.", name=token.name), "success")
    return redirect(url_for(".tokens"))
