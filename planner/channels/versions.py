"""How long each version of LinkedIn's API is served, so that nobody learns of the end from a failed post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["SUNSETS", "WARN_BEFORE", "Sunset", "sunset_of"]

#: LinkedIn-Version -> first day on which it is refused (LinkedIn's published migration table).
SUNSETS: dict[str, date] = {
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202603": date(2027, 3, 16),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
}
WARN_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Sunset:
    """The end of a version that is near or past; `gone` when LinkedIn refuses it already."""

    version: str
    day: date
    gone: bool


def sunset_of(version: str, today: date) -> Sunset | None:
    """The end of this version, from WARN_BEFORE days ahead; None while it is far, or for a version whose end is not known."""
    day = SUNSETS.get(version)
    if day is None or today < day - WARN_BEFORE:
        return None
    return Sunset(version, day, gone=today >= day)
