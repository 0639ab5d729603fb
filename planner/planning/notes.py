"""Notes on the calendar's days: write, change, remove, put back. None commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Conflict, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning.models import CalendarNote

__all__ = ["by_id", "put_back", "remove", "rewrite", "write"]

_MOST = 300


def by_id(db: Session, note_id: int) -> CalendarNote:
    """One note, also a removed one. Raises NotFound."""
    found = db.get(CalendarNote, note_id)
    if found is None:
        raise NotFound()
    return found


def write(db: Session, day: date, text: str, *, actor: User, now: datetime) -> CalendarNote:
    """A new note. Raises Invalid, Forbidden."""
    require(actor, "note.write")
    note = CalendarNote(day=_dated(day), text=_checked(text), author_id=actor.id, created_at=now, updated_at=now)
    db.add(note)
    db.flush()
    history.record(db, actor, "note.written", note, now=now, became={"day": day, "text": note.text})
    return note


def rewrite(db: Session, note: CalendarNote, day: date, text: str, *, version: int | None, actor: User, now: datetime) -> CalendarNote:
    """Other words, or another day. `version` is the one that was read; another one is a Conflict."""
    require(actor, "note.write")
    if note.removed_at is not None:
        raise WrongState(N_("This note was removed. Put it back first."))
    if version is not None and version != note.version:
        raise Conflict(N_("Somebody changed this while you were editing. Look at their version, then save again."))
    was = {"day": note.day, "text": note.text}
    note.day, note.text, note.updated_at = _dated(day), _checked(text), now
    history.record(db, actor, "note.edited", note, now=now, was=was, became={"day": day, "text": note.text})
    db.flush()
    return note


def remove(db: Session, note: CalendarNote, *, actor: User, now: datetime) -> None:
    """Take it off the calendar; `put_back` brings it again."""
    require(actor, "note.write")
    if note.removed_at is None:
        note.removed_at = note.updated_at = now
        history.record(db, actor, "note.removed", note, now=now, was={"day": note.day, "text": note.text})
        db.flush()


def put_back(db: Session, note: CalendarNote, *, actor: User, now: datetime) -> None:
    """A removed one again."""
    require(actor, "note.write")
    if note.removed_at is not None:
        note.removed_at, note.updated_at = None, now
        history.record(db, actor, "note.put_back", note, now=now, became={"day": note.day, "text": note.text})
        db.flush()


def _checked(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid(N_("Write a few words."), field="text")
    if len(text) > _MOST:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="text", most=_MOST)
    if "\0" in text:
        raise Invalid(N_("This contains characters that cannot be stored."), field="text")
    return text


def _dated(day: date) -> date:
    if not 1990 <= day.year <= 2100:
        raise Invalid(N_("Choose a year between 1990 and 2100."), field="day")
    return day
