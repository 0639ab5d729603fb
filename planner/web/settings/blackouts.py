"""Settings, Blackouts: planned quiet periods; what one would hit is shown before it is saved and told after."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from planner.channels.models import Channel
from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError
from planner.planning import blackouts as service
from planner.planning.queries import CalendarEntry
from planner.planning.quiet_models import Blackout
from planner.planning.rulebook import tuning_of
from planner.planning.surroundings import all_settings
from planner.web.access import needs
from planner.web.calendar.ways import back_to, say_with_undo
from planner.web.forms.blackouts import BlackoutForm
from planner.web.histories import past_of
from planner.web.labels import channel_choices
from planner.web.session import committing
from planner.web.stretches import day_of, today

__all__ = ["edit", "index", "new", "put_back", "remove"]

_SHOWN = 200


@needs("read")
def index() -> ResponseReturnValue:
    """Those that are not over, or with ?past=1 all of them, the latest first; and what the rule makes of a post on their days."""
    past = request.args.get("past") == "1"
    rule = tuning_of(all_settings(g.db), None).of("blackout")
    sought, cursor = request.args.get("q", "").strip()[:200], request.args.get("cursor")
    since = None if past else today()
    page = service.blackouts(g.db, since=since, sought=sought, latest_first=past, cursor=cursor)
    kept: dict[str, Any] = {"past": 1 if past else None, "q": sought or None}
    return render_template(
        "blackouts/index.html", blackouts=page.items, names=dict(_channels()), past=past, today=today(), rule=rule, sought=sought,
        total=service.count(g.db, since=since, sought=sought), next_href=url_for(".index", **kept, cursor=page.next_cursor) if page.next_cursor else None,
        first_href=url_for(".index", **kept) if cursor else None,
    )  # fmt: skip


@needs("blackout.edit")
def new() -> ResponseReturnValue:
    form = BlackoutForm(channels=_channels())
    if not form.is_submitted():
        form.starts_on.data = day_of(request.args.get("day", ""))
        form.back.data = request.args.get("back", "")
        return _page(form, None)
    if form.validate():
        if request.form.get("preview"):
            hit = _would_hit(form)
            return _page(form, None, would_hit=hit, status=422 if hit is None else 200)
        if (blackout := _saved(form, None)) is not None:
            return _after(form, blackout)
    return _page(form, None, status=422)


@needs("read")
def edit(blackout_id: int) -> ResponseReturnValue:
    """The blackout with the posts inside it and its history; the form for who may change it."""
    blackout = service.by_id(g.db, blackout_id)
    if blackout.removed_at is not None:
        raise NotFound()
    form = BlackoutForm(channels=_channels())
    if not form.is_submitted():
        form.show(blackout)
        form.back.data = request.args.get("back", "")
        return _page(form, blackout)
    try:
        if form.validate():
            if request.form.get("preview"):
                hit = _would_hit(form)
                return _page(form, blackout, would_hit=hit, status=422 if hit is None else 200)
            if _saved(form, blackout) is not None:
                return _after(form, blackout)
    except Conflict as error:
        form.refuse(error)
        g.db.expire_all()
        form.version.data, form.version.raw_data = blackout.version, [str(blackout.version)]
        return _page(form, blackout, status=409)
    return _page(form, blackout, status=422)


@needs("blackout.edit")
def remove(blackout_id: int) -> ResponseReturnValue:
    blackout = service.by_id(g.db, blackout_id)
    with committing(g.db):
        service.remove(g.db, blackout, actor=g.user, now=g.now)
    back = _back(request.form.get("back"))
    say_with_undo(_("“%(name)s” is off the calendar, and the rules no longer ask about it.", name=blackout.name), url_for(".put_back", blackout_id=blackout.id), back=back)
    return redirect(back)


@needs("blackout.edit")
def put_back(blackout_id: int) -> ResponseReturnValue:
    blackout = service.by_id(g.db, blackout_id)
    with committing(g.db):
        service.put_back(g.db, blackout, actor=g.user, now=g.now)
    flash(_("“%(name)s” is on the calendar again.", name=blackout.name), "success")
    return redirect(_back(request.form.get("back")))


def _page(form: BlackoutForm, blackout: Blackout | None, *, would_hit: list[CalendarEntry] | None = None, status: int = 200) -> ResponseReturnValue:
    """would_hit -- planned posts on the days in the form, when they were asked for; else those on the days that are kept are shown."""
    hit = service.inside(g.db, blackout.starts_on, blackout.last_on, channel_ids=blackout.channel_ids, viewer=g.user, limit=_SHOWN) if blackout is not None and would_hit is None else would_hit
    page = render_template(
        "blackouts/edit.html", form=form, blackout=blackout, hit=hit, tried=would_hit is not None, shown=_SHOWN, leave=_back(form.back.data),
        history=past_of(blackout) if blackout is not None else None,
    )  # fmt: skip
    return page, status


def _channels() -> list[tuple[int, str]]:
    """What may be ticked, by name. One statement."""
    return channel_choices(g.db.execute(select(Channel.id, Channel.name, Channel.platform).order_by(Channel.name, Channel.id)))


def _would_hit(form: BlackoutForm) -> list[CalendarEntry] | None:
    """Planned posts on the days in the form; None when they are no days, with the sentence on the form."""
    try:
        service.checked(g.db, form.values())
    except PlannerError as error:
        form.refuse(error)
        return None
    values = form.values()
    return service.inside(g.db, values.starts_on, values.last_on or values.starts_on, channel_ids=values.channel_ids, viewer=g.user, limit=_SHOWN)


def _after(form: BlackoutForm, blackout: Blackout) -> ResponseReturnValue:
    """Says how many posts are inside; with any, leads to the page that lists them, else to where one came from."""
    hit = len(service.inside(g.db, blackout.starts_on, blackout.last_on, channel_ids=blackout.channel_ids, viewer=g.user, limit=_SHOWN))
    back = _back(form.back.data)
    said = _("“%(name)s” is on the calendar.", name=blackout.name)
    if hit:
        planned = ngettext("One planned post falls inside it.", "%(num)d planned posts fall inside it.", hit) if hit < _SHOWN else _("%(count)s planned posts and more fall inside it.", count=hit)
        listed = url_for(".edit", blackout_id=blackout.id, back=form.back.data or None)
        # From a dialog of the calendar, the calendar is shown again: it leads on to the list.
        told: Any = {"text": f"{said} {planned}", "href": listed, "label": _("Show them")}
        flash(told, "success")
        return redirect(listed)
    flash(f"{said} {_('No planned post falls inside it.')}", "success")
    return redirect(back)


def _back(asked: str | None) -> str:
    """The calendar one came from, else the list of blackouts."""
    return back_to(asked) if asked and asked == back_to(asked) else url_for(".index")


def _saved(form: BlackoutForm, blackout: Blackout | None) -> Blackout | None:
    """The blackout as it is kept now; None when it was refused, with the sentence on the form. Raises Conflict."""
    try:
        with committing(g.db):
            if blackout is None:
                return service.add(g.db, form.values(), actor=g.user, now=g.now)
            return service.change(g.db, blackout, form.values(), version=form.version.data, actor=g.user, now=g.now)
    except (Conflict, Forbidden, NotFound):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None
