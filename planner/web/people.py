"""The register of people: found, added, edited, taken out, and read from a table; and what the composer asks of it."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.rules import may
from planner.catalog.sheets import heading, open_sheet
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, Invalid, PlannerError
from planner.core.i18n import N_
from planner.people import importing, queries, service
from planner.people.importing import Found
from planner.people.person_models import TIERS, Person, Tier
from planner.people.rules import PersonValues
from planner.planning import mentions
from planner.web.access import needs, takes_files
from planner.web.forms.people import PeopleFileForm, PersonForm
from planner.web.histories import past_of
from planner.web.languages import say
from planner.web.sent_files import ERRORS, TABLE, as_csv, download, keep, list_of, path_of, throw_away_old
from planner.web.session import committing

__all__ = ["edit", "errors", "find", "index", "new", "remove", "send", "template", "wires", "write"]

_FOUND, _SHOWN, _PREVIEWED = 8, 200, 50


@needs("read")
def index() -> ResponseReturnValue:
    sought, told = request.args.get("q", "").strip()[:200], request.args.get("tier", "")
    tier = Tier(told) if told in set(Tier) else None
    page = queries.people(g.db, sought=sought, tier=tier, cursor=request.args.get("cursor"))
    return render_template(
        "people/index.html", people=page.items, sought=sought, tier=tier, tiers=[(one.value, _(TIERS[one])) for one in Tier], tier_names={one: _(TIERS[one]) for one in Tier},
        next_href=url_for(".index", q=sought or None, tier=tier, cursor=page.next_cursor) if page.next_cursor else None,
        first_href=url_for(".index", q=sought or None, tier=tier) if request.args.get("cursor") else None, any_at_all=bool(page.items) or queries.count(g.db) > 0,
    )  # fmt: skip


@needs("person.edit")
def new() -> ResponseReturnValue:
    form = PersonForm()
    form.offer()
    if form.is_submitted():
        if form.validate() and (made := _save(form, None)) is not None:
            flash(_("“%(name)s” is in the register.", name=made.name), "success")
            return redirect(url_for(".index", q=made.name))
    else:
        form.show(PersonValues(name=request.args.get("name", "")[:120]))
    return render_template("people/form.html", form=form, person=None), 422 if form.is_submitted() else 200


@needs("read")
def edit(person_id: int) -> ResponseReturnValue:
    """The entry, to be changed by who may; anybody else reads it."""
    person, status, theirs = queries.person(g.db, person_id), 200, None
    form = PersonForm()
    form.offer()
    if form.is_submitted():
        status = 422
        try:
            if form.validate() and _save(form, person) is not None:
                flash(_("Saved."), "success")
                return redirect(url_for(".index", q=person.name))
        except Conflict as error:
            status = 409
            g.db.expire_all()
            theirs = queries.person(g.db, person_id)
            form.refuse(error)
            form.version.data, form.version.raw_data = theirs.version, [str(theirs.version)]
    else:
        form.show(service.values_of(person))
        form.version.data = person.version
    page = render_template(
        "people/form.html", form=form, person=person, theirs=theirs, can_edit=may(g.user, "person.edit"), history=past_of(person), said=_said_of(person),
    )  # fmt: skip
    return page, status


@needs("person.edit")
def remove(person_id: int) -> ResponseReturnValue:
    """Take an entry out; refused while a post that has not gone out mentions it."""
    person = queries.person(g.db, person_id)
    name = person.name
    try:
        with committing(g.db):
            mentions.check_removal(g.db, person)
            service.remove(g.db, person, actor=g.user, now=g.now)
    except Forbidden:
        raise
    except PlannerError as error:
        flash(say(error), "error")
        return redirect(url_for(".edit", person_id=person_id))
    flash(_("“%(name)s” was taken out of the register.", name=name), "success")
    return redirect(url_for(".index"))


@needs("post.create")
def find() -> ResponseReturnValue:
    """Some entries that begin with what is typed, for the composer: what stands in the text, and what each platform gets."""
    sought = request.args.get("q", "").strip()[:100]
    found = queries.people(g.db, sought=sought, limit=_FOUND).items if sought else []
    return jsonify(items=[_entry(one) for one in found], add=url_for(".new", name=sought) if may(g.user, "person.edit") else None)


def wires(text: str) -> dict[str, Any]:
    """What the counters need to know of the people a text mentions, by number."""
    return {str(number): _wires(one) for number, one in mentions.mentioned(text, g.user).items()}


@needs("person.edit")
@takes_files
def send() -> ResponseReturnValue:
    """Send a table; it is checked as a whole, and nobody is added before the next step."""
    form = PeopleFileForm()
    if request.method == "POST" and form.validate():
        try:
            return _check()
        except Forbidden:
            raise
        except PlannerError as error:
            form.refuse(error)
    return render_template("people/import.html", form=form, found=None), 422 if request.method == "POST" else 200


@needs("person.edit")
def write() -> ResponseReturnValue:
    """Add the people of a checked table. Sent twice, the second finds them there."""
    token, name = request.form.get("token", ""), request.form.get("name", "")[:120]
    with committing(g.db):
        found = _read(open_sheet(path_of(token, TABLE)))
        count = importing.write(g.db, found, actor=g.user, now=g.now)
    if found.errors:
        return _wrong(found, token, name)
    flash(ngettext("One person added.", "%(num)d people added.", count) if count else _("Everybody in this file was in the register already."), "success")
    return redirect(url_for(".index"))


@needs("person.edit")
def errors(token: str) -> ResponseReturnValue:
    """Everything that is wrong in a refused table, to be worked through beside it."""
    return download(path_of(token, ERRORS).read_bytes(), "errors.csv")


@needs("person.edit")
def template() -> ResponseReturnValue:
    return download(as_csv(importing.TEMPLATE), "people.csv")


def _save(form: PersonForm, person: Person | None) -> Person | None:
    """The entry as saved; None when a rule refused, with the sentence on the form. Raises Conflict."""
    try:
        with committing(g.db):
            if person is None:
                return service.add(g.db, form.values(), actor=g.user, now=g.now)
            return service.edit(g.db, person, form.values(), version=form.version.data, actor=g.user, now=g.now)
    except (Conflict, Forbidden):
        raise
    except PlannerError as error:
        form.refuse(error)
        return None


def _check() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a file first."), field="file")
    throw_away_old()
    token, path = keep(sent.stream)
    name = sent.filename.replace("\\", "/").rpartition("/")[2][:120]
    try:
        found = _read(open_sheet(path))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if found.errors:
        return _wrong(found, token, name)
    return render_template("people/import.html", form=PeopleFileForm(formdata=None), found=found, token=token, name=name, previewed=_PREVIEWED)


def _read(sheet: Any) -> Found:
    return importing.read(g.db, [heading(one) for one in sheet.headings], sheet.rows, titles=sheet.headings)


def _wrong(found: Found, token: str, name: str) -> ResponseReturnValue:
    path_of(token, TABLE).with_suffix(ERRORS).write_bytes(list_of(found.errors))
    return render_template("people/import.html", form=PeopleFileForm(formdata=None), found=found, token=token, name=name, shown=_SHOWN), 422


def _entry(person: Person) -> dict[str, Any]:
    about = ", ".join(filter(None, [person.role, person.organisation])) or _(TIERS[person.tier])
    return {"number": person.id, "name": person.name, "about": about, "token": mentions.token(person), "wires": _wires(person), "refused": person.may_be_named is False}


def _wires(person: Person) -> dict[str, str]:
    told = {platform.value: mentions.wire(person, platform) for platform in (Platform.X, Platform.LINKEDIN)}
    return {"x": told["x"], "linkedin": told["linkedin"], "name": person.name}


def _said_of(person: Person) -> list[tuple[Platform, str]]:
    return [(platform, mentions.wire(person, platform)) for platform in (Platform.X, Platform.LINKEDIN, Platform.YOUTUBE)]
