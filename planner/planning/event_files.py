"""Events from a table: every row is read first, each error names its row, its column and why; then all are added, or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog import cells
from planner.catalog.importing import Row, RowError, columns_of, rows_of
from planner.catalog.sheets import Sheet, heading
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.people import events
from planner.people.events import EventValues
from planner.people.models import Event, EventKind

__all__ = ["COLUMNS", "MOST_ROWS", "TEMPLATE", "EventTable", "bring"]

#: Field -> headings that mean it, as `heading` writes them, in English and in French.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "event", "nom", "evenement", "title", "titre"),
    "starts_on": ("first_day", "starts_on", "start", "from", "day", "date", "premier_jour", "debut", "du", "jour"),
    "last_on": ("last_day", "last_on", "ends_on", "end", "to", "dernier_jour", "fin", "au"),
    "kind": ("kind", "type", "genre", "nature"),
    "rival": ("rival", "competitor", "whose", "concurrent"),
    "place": ("place", "city", "lieu", "ville"),
    "url": ("url", "link", "page", "address", "lien", "adresse"),
    "note": ("note", "remark", "remarque"),
}
#: What the downloadable template holds: headings and two lines that show the forms.
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("name", "first_day", "last_day", "kind", "rival", "place", "url", "note"),
    ("Mobile Week", "2026-03-02", "2026-03-05", "trade_show", "", "Barcelona", "https://www.example.com/mobile-week", "Our stand: hall 3."),
    ("Autumn keynote", "14/10/2026", "", "announcement", "Acme", "", "", ""),
)
MOST_ROWS = 2000

_KINDS = {
    "trade_show": EventKind.TRADE_SHOW, "fair": EventKind.TRADE_SHOW, "salon": EventKind.TRADE_SHOW, "conference": EventKind.CONFERENCE,
    "summit": EventKind.CONFERENCE, "announcement": EventKind.ANNOUNCEMENT, "annonce": EventKind.ANNOUNCEMENT, "other": EventKind.OTHER,
    "another_event": EventKind.OTHER, "autre": EventKind.OTHER, "autre_evenement": EventKind.OTHER,
}  # fmt: skip


@dataclass
class EventTable:
    """A file that was read. unused -- headings that mean nothing here; known -- how many of its rows were there already; added -- what is new."""

    errors: list[RowError] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    known: int = 0
    added: list[Event] = field(default_factory=list)


def bring(db: Session, sheet: Sheet, *, actor: User | None, now: datetime) -> EventTable:
    """Add what the file holds and is not there yet (the same name on the same first day); with any error in it, nothing.

    Raises Forbidden, and Invalid, field "file", for a table that is none of events.
    """
    require(actor, "event.edit")
    places, unused = columns_of(sheet, COLUMNS)
    if not {"name", "starts_on"} <= places.keys():
        raise Invalid(N_("Events need at least the columns name and first_day. The template shows them all."), field="file")
    if len(sheet.rows) > MOST_ROWS:
        raise Invalid(N_("This table has more than %(most)s rows. Send it in parts."), field="file", most=MOST_ROWS)
    table = EventTable(unused=unused)
    wanted = [values for row in rows_of(sheet, places, table.errors) if (values := _values(row)) is not None]
    if table.errors:
        return table
    there = {(_plain(name), day) for name, day in db.execute(select(Event.name, Event.starts_on).where(Event.removed_at.is_(None)))}
    for values in wanted:
        key = _plain(values.name), values.starts_on
        if key in there:
            table.known += 1
        else:
            there.add(key)
            table.added.append(events.add(db, values, actor=actor, now=now))
    return table


def _values(row: Row) -> EventValues | None:
    starts_on = row.take("starts_on", _day, None)
    for name in ("name", "starts_on"):
        if not row[name]:
            row.complain(N_("This cell is empty, and it is needed."), name)
    last_on, kind = row.take("last_on", _day, None), row.take("kind", _kind, EventKind.OTHER)
    words = {name: row.take(name, str, "") for name in ("name", "rival", "place", "url", "note")}
    if not row.is_good or starts_on is None:
        return None
    values = EventValues(starts_on=starts_on, last_on=last_on, kind=kind, **words)
    try:
        events.checked(values)
    except Invalid as error:
        row.complain(error.message, error.field or "", **error.params)
        return None
    return values


def _day(text: str) -> date:
    return cells.written(text).date()


def _kind(text: str) -> EventKind:
    found = _KINDS.get(heading(text))
    if found is None:
        raise Invalid(N_("“%(text)s” is not one of: %(known)s."), text=text[:40], known=", ".join(EventKind))
    return found


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
