"""Settings, Channels: connect an account in the browser. The person says yes on the platform's own page and comes back with a code."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.channels import connecting, service
from planner.channels.models import Channel
from planner.channels.port import Connect, Platform
from planner.channels.scopes import NEEDS
from planner.core.errors import PlannerError
from planner.core.http import redact
from planner.core.secrets import new_token
from planner.web.access import needs
from planner.web.errors import page
from planner.web.labels import label
from planner.web.languages import say
from planner.web.session import runtime
from planner.web.settings import choosing

__all__ = ["Offer", "by_browser", "connect", "connected", "offers", "reconnected"]

#: How long a person may stay on the platform's page.
LIFE = timedelta(minutes=10)
_KEPT = "connecting"
#: What the platforms call it when the person pressed Cancel, on one page of theirs or another.
_SAID_NO = {"access_denied", "user_cancelled_login", "user_cancelled_authorize"}


def by_browser() -> set[Platform]:
    """The platforms that have a “Connect with” button."""
    registry = runtime().registry
    return {platform for platform in Platform if registry.connect(platform) is not None}


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


@needs("channel.manage")
def connected(platform: str) -> ResponseReturnValue:
    """Back from the platform. Only the answer to the question this session asked is taken, and it is taken once."""
    asked = _asked(platform)
    if asked is None:
        return page(400, _("This answer does not belong to a connection you began in the last ten minutes here. Nothing was stored. Begin again."))
    if request.args.get("error") or not request.args.get("code"):
        flash(*_refusal(Platform(platform)))
        return redirect(_way_back(asked))
    try:
        return _take(Platform(platform), asked)
    except PlannerError as error:
        flash(say(error), "error")
        return redirect(_way_back(asked))


@dataclass(frozen=True, slots=True)
class Offer:
    """One platform that is connected in the browser: whether it can be now, and what setting it up takes."""

    platform: Platform
    is_ready: bool
    #: The pretend platform answers, whatever the keys.
    is_pretend: bool
    #: Our application's settings -> whether each still has to be set.
    keys: dict[str, bool]
    return_address: str
    scopes: tuple[str, ...]


def offers() -> list[Offer]:
    """Every platform with a consent page, set up or not. Keys themselves are never told."""
    registry, settings = runtime().registry, runtime().settings
    found = []
    for platform in Platform:
        names = connecting.needed(platform)
        if names:
            missing = connecting.missing(settings, platform)
            keys = {name: name in missing for name in names}
            is_ready = registry.connect(platform) is not None
            scopes = tuple(need.scope for need in NEEDS[platform])
            found.append(Offer(platform, is_ready, settings.sandbox != "off", keys, _return_address(platform.value), scopes))
    return found


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


def _take(platform: Platform, asked: dict[str, Any]) -> ResponseReturnValue:
    """Ask the platform for the key and whose it is, with no transaction open; then store both at once, or ask which of several."""
    there, again = _consent(platform), asked["again"]
    channel = service.by_id(g.db, again) if again else None
    g.db.commit()
    grant = there.exchange(code=request.args["code"], verifier=asked["verifier"], redirect_uri=_return_address(platform))
    accounts = list(there.accounts(grant.access_token))
    one = connecting.meant(channel, platform, accounts) if channel else accounts[0] if len(accounts) == 1 else None
    if one is None:
        return choosing.ask(platform, accounts, grant, again)
    stored = choosing.store(platform, [one], grant, again) or ([], "")
    numbers = choosing.tell(platform, grant, *stored)
    return redirect(url_for(".channel", channel_id=numbers[0]))


def _refusal(platform: Platform) -> tuple[str, str]:
    """What is said, and how loudly, when no consent came back: the person said no, or the platform refused our question."""
    error, more = request.args.get("error", ""), request.args.get("error_description", "")
    if not error or error in _SAID_NO:
        return _("%(platform)s was not connected: the consent was not given there. Nothing was changed.", platform=label(platform)), "info"
    said = redact(f"{error}: {more}" if more else error)[:300]
    sentence = _(
        "%(platform)s did not ask for your consent and says: “%(said)s” Nothing was changed. Show this to the person who set up the app at %(platform)s.",
        platform=label(platform), said=said,
    )  # fmt: skip
    return sentence, "error"


def _way_back(asked: dict[str, Any]) -> str:
    return url_for(".channel", channel_id=asked["again"]) if asked["again"] else url_for(".new_channel")
