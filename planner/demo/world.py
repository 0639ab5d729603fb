"""What the demo's world holds beside the company's own plan: a trade show it goes to, what a rival announces there, and whom its posts may mention."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from planner.people import events, service
from planner.people.events import EventValues
from planner.people.models import EventKind
from planner.people.person_models import Tier
from planner.people.service import PersonValues

__all__ = ["tell"]

#: First and last day from today, and the rest.
_EVENTS = (
    (-31, -29, "Smart Ports Summit", EventKind.CONFERENCE, "", "Rotterdam", "Our harbour master spoke on the second day."),
    (-3, -3, "Campus cloud", EventKind.ANNOUNCEMENT, "Halden Networks", "", "Their answer to private 5G, priced by the antenna."),
    (8, 11, "Telecom Forum", EventKind.TRADE_SHOW, "", "Lisbon", "Booth 4C12."),
    (9, 9, "Keynote on edge computing", EventKind.ANNOUNCEMENT, "Halden Networks", "Lisbon", ""),
)
#: Those who write of it, those who judge it, and colleagues who speak better than the group's account does.
_PEOPLE = (
    PersonValues("Ana Petrescu", "The Harbour Gazette", "Reporter", Tier.JOURNALIST, x_handle="ana_petrescu", note="Wants a day’s notice and a number to quote."),
    PersonValues("Luc Aubry", "Le Fil des réseaux", "Editor", Tier.JOURNALIST, x_handle="luc_aubry", note="Writes in French."),
    PersonValues("Mei Tanaka", "Telecom Ledger", "Senior correspondent", Tier.JOURNALIST, x_handle="meitanaka_tl"),
    PersonValues("Ilse Marchetti", "The Edge Letter", "Principal analyst", Tier.ANALYST, linkedin_vanity="ilse-marchetti", may_be_named=True),
    PersonValues("Paul Vestergaard", "Radio Access Weekly", "Analyst", Tier.ANALYST, x_handle="paul_ran"),
    PersonValues("Hedda Lund", "Open Networks forum", "Moderator", Tier.EXPERT, x_handle="heddalund", may_be_named=True),
    PersonValues("Channel Ports Alliance", "", "", Tier.CUSTOMER, linkedin_urn="urn:li:organization:7300412", note="Named in public since the release on private 5G.", may_be_named=True),
    PersonValues(
        "Irène Castel", "Norvane", "Core network engineer", Tier.EMPLOYEE, x_handle="irene_castel", linkedin_urn="urn:li:person:Cq8norvane", may_be_named=True,
        note="Her own posts are read by more experts than ours.",
    ),
    PersonValues("Ruben Haan", "Norvane", "Radio planner", Tier.EMPLOYEE, linkedin_urn="urn:li:person:Rh4norvane", note="Ask him first."),
)  # fmt: skip


def tell(db: Session, *, today: date, now: datetime) -> None:
    """The events, and the register of people."""
    for first, last, name, kind, rival, place, note in _EVENTS:
        values = EventValues(name, today + timedelta(days=first), today + timedelta(days=last), kind, rival, place, "", note)
        events.add(db, values, actor=None, now=now)
    for person in _PEOPLE:
        service.add(db, person, actor=None, now=now)
