"""Settings, Rules: every rule with what it checks and says, drawn from the code, and how an administrator sets it per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.channels import queries as channel_queries
from planner.core.errors import NotFound, PlannerError
from planner.planning import rulebook, tuning
from planner.planning.models import RuleSetting
from planner.planning.rulebook import BOOK, PLACES, Parameter, Place, Rule, Tuned, Tuning, tuning_of
from planner.planning.surroundings import all_settings
from planner.web.access import needs
from planner.web.forms.rules import RuleForm, country_name, language_name, rule_form
from planner.web.languages import translate
from planner.web.session import committing

__all__ = ["reset_rule", "rule", "rules"]


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as the page shows it. own -- whether what is shown was set for this very channel (or for all)."""

    rule: Rule
    stands: Tuned
    values: list[tuple[str, str]]
    places: list[str]
    own: bool
    #: Channels with a setting of their own, when the page shows what holds for all.
    elsewhere: list[str]


@needs("read")
def rules() -> ResponseReturnValue:
    channels, settings = channel_queries.overview(g.db), all_settings(g.db)
    chosen = _channel(channels)
    stands = tuning_of(settings, chosen.id if chosen else None)
    names = {one.id: one.name for one in channels}
    lines = [_line(one, stands, settings, chosen.id if chosen else None, names) for one in BOOK]
    return render_template(
        "settings/rules.html", always=[one for one in lines if one.rule.locked], tuned=[one for one in lines if not one.rule.locked],
        channels=channels, chosen=chosen,
    )  # fmt: skip


@needs("rules.set")
def rule(rule_code: str) -> ResponseReturnValue:
    """The form of one rule, for the channel of the address or for all; shows it, or sets it."""
    known = _tunable(rule_code)
    channels, settings = channel_queries.overview(g.db), all_settings(g.db)
    chosen = _channel(channels)
    number = chosen.id if chosen else None
    form = rule_form(known, tuning_of(settings, number).of(known.code))
    if form.is_submitted() and form.validate() and _set(known, number, form):
        flash(_("Saved. It holds from now on, also for posts that are planned already."), "success")
        return redirect(url_for(".rules", channel=number))
    page = render_template(
        "settings/rule.html", rule=known, form=form, channels=channels, chosen=chosen, line=_line(known, tuning_of(settings, number), settings, number, {}),
    )  # fmt: skip
    return page, 422 if form.refused else 200


@needs("rules.set")
def reset_rule(rule_code: str) -> ResponseReturnValue:
    _tunable(rule_code)
    chosen = _channel(channel_queries.overview(g.db))
    number = chosen.id if chosen else None
    with committing(g.db):
        tuning.reset(g.db, rule_code, channel_id=number, actor=g.user, now=g.now)
    flash(_("It follows the setting for all channels again.") if number else _("It is as it was at the start again."), "success")
    return redirect(url_for(".rules", channel=number))


def _set(known: Rule, channel_id: int | None, form: RuleForm) -> bool:
    values = {one.name: form[one.name].data for one in known.parameters}
    try:
        with committing(g.db):
            tuning.set_rule(
                g.db, known.code, channel_id=channel_id, enabled=form.enabled.data, must_not=form.must_not.data, parameters=values, actor=g.user,
                now=g.now,
            )  # fmt: skip
    except PlannerError as error:
        form.refuse(error)
        return False
    return True


def _tunable(code: str) -> Rule:
    """Raises NotFound for a rule that is none, or that always holds: it has no form."""
    known = rulebook.rule(code)
    if known is None or known.locked:
        raise NotFound()
    return known


def _channel(channels: list[Any]) -> Any:
    """The channel of the address; None for all. Raises NotFound."""
    asked = request.args.get("channel", "")
    if not asked:
        return None
    found = next((one for one in channels if str(one.id) == asked), None)
    if found is None:
        raise NotFound()
    return found


def _line(one: Rule, stands: Tuning, settings: list[RuleSetting], channel_id: int | None, names: dict[int, str]) -> Line:
    tuned = Tuned(True, False, {}) if one.locked else stands.of(one.code)
    own = any(row.code == one.code and row.channel_id == channel_id for row in settings)
    elsewhere = [names.get(row.channel_id, "") for row in settings if row.code == one.code and row.channel_id is not None] if channel_id is None else []
    values = [(translate(part.label), _shown(part, tuned.values[part.name])) for part in one.parameters]
    return Line(one, tuned, values, _places(one, tuned), own, sorted(elsewhere))


def _places(one: Rule, tuned: Tuned) -> list[str]:
    """Where it is asked; a warning that was made to block is asked before sending too."""
    asked = (*one.places, Place.SENDING) if tuned.must_not and Place.SENDING not in one.places else one.places
    return [translate(PLACES[Place(place)]) for place in asked]


def _shown(part: Parameter, value: Any) -> str:
    if part.kind == "number":
        words = {
            "minutes": lambda: ngettext("%(num)d minute", "%(num)d minutes", value),
            "hours": lambda: ngettext("%(num)d hour", "%(num)d hours", value),
            "days": lambda: ngettext("%(num)d day", "%(num)d days", value),
            "posts a day": lambda: ngettext("%(num)d post a day", "%(num)d posts a day", value),
        }
        return str(words[part.unit]())
    if part.kind == "country":
        return country_name(value) if value else _("that of the time zone")
    if part.kind == "language":
        return language_name(value) if value else _("not told")
    return str(value)
