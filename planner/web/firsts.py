"""The first of a month as French writes it: “1er mars”. The locale's own tables say “1 mars”."""

from __future__ import annotations

import re

from babel import Locale

__all__ = ["as_written"]

_FIRST = re.compile(r"(?<!\d)1(?= (?:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc))")


def as_written(text: str, locale: Locale | None) -> str:
    """A date that was formatted for this locale, with the first of a month as its readers write it."""
    return _FIRST.sub("1er", text) if locale is not None and locale.language == "fr" else text
