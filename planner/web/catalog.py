"""The catalogue: searched, narrowed and paged; a form to make and change an asset; retire with Undo."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from babel import Locale
from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.rules import require
from planner.catalog import queries, service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience
from planner.catalog.queries import Filters
from planner.catalog.rules import check_line
from planner.core.errors import Conflict, Invalid, PlannerError
from planner.core.i18n import N_
from planner.insights import queries as insights
from planner.planning import queries as planned
from planner.planning import states
from planner.planning.queries import CalendarEntry
from planner.web.access import needs
from planner.web.forms.catalog import AssetForm
from planner.web.histories import last_changed_by
from planner.web.labels import label
from planner.web.session import committing, runtime

__all__ = ["catalogue", "change_state", "edit", "language_names", "new", "restore", "retire"]

Member = TypeVar("Member", bound=StrEnum)
_PAGE = 50


@needs("read")
def catalogue() -> ResponseReturnValue:
    filters = _filters()
    page = queries.search(g.db, filters, viewer=g.user, cursor=request.args.get("cursor"), limit=_PAGE)
    chosen = {name: [one for one in request.args.getlist(name) if one] for name in ("kind", "state", "audience", "language", "topic", "embargoed")}
    is_narrowed = bool(filters.q or any(chosen.values()))
    return render_template(
        "catalog/catalogue.html",
        page=page,
        facets=queries.facets(g.db, filters, viewer=g.user) if page.items or is_narrowed else {},
        filters=filters,
        chosen=chosen,
        is_narrowed=is_narrowed,
        live=insights.live_of(g.db, [card.id for card in page.items]),
        words=_words(),
        address=_address,
        next_href=_address("cursor", page.next_cursor) if page.next_cursor else None,
        first_href=_address("", "") if request.args.get("cursor") else None,
    )


@needs("asset.create")
def new() -> ResponseReturnValue:
    form = _form()
    if request.method == "POST":
        try:
            if form.validate():
                with committing(g.db):
                    asset = service.create(g.db, form.values(), actor=g.user, now=g.now)
                flash(_("“%(title)s” is in the catalogue.", title=asset.title), "success")
                return redirect(url_for("assets.show", asset_id=asset.id))
        except PlannerError as error:
            form.refuse(error)
    else:
        form.kind.data = request.args.get("kind", AssetKind.VIDEO.value)
        form.language.data = str(get_locale())[:2]
        form.currency.data = runtime().settings.currency
        form.owner_id.data = str(g.user.id)
    return _edit_page(None, form), 422 if request.method == "POST" else 200


@needs("asset.edit")
def edit(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, "asset.edit", asset)
    if request.method != "POST":
        return _edit_page(asset, _form(asset, filled=True))
    form = _form(asset)
    try:
        if form.validate():
            values = form.values()
            if (caught := _caught(asset, values.embargo_until)) and request.form.get("seen") != f"{values.embargo_until}":
                return _edit_page(asset, form, caught=caught, until=values.embargo_until), 422
            with committing(g.db):
                service.edit(g.db, asset, values, version=_version(form), actor=g.user, now=g.now)
            flash(_("Saved."), "success")
            return redirect(url_for("assets.show", asset_id=asset_id))
    except Conflict:
        return _conflict_page(asset_id, form)
    except PlannerError as error:
        form.refuse(error)
    return _edit_page(asset, form), 422


@needs("asset.retire")
def retire(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    with committing(g.db):
        service.retire(g.db, asset, actor=g.user, now=g.now)
    flash({"text": _("“%(title)s” is retired.", title=asset.title), "undo": url_for(".restore", asset_id=asset_id), "fields": {}}, "success")  # type: ignore[arg-type]
    return redirect(url_for("assets.show", asset_id=asset_id))


@needs("asset.retire")
def restore(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    with committing(g.db):
        service.restore(g.db, asset, actor=g.user, now=g.now)
    flash(_("“%(title)s” is back.", title=asset.title), "success")
    return redirect(url_for("assets.show", asset_id=asset_id))


@needs("asset.edit")
def change_state(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    state = _member(AssetState, request.form.get("state", ""), "state")
    with committing(g.db):
        service.change_state(g.db, asset, state, actor=g.user, now=g.now)
    flash(_("Saved."), "success")
    return redirect(url_for("assets.show", asset_id=asset_id))


def language_names() -> dict[str, str]:
    """Languages by code, named in the reader's own."""
    locale = get_locale() or Locale("en")
    return {code: (locale.languages.get(code) or code).capitalize() for code in service.LANGUAGES}


