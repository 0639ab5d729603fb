"""The catalogue: searched, narrowed and paged; a form to make and change an asset; retire with Undo."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from babel import Locale
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.rules import require
from planner.catalog import queries, service
from planner.catalog.models import AssetKind, AssetState, Audience
from planner.catalog.queries import Filters
from planner.core.errors import Conflict, Invalid, PlannerError
from planner.core.i18n import N_
from planner.web.access import needs
from planner.web.filters import label
from planner.web.forms.catalog import AssetForm
from planner.web.session import committing, runtime

__all__ = ["bp", "language_names"]

bp = Blueprint("catalog", __name__, url_prefix="/assets")
Member = TypeVar("Member", bound=StrEnum)
_PAGE = 50


@bp.route("")
@needs("read")
def catalogue() -> ResponseReturnValue:
    filters = _filters()
    page = queries.search(g.db, filters, viewer=g.user, cursor=request.args.get("cursor"), limit=_PAGE)
    chosen = {name: request.args.getlist(name) for name in ("kind", "state", "audience", "language")}
    is_narrowed = bool(filters.q or filters.embargoed or filters.topics or any(chosen.values()))
    return render_template(
        "catalog/catalogue.html",
        page=page,
        facets=queries.facets(g.db, filters, viewer=g.user) if page.items or is_narrowed else {},
        filters=filters,
        chosen=chosen,
        is_narrowed=is_narrowed,
        words=_words(),
        address=_address,
    )


@bp.route("/new", methods=["GET", "POST"])
@needs("asset.create")
def new() -> ResponseReturnValue:
    form = _form()
    if form.is_submitted():
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
    return render_template("catalog/edit.html", form=form, asset=None, changed_by=None), 422 if form.is_submitted() else 200


@bp.route("/<int:asset_id>/edit", methods=["GET", "POST"])
@needs("asset.edit")
def edit(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, "asset.edit", asset)
    form, changed_by = _form(), None
    if form.is_submitted():
        try:
            if form.validate():
                with committing(g.db):
                    service.edit(g.db, asset, form.values(), version=_version(form), actor=g.user, now=g.now)
                flash(_("Saved."), "success")
                return redirect(url_for("assets.show", asset_id=asset_id))
        except Conflict:
            g.db.expire_all()
            changed_by = next(iter(queries.history_of(g.db, asset_id, limit=1)), None)
            asset = queries.asset(g.db, asset_id, viewer=g.user)
            form.version.data, form.version.raw_data = str(asset.version), [str(asset.version)]
        except PlannerError as error:
            form.refuse(error)
    else:
        form.fill(service.values_of(asset), asset.version)
    status = 409 if changed_by is not None else 422 if form.is_submitted() else 200
    return render_template("catalog/edit.html", form=form, asset=asset, changed_by=changed_by), status


@bp.route("/<int:asset_id>/retire", methods=["POST"])
@needs("asset.retire")
def retire(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    with committing(g.db):
        service.retire(g.db, asset, actor=g.user, now=g.now)
    flash({"text": _("“%(title)s” is retired.", title=asset.title), "undo": url_for(".restore", asset_id=asset_id), "fields": {}}, "success")  # type: ignore[arg-type]
    return redirect(url_for("assets.show", asset_id=asset_id))


@bp.route("/<int:asset_id>/restore", methods=["POST"])
@needs("asset.retire")
def restore(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    with committing(g.db):
        service.restore(g.db, asset, actor=g.user, now=g.now)
    flash(_("“%(title)s” is back.", title=asset.title), "success")
    return redirect(url_for("assets.show", asset_id=asset_id))


@bp.route("/<int:asset_id>/state", methods=["POST"])
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


def _form() -> AssetForm:
    form = AssetForm()
    form.offer(queries.owners(g.db), language_names())
    return form


def _version(form: AssetForm) -> int | None:
    raw = str(form.version.data or "")
    return int(raw) if raw.isdigit() else None


def _filters() -> Filters:
    args = request.args
    return Filters(
        q=args.get("q", "").strip()[:200],
        kinds=[_member(AssetKind, one, "kind") for one in args.getlist("kind") if one],
        states=[_member(AssetState, one, "state") for one in args.getlist("state") if one],
        audiences=[_member(Audience, one, "audience") for one in args.getlist("audience") if one],
        languages=[one for one in args.getlist("language") if one in service.LANGUAGES],
        topics=[one for one in args.getlist("topic") if one][:20],
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
    """This list's address with one facet value switched on or off, back on its first page."""
    args = request.args.to_dict(flat=False)
    args.pop("cursor", None)
    values = args.get(name, [])
    args[name] = [one for one in values if one != value] if value in values else [*values, value]
    return url_for(".catalogue", **{key: kept for key, kept in args.items() if kept})

