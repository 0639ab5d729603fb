"""Words and numbers of the promotion desk in the reader's way: its lists, its reasons, its shares and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import format_date, format_decimal, format_percent, gettext

from planner.promotion.choices import LABELS

__all__ = ["about", "length_of", "percent", "promotion_label", "reason", "small"]


def promotion_label(value: StrEnum | None) -> str:
    """The word for a member of one of the desk's lists."""
    return "" if value is None else str(gettext(LABELS[value]))


def percent(share: float | None) -> str:
    """A share or probability as a whole percentage; never a 0 % or 100 % that is not one."""
    if share is None:
        return ""
    shown = min(max(round(share, 2), 0.01), 0.99) if 0 < share < 1 else share
    return str(format_percent(shown))


def length_of(seconds: float) -> str:
    """A length as 0:45 or 12:30."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def about(views: float | None) -> str:
    """Views that are forecast: as exact as they are known, to two or three places."""
    if views is None:
        return ""
    digits = len(str(int(abs(views))))
    return str(format_decimal(int(round(views, min(2 - digits, 0) if digits > 2 else 0))))


def small(value: float) -> str:
    """A rate such as views a day: one place below ten, none above."""
    return str(format_decimal(round(value, 1 if value < 10 else 0)))


def reason(told: Any) -> str:
    """A reason of a verdict as a sentence; `told` has `message` and `params`, or is what a decision kept of them."""
    message, params = (told["message"], told["params"]) if isinstance(told, Mapping) else (told.message, told.params)
    shown = {name: percent(value) if name == "chance" else _day(value) if name == "until" else _plain(value) for name, value in params.items()}
    return str(gettext(message, **shown)) if shown else str(gettext(message))


def _day(value: str) -> str:
    return str(format_date(date.fromisoformat(value), "d MMM y"))


def _plain(value: Any) -> Any:
    return format_decimal(round(value)) if isinstance(value, int | float) else value
