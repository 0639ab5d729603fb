"""Shapes of what an administrator sets of a rule, and of the reason for which somebody lets a post pass one."""

from __future__ import annotations

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.widgets import TimeInput

from planner.planning import free_days
from planner.planning.rulebook import Parameter, Rule, Tuned
from planner.planning.tuning import LONGEST_REASON
from planner.planning.wording import KNOWN
from planner.web.forms.base import PlannerForm
from planner.web.forms.planning import choices
from planner.web.languages import translate

__all__ = ["OverrideForm", "RuleForm", "country_name", "language_name", "rule_form"]


class OverrideForm(PlannerForm):
    """Why this one post may go out all the same. The digest is of what the person was looking at."""

    code = HiddenField()
    digest = HiddenField()
    reason = TextAreaField(
        _l("Why it may go out all the same"),
        [DataRequired(_l("Say why it may go out all the same: the reason is kept with the post.")), Length(max=LONGEST_REASON)],
    )


class RuleForm(PlannerForm):
    """How one rule stands; its parameters are added by `rule_form`."""

    enabled = BooleanField(_l("This rule is asked"))
    must_not = BooleanField(_l("It blocks, instead of warning"))


def rule_form(rule: Rule, stands: Tuned) -> RuleForm:
    """The form of this rule, filled with how it stands now."""
    fields: dict[str, Any] = {one.name: _field(one) for one in rule.parameters}
    made: type[RuleForm] = type("FormOfARule", (RuleForm,), fields)
    return made(data={"enabled": stands.enabled, "must_not": stands.must_not, **stands.values})


def _field(one: Parameter) -> Field:
    label = translate(one.label)
    if one.kind == "number":
        said = _("Give a whole number from %(least)s to %(most)s.", least=one.least, most=one.most)
        return IntegerField(
            _("%(label)s (%(unit)s)", label=label, unit=translate(one.unit)), [InputRequired(said), NumberRange(one.least, one.most, said)],
            render_kw={"min": one.least, "max": one.most},
        )  # fmt: skip
    if one.kind == "clock":
        return StringField(label, [InputRequired(_("Give a time such as 22:00."))], widget=TimeInput())
    if one.kind == "country":
        named = sorted(((code, country_name(code)) for code in free_days.countries()), key=lambda pair: pair[1])
        return SelectField(label, choices=choices([("", _("That of the time zone")), *named]))
    return SelectField(label, choices=choices([("", _("Not told")), *((code, language_name(code)) for code in KNOWN)]))


def country_name(code: str) -> str:
    """A country in the reader's language; its two letters when nobody named it."""
    return str(_locale().territories.get(code, code))


def language_name(code: str) -> str:
    """A language in the reader's language."""
    return str(_locale().languages.get(code, code))


def _locale() -> Locale:
    return get_locale() or Locale("en")
