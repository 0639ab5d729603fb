"""The register: people outside and inside the house, what they are called on each platform, and whether they may be named."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from planner.core.db import Record
from planner.core.i18n import N_
from planner.core.types import Choice

__all__ = ["TIERS", "Person", "Tier"]


class Tier(StrEnum):
    """What somebody is to us."""

    POLITICIAN = "politician"
    JOURNALIST = "journalist"
    ANALYST = "analyst"
    EXPERT = "expert"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    OTHER = "other"


TIERS: dict[Tier, str] = {
    Tier.POLITICIAN: N_("Politician"),
    Tier.JOURNALIST: N_("Journalist"),
    Tier.ANALYST: N_("Analyst"),
    Tier.EXPERT: N_("Expert"),
    Tier.CUSTOMER: N_("Customer"),
    Tier.EMPLOYEE: N_("Employee"),
    Tier.OTHER: N_("Other"),
}


class Person(Record):
    """Somebody, or an organisation, that posts may mention."""

    __tablename__ = "people"
    __table_args__ = ({"sqlite_autoincrement": True},)  # A number is never used again: texts of posts hold it.
    name: Mapped[str] = mapped_column(String(120), index=True)
    organisation: Mapped[str] = mapped_column(String(160), default="")
    #: What they do there, in words.
    role: Mapped[str] = mapped_column(String(160), default="")
    tier: Mapped[Tier] = mapped_column(Choice(Tier), default=Tier.OTHER)
    #: Without the @. Empty: none known.
    x_handle: Mapped[str] = mapped_column(String(15), default="")
    #: urn:li:person:… or urn:li:organization:…; empty: none known, and a mention on LinkedIn is the plain name.
    linkedin_urn: Mapped[str] = mapped_column(String(120), default="")
    #: The name exactly as LinkedIn has it: a mention under another name links to nobody. Empty: `name`.
    linkedin_name: Mapped[str] = mapped_column(String(120), default="")
    #: The end of the profile's address, linkedin.com/in/… or /company/…; for people, no mention needs it.
    linkedin_vanity: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    #: Whether they agreed to be named by us; None: nobody asked.
    may_be_named: Mapped[bool | None]
    #: Everything to be found by, folded.
    sought: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def called_on_linkedin(self) -> str:
        """The name that a mention there needs."""
        return self.linkedin_name or self.name
