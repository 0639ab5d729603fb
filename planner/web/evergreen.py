"""Evergreen: what to share again and how it did, the queue that gives it a free slot, the assets that are evergreen, and each channel's week of slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from babel.dates import get_day_names
from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.insights.queries import latest_of
from planner.planning import evergreen, slots
from planner.planning.recurring import Evergreen, Slot
from planner.web.access import needs
from planner.web.calendar.free import fill
from planner.web.choices import OFFERED
from planner.web.labels import channel_choices
from planner.web.languages import say
from planner.web.moments import in_zone
from planner.web.session import committing

__all__ = ["add", "add_slot", "enqueue", "fill", "index", "remove", "remove_slot"]

_SHOWN_AHEAD = timedelta(days=28)


@needs("read")
def index() -> ResponseReturnValue:
    return _page()


@needs("post.create")
def enqueue() -> ResponseReturnValue:
    """A draft in the next free slot; a release beyond its age is asked about first."""

    def act() -> Any:
        asset = _asset()
        post = evergreen.enqueue(g.db, asset, _channel(), confirmed="confirmed" in request.form, actor=g.user, now=g.now)
        when = in_zone(post.publish_at, post.time_zone).striptags()
        return {"text": _("“%(title)s” is queued for %(when)s, as a draft.", title=asset.title, when=when), "undo": ("post_steps.cancel", {"post_id": post.id})}

    return _done(act, "queue")


@needs("campaign.edit")
def add() -> ResponseReturnValue:
    def act() -> Any:
        asset = _asset()
        evergreen.add(g.db, asset, _number("cool_down_days") or 0, actor=g.user, now=g.now)
        return {"text": _("“%(title)s” is evergreen.", title=asset.title)}

    return _done(act, "add")


@needs("campaign.edit")
def remove(asset_id: int) -> ResponseReturnValue:
    def act() -> Any:
        found = g.db.scalars(select(Evergreen).where(Evergreen.asset_id == asset_id)).one_or_none()
        back = {"asset_id": asset_id, "cool_down_days": found.cool_down_days} if found else {}
        evergreen.remove(g.db, asset_id, actor=g.user, now=g.now)
        return {"text": _("No longer evergreen. What is planned of it stays planned."), "undo": (".add", {}), "fields": back}

    return _done(act, "add")


@needs("campaign.edit")
def add_slot() -> ResponseReturnValue:
    def act() -> Any:
        weekday = _number("weekday")
        slots.add_slot(g.db, _channel(), -1 if weekday is None else weekday, request.form.get("clock", "")[:5], actor=g.user, now=g.now)
        return {"text": _("Slot added.")}

    return _done(act, "slot")


@needs("campaign.edit")
def remove_slot(slot_id: int) -> ResponseReturnValue:
    def act() -> Any:
        found = g.db.get(Slot, slot_id)
        back = {"channel_id": found.channel_id, "weekday": found.weekday, "clock": found.clock} if found else {}
        slots.remove_slot(g.db, slot_id, actor=g.user, now=g.now)
        return {"text": _("Slot taken away. What stands in it stays."), "undo": (".add_slot", {}), "fields": back}

    return _done(act, "slot")


def _done(act: Callable[[], Any], form: str) -> ResponseReturnValue:
    """Do it, commit, go back; a refusal comes back as the page, with its sentence in that form and what was typed."""
    try:
        with committing(g.db):
            said = act()
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        return _page({form: error}), error.status if isinstance(error, Conflict) else 422
    if "undo" in said:
        endpoint, args = said["undo"]
        said["undo"] = url_for(endpoint, **args)
    flash(said, "success")
    return redirect(url_for(".index"))


def _page(refused: dict[str, PlannerError] | None = None) -> str:
    suggested = evergreen.suggestions(g.db, viewer=g.user, now=g.now)
    channels = list(g.db.scalars(select(Channel).order_by(Channel.name)))
    week = [(slot, channel) for slot, channel in g.db.execute(select(Slot, Channel).join(Channel, Channel.id == Slot.channel_id))]
    with_slots = {channel.id for _slot, channel in week}
    can_edit = may(g.user, "campaign.edit")
    sought = request.args.get("q", "").strip()[:200]
    choices = evergreen.choices(g.db, viewer=g.user, sought=sought, limit=OFFERED + 1) if can_edit else []
    return render_template(
        "evergreen/index.html",
        suggested=suggested,
        counts=latest_of(g.db, [one.post_id for one in suggested if one.post_id]),
        lines=evergreen.lines(g.db, viewer=g.user, now=g.now),
        choices=choices[:OFFERED],
        offered=OFFERED if len(choices) > OFFERED else 0,
        sought=sought,
        channels=channel_choices(channels),
        queues=channel_choices(one for one in channels if one.id in with_slots),
        week=sorted(week, key=lambda one: (one[1].name.casefold(), one[0].weekday, one[0].clock)),
        free=slots.free_slots(g.db, g.now, g.now + _SHOWN_AHEAD, limit=12),
        days=[get_day_names("wide", "stand-alone", locale=get_locale())[number] for number in range(7)],
        cool_down=evergreen.COOL_DOWN,
        can_edit=can_edit,
        refused={name: (say(error), error.field) for name, error in (refused or {}).items()},
        typed=request.form,
        now=g.now,
    )


def _asset() -> Asset:
    """The asset chosen, if this person may know of it. Raises Invalid and NotFound."""
    number = _number("asset_id")
    if number is None:
        raise Invalid(N_("Choose an asset."), field="asset_id")
    found = g.db.get(Asset, number)
    if found is None or not may(g.user, "read", found):
        raise NotFound()
    return found  # type: ignore[no-any-return]


def _channel() -> Channel:
    found = g.db.get(Channel, _number("channel_id") or 0)
    if found is None:
        raise Invalid(N_("Choose a channel."), field="channel_id")
    return found  # type: ignore[no-any-return]


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
