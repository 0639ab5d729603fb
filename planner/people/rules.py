"""What a person's entry may hold: names that no platform's markup breaks on, and handles in the forms people paste them in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.people.person_models import Tier

__all__ = ["PersonValues", "checked", "folded"]

_X = re.compile(r"(?:(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/|@)?([A-Za-z0-9_]{1,15})/?(?:\?.*)?", re.IGNORECASE)
_URN = re.compile(r"urn:li:(person|organization|member|company|organisation):([\w-]{1,80})")
_PAGE = re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(in|company|school|showcase)/([^/?#\s]{1,100})/?(?:[?#].*)?", re.IGNORECASE)
_VANITY = re.compile(r"[\w.%-]{1,100}")
_LONGEST = {"name": 120, "organisation": 160, "role": 160, "linkedin_name": 120, "note": 4000}


@dataclass(frozen=True, slots=True)
class PersonValues:
    """Everything of an entry that a person edits. may_be_named None: nobody asked them."""

    name: str
    organisation: str = ""
    role: str = ""
    tier: Tier = Tier.OTHER
    x_handle: str = ""
    linkedin_urn: str = ""
    linkedin_name: str = ""
    linkedin_vanity: str = ""
    note: str = ""
    may_be_named: bool | None = None


def checked(values: PersonValues) -> dict[str, Any]:
    """The columns to store, tidied; a page's address is read as the handle in it. Raises Invalid, naming the field."""
    columns: dict[str, Any] = {"tier": values.tier, "may_be_named": values.may_be_named}
    for name, most in _LONGEST.items():
        told = str(getattr(values, name) or "").replace("\r\n", "\n")
        columns[name] = told.strip() if name == "note" else " ".join(told.split())
        if "\0" in told:
            raise Invalid(N_("This contains characters that cannot be stored."), field=name)
        if len(columns[name]) > most:
            raise Invalid(N_("That is too long: at most %(most)s characters."), field=name, most=most)
    if not columns["name"]:
        raise Invalid(N_("Give a name."), field="name")
    for name in ("name", "linkedin_name"):
        if set(columns[name]) & set("[]"):
            raise Invalid(N_("A name that is mentioned holds no square brackets."), field=name)
    columns["x_handle"] = _x_handle(values.x_handle.strip())
    columns["linkedin_urn"], columns["linkedin_vanity"] = _linkedin(values.linkedin_urn.strip(), values.linkedin_vanity.strip())
    columns["sought"] = folded(" ".join(columns[one] for one in ("name", "organisation", "role", "x_handle", "linkedin_name", "linkedin_vanity")))
    return columns


def folded(text: str) -> str:
    """Small letters without accents, one space between words."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char if char.isalnum() else " " for char in spread if not unicodedata.combining(char)).split())


def _x_handle(told: str) -> str:
    if not told:
        return ""
    found = _X.fullmatch(told)
    if found is None:
        raise Invalid(N_("An X handle has letters, digits and _ only, at most 15 of them, such as @example."), field="x_handle")
    return found[1]


def _linkedin(urn: str, vanity: str) -> tuple[str, str]:
    if page := _PAGE.fullmatch(urn):
        if page[2].isdecimal() and page[1].lower() != "in":
            urn = f"urn:li:organization:{page[2]}"
        else:
            raise Invalid(N_("This is the page's address; a mention needs its number. Give urn:li:organization:… or urn:li:person:…, or put the address in the field for it."), field="linkedin_urn")
    if urn:
        found = _URN.fullmatch(urn)
        if found is None:
            raise Invalid(N_("LinkedIn's number of a person or an organisation looks like urn:li:person:… or urn:li:organization:…"), field="linkedin_urn")
        if found[1] == "member":
            raise Invalid(N_("urn:li:member:… cannot be mentioned. LinkedIn tells your application the urn:li:person:… of the same person."), field="linkedin_urn")
        if found[1] != "person" and not found[2].isdecimal():
            raise Invalid(N_("An organisation's number has digits only."), field="linkedin_urn")
        urn = f"urn:li:{'person' if found[1] == 'person' else 'organization'}:{found[2]}"
    if page := _PAGE.fullmatch(vanity):
        vanity = page[2]
    if vanity and not _VANITY.fullmatch(vanity):
        raise Invalid(N_("Give the end of the profile's address, such as jane-doe of linkedin.com/in/jane-doe."), field="linkedin_vanity")
    return urn, vanity
