"""The shape of an event as people type it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from planner.people.events import EventValues
from planner.people.models import EVENT_LABELS, Event, EventKind
from planner.web.forms.base import PlannerForm

__all__ = ["EventForm"]


class EventForm(PlannerForm):
    """An event; `version` is the one that was on the screen."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the event a name.")), Length(max=160, message=_l("At most 160 characters."))])
    kind = SelectField(_l("Kind"), choices=[SelectChoice(one.value, _l(EVENT_LABELS[one])) for one in EventKind])
    rival = StringField(_l("Rival whose it is"), [Length(max=120, message=_l("At most 120 characters."))])
    starts_on = DateField(_l("First day"), [InputRequired(_l("Choose a day."))])
    last_on = DateField(_l("Last day"), [Optional()])
    place = StringField(_l("Place"), [Length(max=160, message=_l("At most 160 characters."))])
    url = StringField(_l("Page"), [Length(max=2000, message=_l("At most 2,000 characters."))])
    note = TextAreaField(_l("Note"), [Length(max=500, message=_l("At most 500 characters."))])
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    back = HiddenField()

    def show(self, event: Event) -> None:
        """Fill the fields from an event."""
        for name in ("name", "rival", "starts_on", "last_on", "place", "url", "note", "version"):
            self[name].data = getattr(event, name)
        self.kind.data = event.kind.value

    def values(self) -> EventValues:
        """What was typed. Only after `validate`."""
        return EventValues(
            name=self.name.data or "", kind=EventKind(self.kind.data), rival=self.rival.data or "", starts_on=self.starts_on.data, last_on=self.last_on.data,
            place=self.place.data or "", url=self.url.data or "", note=self.note.data or "",
        )  # fmt: skip
