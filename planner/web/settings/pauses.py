"""Settings, Pause: stop all sending, one channel or one campaign, with a reason; see what is held; end a stop."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.channels import queries as channel_queries
from planner.core.errors import PlannerError
from planner.planning import pauses as stops
from planner.planning import queries
from planner.planning.models import PostState
from planner.planning.queries import CalendarEntry, Filters
from planner.publishing import deciding
from planner.publishing.held import count
from planner.web.access import needs
from planner.web.forms.planning import choices
from planner.web.forms.settings import PauseForm
from planner.web.labels import channel_choices
from planner.web.session import committing, decision_time

#: What would still go out by itself.
_GOING_OUT = (PostState.APPROVED, PostState.SCHEDULED)
_SHOWN = 200


@needs("read")
def pauses() -> ResponseReturnValue:
    return _page(_form())


@needs("pause.set")
def start_pause() -> ResponseReturnValue:
    """Either shows what the pause would hold (the “preview” button) or starts it."""
    form = _form()
    if request.form.get("preview"):
        if form.scope.validate(form):
            return _page(form, would_hold=_under(form.scope.data))
    elif form.validate():
        kind, number = _scope(form.scope.data)
        try:
            with committing(g.db):
                channel_id = number if kind == "channel" else None
                stops.standstill(g.db, channel_id)
                stops.pause(
                    g.db, form.reason.data, channel_id=channel_id, campaign_id=number if kind == "campaign" else None,
                    actor=g.user, now=decision_time(),
                )  # fmt: skip
        except PlannerError as error:
            form.refuse(error, "scope" if error.field in ("channel_id", "campaign_id") else None)
        else:
            flash(_("Paused. Nothing of it goes out until somebody ends the pause."), "success")
            return redirect(url_for(".pauses"))
    return _page(form)


@needs("pause.set")
def end_pause(pause_id: int) -> ResponseReturnValue:
    with committing(g.db):
        waiting = deciding.end_pause(g.db, stops.by_id(g.db, pause_id), actor=g.user, now=decision_time())
    if not waiting:
        flash(_("The pause has ended. It held nothing."), "success")
        return redirect(url_for(".pauses"))
    flash(
        ngettext("The pause has ended. One post waits for a decision.", "The pause has ended. %(num)d posts wait for a decision.", waiting),
        "success",
    )
    return redirect(url_for("held.index"))


def _page(form: PauseForm, *, would_hold: list[CalendarEntry] | None = None) -> ResponseReturnValue:
    page = render_template(
        "settings/pauses.html",
        form=form,
        pauses=stops.lines(g.db),
        held=count(g.db),
        would_hold=would_hold,
        shown=_SHOWN,
    )
    return page, 422 if form.refused else 200


def _form() -> PauseForm:
    form = PauseForm()
    channels = [(f"channel:{number}", _("Channel: %(name)s", name=name)) for number, name in channel_choices(channel_queries.overview(g.db))]
    campaigns = [(f"campaign:{one.campaign_id}", _("Campaign: %(name)s", name=one.name)) for one in queries.campaigns(g.db, limit=10_000)]
    form.scope.choices = choices([("all", _("Everything")), *channels, *campaigns])
    return form


def _scope(value: str) -> tuple[str, int | None]:
    kind, _colon, number = value.partition(":")
    return kind, int(number) if number else None


def _under(value: str) -> list[CalendarEntry]:
    """The planned posts that such a pause would hold, the soonest first."""
    kind, number = _scope(value)
    filters = Filters(
        states=_GOING_OUT, channels=(number,) if kind == "channel" and number else (), campaign_id=number if kind == "campaign" else None
    )
    return queries.posts_of_states(g.db, filters, viewer=g.user, limit=_SHOWN)
