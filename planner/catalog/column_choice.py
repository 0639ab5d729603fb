"""Which column of somebody's table holds what: told by its heading, or by a person who pointed at it once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.catalog.models import RememberedColumns
from planner.catalog.sheets import Sheet, heading
from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["MissingColumns", "Note", "choose_columns", "headings_key", "known_columns", "remember", "remembered", "spelt"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing about a file that does not stop it. `message` is marked with N_."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


class MissingColumns(Invalid):
    """A file whose columns nobody can tell; a person may point at them. `headings` are the file's."""

    def __init__(self, message: str, headings: list[str], places: Mapping[str, int]) -> None:
        super().__init__(message, field="file")
        self.headings = headings
        self.found = {name: headings[place] for name, place in places.items()}


def choose_columns(sheet: Sheet, places: dict[str, int], chosen: Mapping[str, str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """The places with those that a person chose: field -> heading; an empty heading says that no column holds it.

    Raises Invalid for a field or a heading that there is not.
    """
    result = dict(places)
    for name, wanted in spelt(sheet.headings, chosen).items():
        if name not in columns:
            raise Invalid(N_("“%(name)s” is not one of: %(known)s."), field="columns", name=name[:40], known=", ".join(columns))
        if not wanted:
            result.pop(name, None)
        elif wanted in sheet.headings:
            place = sheet.headings.index(wanted)
            result = {other: taken for other, taken in result.items() if taken != place} | {name: place}
        else:
            raise Invalid(N_("This table has no column “%(name)s”."), field="columns", name=wanted[:60])
    return result


def spelt(headings: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """A choice as this file spells its headings: capitals and accents may differ (see `headings_key`). What it has no heading for stays as it is."""
    alike = {_alike(text): text for text in reversed(headings) if text}
    return {name: wanted if wanted in headings else alike.get(_alike(wanted), wanted) for name, wanted in chosen.items()}


def known_columns(sheet: Sheet, columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Field -> place of the first column whose heading means it."""
    meaning = {word: name for name, words in columns.items() for word in words}
    places: dict[str, int] = {}
    for place, text in enumerate(sheet.headings):
        name = meaning.get(heading(text))
        if name is not None:
            places.setdefault(name, place)
    return places


def headings_key(headings: list[str], *, kind: str = "") -> str:
    """64 hex digits that files of a kind with the same headings share, whatever their order and spelling of accents and capitals."""
    return hashlib.sha256("\n".join([*filter(None, [kind]), *sorted(_alike(one) for one in headings)]).encode()).hexdigest()


def remembered(db: Session) -> dict[str, dict[str, str]]:
    """Digest of a file's headings -> the columns somebody chose for such files."""
    return {one.headings: dict(one.columns) for one in db.scalars(select(RememberedColumns))}


def remember(db: Session, headings: str, columns: Mapping[str, str], *, now: datetime) -> None:
    """Use these columns for the next file with the same headings."""
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(RememberedColumns)
    values = {"columns": dict(columns), "at": now}
    db.execute(insert.values(headings=headings, **values).on_conflict_do_update(index_elements=["headings"], set_=values))


def _alike(text: str) -> str:
    """A heading as it is compared, also one without any letter from a to z."""
    return heading(text) or text.strip().casefold()
