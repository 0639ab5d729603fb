"""Shapes of what people type on the calendar: a saved view, a note of a day."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from planner.web.forms.base import PlannerForm

__all__ = ["DayNoteForm", "ViewForm"]


class ViewForm(PlannerForm):
    """A name for what the calendar is asked for."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the view a name.")), Length(max=80, message=_l("At most 80 characters."))])
    shared = BooleanField(_l("In everybody's menu"))
    query = HiddenField()


class DayNoteForm(PlannerForm):
    """A few words about a day; `version` is the one that was on the screen."""

    text = StringField(_l("Note"), [InputRequired(_l("Write a few words.")), Length(max=300, message=_l("At most 300 characters."))])
    day = DateField(_l("Day"), [InputRequired(_l("Choose a day."))])
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    back = HiddenField()
