"""Sentences and moments in a person's language where no page is open: in e-mails and chat messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

__all__ = ["Speech", "speech"]

_FOLDER = Path(__file__).resolve().parent.parent / "translations"
#: Whose dates and clocks: as on the pages, English reads day before month and 24 hours.
_MANNERS = {"en": "en_GB", "fr": "fr_FR"}


class Speech:
    """Says things in one language, moments by one clock."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language if language in _MANNERS else "en"
        self._zone = ZoneInfo(zone)
        self._told = _translations(self.language)

    def say(self, message: str, **params: Any) -> str:
        """A sentence marked with N_."""
        text = str(self._told.ugettext(message)) if message else ""
        return text % params if params else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The same of a number, %(num)d; by this name both forms are found by the extractor."""
        return str(self._told.ungettext(one, many, number)) % {"num": number}

    def moment(self, at: datetime) -> str:
        """Weekday, day and hour by their clock."""
        return format_datetime(at.astimezone(self._zone), "EEE d MMM, HH:mm", locale=_MANNERS[self.language])

    def clock(self, at: datetime) -> str:
        """The hour by their clock."""
        return format_datetime(at.astimezone(self._zone), "HH:mm", locale=_MANNERS[self.language])

    def day(self, at: datetime) -> str:
        """The day by their clock, in full."""
        return format_date(at.astimezone(self._zone).date(), "EEEE d MMMM", locale=_MANNERS[self.language])

    def date(self, on: date) -> str:
        """A day of the calendar, short."""
        return format_date(on, "d MMM", locale=_MANNERS[self.language])

    def number(self, number: int) -> str:
        """With its thousands apart."""
        return format_decimal(number, locale=_MANNERS[self.language])


def speech(language: str, zone: str) -> Speech:
    """Somebody's way of being spoken to."""
    return Speech(language, zone)


@cache
def _translations(language: str) -> NullTranslations:
    loaded: Callable[..., NullTranslations] = Translations.load
    return loaded(str(_FOLDER), [language])
