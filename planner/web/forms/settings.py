"""Shapes of what people type in Settings: channels, people, tokens, pauses, one's own preferences. Keys are never shown back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from flask import g
from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from planner.accounts.models import RoleName
from planner.channels.port import Flavour, Identity, Platform
from planner.channels.service import MOST_GRACE_MINUTES
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import CheckboxListField, choices
from planner.web.labels import label

__all__ = ["AccountsForm", "ChannelForm", "EditChannelForm", "KeyForm", "PauseForm", "PersonForm", "PreferencesForm", "RolesForm", "TokenForm", "TypedNameForm"]


def one_line(_form: PlannerForm, field: Field) -> None:
    """No control characters: a database or a message header could not carry them."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in field.data or ""):
        raise ValidationError(_("Write this on one line, without special characters."))


def no_spaces(_form: PlannerForm, field: Field) -> None:
    """A key is one run of plain characters; anything else was not copied well."""
    if any(not "!" <= letter <= "~" for letter in field.data or ""):
        raise ValidationError(_("A key holds no spaces or accents. Copy it again."))


def storable(_form: PlannerForm, field: Field) -> None:
    if "\0" in (field.data or ""):
        raise ValidationError(_("This contains characters that cannot be stored."))


def known_zone(_form: PlannerForm, field: Field) -> None:
    if field.data not in available_timezones():
        raise ValidationError(_("Choose a time zone of the list, such as Europe/Paris."))


def stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class EditChannelForm(PlannerForm):
    """What is not the key."""

    name = StringField(_l("Name"), [DataRequired(_l("Give the channel a name.")), Length(max=120), one_line], filters=[stripped])
    external_id = StringField(_l("Number on the platform"), [Optional(), Length(max=200), one_line], filters=[stripped])
    time_zone = StringField(_l("Time zone"), [DataRequired(_l("Choose a time zone.")), known_zone], filters=[stripped])
    grace_minutes = IntegerField(
        _l("Grace, in minutes"),
        [InputRequired(_l("Say how many minutes.")), NumberRange(0, MOST_GRACE_MINUTES, _l("Between 0 and 1440 minutes, a day."))],
    )
    marks_links = BooleanField(_l("Mark the links of new posts, so that web statistics know which post brought a visitor"))
    short_links = BooleanField(_l("Send a short link of ours in the link's place, and count who follows it"))


class KeyForm(PlannerForm):
    """A key alone, for connecting again. The field is emptied each time the page is drawn."""

    access_token = PasswordField(_l("Access token"), [Length(max=4000), no_spaces], filters=[stripped])
    key_ends_on = DateField(_l("Last day of the key"), [Optional()])

    def validate_key_ends_on(self, field: Field) -> None:
        if field.data is None:
            return
        if not date(1990, 1, 1) <= field.data <= date(2100, 12, 31):
            raise ValidationError(_("Choose a year between 1990 and 2100."))
        if field.data < g.now.astimezone(get_timezone()).date():
            raise ValidationError(_("That day is over. Give a key that still works."))

    @property
    def key_ends_at(self) -> datetime | None:
        """The end of the key's last day by the reader's clock, in UTC; None when nobody said."""
        if self.key_ends_on.data is None:
            return None
        midnight = datetime.combine(self.key_ends_on.data + timedelta(days=1), time(), ZoneInfo(str(get_timezone())))
        return midnight.astimezone(UTC)

    def named_for(self, platform: Platform) -> Self:
        """The same form, calling the key what it is on this platform."""
        if platform is Platform.WEBHOOK:
            self.access_token.label.text = _("Address of the webhook")
        return self


class ChannelForm(EditChannelForm, KeyForm):
    """A new channel. The platform is in the address; the flavour matters to a webhook only."""

    flavour = SelectField(
        _l("Product"),
        [Optional()],
        choices=choices([(Flavour.MATTERMOST.value, "Mattermost"), (Flavour.SLACK.value, "Slack"), (Flavour.TEAMS.value, "Microsoft Teams")]),
        default=Flavour.MATTERMOST.value,
    )


class AccountsForm(PlannerForm):
    """Which of the accounts that a consent opened become channels; exactly one where a channel is reconnected."""

    accounts = CheckboxListField(_l("Accounts"), [InputRequired(_l("Choose at least one."))], choices=[])

    def offering(self, accounts: Iterable[Identity], *, one: bool) -> Self:
        """The same form with these accounts to choose from."""
        self.accounts.choices = choices((account.external_id, account.name) for account in accounts)
        self._one = one
        return self

    def validate_accounts(self, field: Field) -> None:
        if self._one and len(field.data or ()) > 1:
            raise ValidationError(_("Choose one: the channel is one account."))

    @property
    def chosen(self) -> set[str]:
        """The numbers of the accounts that were chosen."""
        return set(self.accounts.data or ())


class RolesForm(PlannerForm):
    """What a person may do."""

    roles = CheckboxListField(_l("Roles"), [InputRequired(_l("Choose at least one role."))], choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles.choices = choices((role.value, label(role)) for role in RoleName)


class PersonForm(RolesForm):
    """A new person."""

    email = StringField(_l("E-mail address"), [DataRequired(_l("Give an e-mail address.")), Length(max=255), one_line], filters=[stripped])
    name = StringField(_l("Name"), [Optional(), Length(max=120), one_line], filters=[stripped])


class TypedNameForm(PlannerForm):
    """The name of a thing, typed by hand before it is taken away."""

    typed_name = StringField(_l("Name"), filters=[stripped])

    def confirms(self, name: str) -> bool:
        """Whether the very name was typed; otherwise says so beside the field."""
        if not self.validate_on_submit():
            return False
        if self.typed_name.data == name.strip():
            return True
        self.typed_name.errors = [*self.typed_name.errors, _("Type “%(name)s” exactly. Nothing was changed.", name=name)]
        return False


class TokenForm(PlannerForm):
    """A new API token."""

    name = StringField(_l("What it is for"), [DataRequired(_l("Say what it is for.")), Length(max=120), one_line], filters=[stripped])
    days = SelectField(_l("Works for"), choices=[], default="90")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days.choices = choices([("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until it is revoked"))])


class PauseForm(PlannerForm):
    """A stop of sending: everything, one channel, or one campaign ("channel:3", "campaign:7")."""

    scope = SelectField(_l("What to stop"), choices=[])
    reason = TextAreaField(
        _l("Reason"), [DataRequired(_l("Say why: everybody will read the reason.")), Length(max=500), storable], filters=[stripped]
    )


class PreferencesForm(PlannerForm):
    """One's own language, theme and time zone."""

    language = RadioField(_l("Language"), choices=choices([("en", "English"), ("fr", "Français")]))
    theme = RadioField(_l("Theme"), choices=choices([("auto", _l("Automatic")), ("light", _l("Light")), ("dark", _l("Dark"))]))
    time_zone = StringField(_l("Time zone"), [DataRequired(_l("Choose a time zone.")), known_zone], filters=[stripped])
