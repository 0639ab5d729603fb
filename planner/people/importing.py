"""People from a table: every row is read first, each refusal names its row, its column and why; then they are added, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.people import service
from planner.people.person_models import TIERS, Person, Tier
from planner.people.rules import PersonValues, checked, folded

__all__ = ["COLUMNS", "MOST_ROWS", "TEMPLATE", "Found", "RowError", "read", "write"]

MOST_ROWS = 5_000
#: Field -> headings that mean it, in small letters with _ between words, in English and in French.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full_name", "nom", "nom_complet", "person", "personne"),
    "organisation": ("organisation", "organization", "company", "entreprise", "media", "outlet"),
    "role": ("role", "job", "title", "fonction", "poste"),
    "tier": ("tier", "kind", "audience", "type", "categorie", "public"),
    "x_handle": ("x_handle", "x", "twitter", "handle", "compte_x"),
    "linkedin_urn": ("linkedin_urn", "linkedin_number", "urn"),
    "linkedin_name": ("linkedin_name", "nom_linkedin", "name_on_linkedin"),
    "linkedin_vanity": ("linkedin_vanity", "linkedin", "linkedin_page", "profil_linkedin", "linkedin_profile"),
    "may_be_named": ("may_be_named", "consent", "accord", "peut_etre_nomme", "consentement"),
    "note": ("note", "notes", "remark", "remarque"),
}
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("name", "organisation", "role", "tier", "x_handle", "linkedin_urn", "linkedin_name", "linkedin", "may_be_named", "note"),
    ("Jane Doe", "The Example Times", "Technology editor", "journalist", "@janedoe", "", "", "https://www.linkedin.com/in/janedoe", "yes", ""),
    ("Example Group", "", "", "other", "examplegroup", "urn:li:organization:12345", "Example Group", "", "", ""),
)
_FRENCH = {
    "politique": Tier.POLITICIAN, "elu": Tier.POLITICIAN, "journaliste": Tier.JOURNALIST, "presse": Tier.JOURNALIST, "press": Tier.JOURNALIST,
    "analyste": Tier.ANALYST, "expert": Tier.EXPERT, "experte": Tier.EXPERT, "client": Tier.CUSTOMER, "cliente": Tier.CUSTOMER, "salarie": Tier.EMPLOYEE,
    "salariee": Tier.EMPLOYEE, "collaborateur": Tier.EMPLOYEE, "collaboratrice": Tier.EMPLOYEE, "autre": Tier.OTHER, "": Tier.OTHER,
}  # fmt: skip
_TIERS = {folded(word): tier for tier in Tier for word in (tier.value, tier.value + "s", TIERS[tier])} | _FRENCH
_ANSWERS: Mapping[str, bool | None] = {
    "": None, "yes": True, "y": True, "true": True, "1": True, "oui": True, "o": True, "vrai": True, "no": False, "n": False, "false": False, "0": False, "non": False, "faux": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing to put right. `row` is the number a spreadsheet shows; `message` is English with %(name)s places."""

    row: int
    column: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    value: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. known -- rows that are in the register already, under the same name and organisation."""

    new: list[tuple[int, PersonValues]]
    known: int
    errors: list[RowError]
    unused: list[str]


def read(db: Session, headings: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], *, titles: Sequence[str]) -> Found:
    """Every row checked. headings -- of the columns in small letters with _; titles -- as they stand in the file. Raises Invalid for no table of people."""
    places = {name: at for name, known in COLUMNS.items() for at, one in reversed(list(enumerate(headings))) if one in known}
    if "name" not in places:
        raise Invalid(N_("There is no column “name”. Its first row has to say what each column holds."), field="file")
    if len(rows) > MOST_ROWS:
        raise Invalid(N_("These are too many rows: at most %(most)s at a time."), field="file", most=MOST_ROWS)
    there = {(folded(name), folded(organisation)) for name, organisation in db.execute(select(Person.name, Person.organisation))}
    new: list[tuple[int, PersonValues]] = []
    errors: list[RowError] = []
    seen: dict[tuple[str, str], int] = {}
    known = 0
    for number, cells in rows:
        told = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
        if not any(told.values()):
            continue
        try:
            values = _values(told)
            checked(values)
        except Invalid as error:
            name = error.field or "name"
            errors.append(RowError(number, titles[places[name]] if name in places else "", error.message, error.params, told.get(name, "")[:200]))
            continue
        key = folded(values.name), folded(values.organisation)
        if key in seen:
            errors.append(RowError(number, titles[places["name"]], N_("This person stands in row %(row)s already."), {"row": seen[key]}, values.name))
        elif key in there:
            known += 1
        else:
            new.append((number, values))
        seen.setdefault(key, number)
    unused = [title for at, title in enumerate(titles) if at not in places.values() and title.strip()]
    if not new and not known and not errors:
        raise Invalid(N_("This file has no rows."), field="file")
    return Found(new, known, errors, unused)


def write(db: Session, found: Found, *, actor: User | None, now: datetime) -> int:
    """Add what is new, all or nothing; how many. With an error nothing is added."""
    require(actor, "person.edit")
    if found.errors:
        return 0
    for _number, values in found.new:
        service.add(db, values, actor=actor, now=now)
    return len(found.new)


def _values(told: Mapping[str, str]) -> PersonValues:
    tier = _TIERS.get(folded(told.get("tier", "")))
    if tier is None:
        raise Invalid(N_("Say what this person is to us: politician, journalist, analyst, expert, customer, employee or other."), field="tier")
    answer = folded(told.get("may_be_named", ""))
    if answer not in _ANSWERS:
        raise Invalid(N_("Write yes, no, or nothing when nobody asked."), field="may_be_named")
    words = {name: text for name, text in told.items() if name not in ("tier", "may_be_named")}
    return PersonValues(**words, tier=tier, may_be_named=_ANSWERS[answer])
