"""Links that show the calendar without signing in: made, listed, opened, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, case, cast, func, literal, null, or_, select, union_all, update
from sqlalchemy.orm import Session, joinedload

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.catalog.models import AssetKind
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid, NotFound, Refused
from planner.core.i18n import N_
from planner.core.secrets import new_token, token_digest
from planner.planning.models import Campaign, Share, ShareKind
from planner.planning.shared import ShownEvents

__all__ = [
    "GONE", "LIFE", "MOST_LIFE", "MOST_LINKS", "NewShare", "ShareLine", "by_id", "is_live", "is_use_due", "lines", "make", "note_use", "opened", "parts",
    "revoke",
]  # fmt: skip

#: How long a page's link works unless somebody says otherwise, and at most.
LIFE, MOST_LIFE = timedelta(days=30), timedelta(days=366)
#: Live links one person may have.
MOST_LINKS = 50
#: Use is written down once in this time: calendar apps ask again and again.
_USE_NOTED = timedelta(hours=1)
#: One sentence for a link that never was and for one that is over: guessing learns nothing.
GONE = N_("This link does not work: it has ended, was revoked, or is not complete. Ask whoever sent it to you for a new one.")


@dataclass(frozen=True, slots=True)
class NewShare:
    """What somebody wants to share; an empty part of the scope asks nothing. `life` None: until it is revoked, for feeds only."""

    name: str
    kind: ShareKind
    personal: bool = False
    channels: Sequence[int] = ()
    kinds: Sequence[AssetKind] = ()
    campaigns: Sequence[int] = ()
    events: ShownEvents = ShownEvents.NONE
    leaves_out: bool = False
    life: timedelta | None = LIFE
    language: str = "en"


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One link in the list, without what it is."""

    id: int
    name: str
    kind: ShareKind
    personal: bool
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    works: bool


def make(db: Session, wanted: NewShare, *, actor: User, now: datetime) -> tuple[Share, str]:
    """A new link and its token, which is told this once; only its digest is stored.

    Raises Forbidden where the person may not share this, Invalid for a name or a duration that is none, Refused at MOST_LINKS.
    """
    require(actor, _action(wanted.kind, wanted.personal))
    name = wanted.name.strip()
    if not 0 < len(name) <= 120 or not name.isprintable():
        raise Invalid(N_("Give the link a name of at most 120 characters, on one line."), field="name")
    if wanted.life is None and wanted.kind is ShareKind.PAGE:
        raise Invalid(N_("A page has to end some day: choose how long it works."), field="days")
    if wanted.life is not None and not timedelta() < wanted.life <= MOST_LIFE:
        raise Invalid(N_("Choose at most a year."), field="days")
    still = or_(Share.expires_at.is_(None), Share.expires_at > now)
    if (db.scalar(select(func.count()).where(Share.created_by_id == actor.id, Share.revoked_at.is_(None), still)) or 0) >= MOST_LINKS:
        raise Refused(N_("You have %(most)s links that work. Revoke one that nobody needs first."), most=MOST_LINKS)
    token = new_token()
    scope: dict[str, Any] = {"channels": list(wanted.channels), "kinds": [kind.value for kind in wanted.kinds], "campaigns": list(wanted.campaigns)}
    if wanted.events is not ShownEvents.NONE:
        scope["events"] = wanted.events.value
    share = Share(
        digest=token_digest(token), name=name, kind=wanted.kind, personal=wanted.personal, leaves_out=wanted.leaves_out, scope=scope,
        language=wanted.language, created_by=actor, created_at=now, expires_at=None if wanted.life is None else now + wanted.life,
    )  # fmt: skip
    db.add(share)
    db.flush()
    history.record(db, actor, "share.made", share, now=now, became={"link": share.kind, "expires_at": share.expires_at, **share.scope})
    return share, token


def revoke(db: Session, share: Share, *, actor: User | None, now: datetime) -> None:
    """The link stops working at once; a second time changes nothing."""
    if share.revoked_at is None:
        share.revoked_at = now
        history.record(db, actor, "share.revoked", share, now=now)


def opened(db: Session, token: str, kind: ShareKind, *, now: datetime) -> Share:
    """The link that this token opens, with its maker. Two statements.

    Raises NotFound, with the one sentence GONE, when there is none, it has ended or was revoked, or its maker could not make it today.
    """
    share = db.scalar(select(Share).where(Share.digest == token_digest(token), Share.kind == kind).options(joinedload(Share.created_by)))
    if share is None or not is_live(share, now):
        raise NotFound(GONE)
    return share


def is_live(share: Share, now: datetime) -> bool:
    """Whether it still opens: not revoked, not ended, and its maker still here with the right to share."""
    ended = share.revoked_at is not None or (share.expires_at is not None and share.expires_at <= now)
    return not ended and may(share.created_by, _action(share.kind, share.personal))


def note_use(db: Session, share: Share, *, now: datetime) -> None:
    """Remember that it was opened."""
    db.execute(update(Share).where(Share.id == share.id).values(last_used_at=now))


def is_use_due(share: Share, now: datetime) -> bool:
    """Whether the last use written down is so long ago that this one is worth a write."""
    return share.last_used_at is None or share.last_used_at <= now - _USE_NOTED


def lines(db: Session, *, viewer: User, now: datetime, limit: int = 200) -> list[ShareLine]:
    """One's own links, an administrator's list has everybody's; those that did not end first, then the newest. Two statements."""
    ended = or_(Share.revoked_at.is_not(None), Share.expires_at <= now)
    query = select(Share).options(joinedload(Share.created_by)).order_by(case((ended, 1), else_=0), Share.id.desc()).limit(limit)
    if not may(viewer, "share.manage"):
        query = query.where(Share.created_by_id == viewer.id)
    return [
        ShareLine(
            one.id, one.name, one.kind, one.personal, one.created_by.display_name, one.created_at, one.expires_at, one.last_used_at, one.revoked_at,
            is_live(one, now),
        )
        for one in db.scalars(query)
    ]  # fmt: skip


def parts(db: Session) -> tuple[list[tuple[int, str, Platform]], list[tuple[int, str]]]:
    """What a link may be narrowed to, by name: number, name and platform of every channel, number and name of every campaign. One statement."""
    of_channels = select(literal("channel"), Channel.id, Channel.name, cast(Channel.platform, String))
    of_campaigns = select(literal("campaign"), Campaign.id, Campaign.name, cast(null(), String))
    found = sorted(db.execute(union_all(of_channels, of_campaigns)), key=lambda row: (row[2], row[1]))
    return (
        [(number, name, Platform(platform)) for what, number, name, platform in found if what == "channel"],
        [(number, name) for what, number, name, _none in found if what == "campaign"],
    )


def by_id(db: Session, share_id: int, *, viewer: User) -> Share:
    """One's own link; an administrator's is any. Raises NotFound."""
    share = db.get(Share, share_id)
    if share is None or not (share.created_by_id == viewer.id or may(viewer, "share.manage")):
        raise NotFound()
    return share


def _action(kind: ShareKind, personal: bool) -> str:
    return "share.own" if personal and kind is ShareKind.FEED else "share.make"
