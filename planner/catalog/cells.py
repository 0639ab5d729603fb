"""Reads one cell of somebody's table: dates, amounts, durations and words, in English and in French. Each refusal is a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from planner.catalog.models import AssetKind, AssetState, Audience, Confidentiality, Purpose, label_of
from planner.catalog.rules import check_moment, check_money
from planner.catalog.sheets import BROKEN, heading
from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["amount", "check", "choice", "clock", "count", "duration", "moment", "parts", "several", "written", "yes"]

Member = TypeVar("Member", bound=StrEnum)

#: What a spreadsheet would run: a formula, a function call after a sign, a command after a bar.
_FORMULA = re.compile(r"\s*(=|[+\-@][A-Za-z_.]+\(|[+\-@].*\|.*![A-Za-z]{1,3}\d)", re.DOTALL)
_DURATION = re.compile(r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?", re.IGNORECASE)
_LENGTH = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
#: A date that can be read in one way alone: the year first, or the month as an English word, a weekday before it or not.
_DATED = re.compile(
    r"(?:(?P<year>\d{4})(?P<mark>[/.-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})|(?:[A-Za-z]{3,9}, *)?(?P<worded>\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}|[A-Za-z]{3,9} \d{1,2}, \d{4}))"
    r"(?:[T, ]+(?P<clock>\d{1,2}[:hH].*?))?(?: *(?P<zone>[+-]\d{2}:?\d{2}|UTC|GMT|UT|Z))?",
)
#: No date has more letters; of a longer cell nothing is read.
_LONGEST_DATE = 60
_WORDED = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
_CLOCK = re.compile(r"(\d{1,2})[:hH](\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp])?\.?[Mm]?\.?")
_SPACES = re.compile(r"[\s  ']+")
_LONGEST_DURATION = 31 * 24 * 3600
#: A count stays below a quadrillion, so that sums over thousands of posts can be stored.
_MOST_DIGITS = 15

#: What people write besides the values and the English labels.
_FRENCH: dict[StrEnum, tuple[str, ...]] = {
    AssetKind.VIDEO: ("film",),
    AssetKind.WHITE_PAPER: ("livre blanc", "whitepaper"),
    AssetKind.BLOG_POST: ("blog", "billet", "billet de blog", "article de blog"),
    AssetKind.PRESS_RELEASE: ("communiqué", "communiqué de presse", "release"),
    AssetKind.TECHNICAL_ARTICLE: ("article technique",),
    AssetKind.PRESS_ARTICLE: ("article de presse", "article"),
    AssetKind.PODCAST: ("balado",),
    AssetKind.SLIDE_DECK: ("présentation", "diaporama", "slides", "deck"),
    AssetState.IDEA: ("idée",),
    AssetState.IN_PRODUCTION: ("en production",),
    AssetState.IN_REVIEW: ("en relecture",),
    AssetState.READY: ("prêt",),
    AssetState.LIVE: ("en ligne", "published", "publié"),
    AssetState.RETIRED: ("retiré", "archived", "archivé"),
    Audience.JOURNALISTS: ("journalistes", "journalist", "presse", "press"),
    Audience.ANALYSTS: ("analystes", "analyst"),
    Audience.EXPERTS: ("expert",),
    Audience.CUSTOMERS: ("clients", "client", "customer"),
    Audience.EMPLOYEES: ("salariés", "collaborateurs", "employés", "employee"),
    Audience.INVESTORS: ("investisseurs", "investor"),
    Audience.GENERAL_PUBLIC: ("grand public", "public"),
    Purpose.WEB: ("site", "internet"),
    Purpose.EVENT: ("événement", "pour un événement", "conference", "conférence", "salon"),
    Purpose.INTERNAL: ("interne",),
    Confidentiality.PUBLIC: ("publique",),
    Confidentiality.INTERNAL: ("interne",),
    Confidentiality.CONFIDENTIAL: ("confidentiel", "confidentielle"),
}
_WORDS: dict[type[StrEnum], dict[str, StrEnum]] = {
    enum: {
        heading(word): member
        for member in enum
        for word in (member.value, label_of(member), *_FRENCH.get(member, ()))
    }
    for enum in (AssetKind, AssetState, Audience, Purpose, Confidentiality)
}
_YES_NO: Mapping[str, bool] = {
    "yes": True, "oui": True, "true": True, "vrai": True, "1": True, "x": True,
    "no": False, "non": False, "false": False, "faux": False, "0": False,
}  # fmt: skip


def check(text: str) -> str:
    """The cell, if it can be taken at all. Raises Invalid for a formula, for damaged letters and for twice-encoded ones."""
    if _FORMULA.match(text[:500]):
        raise Invalid(N_("This looks like a spreadsheet formula, which is not taken. Write the plain text."))
    if BROKEN in text:
        raise Invalid(N_("Some letters here are damaged. Save the file as CSV (UTF-8), then send it again."))
    if _is_twice_encoded(text):
        raise Invalid(N_("Letters here were saved in the wrong encoding (“Ã©” for “é”). Save the file as CSV (UTF-8)."))
    return text


def moment(text: str, zone: str = "UTC") -> datetime:
    """A date or a moment, in the forms of `written`. Without an offset it is in `zone`; a date alone is its midnight."""
    found = written(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
        if found.utcoffset() != found.replace(fold=1).utcoffset():
            said = N_("At %(text)s the clocks change in %(zone)s, so that time comes twice or not at all. Write its offset as well, such as 2026-10-25T02:30+02:00.")
            raise Invalid(said, text=text[:40], zone=zone)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        raise Invalid(N_("Choose a year between 1990 and 2100.")) from None
    check_moment(found, "")
    return found


def count(text: str) -> int:
    """A whole number, zero or more; spaces between thousands are forgiven."""
    plain = _SPACES.sub("", text)
    if re.fullmatch(r"-\d+(\.0+)?", plain):
        raise Invalid(N_("“%(text)s” is below zero: a count cannot be."), text=text[:40])
    if not re.fullmatch(r"\d+(\.0+)?", plain, re.ASCII):
        raise Invalid(N_("“%(text)s” is not a whole number such as 12500."), text=text[:40])
    digits = plain.partition(".")[0].lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise Invalid(N_("“%(text)s” is larger than a count can be."), text=text[:40])
    return int(digits or "0")


def amount(text: str) -> Decimal:
    """An amount of money: 1200, 1200.50, 1 200,50 €."""
    plain = _SPACES.sub("", text).strip("€$£")
    marks = re.findall(r"[.,]", plain)
    if len(set(marks)) == 2:
        thousands = "," if plain.rfind(",") < plain.rfind(".") else "."
        plain = plain.replace(thousands, "")
    elif len(marks) > 1 or (marks and len(plain) - 1 - plain.index(marks[0]) == 3):
        raise Invalid(N_("“%(text)s” can be read in two ways. Write the amount as 1234.50."), text=text[:40])
    try:
        found = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise Invalid(N_("“%(text)s” is not an amount such as 1200.50."), text=text[:40]) from None
    checked = check_money(found)
    assert checked is not None
    return checked


def duration(text: str) -> int:
    """Seconds of PT10M5S, 10:05, 1:02:03 or 605."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = int(text)
    elif (found := _DURATION.fullmatch(text)) and any(found.groups()):
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    elif found := _LENGTH.fullmatch(text):
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = (hours * 60 + minutes) * 60 + rest
    else:
        raise Invalid(N_("“%(text)s” is not a duration such as 10:05 or PT10M5S."), text=text[:40])
    if seconds > _LONGEST_DURATION:
        raise Invalid(N_("“%(text)s” is longer than a month."), text=text[:40])
    return seconds


