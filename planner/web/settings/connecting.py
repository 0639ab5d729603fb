"""Settings, Channels: connect an account in the browser. The person says yes on the platform's own page and comes back with a code."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.models import User
from planner.channels import connecting, service
from planner.channels.models import Channel
from planner.channels.port import Connect, Grant, Identity, Platform
from planner.core.errors import PlannerError
from planner.core.secrets import new_token
from planner.publishing.service import release_channel
from planner.web.access import needs
from planner.web.errors import page
from planner.web.filters import label
from planner.web.languages import say
from planner.web.session import runtime
from planner.web.settings.base import bp

__all__ = ["by_browser", "reconnected"]

#: How long a person may stay on the platform's page.
LIFE = timedelta(minutes=10)
_KEPT = "connecting"


def by_browser() -> set[Platform]:
    """The platforms that have a “Connect with” button."""
    registry = runtime().registry
    return {platform for platform in Platform if registry.connect(platform) is not None}


@bp.route("/channels/connect/<platform>", methods=["POST"])
@needs("channel.manage")
def connect(platform: str) -> ResponseReturnValue:
    """Leave for the platform's page. What has to come back is kept in the session: once, for ten minutes.

    The page goes on by itself instead of redirecting: our forms may only lead to ourselves, redirects included.
    """
    there = _consent(platform)
    again = request.form.get("channel_id", type=int)
    if again is not None:
        service.by_id(g.db, again)
    state, verifier = new_token(), new_token()
    session[_KEPT] = {
        "platform": platform, "state": state, "verifier": verifier, "until": (g.now + LIFE).isoformat(), "user": g.user.id, "again": again,
    }  # fmt: skip
    address = there.authorise_url(state=state, challenge=connecting.challenge_of(verifier), redirect_uri=_return_address(platform))
    answer = make_response(render_template("settings/leaving.html", platform=Platform(platform), address=address))
    answer.headers["Refresh"] = f"0; url={address}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.route("/channels/callback/<platform>")
@needs("channel.manage")
def connected(platform: str) -> ResponseReturnValue:
    """Back from the platform. Only the answer to the question this session asked is taken, and it is taken once."""
    asked = _asked(platform)
    if asked is None:
        return page(400, _("This answer does not belong to a connection you began in the last ten minutes here. Nothing was stored. Begin again."))
    if request.args.get("error") or not request.args.get("code"):
        flash(_("%(platform)s was not connected: the consent was not given there. Nothing was changed.", platform=label(Platform(platform))), "info")
        return redirect(_way_back(asked))
    try:
        channel, sentence = _take(Platform(platform), asked)
    except PlannerError as error:
        flash(say(error), "error")
        return redirect(_way_back(asked))
    flash(sentence, "success")
    return redirect(url_for(".channel", channel_id=channel.id))


def reconnected(row: Channel, released: int) -> str:
    """What is said once a channel has a new key."""
    if not released:
        return str(_("%(name)s is connected again.", name=row.name))
    said = ngettext(
        "%(name)s is connected again; one held post is due.", "%(name)s is connected again; %(num)d held posts are due.", released, name=row.name
    )
    return str(said)


def _consent(platform: str) -> Connect:
    found = runtime().registry.connect(Platform(platform)) if platform in list(Platform) else None
    if found is None:
        abort(404)
    there: Connect = found
    return there


def _return_address(platform: str) -> str:
    """Where the platform sends the person back to; it must be the address registered there, to the letter."""
    return runtime().settings.base_url.rstrip("/") + url_for(".connected", platform=platform)


def _asked(platform: str) -> dict[str, Any] | None:
    """What this session asked, when this is its answer; it is forgotten with that. None for anything else."""
    kept = session.get(_KEPT)
    told = request.args.get("state", "")
    if not kept or not hmac.compare_digest(kept["state"].encode(), told.encode("utf-8", "replace")):
        return None
    del session[_KEPT]
    is_ours = kept["platform"] == platform and kept["user"] == g.user.id and g.now <= datetime.fromisoformat(kept["until"])
    return dict(kept) if is_ours else None


def _take(platform: Platform, asked: dict[str, Any]) -> tuple[Channel, str]:
    """Ask the platform for the key and whose it is, with no transaction open; then store both at once."""
    there = _consent(platform)
    g.db.commit()
    grant = there.exchange(code=request.args["code"], verifier=asked["verifier"], redirect_uri=_return_address(platform))
    return _store(platform, there.accounts(grant.access_token)[0], grant, asked["again"])


def _store(platform: Platform, account: Identity, grant: Grant, again: int | None) -> tuple[Channel, str]:
    """The channel, and what to say of it. Its own session: that of a page that is looked at may not write."""
    settings = runtime().settings
    with runtime().sessions.begin() as db:
        channel, is_new = connecting.connect(
            db, platform, account, grant, again=again, time_zone=settings.time_zone, grace_minutes=settings.grace_minutes,
            actor=db.get(User, g.user.id), now=g.now,
        )  # fmt: skip
        released = release_channel(db, channel, now=g.now)
        db.flush()
        db.expunge(channel)
    return channel, str(_("%(name)s is connected.", name=channel.name)) if is_new else reconnected(channel, released)


def _way_back(asked: dict[str, Any]) -> str:
    return url_for(".channel", channel_id=asked["again"]) if asked["again"] else url_for(".new_channel")
