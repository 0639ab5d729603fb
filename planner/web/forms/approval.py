"""Shape of the steps of approval as an administrator sets them: each step with a prefix of its own."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from planner.accounts.models import RoleName
from planner.planning.steps import Step
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import CheckboxListField, choices
from planner.web.forms.settings import one_line, stripped
from planner.web.labels import label

__all__ = ["GuestForm", "RouteForm", "StepForm", "step_forms"]

#: Roles that can be asked; an advocate reads nothing of the plan.
_ASKED = tuple(role for role in RoleName if role is not RoleName.ADVOCATE)
#: A quarter.
_MOST_HOURS = 24 * 92


class StepForm(PlannerForm):
    """One step. Its token is that of the whole form."""

    key = HiddenField()
    name = StringField(_l("Name"), [Length(max=60), one_line], filters=[stripped])
    how = RadioField(_l("Whose yes it needs"), choices=[], default="any")
    roles = CheckboxListField(_l("Roles"))
    people = CheckboxListField(_l("People"), coerce=int)
    apart = BooleanField(_l("Somebody who said yes in no step before"))
    guest = BooleanField(_l("Somebody outside, by a link made for them"))
    hours = IntegerField(_l("Answer due, hours before it goes out"), [Optional(), NumberRange(0, _MOST_HOURS)], render_kw={"min": 0, "inputmode": "numeric"})
    nudge = IntegerField(_l("Reminder, hours before that"), [Optional(), NumberRange(0, _MOST_HOURS)], render_kw={"min": 0, "inputmode": "numeric"})
    remove = BooleanField(_l("Remove this step"))

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, meta={"csrf": False}, **kwargs)
        self.how.choices = choices([("any", _("Any one of those ticked")), ("all", _("Each person ticked, and somebody of each role ticked"))])
        self.roles.choices = [(role.value, label(role)) for role in _ASKED]
        self.people.choices = people

    @property
    def said(self) -> bool:
        """Whether anything was filled in: an empty new step is none."""
        return bool(self.key.data or self.name.data or self.roles.data or self.people.data or self.guest.data or self.hours.data)

    def step(self) -> Step:
        """What was filled in."""
        return Step(
            self.key.data or "", self.name.data or "", self.how.data == "all", tuple(self.people.data or ()), tuple(self.roles.data or ()),
            bool(self.guest.data), self.hours.data, self.nudge.data, apart=bool(self.apart.data),
        )  # fmt: skip


class RouteForm(PlannerForm):
    """Whether approval is asked for at all; `version` is the one the person was looking at."""

    asked = RadioField(_l("Approval"), choices=[], default="yes")
    version = HiddenField(default="0")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked.choices = choices([("yes", _("In these steps, one after the other")), ("no", _("None: whoever submits answers for it"))])


class GuestForm(PlannerForm):
    """A link for one person without an account, to these posts."""

    name = StringField(_l("Who it is for"), [DataRequired(_l("Say who it is for.")), Length(max=100), one_line], filters=[stripped])
    days = SelectField(_l("Works for"), choices=[], default="7")
    posts = CheckboxListField(_l("Posts"), coerce=int)

    def __init__(self, *args: Any, offered: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days.choices = choices([("2", _("2 days")), ("7", _("7 days")), ("30", _("30 days")), ("60", _("60 days"))])
        self.posts.choices = offered


def step_forms(steps: tuple[Step, ...], count: int, people: list[tuple[int, str]]) -> list[StepForm]:
    """`count` forms: those of `steps`, then empty ones."""
    made = []
    for number in range(count):
        told = steps[number] if number < len(steps) else Step("")
        data = {
            "key": told.key, "name": told.name, "how": "all" if told.everyone else "any", "roles": list(told.roles), "people": list(told.people),
            "guest": told.guest, "hours": told.hours, "nudge": told.nudge, "apart": told.apart,
        }  # fmt: skip
        made.append(StepForm(prefix=f"s{number}-", data=data, people=people))
    return made
