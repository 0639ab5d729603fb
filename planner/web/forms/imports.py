"""The form that sends a table."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, RadioField, SelectField

from planner.web.forms.base import PlannerForm

__all__ = ["ImportForm", "PlanForm"]


class ImportForm(PlannerForm):
    """Which file, what it holds, and the language of what does not say its own."""

    kind = RadioField(_l("What the file holds"), default="assets")
    file = FileField(_l("File"))
    language = SelectField(_l("Language, where the file does not say"))

    def offer(self, languages: dict[str, str]) -> None:
        """The choices, in the reader's language."""
        self.kind.choices = [("assets", _("Assets")), ("readings", _("Readings of posts")), ("visits", _("Visits to our pages")), ("mentions", _("What others wrote of us"))]
        self.language.choices = list(languages.items())


class PlanForm(PlannerForm):
    """Which file holds the plan."""

    file = FileField(_l("File"))
