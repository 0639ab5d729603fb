"""Forms of the catalogue."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

from planner.catalog.models import AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import LANGUAGES, AssetValues
from planner.web.forms.base import MomentField, PlannerForm
from planner.web.forms.planning import CheckboxListField
from planner.web.labels import label

__all__ = ["AssetForm", "FileForm", "UploadForm"]


class AmountField(DecimalField):
    """An amount as people write it: 1500.50, 1 500,50, 1.500,50 or 1,500."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = "".join((valuelist or [""])[0].split())
        whole, mark, cents = typed.rpartition("," if typed.rfind(",") > typed.rfind(".") else ".")
        if mark == "," and len(cents) > 2 and "." not in typed:
            whole, mark, cents = typed, "", ""
        plain = whole.replace(",", "").replace(".", "") + mark.replace(",", ".") + cents
        try:
            super().process_formdata([plain] if plain else [])
        except ValueError:
            raise ValueError(_("Write an amount such as 1500 or 1500.50.")) from None


class AssetForm(PlannerForm):
    """An asset as a person edits it; lists are written one a line or with commas."""

    title = StringField(_l("Title"), [InputRequired(_l("This cannot be empty."))])
    kind = SelectField(_l("Kind"))
    state = SelectField(_l("State"))
    summary = TextAreaField(_l("Summary"))
    url = StringField(_l("Address"))
    language = SelectField(_l("Language"))
    purpose = SelectField(_l("Made for"))
    audiences = CheckboxListField(_l("Audiences"))
    topics = StringField(_l("Topics"))
    owner_id = SelectField(_l("Owner"))
    cost = AmountField(_l("Cost"), [Optional()], places=2)
    currency = StringField(_l("Currency"), default="EUR")
    confidentiality = SelectField(_l("Confidentiality"))
    sensitive = BooleanField(_l("Sensitive: one release is all there may be"))
    embargo_until = MomentField(_l("Embargo until"), [Optional()])
    embargo_terms = TextAreaField(_l("Words that would give it away"))
    rights_until = DateField(_l("Rights until"), [Optional()])
    version = HiddenField()

    def offer(self, owners: list[tuple[int, str]], languages: dict[str, str]) -> None:
        """The choices, in the reader's language."""
        for name, enum in (("kind", AssetKind), ("state", AssetState), ("purpose", Purpose), ("confidentiality", Confidentiality)):
            self[name].choices = [(one.value, label(one)) for one in enum]
        self.audiences.choices = [(one.value, label(one)) for one in Audience]
        self.language.choices = [(code, languages.get(code, code)) for code in LANGUAGES]
        self.owner_id.choices = [("", "–"), *((str(number), name) for number, name in owners)]

    def fill(self, values: dict[str, Any], version: int | None = None) -> None:
        """Show an asset's present values."""
        for name in ("title", "summary", "url", "cost", "currency", "sensitive", "embargo_until", "rights_until"):
            self[name].data = values[name]
        for name in ("kind", "state", "language", "purpose", "confidentiality"):
            self[name].data = str(values[name])
        self.audiences.data = [str(one) for one in values["audiences"]]
        self.topics.data = ", ".join(values["topics"])
        self.embargo_terms.data = "\n".join(values["embargo_terms"])
        self.owner_id.data = str(values["owner_id"] or "")
        self.version.data = str(version or "")

    def differences(self, theirs: AssetForm) -> list[tuple[str, str]]:
        """What another filled form says otherwise than this one: the field's label and their value, as it is shown."""
        pairs = [(field, theirs[field.name]) for field in self if field.name not in ("version", "csrf_token")]
        return [(str(other.label.text), _in_words(other)) for field, other in pairs if _plain(field) != _plain(other)]

    def values(self) -> AssetValues:
        return AssetValues(
            kind=AssetKind(self.kind.data),
            title=self.title.data or "",
            summary=self.summary.data or "",
            url=self.url.data or "",
            language=self.language.data,
            purpose=Purpose(self.purpose.data),
            cost=self.cost.data,
            currency=self.currency.data or "EUR",
            confidentiality=Confidentiality(self.confidentiality.data),
            sensitive=bool(self.sensitive.data),
            embargo_until=self.embargo_until.data,
            embargo_terms=_split(self.embargo_terms.data, "\n"),
            rights_until=self.rights_until.data,
            audiences=[Audience(one) for one in self.audiences.data or []],
            topics=_split(self.topics.data, ","),
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            state=AssetState(self.state.data),
        )


class UploadForm(PlannerForm):
    """One file."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])
    language = SelectField(_l("Language of captions"), validate_choice=False)

    def offer(self, languages: dict[str, str]) -> None:
        """The choices, in the reader's language."""
        self.language.choices = [("", _("The asset's")), *languages.items()]


class FileForm(PlannerForm):
    """What is said of a file."""

    alt_text = StringField(_l("What it shows"))
    rights_until = DateField(_l("Rights until"), [Optional()])


def _split(text: str | None, mark: str) -> list[str]:
    return [part.strip() for part in (text or "").split(mark) if part.strip()]


def _plain(field: Any) -> Any:
    """A field's value, so that nothing and an empty text, or the same choices in another order, are equal."""
    if isinstance(field.data, str):
        return " ".join(field.data.split())
    return sorted(field.data) if isinstance(field.data, list) else field.data if field.data is not None else ""


def _in_words(field: Any) -> str:
    if isinstance(field, BooleanField):
        return str(_("Yes") if field.data else _("No"))
    if hasattr(field, "choices"):
        chosen = field.data if isinstance(field.data, list) else [field.data]
        return ", ".join(str(text) for value, text in field.choices if value in chosen) or "–"
    shown = str(field._value() or "–")
    return shown.replace("T", " ") if isinstance(field, MomentField) else shown
