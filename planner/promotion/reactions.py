"""Who reacted to a video: recorded, read back, removed. A journalist's, an analyst's or a politician's word counts in the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.catalog.rules import check_line, check_text
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.promotion.choices import Role
from planner.promotion.models import Reaction

__all__ = ["ReactionValues", "reaction", "reactions_of", "record", "remove"]

_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ReactionValues:
    """What somebody types of a reaction."""

    who: str
    role: Role
    on: date
    outlet: str = ""
    url: str = ""
    said: str = ""


def record(db: Session, asset: Asset, values: ReactionValues, *, actor: User | None, now: datetime) -> Reaction:
    """Keep that somebody reacted. Raises Forbidden, Invalid beside the field."""
    require(actor, "promotion.record", asset)
    if not date(2005, 1, 1) <= values.on <= now.astimezone(UTC).date():
        raise Invalid(N_("Choose a day that has come: this tells of what happened."), field="on")
    made = Reaction(
        asset_id=asset.id, who=check_line(values.who, "who", most=160, required=True), role=values.role, outlet=check_line(values.outlet, "outlet", most=160),
        on=values.on, url=_address(values.url), said=check_text(values.said, "said", most=2000), created_at=now,
    )  # fmt: skip
    db.add(made)
    history.record(db, actor, "promotion.reacted", asset, now=now, became={"who": made.who, "role": made.role, "on": made.on})
    return made


def remove(db: Session, found: Reaction, *, actor: User | None, now: datetime) -> None:
    """It was a mistake."""
    asset = db.get_one(Asset, found.asset_id)
    require(actor, "promotion.record", asset)
    history.record(db, actor, "promotion.reaction_removed", asset, now=now, was={"who": found.who, "role": found.role, "on": found.on})
    db.delete(found)


def reaction(db: Session, number: int) -> Reaction:
    """Raises NotFound for one that is not; whether somebody may see its video is the caller's question."""
    found = db.get(Reaction, number) if 0 < number <= _LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def reactions_of(db: Session, asset_id: int) -> list[Reaction]:
    """The newest first. One statement."""
    return list(db.scalars(select(Reaction).where(Reaction.asset_id == asset_id).order_by(Reaction.on.desc(), Reaction.id.desc()).limit(100)))


def _address(text: str) -> str:
    address = check_line(text, "url", most=2000)
    parts = urlsplit(address) if address else None
    if parts is not None and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise Invalid(N_("A link starts with https:// or http:// and has no spaces."), field="url")
    return address
