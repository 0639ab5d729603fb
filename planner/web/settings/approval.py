"""Settings, Approval: the steps of everything, of what is sensitive, of one kind of asset, of one campaign; an administrator sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from babel.lists import format_list
from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import AssetKind
from planner.core.errors import Conflict, NotFound, PlannerError
from planner.planning import routes
from planner.planning.approval_models import ApprovalRoute
from planner.planning.models import Campaign
from planner.planning.steps import SIGN_OFFS, STANDARD, Step, lacking, read_steps
from planner.web.access import needs
from planner.web.decisions import names_of, seat_names, step_name
from planner.web.forms.approval import RouteForm, StepForm, step_forms
from planner.web.labels import label
from planner.web.session import committing, runtime

__all__ = ["approval", "reset_route", "route"]


@dataclass(frozen=True, slots=True)
class Line:
    """One place and its steps in words; `own`: it was set for this very place."""

    place: str
    name: str
    steps: list[tuple[str, str]]
    own: bool


@needs("read")
def approval() -> ResponseReturnValue:
    stored = {row.place: read_steps(row.steps) for row in g.db.scalars(select(ApprovalRoute))}
    campaigns = _campaigns()
    names = names_of(g.db, [step for steps in stored.values() for step in steps])
    kinds = [_line(routes.of_kind(kind), label(kind), stored, names) for kind in AssetKind]
    set_apart = [_line(routes.of_campaign(number), name, stored, names) for number, name in campaigns if routes.of_campaign(number) in stored]
    others = [(routes.of_campaign(number), name) for number, name in campaigns if routes.of_campaign(number) not in stored]
    standard = _line(routes.ANYTHING_ELSE, _("Everything else"), stored, names)
    sensitive = _line(routes.SENSITIVE, _("Sensitive announcements"), stored, names)
    return render_template(
        "settings/approval.html", standard=standard, sensitive=sensitive, lacking=_lacking(stored.get(routes.SENSITIVE, SIGN_OFFS)), kinds=kinds,
        campaigns=set_apart, others=others, four_eyes=runtime().settings.four_eyes,
    )  # fmt: skip


@needs("approval.set")
def route(place: str) -> ResponseReturnValue:
    """The form of one place; shows it, or sets it."""
    name = _name(place)
    row = g.db.scalar(select(ApprovalRoute).where(ApprovalRoute.place == place))
    steps = read_steps(row.steps) if row else _unset(place)
    version = row.version if row else 0
    form = RouteForm(asked="yes" if steps else "no", version=str(version))
    count = min(max(len(steps) + 1, _sent_steps()), routes.MOST_STEPS)
    parts = step_forms(steps, count, _people())
    status = 200
    if form.is_submitted():
        status = 422
        try:
            if form.validate() and _valid(parts) and _set(place, form, parts):
                return redirect(url_for(".approval"))
        except Conflict as error:
            status = 409
            form.refuse(error)
            form.version.data, form.version.raw_data = str(version), None
        except PlannerError as error:
            form.refuse(error)
    page = render_template("settings/route.html", form=form, parts=parts, name=name, place=place, own=row is not None, known=len(steps), most=routes.MOST_STEPS)
    return page, status


@needs("approval.set")
def reset_route(place: str) -> ResponseReturnValue:
    _name(place)
    with committing(g.db):
        sent_back = routes.give_back(g.db, place, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
    _told(sent_back)
    return redirect(url_for(".approval"))


def _set(place: str, form: RouteForm, parts: list[StepForm]) -> bool:
    wanted = [one.step() for one in parts if one.said and not one.remove.data] if form.asked.data == "yes" else []
    if form.asked.data == "yes" and not wanted:
        form.general.append(_("Fill in at least one step, or choose that no approval is asked for."))
        return False
    version = int(form.version.data) if str(form.version.data).isdecimal() and len(str(form.version.data)) < 10 else 0
    with committing(g.db):
        sent_back = routes.set_route(g.db, place, wanted, version=version, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)
    _told(sent_back)
    return True


def _valid(parts: list[StepForm]) -> bool:
    """Each is asked, so that all mistakes are shown at once."""
    refused = [one for one in parts if not one.validate()]
    return not refused


def _told(sent_back: int) -> None:
    said = _("Saved. It holds from now on.")
    if sent_back:
        said += " " + ngettext("One approved post lacks a step now and is in review again.", "%(num)d approved posts lack a step now and are in review again.", sent_back)
    flash(said, "success")


def _line(place: str, name: str, stored: dict[str, tuple[Step, ...]], names: dict[int, str]) -> Line:
    own = place in stored
    steps = stored.get(place, SIGN_OFFS if place == routes.SENSITIVE else stored.get(routes.ANYTHING_ELSE, STANDARD))
    return Line(place, name, [(step_name(one), _who(one, names)) for one in steps], own)


def _who(step: Step, names: dict[int, str]) -> str:
    if not step.seats:
        return str(_("anybody who may approve"))
    return str(format_list(seat_names(step.seats, names), "standard" if step.everyone else "or", locale=get_locale()))


def _name(place: str) -> str:
    """What the place is called. Raises NotFound for one that is none."""
    what, _colon, which = place.partition(":")
    if place == routes.ANYTHING_ELSE:
        return str(_("Everything else"))
    if place == routes.SENSITIVE:
        return str(_("Sensitive announcements"))
    if what == "kind" and which in {kind.value for kind in AssetKind}:
        return label(AssetKind(which))
    found = g.db.get(Campaign, int(which)) if what == "campaign" and which.isdecimal() and len(which) < 18 else None
    if found is None:
        raise NotFound()
    return str(found.name)


def _unset(place: str) -> tuple[Step, ...]:
    """What the form begins with where nothing is set."""
    return tuple(replace(one, name=step_name(one)) for one in SIGN_OFFS) if place == routes.SENSITIVE else STANDARD


def _lacking(steps: Sequence[Step]) -> tuple[str, list[str]] | None:
    """The step that nobody can answer, and who has to have written the announcement for it to be so; nobody: whoever wrote it. None: each has somebody."""
    people = {one.id: one for one in g.db.scalars(select(User).where(User.active).order_by(User.name, User.email)) if may(one, "read")}
    roles, approvers = {number: one.role_names for number, one in people.items()}, [number for number, one in people.items() if may(one, "post.approve")]
    step = lacking(steps, roles, approvers)
    if step is not None or runtime().settings.four_eyes == "never":
        return (step_name(step), []) if step is not None else None
    held: dict[str, list[str]] = {}
    for number, one in people.items():
        if may(one, "post.create") and (step := lacking(steps, {k: v for k, v in roles.items() if k != number}, [k for k in approvers if k != number])):
            held.setdefault(step_name(step), []).append(one.display_name)
    return next(iter(held.items()), None)


def _campaigns() -> list[tuple[int, str]]:
    return [(row.id, row.name) for row in g.db.execute(select(Campaign.id, Campaign.name).order_by(Campaign.name))]


def _people() -> list[tuple[int, str]]:
    """Everybody who may read the plan, by name."""
    people = g.db.scalars(select(User).where(User.active).order_by(User.name, User.email))
    return [(one.id, one.display_name) for one in people if may(one, "read")]


def _sent_steps() -> int:
    """How many steps the form that was sent has."""
    return sum(f"s{number}-key" in request.form for number in range(routes.MOST_STEPS))
