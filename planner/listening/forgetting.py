"""Forgets who wrote of us: a mention keeps its place, its moment and the assets it is about, and nothing that a person wrote or is called.

Its key, a digest, stays: told again, it is known and stays forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.networks import WEB
from planner.core.seeking import holding
from planner.ledger.models import Job
from planner.listening.models import Mention
from planner.listening.rules import key_at

__all__ = ["forget", "written_by"]


def written_by(db: Session, *, author: str = "", address: str = "") -> list[Mention]:
    """What this person wrote, by their whole name or handle, or what stands at this address. Raises Invalid when neither is told."""
    wanted, address = _spoken(author), address.strip()
    if not wanted and not address:
        raise Invalid(N_("Say who wrote it, or its address."), field="author")
    query = select(Mention).where(Mention.forgotten_at.is_(None)).order_by(Mention.id)
    if address:
        address = address if "://" in address else f"https://{address}"
        query = query.where(Mention.key == key_at(address))
    found = db.scalars(query.where(*holding(wanted.removeprefix("@"), Mention.author)) if wanted else query)
    return [one for one in found if not wanted or wanted in _names(one)]


def forget(db: Session, mentions: Sequence[Mention], *, actor: User | None, now: datetime) -> None:
    """Forget who wrote these, what, and at which address. Cannot be undone. Raises Forbidden."""
    require(actor, "mention.import")
    if mentions:
        _forget_lists(db, min(one.told_at for one in mentions))
    for one in mentions:
        if _spoken(one.outlet) in _names(one):
            one.outlet = ""
        one.author = one.address = one.title = one.excerpt = ""
        one.forgotten_at = now
        history.record(db, actor, "mention.forgotten", one, now=now, name=history.COMMAND_LINE)


def _forget_lists(db: Session, since: datetime) -> None:
    """Take from what imports told since then the names of mentions without an asset: titles and words, any of which may be theirs."""
    for job in db.scalars(select(Job).where(Job.name == "import.mentions", Job.finished_at >= since)):
        if job.result and job.result.get("unknown"):
            job.result = {**job.result, "unknown": []}


def _names(one: Mention) -> set[str]:
    """What a mention's author is called: all of it, the name, the handle; on a network a single word is a handle."""
    whole = _spoken(one.author)
    name, at, handle = whole.rpartition("@")
    if at:
        return {whole, name.strip(), f"@{handle}"} - {""}
    return {whole, f"@{whole}"} if one.network != WEB and whole and " " not in whole else {whole}


def _spoken(name: str) -> str:
    return " ".join(name.split()).casefold()
