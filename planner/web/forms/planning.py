"""Shapes of what people type about posts and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, HiddenInput, ListWidget

from planner.planning.models import Post
from planner.planning.moments import fold_of, is_double, resolve_wall_time, wall_of
from planner.planning.templates import TEMPLATES
from planner.web.forms.base import MomentField, PlannerForm

__all__ = ["ApproveForm", "CampaignForm", "CheckboxListField", "ComposeForm", "EditLiveForm", "LiveForm", "MoveForm", "NewCampaignForm", "NoteForm", "PostForm", "StandingForm", "TakeDownForm", "choices"]

#: Zones offered besides the channel's and the reader's own; another one is chosen in the channel's settings.
_ZONES = (
    "Europe/Paris", "Europe/London", "Europe/Berlin", "Europe/Madrid", "Africa/Casablanca", "Africa/Johannesburg", "America/New_York",
    "America/Los_Angeles", "America/Sao_Paulo", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "UTC",
)  # fmt: skip


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() and len(str(value)) < 18 else None


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """(value, text) pairs as the options of a field."""
    return [SelectChoice(str(value), text) for value, text in pairs]


def offered_zones(*first: str | None) -> list[SelectChoice]:
    """Choices of a zone field: those named first, then the usual ones."""
    return choices((zone, zone.replace("_", " ")) for zone in dict.fromkeys([*filter(None, first), *_ZONES]))


class _OneOfSeveral(CheckboxInput):  # type: ignore[misc]
    """A box of a list: a browser told `required` of it would ask for every box of the list."""

    validation_attrs = ("disabled",)


class CheckboxListField(SelectMultipleField):  # type: ignore[misc]
    """Several of a list, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = _OneOfSeveral()


class WallTimeField(StringField):  # type: ignore[misc]
    """What a clock on the wall shows: a naive datetime, in no zone yet. Its data is None when nothing was typed."""

    widget = DateTimeLocalInput()
    data: datetime | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat(timespec="minutes") if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            parsed = datetime.fromisoformat(valuelist[0].strip())
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is not None:
            raise ValueError(_("Write a date and time such as 2026-03-24 09:30."))
        if not 1990 <= parsed.year <= 2100:
            raise ValueError(_("Choose a year between 1990 and 2100."))
        self.data = parsed


class WhenForm(PlannerForm):
    """A wall time, its zone, and the answer to “which of the two?” on the night the clocks go back."""

    wall_time = WallTimeField(_l("Goes out"))
    time_zone = SelectField(_l("Time zone"))
    fold = RadioField(
        _l("That hour comes twice"),
        choices=[SelectChoice("0", _l("The first time")), SelectChoice("1", _l("The second time"))],
        validate_choice=False,
    )

    def offer_zones(self, *first: str | None) -> None:
        self.time_zone.choices = offered_zones(*first)
        if self.time_zone.data is None and first:
            self.time_zone.data = first[0]

    def moment(self) -> datetime | None:
        """The moment chosen, in UTC. Raises Invalid, which the view attaches to its field."""
        if self.wall_time.data is None:
            return None
        fold = int(self.fold.data) if self.fold.data in ("0", "1") else None
        return resolve_wall_time(self.wall_time.data, self.time_zone.data, fold=fold)

    @property
    def asks_fold(self) -> bool:
        """Whether the question is on the page: it was asked just now, or answered."""
        return bool(self.fold.errors) or self.fold.data in ("0", "1")

    def show_moment(self, post: Post) -> None:
        """Fill the fields from a post."""
        self.time_zone.data = post.time_zone or post.channel.time_zone
        self.wall_time.data = datetime.fromisoformat(wall_of(post.publish_at, self.time_zone.data)) if post.publish_at else None
        if post.publish_at and is_double(post.publish_at, self.time_zone.data):
            self.fold.data = str(fold_of(post.publish_at, self.time_zone.data))


class WordsForm(WhenForm):
    """What a post says, and when."""

    text = TextAreaField(_l("Text"), [Length(max=60_000, message=_l("That is too long."))])
    title = StringField(_l("Title"), [Length(max=300, message=_l("At most 300 characters."))])
    link = StringField(_l("Link"), [Length(max=2000, message=_l("At most 2,000 characters."))])
    first_comment = TextAreaField(_l("First comment"), [Length(max=10_000, message=_l("That is too long."))])
    tags = StringField(_l("Tags"), [Length(max=6000, message=_l("That is too long."))])
    media = CheckboxListField(_l("Files"), coerce=int)
    playlist = StringField(_l("Playlist on YouTube"), [Length(max=300, message=_l("At most 300 characters."))])
    campaign_id = SelectField(_l("Campaign"), coerce=_number)

    marks_link = BooleanField(_l("Mark the link, so that web statistics know which post brought a visitor"))
    utm_source = StringField("utm_source", [Length(max=100, message=_l("At most 100 characters."))])
    utm_medium = StringField("utm_medium", [Length(max=100, message=_l("At most 100 characters."))])
    utm_campaign = StringField("utm_campaign", [Length(max=100, message=_l("At most 100 characters."))])

    def marks(self) -> dict[str, str]:
        """What was chosen for the link, as PostValues takes it; an empty mark is the usual one."""
        if not self.marks_link.data:
            return {}
        return {"source": self.utm_source.data or "", "medium": self.utm_medium.data or "", "campaign": self.utm_campaign.data or ""}

    def offer(self, *, campaigns: Sequence[tuple[int, str]], files: Sequence[tuple[int, str]]) -> None:
        self.campaign_id.choices = choices([("", _("No campaign")), *campaigns])
        self.media.choices = choices(files)

    def tag_list(self) -> list[str]:
        return [tag.strip() for tag in (self.tags.data or "").split(",") if tag.strip()]


