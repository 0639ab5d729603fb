"""Settings, Channels: how each of our accounts is doing; add one, give it a new key, take its key away."""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.channels import queries, service
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.channels.pretend import CHANNELS, add_sandbox_channels
from planner.channels.queries import ChannelHealth
from planner.channels.versions import Sunset, sunset_of
from planner.core.errors import PlannerError, Refused
from planner.core.i18n import N_
from planner.planning import marks
from planner.publishing import native_queries
from planner.publishing.rules import LOOKED_UP
from planner.publishing.service import release_channel
from planner.web.access import needs
from planner.web.forms.settings import ChannelForm, EditChannelForm, KeyForm, TypedNameForm
from planner.web.session import committing, decision_time, runtime
from planner.web.settings.base import zones
from planner.web.settings.connecting import by_browser, offers, reconnected
from planner.web.settings.health import health_of
from planner.web.settings.heard import LEAST_A_DAY, heard


@needs("read")
def channels() -> ResponseReturnValue:
    found = queries.overview(g.db)
    names = {(one.platform, one.name) for one in found}
    offered = runtime().settings.sandbox != "off" and any((platform, name) not in names for platform, name, _key in CHANNELS)
    return render_template("settings/channels.html", channels=found, sunset=_sunset(), offers_sandbox=offered)


@needs("channel.manage")
def add_sandbox() -> ResponseReturnValue:
    """Channels on the pretend platforms, in one click."""
    settings = runtime().settings
    if settings.sandbox == "off":
        raise Refused(N_("The sandbox is off: PLANNER_SANDBOX says so."))
    with committing(g.db):
        added = add_sandbox_channels(g.db, time_zone=settings.time_zone, actor=g.user, now=g.now)
    if added:
        flash(ngettext("One sandbox channel added.", "%(num)d sandbox channels added.", len(added)), "success")
    else:
        flash(_("The sandbox channels are there already."), "info")
    return redirect(url_for(".channels"))


@needs("channel.manage")
def new_channel() -> ResponseReturnValue:
    """First the platform: each asks for something else."""
    return render_template("settings/new_channel.html", platforms=list(Platform), offers=offers(), base_url=runtime().settings.base_url)


@needs("channel.manage")
def add_channel(platform: str) -> ResponseReturnValue:
    if platform not in list(Platform):
        abort(404)
    settings = runtime().settings
    form = ChannelForm(time_zone=settings.time_zone, grace_minutes=settings.grace_minutes).named_for(Platform(platform))
    if form.validate_on_submit():
        try:
            with committing(g.db):
                channel = service.add(
                    g.db, platform=platform, name=form.name.data, access_token=form.access_token.data or None,
                    expires_at=form.key_ends_at, external_id=form.external_id.data or "", time_zone=form.time_zone.data, grace_minutes=form.grace_minutes.data,
                    config={"flavour": form.flavour.data} if platform == Platform.WEBHOOK else {}, actor=g.user, now=g.now,
                )  # fmt: skip
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("%(name)s is connected.", name=channel.name), "success")
            return redirect(url_for(".channel", channel_id=channel.id))
    page = render_template("settings/add_channel.html", form=form, platform=Platform(platform), zones=zones())
    return page, 422 if form.refused else 200


@needs("read")
def channel(channel_id: int) -> ResponseReturnValue:
    return _page(queries.health(g.db, channel_id))


@needs("channel.manage")
def edit_channel(channel_id: int) -> ResponseReturnValue:
    row, form = service.by_id(g.db, channel_id), EditChannelForm()
    if form.validate():
        try:
            with committing(g.db):
                service.edit(
                    g.db, row, name=form.name.data, external_id=form.external_id.data or "", time_zone=form.time_zone.data,
                    grace_minutes=form.grace_minutes.data, switches={name: form[name].data for name, stands in _switches(row).items() if form[name].data is not stands}, actor=g.user, now=g.now,
                )  # fmt: skip
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".channel", channel_id=channel_id))
    return _page(queries.health(g.db, channel_id), edit=form)


@needs("channel.manage")
def reconnect(channel_id: int) -> ResponseReturnValue:
    """A new key; what was held because the old one was refused is due again."""
    row = service.by_id(g.db, channel_id)
    form = KeyForm().named_for(row.platform)
    if form.validate():
        try:
            with committing(g.db):
                now = _held(row)
                service.reconnect(g.db, row, access_token=form.access_token.data or None, expires_at=form.key_ends_at, actor=g.user, now=now)
                released = release_channel(g.db, row, now=now)
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(reconnected(row, released), "success")
            return redirect(url_for(".channel", channel_id=channel_id))
    return _page(queries.health(g.db, channel_id), key=form)


@needs("channel.manage")
def disconnect(channel_id: int) -> ResponseReturnValue:
    """Forget the key, once the channel's name was typed."""
    row, form = service.by_id(g.db, channel_id), TypedNameForm()
    if not form.confirms(row.name):
        return _page(queries.health(g.db, channel_id), typed=form)
    with committing(g.db):
        service.disconnect(g.db, row, actor=g.user, now=g.now)
    flash(_("%(name)s is disconnected. Its posts and numbers stay.", name=row.name), "success")
    return redirect(url_for(".channel", channel_id=channel_id))


def _held(row: Channel) -> datetime:
    """Hold the channel's row, then ask the time: whatever was sent with the old key began before it."""
    service.locked(g.db, row)
    return decision_time()


def _page(
    found: ChannelHealth, *, edit: EditChannelForm | None = None, key: KeyForm | None = None, typed: TypedNameForm | None = None
) -> ResponseReturnValue:
    """The channel's page; 422 when one of its forms was refused."""
    refused = any(form is not None and form.refused for form in (edit, key, typed))
    page = render_template(
        "settings/channel.html",
        channel=found,
        told=health_of(found, runtime().settings, now=g.now),
        edit=edit or _edit_form(found),
        key=key or KeyForm(formdata=None).named_for(found.platform),
        typed=typed,
        sunset=_sunset() if found.platform is Platform.LINKEDIN else None,
        by_browser=by_browser(),
        reminder=found.reminder(g.now),
        zones=zones(),
        heard=heard(found),
        least_heard=LEAST_A_DAY,
        look=native_queries.look_of(g.db, found.id) if found.platform in LOOKED_UP else None,
    )
    return page, 422 if refused else 200


def _edit_form(found: ChannelHealth) -> EditChannelForm:
    return EditChannelForm(formdata=None, obj=found, **_switches(found))


def _switches(found: ChannelHealth | Channel) -> dict[str, bool]:
    """How what a channel's page switches stands now."""
    return {"marks_links": marks.marks_links(found.platform, found.config, None), "short_links": marks.shortens_links(found.config)}


def _sunset() -> Sunset | None:
    """The end of the LinkedIn version that is asked for, when it is near."""
    return sunset_of(runtime().settings.linkedin_version, g.now.date())
