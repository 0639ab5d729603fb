"""Shape of a link that shares the calendar: for whom, what of it, how long, and what becomes of the confidential."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from planner.catalog.models import AssetKind
from planner.channels.port import Platform
from planner.planning.shared import ShownEvents
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import CheckboxListField, choices
from planner.web.forms.settings import one_line, stripped
from planner.web.labels import label, told_apart

__all__ = ["ShareForm"]


class ShareForm(PlannerForm):
    """`what` is "own" (a feed for oneself), "feed" or "page" (for others); the lists tick nothing for everything."""

    name = StringField(_l("Name"), [DataRequired(_l("Give the link a name.")), Length(max=120), one_line], filters=[stripped])
    what = RadioField(_l("What to share"), [InputRequired(_l("Choose what to share."))], choices=[])
    days = SelectField(_l("Works for"), choices=[], default="30")
    secret = RadioField(_l("What is not public yet"), choices=[], default="mask")
    events = RadioField(_l("Events"), choices=[], default=ShownEvents.NONE.value)
    channels = CheckboxListField(_l("Channels"), coerce=int)
    kinds = CheckboxListField(_l("Kinds"))
    campaigns = CheckboxListField(_l("Campaigns"), coerce=int)

    def __init__(self, *args: Any, parts: tuple[list[tuple[int, str, Platform]], list[tuple[int, str]]], for_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [("page", _("A page for others")), ("feed", _("A feed for others"))]
        self.what.choices = choices([*(others if for_others else []), ("own", _("A feed for my own calendar app"))])
        self.days.choices = choices([("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until it is revoked"))])
        self.secret.choices = choices([("mask", _("Shown as “Confidential”, with its time only")), ("out", _("Left out"))])
        self.events.choices = choices([(ShownEvents.NONE.value, _("Left out")), (ShownEvents.OURS.value, _("Ours")), (ShownEvents.ALL.value, _("Ours and rivals'"))])
        self.channels.choices = told_apart(parts[0])
        self.kinds.choices = [(one.value, label(one)) for one in AssetKind]
        self.campaigns.choices = parts[1]
