"""Ways of the calendar: back to where one came from, and addresses that differ by their day alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, url_for

__all__ = ["ANY_DAY", "back_to", "by_day", "say_with_undo"]

#: Stands for the day in an address that is written once.
ANY_DAY = date.min


def back_to(asked: str | None, day: date | None = None) -> str:
    """Where one came from on the calendar, else the week of that day; nothing leads elsewhere."""
    home = url_for("planning.calendar")
    if asked and asked.startswith(f"{home}?") and not {"\n", "\r", "\\"} & set(asked):
        return asked
    return url_for("planning.calendar", date=day)


def by_day(address: str) -> Callable[[date], str]:
    """That address with a day in the place of ANY_DAY (the first, where there are several): a sheet has hundreds, and writing one takes long."""
    before, _any, after = address.partition(f"{ANY_DAY}")
    return lambda day: f"{before}{day}{after}"


def say_with_undo(text: str, undo: str, **fields: Any) -> None:
    """A message on the next page that can be taken back for a while."""
    said: Any = {"text": text, "undo": undo, "fields": fields}
    flash(said, "success")
