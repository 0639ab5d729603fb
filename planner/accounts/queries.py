"""Reads of accounts: who works here, one's tokens, and the history of everything, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import ApiToken, Entry, User
from planner.core.db import Record
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.core.paging import Page, decode_cursor, encode_cursor

__all__ = ["EntryFilters", "EntryLine", "Person", "TokenLine", "entries", "history_of", "own_token", "people", "person", "tokens_of"]


@dataclass(frozen=True, slots=True)
class Person:
    """One account in the list of people."""

    id: int
    email: str
    name: str
    roles: tuple[str, ...]
    active: bool
    has_password: bool
    last_login_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One API token, without what it is."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class EntryFilters:
    """What the history is narrowed to; an empty part asks nothing. `until` is the first moment left out."""

    q: str = ""
    actor_id: int | None = None
    subject_type: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of history."""

    id: int
    at: datetime
    actor_name: str
    action: str
    subject_type: str
    subject_id: int | None
    subject_name: str
    was: dict[str, Any]
    became: dict[str, Any]
    note: str


def people(db: Session) -> list[Person]:
    """Everybody, those who may sign in first. Two statements."""
    users = db.scalars(select(User).order_by(User.active.desc(), User.name == "", User.name, User.email))
    return [
        Person(
            user.id, user.email, user.name, tuple(sorted(user.role_names)), user.active, user.password is not None,
            user.current_login_at, user.created_at,
        )
        for user in users
    ]  # fmt: skip


def person(db: Session, user_id: int) -> User:
    """One account. Raises NotFound."""
    user = db.get(User, user_id)
    if user is None:
        raise NotFound()
    return user


def tokens_of(db: Session, user: User) -> list[TokenLine]:
    """A person's tokens, the newest first. One statement."""
    rows = db.execute(
        select(ApiToken.id, ApiToken.name, ApiToken.created_at, ApiToken.expires_at, ApiToken.last_used_at, ApiToken.revoked_at)
        .where(ApiToken.user_id == user.id)
        .order_by(ApiToken.id.desc())
    )
    return [TokenLine(*row) for row in rows]


def own_token(db: Session, user: User, token_id: int) -> ApiToken:
    """One of this person's own tokens. Raises NotFound, also for somebody else's."""
    token = db.scalars(select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user.id)).one_or_none()
    if token is None:
        raise NotFound()
    return token


def entries(db: Session, filters: EntryFilters, *, cursor: str | None = None, limit: int = 50) -> Page[EntryLine]:
    """The history, the newest first. One statement, whatever the size. Raises Invalid for a damaged cursor."""
    query = select(
        Entry.id, Entry.at, Entry.actor_name, Entry.action, Entry.subject_type, Entry.subject_id, Entry.subject_name,
        Entry.was, Entry.became, Entry.note,
    )  # fmt: skip
    if filters.q:
        query = query.where(Entry.subject_name.icontains(filters.q, autoescape=True))
    if filters.actor_id is not None:
        query = query.where(Entry.actor_id == filters.actor_id)
    if filters.subject_type:
        query = query.where(Entry.subject_type == filters.subject_type)
    if filters.since is not None:
        query = query.where(Entry.at >= filters.since)
    if filters.until is not None:
        query = query.where(Entry.at < filters.until)
    if cursor:
        query = query.where(Entry.id < _last_shown(cursor))
    rows = [_line(row) for row in db.execute(query.order_by(Entry.id.desc()).limit(limit + 1))]
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None)


def _line(row: Any) -> EntryLine:
    return EntryLine(
        row.id, row.at, row.actor_name, row.action, row.subject_type, row.subject_id, row.subject_name, row.was or {}, row.became or {},
        row.note,
    )  # fmt: skip


def history_of(db: Session, subject: Record, *, cursor: str | None = None, limit: int = 50) -> Page[Entry]:
    """What was done to it, the latest first. One statement. Raises Invalid for a damaged cursor."""
    query = select(Entry).where(Entry.subject_type == subject.__tablename__, Entry.subject_id == subject.id)
    if cursor:
        query = query.where(Entry.id < _last_shown(cursor))
    found = list(db.scalars(query.order_by(Entry.id.desc()).limit(limit + 1)))
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


def _last_shown(cursor: str) -> int:
    """Number of the last line of history that the page before showed. Raises Invalid for a text that is not one of ours."""
    (number,) = decode_cursor(cursor, parts=1)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        raise Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
    return number
