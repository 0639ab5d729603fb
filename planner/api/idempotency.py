"""Makes a POST happen once: the key is claimed in a transaction of its own, its answer kept in that of what was asked."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Request, Response
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.core.errors import Conflict, Invalid
from planner.core.i18n import N_
from planner.core.types import seal, unseal
from planner.ledger.models import IdempotencyKey

__all__ = ["LIFE", "PARAMETER", "Claim", "KeyReused", "answer", "claim", "key_of", "release"]

#: How long an answer is kept for a repeated request.
LIFE = timedelta(hours=24)
#: After this long, a request that never answered is taken to have died with its process, and may be tried again.
_PATIENCE = timedelta(seconds=60)
_KEPT_HEADERS = ("ETag", "Location", "Content-Type", "Cache-Control")
#: Before an answer that no cache may keep, since it tells a secret once: the database holds it encrypted. No JSON begins like this.
_SEALED = "sealed:"

PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "A text of your choice, kept for 24 hours. The same request under the same key gives the first answer again.",
}


class KeyReused(Invalid):
    """The key belongs to another request."""

    code = "idempotency_key_reused"


class InProgress(Conflict):
    """The first request under this key has not been answered yet."""

    code = "in_progress"


@dataclass(frozen=True, slots=True)
class Claim:
    """Our right to answer for one key: it holds while the row still says we started then."""

    row_id: int
    started_at: datetime


def key_of(request: Request) -> str | None:
    """The caller's key, or None. Raises Invalid for one that is no key."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[!-~]{1,200}", key):
        raise Invalid(N_("An Idempotency-Key has 1 to 200 visible ASCII characters."), field="Idempotency-Key")
    return key


def claim(db: Session, key: str, *, user_id: int, request: Request, now: datetime) -> Claim | Response:
    """Take the key, or give the answer that it already has. Commits: others must see the claim at once.

    Raises KeyReused when the key belongs to another request, Conflict while the first one is still under way.
    """
    target = f"{request.method} {request.path}"[:200]
    digest = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.started_at < now - LIFE))
    fresh = {"user_id": user_id, "key": key, "target": target, "body_digest": digest, "started_at": now}
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    row_id = db.scalar(
        insert(IdempotencyKey).values(**fresh).on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(IdempotencyKey.id)
    )
    if row_id is None:
        row = db.scalars(select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)).one_or_none()
        if row is None:
            db.commit()
            raise InProgress(_UNDER_WAY)
        if (row.target, row.body_digest) != (target, digest):
            raise KeyReused(N_("This Idempotency-Key was used for another request. Use a new one."), field="Idempotency-Key")
        if row.status is not None:
            return Response(_opened(row.body or ""), status=row.status, headers={**(row.headers or {}), "Idempotent-Replay": "true"})
        row_id = row.id if _take_over(db, row, now) else None
    db.commit()
    if row_id is None:
        raise InProgress(_UNDER_WAY)
    return Claim(row_id, now)


def answer(db: Session, held: Claim, response: Response) -> None:
    """Keep the answer, in the transaction of the write itself. Raises Conflict when somebody took the key over."""
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = response.get_data(as_text=True)
    if response.cache_control.no_store:
        body = _SEALED + base64.b64encode(seal(body)).decode()
    if not _mine(db, held, status=response.status_code, headers=kept, body=body):
        raise InProgress(_UNDER_WAY)


def _opened(body: str) -> str:
    return unseal(base64.b64decode(body.removeprefix(_SEALED))) if body.startswith(_SEALED) else body


def release(db: Session, held: Claim) -> None:
    """Nothing was written: let the key be used again."""
    db.rollback()
    db.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.id == held.row_id, IdempotencyKey.started_at == held.started_at, IdempotencyKey.status.is_(None)
        )
    )
    db.commit()


def _take_over(db: Session, row: IdempotencyKey, now: datetime) -> bool:
    return row.started_at < now - _PATIENCE and _mine(db, Claim(row.id, row.started_at), started_at=now)


def _mine(db: Session, held: Claim, **values: Any) -> bool:
    """Change the row if it is still the one we hold."""
    changed = db.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == held.row_id, IdempotencyKey.started_at == held.started_at, IdempotencyKey.status.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


_UNDER_WAY = N_("The first request under this Idempotency-Key is still being answered. Try again in a moment.")
