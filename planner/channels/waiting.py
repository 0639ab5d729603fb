"""A consent that opened several accounts waits here, sealed, while a person says which of them become channels.

It opens nothing after its ten minutes, and a periodic job then takes it away, key and all, although nobody came back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.channels.models import OpenConsent
from planner.channels.port import Grant, Identity, Platform
from planner.core.secrets import new_token, token_digest
from planner.ledger.jobs import JobContext

__all__ = ["LIFE", "Waiting", "forget", "forget_old", "keep", "look", "run"]

#: How long a person may think.
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: the accounts to choose from, the key that opens all of them, and the channel a person set out to reconnect."""

    platform: Platform
    grant: Grant
    accounts: Sequence[Identity]
    again: int | None


def keep(db: Session, platform: Platform, grant: Grant, accounts: Sequence[Identity], *, again: int | None, user: User, now: datetime) -> str:
    """Keep a consent for this person for ten minutes; the random word that opens it. What waited too long is forgotten."""
    forget(db, "", now=now)
    word = new_token()
    db.add(
        OpenConsent(
            word_digest=token_digest(word), user_id=user.id, platform=platform, again=again, until=now + LIFE, grant=_written(grant),
            accounts=[{"external_id": one.external_id, "name": one.name} for one in accounts],
        )
    )  # fmt: skip
    db.flush()
    return word


def look(db: Session, word: str, *, user: User, now: datetime) -> Waiting | None:
    """The consent this word opens for this person, unless it waited too long. Opens the sealed key."""
    row = db.scalar(
        select(OpenConsent).where(OpenConsent.word_digest == token_digest(word), OpenConsent.user_id == user.id, OpenConsent.until >= now)
    )
    if row is None:
        return None
    return Waiting(row.platform, _read(row.grant), [Identity(one["external_id"], one["name"]) for one in row.accounts], row.again)


def forget(db: Session, word: str, *, now: datetime) -> bool:
    """Take away this consent, and all that waited too long; whether this one was still there. Two who come at once: one gets True."""
    forget_old(db, now=now)
    gone = db.scalars(delete(OpenConsent).where(OpenConsent.word_digest == token_digest(word)).returning(OpenConsent.id))
    return gone.first() is not None


def forget_old(db: Session, *, now: datetime) -> int:
    """Take away whatever waited too long; how many there were."""
    return len(db.scalars(delete(OpenConsent).where(OpenConsent.until < now).returning(OpenConsent.id)).all())


def run(context: JobContext) -> dict[str, int]:
    """The periodic job."""
    with context.runtime.sessions.begin() as db:
        return {"forgotten": forget_old(db, now=context.runtime.clock.decision_time(db))}


def _written(grant: Grant) -> str:
    moments = {"expires_at": grant.expires_at, "refresh_expires_at": grant.refresh_expires_at}
    return json.dumps({
        "access_token": grant.access_token, "refresh_token": grant.refresh_token, "scopes": list(grant.scopes),
        **{name: at.isoformat() if at else None for name, at in moments.items()},
    })  # fmt: skip


def _read(written: str) -> Grant:
    told = json.loads(written)
    moments = {name: datetime.fromisoformat(told[name]) if told[name] else None for name in ("expires_at", "refresh_expires_at")}
    return Grant(access_token=told["access_token"], refresh_token=told["refresh_token"], scopes=tuple(told["scopes"]), **moments)
