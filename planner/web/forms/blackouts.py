"""The shape of a blackout as people type it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from planner.planning.blackouts import BlackoutValues
from planner.planning.quiet_models import Blackout
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import CheckboxListField

__all__ = ["BlackoutForm"]


class BlackoutForm(PlannerForm):
    """A blackout; `version` is the one that was on the screen. No channel ticked: every one."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the blackout a name.")), Length(max=160, message=_l("At most 160 characters."))])
    starts_on = DateField(_l("First day"), [InputRequired(_l("Choose a day."))])
    last_on = DateField(_l("Last day"), [Optional()])
    channel_ids = CheckboxListField(_l("Channels"), coerce=int)
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    back = HiddenField()

    def __init__(self, *args: Any, channels: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel_ids.choices = channels

    def show(self, blackout: Blackout) -> None:
        """Fill the fields from a blackout."""
        for name in ("name", "starts_on", "last_on", "channel_ids", "version"):
            self[name].data = getattr(blackout, name)

    def values(self) -> BlackoutValues:
        """What was typed. Only after `validate`."""
        return BlackoutValues(self.name.data or "", self.starts_on.data, self.last_on.data, tuple(self.channel_ids.data or ()))
