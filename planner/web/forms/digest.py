"""Shape of the daily digest as a person wants it."""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import TimeInput

from planner.channels.port import Flavour
from planner.reports.digesting import Wishes
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import CheckboxListField, choices
from planner.web.forms.settings import stripped

__all__ = ["DigestForm"]


class DigestForm(PlannerForm):
    """By which ways, when and on which days. The webhook's address is never shown back."""

    by_mail = BooleanField(_l("By e-mail"))
    by_webhook = BooleanField(_l("Into a chat room of mine"))
    flavour = SelectField(_l("The room is in"), choices=choices([(Flavour.MATTERMOST.value, "Mattermost"), (Flavour.SLACK.value, "Slack"), (Flavour.TEAMS.value, "Microsoft Teams")]))
    webhook = PasswordField(_l("Webhook address"), [Optional(), Length(max=1000)], filters=[stripped])
    at = StringField(_l("Time"), [InputRequired(_l("Give a time such as 07:30."))], widget=TimeInput())
    days = CheckboxListField(_l("Days"), coerce=int)
    even_empty = BooleanField(_l("Also when nothing needs me"))
    nudges = BooleanField(_l("Remind me by e-mail of an approval before its answer is due"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", "stand-alone", locale=get_locale())
        self.days.choices = [(number, names[number]) for number in range(7)]

    def wishes(self) -> Wishes:
        """What was filled in."""
        return Wishes(
            by_mail=bool(self.by_mail.data), by_webhook=bool(self.by_webhook.data), webhook=self.webhook.data or "", flavour=Flavour(self.flavour.data),
            at=self.at.data or "", days=tuple(self.days.data or ()), even_empty=bool(self.even_empty.data), nudges=bool(self.nudges.data),
        )  # fmt: skip
