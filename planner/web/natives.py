"""Published directly: the messages nobody planned here, one of them, and what people make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from planner.accounts.rules import may
from planner.catalog import queries as catalog
from planner.catalog.models import Asset
from planner.channels import queries as channels
from planner.channels import service as channel_service
from planner.core.errors import Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.insights import natives as numbers
from planner.planning import queries as planning
from planner.publishing import native_queries, natives
from planner.publishing.models import Native, NativeState
from planner.publishing.rules import LOOKED_UP
from planner.web.access import needs
from planner.web.choices import OFFERED
from planner.web.histories import past_of
from planner.web.languages import say
from planner.web.session import committing

__all__ = ["adopt", "decide", "ignore", "index", "put_back", "show", "switch"]

TABS = ((NativeState.FOUND, _l("To decide")), (NativeState.ADOPTED, _l("Adopted")), (NativeState.IGNORED, _l("Ignored")))
_SUGGESTED = 6
_MOST = 200


@needs("read")
def index() -> ResponseReturnValue:
    return _index(200)


@needs("native.decide")
def decide() -> ResponseReturnValue:
    """Several at once: all or none."""
    chosen = [int(text) for text in request.form.getlist("native") if text.isascii() and text.isdecimal() and len(text) < 18][:_MOST]
    what = request.form.get("what", "")
    try:
        with committing(g.db):
            if not chosen:
                raise Invalid(N_("Choose at least one message."))
            asset = _asset(request.form.get("asset_id", "")) if what == "adopt" else None
            for native_id in chosen:
                _apply(what, native_queries.native(g.db, native_id), asset)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        flash(say(error), "error")
        return _index(422, chosen)
    flash(_many(what, len(chosen)), "success")
    return redirect(url_for(".index"))


@needs("read")
def show(native_id: int) -> ResponseReturnValue:
    return _page(native_queries.native(g.db, native_id), 200)


@needs("native.decide")
def adopt(native_id: int) -> ResponseReturnValue:
    def act(native: Native) -> None:
        natives.adopt(g.db, native, _asset(request.form.get("asset_id", "")), actor=g.user, now=g.now)

    return _step(native_id, act, _("Adopted. Its numbers are collected from now on."), undo=True)


@needs("native.decide")
def ignore(native_id: int) -> ResponseReturnValue:
    def act(native: Native) -> None:
        natives.ignore(g.db, native, actor=g.user, now=g.now)

    return _step(native_id, act, _("Ignored. It is off the calendar."), undo=True)


@needs("native.decide")
def put_back(native_id: int) -> ResponseReturnValue:
    def act(native: Native) -> None:
        numbers.put_back(g.db, native, actor=g.user, now=g.now)

    return _step(native_id, act, _("Open again."))


@needs("channel.manage")
def switch(channel_id: int) -> ResponseReturnValue:
    """Whether a channel is looked through."""
    channel, on = channel_service.by_id(g.db, channel_id), request.form.get("on") == "1"
    with committing(g.db):
        natives.switch(g.db, channel, on, actor=g.user, now=g.now)
    flash(_("It is looked through every hour.") if on else _("It is no longer looked through. What was found stays."), "success")
    return redirect(url_for("settings.channel", channel_id=channel_id))


def _index(status: int, chosen: list[int] | None = None) -> ResponseReturnValue:
    state = next((one for one, _name in TABS if one.value == request.args.get("state")), NativeState.FOUND)
    known = [one for one in channels.overview(g.db) if one.platform in LOOKED_UP]
    channel = next((one for one in known if str(one.id) == request.args.get("channel")), None)
    cursor = request.args.get("cursor") or None
    page = native_queries.natives(g.db, state=state, channel_id=channel.id if channel else None, cursor=cursor)
    kept: dict[str, Any] = {"state": state.value, "channel": channel.id if channel else None}
    decides = state is NativeState.FOUND and may(g.user, "native.decide")
    assets = planning.plannable(g.db, viewer=g.user, limit=OFFERED + 1) if decides and page.items else []
    html = render_template(
        "natives/index.html",
        state=state,
        tabs=TABS,
        natives=page.items,
        visible=_visible(page.items),
        channels=known,
        channel=channel,
        chosen=chosen or [],
        assets=assets[:OFFERED],
        offered=OFFERED if len(assets) > OFFERED else 0,
        next_href=url_for(".index", **kept, cursor=page.next_cursor) if page.next_cursor else None,
        first_href=url_for(".index", **kept) if cursor else None,
    )
    return html, status


def _page(native: Native, status: int) -> ResponseReturnValue:
    q = request.values.get("q", "").replace("\0", "").strip()[:200]
    decides = may(g.user, "native.decide") and native.state is not NativeState.ADOPTED
    found = catalog.search(g.db, catalog.Filters(q=q), viewer=g.user, limit=_SUGGESTED).items if decides else []
    html = render_template(
        "natives/show.html",
        native=native,
        visible=_visible([native]),
        q=q,
        found=found,
        leak=[one for one in native_queries.too_early(g.db, now=g.now) if one.native_id == native.id],
        history=past_of(native),
    )
    return html, status


def _visible(found: Sequence[Native]) -> dict[int, Asset]:
    """Message -> the asset it was adopted under, where this reader may know of it. One statement."""
    adopted = {one.id: one.post.asset_id for one in found if one.state is NativeState.ADOPTED and one.post is not None}
    if not adopted:
        return {}
    assets = {asset.id: asset for asset in g.db.scalars(select(Asset).where(Asset.id.in_(adopted.values())))}
    return {native_id: assets[asset_id] for native_id, asset_id in adopted.items() if may(g.user, "read", assets[asset_id])}


def _asset(text: str) -> Asset:
    """The asset chosen. Raises Invalid without one, NotFound when this person may not know of it."""
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise Invalid(N_("Choose the asset that it is about."), field="asset_id")
    return catalog.asset(g.db, int(text), viewer=g.user)


def _apply(what: str, native: Native, asset: Asset | None) -> None:
    if what == "adopt" and asset is not None:
        natives.adopt(g.db, native, asset, actor=g.user, now=g.now)
    elif what == "ignore":
        natives.ignore(g.db, native, actor=g.user, now=g.now)
    elif what == "put-back":
        numbers.put_back(g.db, native, actor=g.user, now=g.now)
    else:
        raise Invalid(N_("Say what to do with them."))


def _many(what: str, count: int) -> str:
    if what == "adopt":
        return str(ngettext("One message adopted.", "%(num)d messages adopted.", count))
    if what == "ignore":
        return str(ngettext("One message ignored.", "%(num)d messages ignored.", count))
    return str(ngettext("One message is open again.", "%(num)d messages are open again.", count))


def _step(native_id: int, act: Callable[[Native], None], done: str, *, undo: bool = False) -> ResponseReturnValue:
    """Do it, commit, and show the message; a refusal shows it with the sentence."""
    native = native_queries.native(g.db, native_id)
    try:
        with committing(g.db):
            act(native)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        flash(say(error), "error")
        return _page(native_queries.native(g.db, native_id), 422 if isinstance(error, Invalid) else error.status)
    said: Any = {"text": done, "undo": url_for(".put_back", native_id=native_id)} if undo else done
    flash(said, "success")
    return redirect(url_for(".show", native_id=native_id))
