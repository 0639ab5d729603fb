"""Links that show the calendar to people without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g
from marshmallow import fields

from planner.api.bodies import Blueprint
from planner.api.door import creates, reads, settings
from planner.api.fields import Body, Choice, Flag, Line, Listed, Moment, Number, Out
from planner.catalog.models import AssetKind
from planner.planning import shares
from planner.planning.models import ShareKind
from planner.planning.shared import ShownEvents

__all__ = ["bp"]

bp = Blueprint("api-shares", __name__, description="Links that show the calendar without signing in.")


class ShareOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = Choice(ShareKind, required=True)
    personal = fields.Boolean(required=True)
    made_by = fields.String(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True, allow_none=True)
    last_used_at = Moment(required=True, allow_none=True)
    revoked_at = Moment(required=True, allow_none=True)
    works = fields.Boolean(required=True)


class ShareList(Out):
    items = fields.List(fields.Nested(ShareOut), required=True)


class MadeOut(Out):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = Choice(ShareKind, required=True)
    expires_at = Moment(required=True, allow_none=True)
    address = fields.String(required=True, metadata={"description": "The link itself: it is told this once."})


class RevokeIn(Body):
    id = Number(least=1, required=True)


class ShareIn(Body):
    name = Line(least=1, most=120, required=True)
    kind = Choice(ShareKind, load_default=ShareKind.PAGE)
    days = Number(least=1, most=366, allow_none=True, load_default=30, metadata={"description": "null, for a feed: until it is revoked."})
    channel_ids = Listed(Number(least=1), most=100, load_default=list)
    kinds = Listed(Choice(AssetKind), most=20, load_default=list)
    campaign_ids = Listed(Number(least=1), most=100, load_default=list)
    events = Choice(ShownEvents, load_default=ShownEvents.NONE, metadata={"description": "Which events it shows as whole days: none, ours, or all, rivals' too."})
    leaves_out = Flag(load_default=False, metadata={"description": "What is confidential is left out, instead of shown without a word of what it is."})


@reads()
@bp.response(200, ShareList)
def index() -> dict[str, Any]:
    """One's own links, without what they are; an administrator's list has everybody's."""
    return {"items": shares.lines(g.db, viewer=g.user, now=g.now)}


@creates("share.make")
@bp.arguments(ShareIn)
@bp.response(201, MadeOut)
def make(given: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """A new link; its address is told this once."""
    life = timedelta(days=given["days"]) if given["days"] else None
    wanted = shares.NewShare(
        given["name"], given["kind"], channels=given["channel_ids"], kinds=given["kinds"], campaigns=given["campaign_ids"], events=given["events"],
        leaves_out=given["leaves_out"], life=life, language=settings().language,
    )  # fmt: skip
    made, token = shares.make(g.db, wanted, actor=g.user, now=g.now)
    address = f"{settings().base_url.rstrip('/')}/s/{token}" + (".ics" if made.kind is ShareKind.FEED else "")
    told = {"id": made.id, "name": made.name, "kind": made.kind, "expires_at": made.expires_at, "address": address}
    return told, 201, {"Cache-Control": "no-store"}


@creates("read")
@bp.arguments(RevokeIn)
@bp.response(200, ShareList)
def revoke(given: dict[str, Any]) -> dict[str, Any]:
    """Make it stop working at once."""
    shares.revoke(g.db, shares.by_id(g.db, given["id"], viewer=g.user), actor=g.user, now=g.now)
    g.db.flush()
    return {"items": [one for one in shares.lines(g.db, viewer=g.user, now=g.now) if one.id == given["id"]]}
