"""What an answer, or its absence, means for a post: the outcome classes that the thin adapters share.

A definite yes or no needs a clear answer. Only two answers are documented to mean that nothing was done and the same
may be tried again: 429, and 503 with Retry-After. Everything unclear is Unknown, never “failed”.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from planner.channels.port import Listing, Refused, RetryLater, Unknown
from planner.core.errors import Refused as ConsentRefused
from planner.core.errors import Unavailable
from planner.core.http import Answer, CallFailed, NotSent
from planner.core.i18n import N_

__all__ = ["DEFAULT_WAIT", "Stop", "Stopped", "count", "inside", "nothing_live", "unanswered", "unsaid", "verdict", "wait_asked"]

DEFAULT_WAIT = timedelta(minutes=15)
_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(hours=24)
_NUMBER = re.compile(r"\s*([+-]?)([0-9]+)(?:\.[0-9]*)?\s*")

Stop = Refused | RetryLater | Unknown


class Stopped(Exception):
    """A step did not get its yes; `outcome` says what that means. It never leaves an adapter."""

    def __init__(self, outcome: Stop) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome

    @property
    def listing(self) -> Listing:
        """What it means for a search among our own posts: nothing is known."""
        return Listing((), complete=False, reason=self.outcome.reason)


def verdict(answer: Answer, *, platform: str, said: str, now: datetime) -> Stop:
    """What an answer that is not a yes means.

    platform -- its name in sentences; said -- the platform's own reason, without secrets, may be empty.
    """
    status, tail = answer.status, f" {platform} says: {said}" if said else ""
    wait = wait_asked(answer.headers, now)
    if status == 401:
        return Refused("unauthorised", f"{platform} no longer accepts this connection. Connect the account again.", account=True)
    if status == 402:
        return Refused("credits", f"The credits at {platform} are used up.{tail}", account=True)
    if status == 403:
        return Refused("forbidden", f"{platform} does not allow this.{tail}")
    if status in (404, 410):
        return Refused("not_found", f"{platform} knows nothing at this address.{tail}")
    if status == 429:
        return RetryLater(f"{platform} asks for a pause.{tail}", after=wait or DEFAULT_WAIT, account=True)
    if status == 503 and wait is not None:
        return RetryLater(f"{platform} is not available at the moment.{tail}", after=wait, down=True)
    if 400 <= status < 500 and status != 408:
        return Refused("content", f"{platform} does not take this.{tail}")
    return Unknown(f"{platform} answered with status {status}, from which nothing follows.{tail}", down=status >= 500 or status == 408)


def unanswered(failure: CallFailed) -> RetryLater | Unknown:
    """What it means that no answer came to a call that changes something."""
    return RetryLater(str(failure), down=True) if isinstance(failure, NotSent) else Unknown(str(failure), down=True)


def unsaid(platform: str, stopped: Stopped) -> ConsentRefused | Unavailable:
    """Why a platform did not say whose key it gave, as a failure a person reads."""
    kind = ConsentRefused if isinstance(stopped.outcome, Refused) else Unavailable
    said = N_("%(platform)s did not say which account this is: %(reason)s Nothing was stored.")
    return kind(said, platform=platform, reason=stopped.outcome.reason)


def nothing_live(outcome: Stop) -> Refused | RetryLater:
    """The outcome of a step that puts nothing live (an upload, a read): what is unknown of it may simply be tried again."""
    return RetryLater(outcome.reason, down=outcome.down) if isinstance(outcome, Unknown) else outcome


def wait_asked(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long we are asked to wait, between one second and a day; None when no header says it understandably.

    Retry-After in seconds or as an HTTP date comes first, then x-rate-limit-reset in Unix seconds.
    """
    wait = _retry_after(headers.get("Retry-After", ""), now)
    if wait is None:
        reset = _number(headers.get("x-rate-limit-reset", ""))
        wait = None if reset is None else reset - timedelta(seconds=now.timestamp())
    return None if wait is None else min(max(wait, _SHORTEST), _LONGEST)


def inside(value: Any, *path: str) -> Any:
    """The value at the end of a path through JSON objects, or None when any step is missing or something else."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def count(value: Any) -> int | None:
    """A count as a platform tells it, or None: a text, a fraction or a negative number is not a count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _retry_after(raw: str, now: datetime) -> timedelta | None:
    seconds = _number(raw)
    if seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(raw)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _number(raw: str) -> timedelta | None:
    """A whole number of seconds; one of absurd size stays within what a timedelta holds."""
    found = _NUMBER.fullmatch(raw)
    if not found:
        return None
    sign, digits = found.groups()
    seconds = int(digits) if len(digits) <= 12 else 10**12
    return timedelta(seconds=-seconds if sign == "-" else seconds)
