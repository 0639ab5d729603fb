"""Settings, Accounts: who works here, what they may do, and the link that lets a new person in once."""

from __future__ import annotations

from flask import flash, g, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts import queries, service
from planner.accounts.models import User
from planner.core.errors import PlannerError
from planner.planning import routes
from planner.web.access import needs
from planner.web.forms.settings import PersonForm, RolesForm, TypedNameForm
from planner.web.session import committing, runtime


@needs("user.manage")
def people() -> ResponseReturnValue:
    return render_template("settings/people.html", people=queries.people(g.db))


@needs("user.manage")
def add_person() -> ResponseReturnValue:
    form = PersonForm(roles=["author"])
    if form.validate_on_submit():
        try:
            with committing(g.db):
                user = service.create_user(
                    g.db, email=form.email.data, name=form.name.data or "", roles=form.roles.data, actor=g.user, now=g.now
                )
                token = service.invite(g.db, user, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            return _link_page(user, token)
    return render_template("settings/add_person.html", form=form), 422 if form.refused else 200


@needs("user.manage")
def person(user_id: int) -> ResponseReturnValue:
    return _page(queries.person(g.db, user_id))


@needs("user.manage")
def invite_person(user_id: int) -> ResponseReturnValue:
    """A link that signs them in once: for a first day, or a forgotten password."""
    user = queries.person(g.db, user_id)
    with committing(g.db):
        token = service.invite(g.db, user, actor=g.user, now=g.now)
    return _link_page(user, token)


@needs("user.manage")
def change_roles(user_id: int) -> ResponseReturnValue:
    user, form = queries.person(g.db, user_id), RolesForm()
    if form.validate():
        try:
            with committing(g.db):
                service.set_roles(g.db, user, form.roles.data, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error, "roles")
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".person", user_id=user_id))
    return _page(user, roles=form)


@needs("user.manage")
def disable_person(user_id: int) -> ResponseReturnValue:
    """End somebody's access at once, when their address was typed."""
    user, form = queries.person(g.db, user_id), TypedNameForm()
    if form.confirms(user.email):
        try:
            with committing(g.db):
                service.disable(g.db, user, actor=g.user, now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("%(name)s can no longer sign in.", name=user.display_name), "success")
            if routes.asks(g.db, user):
                flash(_("Steps of approval still ask %(name)s. Give them to somebody else in Settings, Approval.", name=user.display_name), "warning")
            return redirect(url_for(".person", user_id=user_id))
    return _page(user, typed=form)


@needs("user.manage")
def enable_person(user_id: int) -> ResponseReturnValue:
    user = queries.person(g.db, user_id)
    with committing(g.db):
        service.enable(g.db, user, actor=g.user, now=g.now)
    flash(_("%(name)s may sign in again.", name=user.display_name), "success")
    return redirect(url_for(".person", user_id=user_id))


def _page(user: User, *, roles: RolesForm | None = None, typed: TypedNameForm | None = None) -> ResponseReturnValue:
    g.db.refresh(user)  # A refused change leaves nothing of itself on the page.
    refused = any(form is not None and form.refused for form in (roles, typed))
    form = roles or RolesForm(formdata=None, roles=sorted(user.role_names))
    return render_template("settings/person.html", person=user, roles=form, typed=typed), 422 if refused else 200


def _link_page(user: User, token: str) -> ResponseReturnValue:
    """Shows the link this once: it is kept only as a digest, and no cache may keep the page."""
    address = f"{runtime().settings.base_url.rstrip('/')}{url_for('account.sign_in', token=token)}"
    hours = int(service.LINK_LIFE.total_seconds() // 3600)
    response = make_response(render_template("settings/link.html", person=user, address=address, hours=hours))
    response.headers["Cache-Control"] = "no-store"
    return response
