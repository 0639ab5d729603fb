"""A new post: one asset, one text, several channels at once, one draft each."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.core.secrets import new_token
from planner.ledger import once
from planner.planning import base_texts, marks, queries, service, writing
from planner.planning.limits import COUNTED_AS
from planner.planning.models import Campaign, Post, PostState
from planner.planning.values import PostValues
from planner.web.access import needs
from planner.web.choices import OFFERED
from planner.web.forms.planning import ComposeForm, choices
from planner.web.labels import channel_choices
from planner.web.languages import translate
from planner.web.mentioning import mentioning
from planner.web.preflight import checks_of, limits_of, own_words, values_of
from planner.web.session import committing, runtime
from planner.web.telling import approved_said, flash_each
from planner.web.writing import restored, typed, unsaved

__all__ = ["campaigns", "files", "new", "refuse", "submit_saved"]

#: Where a rule's field stands on these forms.
_PLACES = {"publish_at": "wall_time", "channel": "channels"}


@needs("post.create")
def new() -> ResponseReturnValue:
    back = restored("new")
    form = ComposeForm(back) if back is not None else ComposeForm()
    channels = list(g.db.scalars(select(Channel).order_by(Channel.name)))
    asset = _asset(form.asset_id.data if form.is_submitted() or back is not None else request.args.get("asset", request.args.get("asset_id", type=int), type=int))
    offered, more = _assets(asset)
    form.asset_id.choices = choices([("", _("Choose an asset")), *offered])
    form.channels.choices = choices(channel_choices(channels))
    zone = channels[0].time_zone if channels else str(get_timezone())
    form.offer(campaigns=campaigns(), files=files(asset))
    form.offer_zones(zone, str(get_timezone()), form.time_zone.data)
    checking = "check" in request.form
    if form.is_submitted():
        if form.validate() and not checking and asset is not None and (first := _plan(form, asset, channels)):
            return redirect(url_for(".show", post_id=first))
    elif back is None:
        _start(form, asset, channels)
    else:
        form.once.data = new_token()
    told = mentioning(form)
    page = render_template(
        "planning/new.html", offered=OFFERED if more else 0, mentioning=told, typed=typed(), unsaved=unsaved("new"), templates=writing.template_names(g.db, chosen=request.args.get("template", type=int)), form=form, asset=asset, channels=channels, counted=COUNTED_AS, limits_of=limits_of,
        checks=checks_of(form, asset, channels), files=list(asset.files) if asset is not None else [],
    )  # fmt: skip
    return page, 422 if form.is_submitted() and (form.refused or not checking) else 200


def refuse(form: Any, error: PlannerError) -> None:
    """A rule's sentence beside the field of this form that it is about. What the person may not do at all is not about a field."""
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    form.refuse(error, _PLACES.get(error.field or "", error.field) if error.field != "fold" else "fold")


def campaigns() -> list[tuple[int, str]]:
    return [(row.id, row.name) for row in g.db.execute(select(Campaign.id, Campaign.name).order_by(Campaign.name))]


def files(asset: Asset | None) -> list[tuple[int, str]]:
    return [(file.id, file.name) for file in asset.files] if asset is not None else []


def _plan(form: ComposeForm, asset: Asset, channels: list[Channel]) -> int | None:
    """One draft a channel, all or none; the number of the first. None when a rule refused, with the sentence on the form.

    The same content sent again from the same form gives the number of what it made the first time.
    """
    wanted = [one for one in channels if one.id in form.channels.data]
    key = _sent(form)
    try:
        values = values_of(form)
        with committing(g.db):
            came = once.take(g.db, key, user_id=g.user.id, target="POST /posts/new", now=g.now) if key else None
            if came is None:
                made = []
                for channel in wanted:
                    given = PostValues(**(values | own_words(channel)))
                    made.append(service.plan(g.db, asset, channel, given, actor=g.user, now=g.now))
                base_texts.keep(g.db, made, values, now=g.now)
                first = made[0].id
                writing.discard(g.db, g.user, "new")
                if key:
                    once.done(g.db, key, user_id=g.user.id, came=str(first))
    except PlannerError as error:
        refuse(form, error)
        return None
    if came is not None:
        flash(_("This was saved already."), "info")
        return int(came)
    flash(_("Draft saved.") if len(made) == 1 else _("%(count)s drafts saved, one a channel.", count=len(made)), "success")
    if "then" in request.form:
        submit_saved(made)
    return first


def _sent(form: ComposeForm) -> str:
    """The form and what was typed into it, as a key; empty for a form without a name of its own."""
    if not form.once.data:
        return ""
    said = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
    return "form:" + hashlib.sha256(repr(said).encode()).hexdigest()


def submit_saved(made: list[Post]) -> None:
    """Ask for approval of what was just saved; what a rule refuses stays as it is, and the sentence says why."""
    went, refused = [], []
    for post in made:
        try:
            with committing(g.db):
                service.submit(g.db, post, limits=limits_of(post.channel.platform), four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
            went.append(post)
        except PlannerError as error:
            refused.append(_("%(channel)s: saved, but not submitted. %(why)s", channel=post.channel.name, why=translate(error.message, **error.params)))
    flash_each(refused, "error")
    if any(post.state is PostState.IN_REVIEW for post in went):
        flash(_("Submitted for approval."), "success")
    elif went:
        flash(approved_said(min(went, key=lambda post: post.channel.platform is Platform.BY_HAND), asked=False), "success")


def _start(form: ComposeForm, asset: Asset | None, channels: list[Channel]) -> None:
    """A new form, filled with what the address says and what the asset already tells."""
    form.once.data = new_token()
    known = {one.id for one in channels}
    form.channels.data = [number for number in request.args.getlist("channel", type=int) if number in known]
    at = request.args.get("at", "")
    try:
        parsed = datetime.fromisoformat(at.replace(" ", "+")) if at else None
    except ValueError:
        parsed = None
    if parsed is not None and parsed.tzinfo is None:
        form.wall_time.data, form.time_zone.data = parsed, str(get_timezone())
    if (number := request.args.get("campaign", type=int)) and number in dict(campaigns()):
        form.campaign_id.data = number
    form.marks_link.data = any(marks.marks_links(one.platform, one.config, asset) for one in channels)
    if number := request.args.get("template", type=int):
        begun = writing.template(g.db, number)
        form.text.data, form.first_comment.data = writing.filled(begun.text, asset), writing.filled(begun.first_comment, asset)
        form.tags.data = ", ".join(begun.tags or [])
    if asset is not None:
        form.asset_id.data = asset.id
        form.link.data = asset.url
        videos = [file.id for file in asset.files if file.kind == "video"]
        form.media.data = videos[:1]


def _asset(asset_id: int | None) -> Asset | None:
    """An asset this person may know of. Raises NotFound for one they may not."""
    if asset_id is None:
        return None
    found = g.db.get(Asset, asset_id) if 0 < asset_id <= queries.LAST_ID else None
    if found is None or not may(g.user, "read", found):
        raise NotFound()
    return found  # type: ignore[no-any-return]


def _assets(chosen: Asset | None) -> tuple[list[tuple[int, str]], bool]:
    """Those offered, and whether there are more."""
    found = queries.plannable(g.db, viewer=g.user, limit=OFFERED + 1)
    offered = found[:OFFERED]
    if chosen is not None and chosen.id not in {number for number, _title in offered}:
        offered.insert(0, (chosen.id, chosen.title))
    return offered, len(found) > OFFERED
