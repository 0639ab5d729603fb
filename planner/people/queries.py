"""Reads of the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from planner.core.errors import NotFound
from planner.core.paging import Page, encode_cursor, name_and_number
from planner.people.person_models import Person, Tier
from planner.people.rules import folded

__all__ = ["LAST_ID", "count", "people", "person", "persons"]

#: The largest number a row can have.
LAST_ID = 2**63 - 1
_WORDS = 8


def people(db: Session, *, sought: str = "", tier: Tier | None = None, cursor: str | None = None, limit: int = 50) -> Page[Person]:
    """Entries by name; `sought`: every word of it begins a word of the entry, accents forgiven. One statement."""
    name = func.lower(Person.name)
    query = select(Person).order_by(name, Person.id).limit(limit + 1)
    for word in folded(sought).split()[:_WORDS]:
        query = query.where((" " + Person.sought).contains(f" {word}", autoescape=True))
    if tier is not None:
        query = query.where(Person.tier == tier)
    if cursor:
        query = query.where(tuple_(name, Person.id) > name_and_number(cursor))
    found = list(db.scalars(query))
    more = len(found) > limit
    found = found[:limit]
    return Page(found, encode_cursor(db.scalar(select(func.lower(found[-1].name))), found[-1].id) if more else None)


def count(db: Session) -> int:
    """How many entries there are."""
    return db.scalar(select(func.count()).select_from(Person)) or 0


def person(db: Session, person_id: int) -> Person:
    """One entry. Raises NotFound."""
    found = db.get(Person, person_id) if 0 < person_id <= LAST_ID else None
    if found is None:
        raise NotFound()
    return found


def persons(db: Session, numbers: Iterable[int]) -> dict[int, Person]:
    """Those of these entries that are there, by number; what the session knows already is not asked again. One statement at most."""
    known: dict[int, Person] = {}
    unknown: Sequence[int] = []
    wanted = {number for number in numbers if 0 < number <= LAST_ID}
    unknown = [number for number in wanted if (found := db.identity_map.get(db.identity_key(Person, number))) is None or not known.setdefault(number, found)]
    if unknown:
        with db.no_autoflush:
            known |= {one.id: one for one in db.scalars(select(Person).where(Person.id.in_(unknown)))}
    return known
