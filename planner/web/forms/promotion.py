"""Forms of the promotion desk. Shares are typed in per cent and kept as parts of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FileField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from planner.promotion.choices import Option, PromotionKind, Role
from planner.promotion.evidence import WhatIf
from planner.promotion.reactions import ReactionValues
from planner.promotion.service import SHARES, DecisionValues, InputValues, SettingValues
from planner.promotion.verdict import Thresholds
from planner.web.forms.base import MomentField, PlannerForm
from planner.web.forms.catalog import AmountField
from planner.web.forms.planning import CheckboxListField, choices
from planner.web.promotion.words import promotion_label

__all__ = [
    "DecisionForm", "DoneForm", "IdeaForm", "ImportForm", "InputForm", "PromotionForm", "ProposeForm", "ReactionForm", "SettingsForm", "UseForm", "WhatIfForm",
]  # fmt: skip


class CountField(IntegerField):
    """A whole number, with or without separators."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = "".join((valuelist or [""])[0].split()).replace(",", "").replace("'", "")
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit()) or len(typed) > 12:
            raise ValueError(_("Write a whole number such as 1500."))
        self.data = int(typed)


class ValueField(AmountField):
    """An amount that may be a fraction of a cent, shown without the noughts that say nothing."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{float(self.data):.4f}".rstrip("0").rstrip(".")


class PercentField(AmountField):
    """A share, typed and shown in per cent; its data is a part of one."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{float(self.data) * 100:g}"

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([valuelist[0].replace("%", "")] if valuelist else [])
        if self.data is not None:
            self.data = float(self.data) / 100

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and not 0 <= self.data <= 1:
            raise ValidationError(_("Write a share between 0 and 100 percent."))


def _kinds() -> list[tuple[str, str]]:
    return [(one.value, promotion_label(one)) for one in PromotionKind]


class DecisionForm(PlannerForm):
    """What to do with a video, and why."""

    choice = RadioField(_l("What to do"), [InputRequired(_l("Choose what to do."))])
    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Write the reason: in a month somebody will want to know it."))])
    budget = AmountField(_l("Budget"), [Optional()], places=2)
    owner_id = SelectField(_l("Who does it"))
    due_on = DateField(_l("Until"), [Optional()])

    def offer(self, owners: list[tuple[int, str]]) -> None:
        self.choice.choices = [(one.value, promotion_label(one)) for one in Option]
        self.owner_id.choices = [("", _("Nobody")), *((str(number), name) for number, name in owners)]

    def values(self) -> DecisionValues:
        owner = int(self.owner_id.data) if self.owner_id.data else None
        return DecisionValues(Option(self.choice.data), self.reason.data or "", self.budget.data, owner, self.due_on.data)


class ProposeForm(PlannerForm):
    """Posts that follow from a decision: on which channels, with which words to begin with."""

    channels = CheckboxListField(_l("Drafts on"), coerce=int)
    text = TextAreaField(_l("Text to begin with"), [InputRequired(_l("This cannot be empty."))])

    def offer(self, channels: list[tuple[int, str]]) -> None:
        self.channels.choices = choices(channels)


class DoneForm(PlannerForm):
    """When a new title or thumbnail went live."""

    done_at = MomentField(_l("Live since"), [InputRequired(_l("Choose a moment."))])


class WhatIfForm(PlannerForm):
    """What somebody wants to see it worked out with; stands in the address, changes nothing."""

    class Meta:
        csrf = False

    kind = SelectField(_l("How it is promoted"))
    cost = AmountField(_l("Budget"), [Optional(), NumberRange(min=0, message=_l("Write an amount from 0 on."))], places=2)
    value_per_view = ValueField(_l("Value of a view"), [Optional(), NumberRange(min=0, message=_l("Write an amount from 0 on."))])
    target_share = PercentField(_l("Share it is for (per cent)"), [Optional()])
    goal = CountField(_l("Goal, views"), [Optional()])

    def offer(self) -> None:
        self.kind.choices = _kinds()

    def asked(self) -> WhatIf:
        """What was typed and is right; a wrong field is left out and says why beside it."""
        wrong = self.errors
        given: dict[str, Any] = {name: None if name in wrong else self[name].data for name in ("cost", "value_per_view", "target_share", "goal")}
        kind = PromotionKind(self.kind.data) if self.kind.data in list(PromotionKind) else None
        plain: dict[str, Any] = {name: float(value) if isinstance(value, Decimal) else value for name, value in given.items()}
        return WhatIf(kind=kind, **plain)


