"""The way back to the calendar one came from."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, url_for

__all__ = ["back_to", "say_with_undo"]


def back_to(asked: str | None, day: date | None = None) -> str:
    """Where one came from on the calendar, else the week of that day; nothing leads elsewhere."""
    home = url_for("planning.calendar")
    if asked and asked.startswith(f"{home}?") and not {"\n", "\r", "\\"} & set(asked):
        return asked
    return url_for("planning.calendar", date=day)


def say_with_undo(text: str, undo: str, **fields: Any) -> None:
    """A message on the next page that can be taken back for a while."""
    said: Any = {"text": text, "undo": undo, "fields": fields}
    flash(said, "success")
