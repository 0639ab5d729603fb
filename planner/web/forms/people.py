"""The form of an entry of the register of people."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from planner.people.person_models import TIERS, Tier
from planner.people.rules import PersonValues
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import choices

__all__ = ["PeopleFileForm", "PersonForm"]

_ANSWERS: dict[str, bool | None] = {"": None, "yes": True, "no": False}


class PersonForm(PlannerForm):
    """Everything of an entry."""

    name = StringField(_l("Name"), [InputRequired()])
    organisation = StringField(_l("Organisation"))
    role = StringField(_l("What they do"))
    tier = SelectField(_l("What they are to us"))
    x_handle = StringField(_l("X handle"))
    linkedin_urn = StringField(_l("LinkedIn number"))
    linkedin_name = StringField(_l("Name on LinkedIn"))
    linkedin_vanity = StringField(_l("LinkedIn page"))
    may_be_named = RadioField(_l("May we name them?"), default="")
    note = TextAreaField(_l("Note"))
    version = IntegerField(validators=[Optional()], widget=HiddenInput())
    back = HiddenField()

    def offer(self) -> None:
        """The choices, in the reader's language."""
        self.tier.choices = choices((tier.value, _(TIERS[tier])) for tier in Tier)
        self.may_be_named.choices = [("", _("Nobody asked")), ("yes", _("Yes, they agreed")), ("no", _("No"))]

    def values(self) -> PersonValues:
        """What was typed."""
        words = ("name", "organisation", "role", "x_handle", "linkedin_urn", "linkedin_name", "linkedin_vanity", "note")
        return PersonValues(**{one: self[one].data or "" for one in words}, tier=Tier(self.tier.data), may_be_named=_ANSWERS[self.may_be_named.data or ""])

    def show(self, values: PersonValues) -> None:
        """Fill in what is there."""
        for name in PersonValues.__dataclass_fields__:
            self[name].data = getattr(values, name)
        self.tier.data = values.tier.value
        self.may_be_named.data = next(word for word, answer in _ANSWERS.items() if answer is values.may_be_named)


class PeopleFileForm(PlannerForm):
    """Which file holds the people."""

    file = FileField(_l("File"))
