"""The verbs of the register: add, edit and remove an entry, each kept in the history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Conflict
from planner.core.i18n import N_
from planner.people.person_models import Person
from planner.people.rules import PersonValues, checked

__all__ = ["PersonValues", "add", "edit", "remove", "values_of"]


def add(db: Session, values: PersonValues, *, actor: User | None, now: datetime) -> Person:
    """A new entry. Raises Invalid, naming the field."""
    require(actor, "person.edit")
    columns = checked(values)
    made = Person(created_at=now, updated_at=now, **columns)
    db.add(made)
    history.record(db, actor, "person.added", made, now=now, became=_told(columns), name=history.COMMAND_LINE)
    db.flush()
    return made


def edit(db: Session, person: Person, values: PersonValues, *, version: int | None = None, actor: User | None, now: datetime) -> Person:
    """Change an entry. What posts that mention it would say changes with it, so approved ones are asked about again before they leave.

    version -- the one the person was looking at; another one is a Conflict.
    """
    require(actor, "person.edit")
    if version is not None and version != person.version:
        raise Conflict(N_("Somebody changed this entry while you were editing. Look at their version, then save again."))
    columns = checked(values)
    changed = {name: value for name, value in columns.items() if getattr(person, name) != value}
    if not changed:
        return person
    was = {name: getattr(person, name) for name in changed}
    for name, value in changed.items():
        setattr(person, name, value)
    person.updated_at = now
    history.record(db, actor, "person.edited", person, now=now, was=_told(was), became=_told(changed), name=history.COMMAND_LINE)
    db.flush()
    return person


def remove(db: Session, person: Person, *, actor: User | None, now: datetime) -> None:
    """Take an entry out. Texts that mention it keep the name; history keeps that there was one, without note and handles."""
    require(actor, "person.edit")
    history.record(db, actor, "person.removed", person, now=now, was={"name": person.name}, name=history.COMMAND_LINE)
    db.delete(person)
    db.flush()


def values_of(person: Person) -> PersonValues:
    """An entry as it would be typed."""
    return PersonValues(**{name: getattr(person, name) for name in PersonValues.__dataclass_fields__})


def _told(columns: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in columns.items() if name != "sought"}
