"""The settings of the desk: what holds everywhere or on one channel, each line drawn with its reason; and the file of past promotions."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from planner.channels.models import Channel
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.promotion import importing, queries, service
from planner.promotion.knobs import Knobs, load
from planner.promotion.models import PromotionSettings
from planner.promotion.verdict import Thresholds
from planner.web.access import needs, takes_files
from planner.web.forms.promotion import ImportForm, SettingsForm
from planner.web.session import committing

__all__ = ["import_promotions", "settings"]


@needs("promotion.settings")
def settings() -> ResponseReturnValue:
    channel = _channel()
    form = SettingsForm()
    form.offer(_holds(channel).kind)
    if form.validate_on_submit():
        try:
            with committing(g.db):
                service.save_settings(g.db, channel, form.values(), actor=g.user, now=g.now)
        except PlannerError as error:
            if isinstance(error, (Forbidden, NotFound)):
                raise
            form.refuse(error)
        else:
            flash(_("Saved. The board follows within the hour; “Work it out now” does it at once."), "success")
            return redirect(url_for(".settings", channel=channel.id if channel else None))
    elif not form.is_submitted():
        of = PromotionSettings.channel_id.is_(None) if channel is None else PromotionSettings.channel_id == channel.id
        row = g.db.scalars(select(PromotionSettings).where(of)).first()
        if row is not None:
            form.fill(row)
    return _page(form, ImportForm(formdata=None, prefix="import"), channel)


@needs("promotion.record")
@takes_files
def import_promotions() -> ResponseReturnValue:
    """Past promotions from a file: all rows, or none and each wrong one named."""
    form = ImportForm(prefix="import")
    errors: list[importing.RowError] = []
    if form.validate_on_submit():
        try:
            with committing(g.db):
                checked = importing.read(g.db, form.file.data.read(), now=g.now)
                errors = list(checked.errors)
                if not errors:
                    count = importing.write(g.db, checked, actor=g.user, now=g.now)
        except PlannerError as error:
            if isinstance(error, (Forbidden, NotFound)):
                raise
            form.refuse(error)
        else:
            if not errors:
                flash(ngettext("One promotion taken in.", "%(num)d promotions taken in.", count), "success")
                return redirect(url_for(".settings") + "#import")
    shown = SettingsForm(formdata=None)
    shown.offer(_holds(None).kind)
    return _page(shown, form, None, errors=errors)


def _page(form: SettingsForm, file: ImportForm, channel: Channel | None, *, errors: list[importing.RowError] | None = None) -> ResponseReturnValue:
    holds = _holds(channel)
    page = render_template(
        "promotion/settings.html", form=form, file=file, channel=channel, channels=queries.channels(g.db), holds=holds, errors=errors or [],
        lines=_lines(holds),
    )  # fmt: skip
    return page, 422 if form.refused or file.refused or errors else 200


def _holds(channel: Channel | None) -> Knobs:
    """What holds where a field stays empty."""
    return load(g.db)[None] if channel else Knobs()


def _lines(holds: Knobs) -> dict[str, float]:
    """What each line is where the field stays empty."""
    shipped = Thresholds()
    return {name: holds.thresholds.get(name, getattr(shipped, name)) for name in Thresholds.__dataclass_fields__}


def _channel() -> Channel | None:
    number = request.values.get("channel", type=int)
    if not number:
        return None
    found = g.db.get(Channel, number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound()
    return found  # type: ignore[no-any-return]
