"""Forgets who wrote of us: a mention keeps its place, its moment and the assets it is about, and nothing that a person wrote or is called.

Its key, a digest, stays: told again, it is known and stays forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.seeking import holding
from planner.listening.models import Mention
from planner.listening.networks import page_of

__all__ = ["forget", "written_by"]


def written_by(db: Session, *, author: str = "", address: str = "") -> list[Mention]:
    """What this person wrote, by their whole name or handle, or what stands at this address. Raises Invalid when neither is told."""
    wanted = " ".join(author.split()).casefold()
    if not wanted and not address:
        raise Invalid(N_("Say who wrote it, or its address."), field="author")
    query = select(Mention).where(Mention.forgotten_at.is_(None)).order_by(Mention.id)
    if address:
        query = query.where(Mention.key == hashlib.sha256(f"at:{page_of(address)}".encode(errors="replace")).hexdigest())
    found = db.scalars(query.where(*holding(wanted, Mention.author)) if wanted else query)
    return [one for one in found if not wanted or wanted in _names(one.author)]


def forget(db: Session, mentions: Sequence[Mention], *, actor: User | None, now: datetime) -> None:
    """Forget who wrote these, what, and at which address. Cannot be undone. Raises Forbidden."""
    require(actor, "mention.import")
    for one in mentions:
        one.author = one.address = one.title = one.excerpt = ""
        one.forgotten_at = now
        history.record(db, actor, "mention.forgotten", one, now=now, name=history.COMMAND_LINE)


def _names(author: str) -> set[str]:
    """What a person is called: all of it, the name, the handle."""
    whole = " ".join(author.split()).casefold()
    name, at, handle = whole.rpartition("@")
    return {whole, name.strip(), f"@{handle}"} - {""} if at else {whole}
