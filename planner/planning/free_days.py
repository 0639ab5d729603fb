"""Public holidays: the country a time zone lies in, and what that country keeps, from the `holidays` tables; no database, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel.core import get_global

from planner.core.i18n import Named

__all__ = ["FreeDay", "country_of", "countries", "in_year", "on"]


def country_of(zone: str) -> str:
    """Two letters of the country a time zone lies in, such as FR for Europe/Paris; empty for UTC and the like."""
    found = str(get_global("zone_territories").get(zone, ""))
    return found if len(found) == 2 and found.isalpha() else ""


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The countries whose holidays are known, two letters each."""
    import holidays  # The tables are large; only who asks for a holiday pays for them.

    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


@lru_cache(maxsize=256)
def in_year(country: str, year: int, language: str = "") -> Mapping[date, str]:
    """Day -> name of what the whole country keeps that year, in `language` where the tables have it, else in English, else in the country's own.

    Empty for a country that is not known. Kept: a process works out a country's year once.
    """
    if country not in countries():
        return MappingProxyType({})
    import holidays

    known: Any = holidays.country_holidays(country)
    spoken = {one.lower().split("_")[0]: one for one in known.supported_languages or ()}
    chosen = spoken.get(language) or spoken.get("en") or known.default_language
    return MappingProxyType(dict(sorted(holidays.country_holidays(country, years=year, language=chosen).items())))


@dataclass(frozen=True, slots=True)
class FreeDay(Named):
    """A day that a country keeps, named when it is shown: by its reader's language."""

    country: str
    day: date

    def named(self, language: str) -> str:
        """Its name in that language (two letters), else in English, else in the country's own."""
        name = in_year(self.country, self.day.year, language)[self.day]
        return name.replace("'", "’") if language == "fr" else name  # The tables write “Jour de l'an”.

    def __str__(self) -> str:
        return self.named("en")


def on(country: str, day: date) -> FreeDay | None:
    """The holiday that country keeps on that day; None when it keeps none, or is not known."""
    return FreeDay(country, day) if country and day in in_year(country, day.year) else None
