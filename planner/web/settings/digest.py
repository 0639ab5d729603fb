"""Settings, Daily digest: by which ways, when, what became of the last ones, and one at once to try."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _

from planner.core.errors import PlannerError
from planner.core.mail import is_set_up
from planner.reports import digesting
from planner.reports.models import DigestSetting, Way
from planner.web.access import needs
from planner.web.forms.digest import DigestForm
from planner.web.languages import say
from planner.web.security import limiter
from planner.web.session import committing, runtime

__all__ = ["digest", "digest_now"]


@needs("read")
def digest() -> ResponseReturnValue:
    row = digesting.setting_of(g.db, g.user)
    form = _form(row)
    if form.validate_on_submit():
        try:
            with committing(g.db):
                digesting.wish(g.db, g.user, form.wishes(), now=g.now)
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".digest"))
    page = render_template(
        "settings/digest.html", form=form, row=row, sendings=digesting.last(g.db, g.user), mail_works=is_set_up(runtime().settings), zone=str(get_timezone()),
        on=row is not None and (row.by_mail or row.by_webhook),
    )  # fmt: skip
    return page, 422 if form.refused else 200


@needs("read")
@limiter.limit("6 per minute;30 per hour")
def digest_now() -> ResponseReturnValue:
    """Today's, at once: it says what is wrong with the mail server or the room."""
    try:
        ways = digesting.send_one(runtime(), g.db, g.user, now=g.now)
    except PlannerError as error:
        flash(say(error), "error")
    else:
        names = {Way.MAIL: _("by e-mail to %(address)s", address=g.user.email), Way.WEBHOOK: _("into your chat room")}
        flash(_("Sent %(where)s.", where=", ".join(names[way] for way in ways)), "success")
    return redirect(url_for(".digest"))


def _form(row: DigestSetting | None) -> DigestForm:
    if row is None:
        start = digesting.Wishes()
        told = {"by_mail": False, "by_webhook": False, "flavour": start.flavour.value, "at": start.at, "days": list(start.days), "nudges": start.nudges}
        return DigestForm(data=told)
    return DigestForm(
        data={
            "by_mail": row.by_mail, "by_webhook": row.by_webhook, "flavour": row.flavour.value, "at": row.at, "days": row.days,
            "even_empty": row.even_empty, "nudges": row.nudges,
        }
    )  # fmt: skip
