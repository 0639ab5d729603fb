"""What an asset may be: pure checks of what a person typed, each with a sentence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from planner.catalog.models import AssetState
from planner.core.errors import Invalid, WrongState
from planner.core.i18n import N_

__all__ = ["check_day", "check_line", "check_moment", "check_money", "check_step", "check_text", "check_url", "lags"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_MOST_MONEY = Decimal("9999999999.99")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def check_day(day: date | None, field: str) -> date | None:
    """A day of this or the coming decades; None stays None. Raises Invalid."""
    if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
        raise Invalid(N_("Choose a year between 1990 and 2100."), field=field)
    return day


def check_text(text: str, field: str, *, most: int) -> str:
    """A text of several lines, without outer spaces. Raises Invalid when it is too long or cannot be stored."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(text):
        raise Invalid(N_("This contains characters that cannot be stored."), field=field)
    if len(text) > most:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field=field, most=most)
    return text


def check_line(text: str, field: str, *, most: int, required: bool = False) -> str:
    """A text of one line; breaks and runs of spaces become one space. Raises Invalid, also when it is empty but needed."""
    text = " ".join(check_text(text, field, most=1_000_000_000).split())
    if required and not text:
        raise Invalid(N_("This cannot be empty."), field=field)
    if len(text) > most:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field=field, most=most)
    return text


def check_url(url: str, field: str = "url") -> str:
    """An http or https address, or empty. Raises Invalid for javascript:, data:, and addresses without a host."""
    url = check_line(url, field, most=2000)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises ValueError for a port that is none.
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        fits = False
    if not fits:
        raise Invalid(N_("Write an address that starts with https:// or http://."), field=field)
    return url


def check_money(cost: Decimal | None, field: str = "cost") -> Decimal | None:
    """None is not told, 0 is free. Raises Invalid below zero, beyond ten digits, or when it is not a number."""
    if cost is None:
        return None
    if not cost.is_finite() or cost < 0 or cost > _MOST_MONEY:
        raise Invalid(N_("Write an amount between 0 and 9,999,999,999.99."), field=field)
    return cost.quantize(Decimal("0.01"))


def check_moment(moment: datetime | None, field: str) -> datetime | None:
    """Raises Invalid for a moment outside 1990 to 2100, a slip of the keyboard, and for one without a zone."""
    if moment is not None and moment.tzinfo is None:
        raise Invalid(N_("A moment needs its time zone, such as 2026-03-24T09:30:00+01:00."), field=field)
    if moment is not None and not _EARLIEST <= moment < _LATEST:
        raise Invalid(N_("Choose a year between 1990 and 2100."), field=field)
    return moment


def check_step(before: AssetState, after: AssetState) -> None:
    """Any step between states is allowed but one: a retired asset is brought back first. Raises WrongState."""
    if before is AssetState.RETIRED and after is not AssetState.RETIRED:
        raise WrongState(N_("This is retired. Bring it back first."), field="state")


def lags(state: AssetState, *, live_posts: int) -> bool:
    """Whether a state is clearly behind: it says that nothing is made yet, and posts about it are live. Only a person changes it."""
    return live_posts > 0 and state in (AssetState.IDEA, AssetState.IN_PRODUCTION)