def choice(enum: type[Member], text: str) -> Member:
    """A member of a closed list, by its value, its English label or what French offices write."""
    found = _WORDS[enum].get(heading(text))
    if found is None:
        known = ", ".join(member.value for member in enum)
        raise Invalid(N_("“%(text)s” is not one of: %(known)s."), text=text[:40], known=known)
    return enum(found)


def several(enum: type[Member], text: str) -> list[Member]:
    """Members of a closed list, parted by commas, semicolons, bars or lines."""
    return list(dict.fromkeys(choice(enum, part) for part in parts(text)))


def parts(text: str) -> list[str]:
    """The items of a cell that holds several."""
    return [part.strip() for part in re.split(r"[,;|\n]", text) if part.strip()]


def yes(text: str) -> bool:
    """Yes or no."""
    found = _YES_NO.get(heading(text))
    if found is None:
        raise Invalid(N_("“%(text)s” is neither yes nor no."), text=text[:40])
    return found


def written(text: str) -> datetime:
    """A date, or a moment, as tables write it; aware where an offset stands there. Raises Invalid.

    ISO 8601 · day first, 24/03/2026 09:30 · year first, 2026/03/24 · the month as an English word, 24 Mar 2026 or Mar 24, 2026 · RFC 2822,
    Tue, 24 Mar 2026 09:30:00 +0000. The last three, and ISO, may end in UTC, GMT or an offset.
    """
    text = text if len(text) <= _LONGEST_DATE else f"{text[:40]}…"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
        if (found := _DATED.fullmatch(text)) and (found["clock"] or not found["zone"]):
            date = _worded(found["worded"]) if found["worded"] else f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"
            return datetime.fromisoformat(f"{date}T{clock(found['clock'] or '00:00')}").replace(tzinfo=_offset(found["zone"]))
    except ValueError:
        pass
    raise Invalid(N_("“%(text)s” is not a date such as 2026-03-24 or 24/03/2026 09:30."), text=text[:40])


def clock(text: str) -> str:
    """A time of day, on 24 hours or on twice 12, as 09:30:00. Raises Invalid."""
    found = _CLOCK.fullmatch(text.strip())
    hour = int(found[1]) if found else 99
    if found is None or hour > (12 if found[4] else 23) or found[2] > "59":
        raise Invalid(N_("“%(text)s” is not a time such as 09:30."), text=text[:40])
    if found[4]:
        hour = hour % 12 + (12 if found[4] in "Pp" else 0)
    return f"{hour:02}:{found[2]}:{found[3] or '00'}"


def _worded(text: str) -> str:
    """A date whose month is an English word as 2026-11-20. Raises ValueError."""
    for form in _WORDED:
        try:
            return datetime.strptime(" ".join(text.split()), form).date().isoformat()  # noqa: DTZ007 -- only the day is taken
        except ValueError:
            continue
    raise ValueError(text)


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    sign, digits = (-1 if text[0] == "-" else 1), text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _is_twice_encoded(text: str) -> bool:
    """UTF-8 that was once read as Windows-1252: real text almost never survives the way back."""
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False