class ComposeForm(WordsForm):
    """A new message on one or several channels: one draft each."""

    #: One form on one screen: what is sent twice from it, or from its copies in other tabs, is planned once.
    once = HiddenField(validators=[Length(max=100)])
    asset_id = SelectField(_l("Asset"), [InputRequired(_l("Choose what it is about."))], coerce=_number)
    channels = CheckboxListField(_l("Channels"), coerce=int)

    def validate_asset_id(self, field: SelectField) -> None:
        if field.data is None:
            raise ValidationError(_("Choose what it is about."))

    def validate_channels(self, field: CheckboxListField) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one channel."))


class PostForm(WordsForm):
    """The same message again; `version` is the one that was on the screen."""

    version = IntegerField(widget=HiddenInput())


class MoveForm(WhenForm):
    """A new moment."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])

    def validate_wall_time(self, field: WallTimeField) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(_("Choose when it goes out."))


class ApproveForm(PlannerForm):
    """A yes to the content that was on the screen."""

    digest = HiddenField()
    note = TextAreaField(_l("Note"), [Length(max=2000, message=_l("At most 2,000 characters."))])


class NoteForm(PlannerForm):
    """What should change."""

    note = TextAreaField(_l("What should change"), [Length(max=2000, message=_l("At most 2,000 characters."))])


class CancelForm(PlannerForm):
    """Why a post is dropped."""

    reason = TextAreaField(_l("Why"), [DataRequired(_l("Say why: it stays in the history.")), Length(max=500, message=_l("At most 500 characters."))])


class LiveForm(PlannerForm):
    """Where a message that a person saw is live."""

    url = StringField(_l("Address of the message"), [InputRequired(_l("Paste the address of the message.")), Length(max=2000)])


class EditLiveForm(PlannerForm):
    """Other words for a post that is live; only the parts its platform lets change are on the page."""

    title = StringField(_l("Title"), [Length(max=300, message=_l("At most 300 characters."))])
    text = TextAreaField(_l("Text"), [Length(max=60_000, message=_l("That is too long."))])
    tags = StringField(_l("Tags"), [Length(max=6000, message=_l("That is too long."))])
    reason = TextAreaField(_l("Why"), [Length(max=500, message=_l("At most 500 characters."))])


class TakeDownForm(PlannerForm):
    """The end of a live post: why, and a tick that this is meant."""

    reason = TextAreaField(_l("Why"), [InputRequired(_l("Say why: it stays with the post.")), Length(max=500, message=_l("At most 500 characters."))])
    sure = BooleanField(_l("Yes, take it down"), [InputRequired(_l("Tick this to say that you mean it."))])


class CampaignForm(PlannerForm):
    """A campaign; `version` is the one that was on the screen."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the campaign a name.")), Length(max=160, message=_l("At most 160 characters."))])
    summary = TextAreaField(_l("What it is about"), [Length(max=10_000, message=_l("That is too long."))])
    starts_on = DateField(_l("Starts on"), [Optional()])
    ends_on = DateField(_l("Ends on"), [Optional()])
    embargo_until = MomentField(_l("Embargo until"), [Optional()])
    owner_id = SelectField(_l("Owner"), coerce=_number)
    hashtags = TextAreaField(_l("Sets of hashtags"), [Length(max=5000, message=_l("That is too long."))])
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])


class ListedForm(PlannerForm):
    """On which channels a sensitive announcement is made; `version` is the campaign's that the person was looking at."""

    channels = CheckboxListField(_l("Channels on which it is announced"), coerce=int)
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])


class StandingForm(PlannerForm):
    """Why a campaign does not go on."""

    reason = TextAreaField(_l("Why"), [InputRequired(_l("Say why: everybody will read the reason.")), Length(max=500, message=_l("At most 500 characters."))])


class NewCampaignForm(CampaignForm):
    """The same, and the template that proposes its posts."""

    template = RadioField(_l("Begin with"), choices=[SelectChoice("", _l("No post yet")), *(SelectChoice(one.code, _l(one.name)) for one in TEMPLATES)], default="")
