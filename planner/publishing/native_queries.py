"""Reads of messages published directly: the calendar's, the list of what is open, one of them, and what names an embargoed thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, joinedload

from planner.channels.models import Channel
from planner.channels.port import Platform, PostKind
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.core.paging import Page, decode_cursor, encode_cursor
from planner.core.types import UtcDateTime
from planner.planning.leaks import leaks
from planner.planning.queries import LAST_ID
from planner.planning.surroundings import embargoed_terms
from planner.publishing.models import Native, NativeLook, NativeState

__all__ = ["OPEN_COUNT", "Leak", "NativeEntry", "entries", "look_of", "native", "natives", "of_post", "too_early"]

#: How much of a text a line shows.
_SHOWN = 200
#: How far back what names an embargoed thing is still told of.
_RECENT = timedelta(days=14)


class NativeEntry(NamedTuple):
    """One message as a calendar shows it."""

    native_id: int
    at: datetime
    channel_id: int
    channel: str
    platform: Platform
    colour: int
    kind: PostKind
    #: Its title, else how its text begins; may be empty.
    says: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Leak:
    """A message that said words before their embargo lifts."""

    native_id: int
    says: str
    channel: str
    platform: Platform
    colour: int
    words: str
    lifts_at: datetime


#: Written out, not bound: SQLite uses the index of the open ones only then.
_IS_OPEN = Native.state == literal_column("'found'")
#: How many nobody decided about, as a column.
OPEN_COUNT = select(func.count()).select_from(Native).where(_IS_OPEN).scalar_subquery()
_SAYS = func.substr(func.coalesce(func.nullif(Native.title, ""), Native.text), 1, _SHOWN)
#: Built once, like the calendar's own: see planning.queries.
_OPEN: Any = (
    select(
        Native.id, Native.published_at, Native.channel_id, Channel.name, Channel.platform, Channel.colour, Native.kind, _SAYS,
        Native.gone_at.is_not(None),
    )
    .join(Channel, Channel.id == Native.channel_id)
    .where(_IS_OPEN)
    .order_by(Native.published_at, Native.id)
)  # fmt: skip
_WINDOW: Any = _OPEN.where(
    Native.published_at >= bindparam("start", type_=UtcDateTime()), Native.published_at < bindparam("end", type_=UtcDateTime())
).limit(bindparam("most", type_=Integer()))


def entries(db: Session, start: datetime, end: datetime, *, channels: Sequence[int] = (), limit: int = 2000) -> list[NativeEntry]:
    """The open ones published in [start, end), earliest first; of these channels where given. One statement."""
    query = _WINDOW.where(Native.channel_id.in_(channels)) if channels else _WINDOW
    return [NativeEntry._make(row) for row in db.connection().execute(query, {"start": start, "end": end, "most": limit})]


def natives(
    db: Session, *, state: NativeState = NativeState.FOUND, channel_id: int | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Native]:
    """Messages of that state with their channel and post, the newest first. Two statements."""
    query = (
        select(Native)
        .where(_IS_OPEN if state is NativeState.FOUND else Native.state == state)
        .order_by(Native.published_at.desc(), Native.id.desc())
        .options(joinedload(Native.channel), joinedload(Native.post))
        .limit(limit + 1)
    )
    if channel_id is not None:
        query = query.where(Native.channel_id == channel_id)
    if cursor:
        query = query.where(tuple_(Native.published_at, Native.id) < _place(cursor))
    found = list(db.scalars(query))
    more = len(found) > limit
    found = found[:limit]
    return Page(found, encode_cursor(found[-1].published_at.isoformat(), found[-1].id) if more else None)


def native(db: Session, native_id: int) -> Native:
    """One message with its channel and post. Raises NotFound."""
    query = select(Native).where(Native.id == native_id).options(joinedload(Native.channel), joinedload(Native.post))
    found = db.scalars(query).one_or_none() if 0 < native_id <= LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def of_post(db: Session, post_id: int) -> int | None:
    """The message that this post was adopted from."""
    return db.scalar(select(Native.id).where(Native.post_id == post_id))


def too_early(db: Session, *, now: datetime, limit: int = 100) -> list[Leak]:
    """Open messages of the last two weeks that say what is still under embargo, the newest first. Two statements, mostly one."""
    terms = embargoed_terms(db, except_asset=None, after=now)
    if not terms:
        return []
    rows = db.execute(
        select(Native.id, Native.title, Native.text, Native.published_at, Channel.name, Channel.platform, Channel.colour)
        .join(Channel, Channel.id == Native.channel_id)
        .where(_IS_OPEN, Native.gone_at.is_(None), Native.published_at >= now - _RECENT)
        .order_by(Native.published_at.desc(), Native.id.desc())
        .limit(limit)
    )
    return [
        Leak(row.id, (row.title or row.text)[:_SHOWN], row.name, row.platform, row.colour, found.params["words"], found.params["lifts_at"])
        for row in rows
        for found in leaks([row.title, row.text], terms, row.published_at)[:1]
    ]


def look_of(db: Session, channel_id: int) -> NativeLook:
    """How far this channel was looked through; one that never was has no moments yet."""
    return db.get(NativeLook, channel_id) or NativeLook(channel_id=channel_id, enabled=True, trouble="")


def _place(cursor: str) -> tuple[datetime, int]:
    at, native_id = decode_cursor(cursor, parts=2)
    try:
        return datetime.fromisoformat(str(at)), int(native_id)
    except (TypeError, ValueError):
        raise Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor") from None
