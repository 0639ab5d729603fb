"""Assets: what the company has to say."""

from __future__ import annotations

from typing import Any

from flask import g
from marshmallow import fields

from planner.accounts.rules import require
from planner.api.bodies import Blueprint
from planner.api.door import changes, creates, expect, reads, steps, tagged
from planner.api.fields import Body, Choice, Day, Flag, Line, Lines, Listed, Moment, Money, NoBody, Number, Out, QueryNumber
from planner.catalog import queries, service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import AssetValues

__all__ = ["bp"]

bp = Blueprint("api-assets", __name__, description="What the company has to say.")


class AssetOut(Out):
    id = fields.Integer(required=True)
    kind = Choice(AssetKind, required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    url = fields.String(required=True)
    language = fields.String(required=True)
    purpose = Choice(Purpose, required=True)
    state = Choice(AssetState, required=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    cost = Money(required=True, allow_none=True)
    currency = fields.String(required=True)
    confidentiality = Choice(Confidentiality, required=True)
    sensitive = fields.Boolean(required=True)
    embargo_until = Moment(required=True, allow_none=True)
    embargo_terms = fields.List(fields.String(), required=True)
    rights_until = Day(required=True, allow_none=True, metadata={"description": "The last day on which it may be used; null: without end."})
    audiences = fields.List(Choice(Audience), required=True)
    topics = fields.List(fields.String(), required=True)
    published_at = Moment(required=True, allow_none=True)
    duration_seconds = fields.Integer(required=True, allow_none=True)
    source_key = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    retired_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class AssetChange(Body):
    """What may be changed; what is left out stays as it is. The state moves by itself or through retire."""

    kind = Choice(AssetKind)
    title = Line(least=1, most=300)
    summary = Lines(most=20_000)
    url = Line(most=2000)
    language = Line(least=2, most=8)
    purpose = Choice(Purpose)
    owner_id = Number(least=1, allow_none=True)
    cost = Money(allow_none=True)
    currency = Line(least=3, most=3)
    confidentiality = Choice(Confidentiality)
    sensitive = Flag()
    embargo_until = Moment(allow_none=True)
    embargo_terms = Listed(Line(least=1, most=200), most=100)
    rights_until = Day(allow_none=True)
    audiences = Listed(Choice(Audience), most=20)
    topics = Listed(Line(least=1, most=80), most=50)


class AssetIn(AssetChange):
    kind = Choice(AssetKind, required=True)
    title = Line(least=1, most=300, required=True)


class StateIn(Body):
    state = Choice(AssetState, required=True)


class AssetLine(Out):
    id = fields.Integer(required=True)
    kind = Choice(AssetKind, required=True)
    title = fields.String(required=True)
    language = fields.String(required=True)
    purpose = Choice(Purpose, required=True)
    state = Choice(AssetState, required=True)
    confidentiality = Choice(Confidentiality, required=True)
    sensitive = fields.Boolean(required=True)
    embargo_until = Moment(required=True, allow_none=True)
    audiences = fields.List(Choice(Audience), required=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    duration_seconds = fields.Integer(required=True, allow_none=True)
    updated_at = Moment(required=True)


class AssetList(Out):
    items = fields.List(fields.Nested(AssetLine), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Of the page after; null on the last."})


class AssetQuery(Body):
    q = Line(most=200, load_default="", metadata={"description": "Words of title, summary, topics or address; accents are forgiven."})
    kind = Listed(Choice(AssetKind), most=20, load_default=list)
    state = Listed(Choice(AssetState), most=20, load_default=list, metadata={"description": "None given: all but the retired."})
    audience = Listed(Choice(Audience), most=20, load_default=list)
    purpose = Listed(Choice(Purpose), most=20, load_default=list)
    language = Listed(Line(least=2, most=8), most=20, load_default=list)
    topic = Listed(Line(least=1, most=80), most=20, load_default=list)
    owner_id = QueryNumber(least=1, load_default=None)
    embargoed = Flag(load_default=False)
    cursor = Line(most=400, load_default=None)
    limit = QueryNumber(least=1, most=200, load_default=50)


@reads()
@bp.arguments(AssetQuery, location="query")
@bp.response(200, AssetList)
def index(query: dict[str, Any]) -> Any:
    """Assets that you may know of, the latest change first, a page at a time."""
    filters = queries.Filters(
        q=query["q"], kinds=query["kind"], states=query["state"], audiences=query["audience"], purposes=query["purpose"],
        languages=query["language"], topics=query["topic"], owner_id=query["owner_id"], embargoed=query["embargoed"], now=g.now,
    )  # fmt: skip
    return queries.search(g.db, filters, viewer=g.user, cursor=query["cursor"], limit=query["limit"])


@creates("asset.create")
@bp.arguments(AssetIn)
@bp.response(201, AssetOut)
def create(given: dict[str, Any]) -> Any:
    """A new asset."""
    return _shown(service.create(g.db, AssetValues(**given), actor=g.user, now=g.now), status=201)


@reads()
@bp.response(200, AssetOut)
def show(asset_id: int) -> Any:
    """One asset."""
    return _shown(queries.asset(g.db, asset_id, viewer=g.user))


@changes("asset.edit")
@bp.arguments(AssetChange)
@bp.response(200, AssetOut)
def edit(given: dict[str, Any], asset_id: int) -> Any:
    """Change it; what is left out stays."""
    asset = _seen(asset_id, "asset.edit")
    service.edit(g.db, asset, AssetValues(**{**service.values_of(asset), **given}), actor=g.user, now=g.now)
    return _shown(asset)


@steps("asset.edit")
@bp.arguments(StateIn)
@bp.response(200, AssetOut)
def change_state(given: dict[str, Any], asset_id: int) -> Any:
    """Say how far it is."""
    asset = _seen(asset_id, "asset.edit")
    service.change_state(g.db, asset, given["state"], actor=g.user, now=g.now)
    return _shown(asset)


@steps("asset.retire")
@bp.arguments(NoBody, required=False)
@bp.response(200, AssetOut)
def retire(_nothing: dict[str, Any], asset_id: int) -> Any:
    """Take it out of use; its posts and numbers stay."""
    asset = _seen(asset_id, "asset.retire")
    service.retire(g.db, asset, actor=g.user, now=g.now)
    return _shown(asset)


@steps("asset.retire")
@bp.arguments(NoBody, required=False)
@bp.response(200, AssetOut)
def restore(_nothing: dict[str, Any], asset_id: int) -> Any:
    """Bring a retired one back."""
    asset = _seen(asset_id, "asset.retire")
    service.restore(g.db, asset, actor=g.user, now=g.now)
    return _shown(asset)


def _seen(asset_id: int, action: str) -> Asset:
    """The asset, if the caller may do this to it and saw its current version."""
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, action, asset)
    expect(asset.version)
    return asset


def _shown(asset: Asset, status: int = 200) -> Any:
    _asset, status, headers = tagged(asset, status=status)
    body = {name: _column(asset, name) for name in AssetOut._declared_fields}
    return body, status, headers


def _column(asset: Asset, name: str) -> Any:
    if name == "topics":
        return [topic.name for topic in asset.topics]
    return getattr(asset, name)
