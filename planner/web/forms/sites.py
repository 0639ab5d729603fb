"""Shape of a website whose statistics are read. The key is never shown back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from planner.insights.sites import SiteKind, SiteValues
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import choices
from planner.web.forms.settings import one_line, storable, stripped

__all__ = ["SiteForm"]


class SecretField(TextAreaField):
    """A key of several lines; whatever was typed, the page that comes back holds none of it."""

    def _value(self) -> str:
        return ""


class SiteForm(PlannerForm):
    """Which website, who keeps its statistics, and the key to read them with."""

    host = StringField(_l("Website"), [InputRequired(_l("Give the website's name.")), Length(max=200), one_line], filters=[stripped])
    kind = RadioField(
        _l("Its statistics are in"), [InputRequired(_l("Choose one."))],
        choices=choices([(SiteKind.MATOMO.value, "Matomo"), (SiteKind.GA4.value, "Google Analytics 4")]), default=SiteKind.MATOMO.value,
    )  # fmt: skip
    address = StringField(_l("Matomo's address"), [Optional(), Length(max=500), one_line], filters=[stripped])
    number = StringField(_l("Number of the site or property"), [InputRequired(_l("The number is missing.")), Length(max=20), one_line], filters=[stripped])
    key = SecretField(_l("Key"), [Optional(), Length(max=10_000), storable], filters=[stripped])

    def values(self) -> SiteValues:
        """What was filled in."""
        return SiteValues(self.host.data or "", SiteKind(self.kind.data), self.number.data or "", self.key.data or "", self.address.data or "")