def _form(asset: Asset | None = None, *, filled: bool = False) -> AssetForm:
    """The form with its choices; an owner who has left stays a choice for what is still theirs. `filled` shows what is stored."""
    form = AssetForm(formdata=None) if filled else AssetForm()
    owners = queries.owners(g.db)
    if asset is not None and asset.owner is not None and asset.owner_id not in dict(owners):
        owners.append((asset.owner.id, asset.owner.display_name))
    form.offer(owners, language_names())
    if asset is not None and filled:
        form.fill(service.values_of(asset), asset.version)
    return form


def _caught(asset: Asset, until: datetime | None) -> list[CalendarEntry]:
    """The posts on their way that another embargo would hold back, the earliest first."""
    if until is None or until == asset.embargo_until:
        return []
    return [one for one in planned.posts_of(g.db, asset_id=asset.id, viewer=g.user) if one.state in states.OPEN and one.publish_at < until]


def _edit_page(asset: Asset | None, form: AssetForm, **more: Any) -> str:
    return render_template("catalog/edit.html", form=form, asset=asset, **more)


def _conflict_page(asset_id: int, form: AssetForm) -> ResponseReturnValue:
    """What was typed stays; who saved first and what they wrote otherwise stand above. Saving again is a choice, made knowing that."""
    g.db.expire_all()
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    theirs = form.differences(_form(asset, filled=True))
    form.version.data, form.version.raw_data = str(asset.version), [str(asset.version)]
    changed_by = last_changed_by(asset)
    return _edit_page(asset, form, changed_by=changed_by, theirs=theirs), 409


def _version(form: AssetForm) -> int:
    """The version the person was looking at; 0, which no asset has, when the form does not say."""
    raw = str(form.version.data or "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _filters() -> Filters:
    args = request.args
    return Filters(
        q=args.get("q", "").strip()[:200],
        kinds=[_member(AssetKind, one, "kind") for one in args.getlist("kind") if one],
        states=[_member(AssetState, one, "state") for one in args.getlist("state") if one],
        audiences=[_member(Audience, one, "audience") for one in args.getlist("audience") if one],
        languages=[one for one in args.getlist("language") if one in service.LANGUAGES],
        topics=[check_line(one, "topic", most=80) for one in args.getlist("topic")[:20] if one],
        embargoed=args.get("embargoed") == "1",
        now=g.now,
    )


def _member(enum: type[Member], value: str, field: str) -> Member:
    try:
        return enum(value)
    except ValueError:
        raise Invalid(N_("“%(value)s” is not a choice here."), field=field, value=value[:40]) from None


def _words() -> dict[str, dict[str, str]]:
    """Facet values in words."""
    named: dict[str, Any] = {"kind": AssetKind, "state": AssetState, "audience": Audience}
    found = {name: {one.value: label(one) for one in enum} for name, enum in named.items()}
    return {**found, "language": language_names()}


def _address(name: str, value: str) -> str:
    """This list's address with one value switched on or off, back on its first page unless the value is a page."""
    args = {key: values for key, values in request.args.lists() if key != "cursor"}
    if name:
        values = args.get(name, [])
        args[name] = [one for one in values if one != value] if value in values else [*values, value]
    asked = urlencode([(key, one) for key, values in args.items() for one in values if one])
    return url_for(".catalogue") + (f"?{asked}" if asked else "")
