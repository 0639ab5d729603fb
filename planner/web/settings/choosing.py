"""Settings, Channels: a consent opened several accounts; a person says which of them become channels."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.models import User
from planner.channels import connecting, queries, service, waiting
from planner.channels.port import Grant, Identity, Platform
from planner.channels.scopes import lacking
from planner.channels.waiting import Waiting
from planner.core.errors import PlannerError
from planner.core.i18n import N_
from planner.publishing.service import release_channel
from planner.web.access import needs
from planner.web.errors import page
from planner.web.forms.settings import AccountsForm
from planner.web.labels import label
from planner.web.languages import translate
from planner.web.session import committing, runtime

__all__ = ["ask", "choose", "store", "tell"]

_KEPT = "choosing"


def ask(platform: Platform, accounts: list[Identity], grant: Grant, again: int | None) -> ResponseReturnValue:
    """Keep the consent, sealed, and lead to the choice."""
    with runtime().sessions.begin() as db:
        session[_KEPT] = waiting.keep(db, platform, grant, accounts, again=again, user=db.get_one(User, g.user.id), now=g.now)
    return redirect(url_for(".choose"))


def store(platform: Platform, accounts: list[Identity], grant: Grant, again: int | None, *, word: str = "") -> tuple[list[int], str] | None:
    """Make or renew a channel for each of these accounts, all or none; their numbers, and what to say of them.

    word -- the waiting consent this uses up; None when somebody else used it meanwhile. Raises PlannerError.
    Its own session: that of a page that is looked at may not write.
    """
    settings = runtime().settings
    with runtime().sessions.begin() as db:
        if word and not waiting.forget(db, word, now=g.now):
            return None
        fresh: list[tuple[int, str]] = []
        renewed: list[tuple[int, str]] = []
        released = 0
        for one in connecting.known(db, platform, accounts).values():
            service.locked(db, one)
        now = runtime().clock.decision_time(db)
        for account in accounts:
            channel, is_new = connecting.connect(
                db, platform, account, grant, again=again, time_zone=settings.time_zone, grace_minutes=settings.grace_minutes,
                actor=db.get(User, g.user.id), now=now,
            )  # fmt: skip
            released += release_channel(db, channel, now=now)
            db.flush()
            (fresh if is_new else renewed).append((channel.id, channel.name))
    sentence = _said([name for _number, name in fresh], [name for _number, name in renewed], released)
    return [number for number, _name in fresh + renewed], sentence


def tell(platform: Platform, grant: Grant, numbers: list[int], sentence: str) -> list[int]:
    """Say what was stored, and after it whatever will not work with this key; the channels' numbers again."""
    flash(sentence, "success")
    missing = lacking(platform, grant.scopes)
    if missing:
        said = " ".join(f"{need.name}: {translate(need.without)}" for need in missing)
        flash(_("Not everything was allowed at %(platform)s. %(missing)s Reconnect and leave every box ticked.", platform=label(platform), missing=said), "warning")
    if grant.refresh_token is None:
        flash(_no_renewal(platform, grant, numbers[0]), "warning")
    return numbers


def _no_renewal(platform: Platform, grant: Grant, channel_id: int) -> str:
    """The platform gave nothing to renew the key with: what that means, for a channel that had such a thing and for one that had not."""
    if queries.health(g.db, channel_id).can_renew:
        return str(_("%(platform)s gave no new key to renew with; the one we have stays in use.", platform=label(platform)))
    if grant.expires_at is None:
        said = _("%(platform)s gave no key to renew with, and did not say when this one ends. Somebody will have to connect again.", platform=label(platform))
        return str(said)
    return translate(
        N_("%(platform)s gave no key to renew with: somebody has to connect again before %(when)s."), platform=label(platform), when=grant.expires_at
    )


@needs("channel.manage")
def choose() -> ResponseReturnValue:
    """Which accounts become channels. The key stays here, sealed, and only this person's session can use it, once."""
    word = str(session.get(_KEPT, ""))
    found = waiting.look(g.db, word, user=g.user, now=g.now) if word else None
    if found is None:
        session.pop(_KEPT, None)
        return page(400, _("There is nothing to choose: the consent was used or is older than ten minutes. Nothing was stored. Begin again."))
    if request.method == "POST" and "cancel" in request.form:
        return _forgotten(word, found)
    known = connecting.known(g.db, found.platform, found.accounts)
    form = AccountsForm(data={"accounts": list(known)}).offering(found.accounts, one=found.again is not None)
    if form.validate_on_submit():
        chosen = [one for one in found.accounts if one.external_id in form.chosen]
        g.db.commit()  # Only read so far; what follows writes in a session of its own.
        try:
            stored = store(found.platform, chosen, found.grant, found.again, word=word)
        except PlannerError as error:
            form.refuse(error)
        else:
            session.pop(_KEPT, None)
            if stored is None:
                return page(400, _("There is nothing to choose: the consent was used or is older than ten minutes. Nothing was stored. Begin again."))
            numbers = tell(found.platform, found.grant, *stored)
            return redirect(url_for(".channel", channel_id=numbers[0]) if len(numbers) == 1 else url_for(".channels"))
    again = service.by_id(g.db, found.again) if found.again else None
    shown = render_template("settings/choose_accounts.html", form=form, platform=found.platform, accounts=found.accounts, known=known, again=again)
    return shown, 422 if form.refused else 200


def _forgotten(word: str, found: Waiting) -> ResponseReturnValue:
    with committing(g.db):
        waiting.forget(g.db, word, now=g.now)
    session.pop(_KEPT, None)
    flash(_("Nothing was connected, and the key %(platform)s gave is forgotten.", platform=label(found.platform)), "info")
    return redirect(url_for(".channel", channel_id=found.again) if found.again else url_for(".channels"))


def _said(fresh: list[str], renewed: list[str], released: int) -> str:
    """What is said once channels have a new key."""
    said = []
    if fresh:
        said.append(ngettext("%(names)s is connected.", "%(num)d channels are connected: %(names)s.", len(fresh), names=", ".join(fresh)))
    if renewed:
        said.append(ngettext("%(names)s is connected again.", "%(num)d channels are connected again: %(names)s.", len(renewed), names=", ".join(renewed)))
    if released:
        said.append(ngettext("One held post is due.", "%(num)d held posts are due.", released))
    return " ".join(said)