class InputForm(PlannerForm):
    """What people know of a video that no platform tells."""

    goal = CountField(_l("Goal, views"), [Optional()])
    target_share = PercentField(_l("Share it is for (per cent)"), [Optional()])
    value_per_view = ValueField(_l("Value of a view"), [Optional()])
    audio_only = BooleanField(_l("Sound only"))
    vouched_by = StringField(_l("Who spoke of it"))

    def values(self) -> InputValues:
        return InputValues(self.goal.data, self.target_share.data, self.value_per_view.data, bool(self.audio_only.data), self.vouched_by.data or "")


class PromotionForm(PlannerForm):
    """Something that promoted a video."""

    kind = SelectField(_l("How it was promoted"))
    on = DateField(_l("First day"), [InputRequired(_l("Choose a day."))])
    cost = AmountField(_l("Cost"), [Optional()], places=2)
    currency = StringField(_l("Currency"))

    def offer(self) -> None:
        self.kind.choices = _kinds()


class UseForm(PlannerForm):
    """One use of a video at an event."""

    name = StringField(_l("Event"), [InputRequired(_l("This cannot be empty."))])
    on = DateField(_l("Day"), [InputRequired(_l("Choose a day."))])
    screenings = CountField(_l("Screenings"), [Optional()])
    attendance = CountField(_l("People who saw it"), [Optional()])
    leads = CountField(_l("Leads"), [Optional()])


class ReactionForm(PlannerForm):
    """Somebody who reacted to a video."""

    who = StringField(_l("Who"), [InputRequired(_l("This cannot be empty."))])
    role = SelectField(_l("As"))
    outlet = StringField(_l("Paper, firm or network"))
    on = DateField(_l("Day"), [InputRequired(_l("Choose a day."))])
    url = StringField(_l("Where it can be read"))
    said = TextAreaField(_l("What they said"))

    def offer(self) -> None:
        self.role.choices = [(one.value, promotion_label(one)) for one in Role]

    def values(self) -> ReactionValues:
        return ReactionValues(self.who.data or "", Role(self.role.data), self.on.data, self.outlet.data or "", self.url.data or "", self.said.data or "")


class ImportForm(PlannerForm):
    """A file of past promotions."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])

    def validate_file(self, field: FileField) -> None:
        if isinstance(field.data, str):  # A form without its encoding sends the name alone.
            raise ValidationError(_("Choose a file."))


class IdeaForm(PlannerForm):
    """An idea: on which channel, and what it would cost to make."""

    class Meta:
        csrf = False

    channel = SelectField(_l("Channel"))
    cost = AmountField(_l("What it would cost to make"), [Optional(), NumberRange(min=0, message=_l("Write an amount from 0 on."))], places=2)


class SettingsForm(PlannerForm):
    """What the desk works with; an empty field takes what holds everywhere, or what is shipped."""

    value_per_view = ValueField(_l("Value of a view"), [Optional()])
    target_share = PercentField(_l("Share it is for (per cent)"), [Optional()])
    cost = AmountField(_l("Cost of a promotion"), [Optional()], places=2)
    currency = StringField(_l("Currency"))
    horizon_days = CountField(_l("Days ahead"), [Optional()])
    kind = SelectField(_l("How it is promoted"))
    goal_sure = PercentField(_l("Goal reached by itself from (per cent)"), [Optional()])
    pays = PercentField(_l("It pays from (per cent)"), [Optional()])
    pays_not = PercentField(_l("It hardly pays below (per cent)"), [Optional()])
    low_start = PercentField(_l("A weak start is among the lowest (per cent)"), [Optional()])
    good = PercentField(_l("Good is above the lowest (per cent)"), [Optional()])
    worst_retention = PercentField(_l("People leave early: among the lowest (per cent)"), [Optional()])
    comparable = CountField(_l("Videos to compare with, at least"), [Optional()])
    young_days = CountField(_l("Too young below, days"), [Optional()])
    qualified_views = CountField(_l("Too few views by those it is for below"), [Optional()])

    def offer(self, kind: PromotionKind) -> None:
        """kind -- what holds while nothing is chosen."""
        self.kind.choices = [("", _("%(kind)s, as long as nothing is chosen", kind=promotion_label(kind))), *_kinds()]

    def fill(self, row: Any) -> None:
        """Show what is kept."""
        for name in ("value_per_view", "target_share", "cost", "currency", "horizon_days"):
            self[name].data = getattr(row, name)
        self.kind.data = row.kind.value if row.kind else ""
        for name, value in (row.thresholds or {}).items():
            self[name].data = value if name in SHARES else int(value)

    def values(self) -> SettingValues:
        names = [name for name in Thresholds.__dataclass_fields__ if self[name].data is not None]
        return SettingValues(
            self.value_per_view.data, self.target_share.data, self.cost.data, self.currency.data or None, self.horizon_days.data,
            PromotionKind(self.kind.data) if self.kind.data else None, {name: float(self[name].data) for name in names},
        )  # fmt: skip
