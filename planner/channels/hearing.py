"""What a platform tells of what others wrote to or about an account of ours: plain values, and the adapters that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from planner.channels.port import Account, Receipt, Refused, RetryLater

__all__ = ["Heard", "Hearing", "Mentions"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of somebody else. links -- where it leads, as far as the platform says; thread -- the number of the message that it stands below.

    author, author_id -- a name, and the platform's number; empty when not told.
    """

    receipt: Receipt
    text: str
    author: str = ""
    author_id: str = ""
    links: Sequence[str] = ()
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Mentions:
    """Some messages, newest first. complete -- nothing was left out; failed -- why it is not, None when as many as were wanted were told."""

    heard: Sequence[Heard] = ()
    complete: bool = True
    failed: RetryLater | Refused | None = None


class Hearing(Protocol):
    """An adapter whose platform lists them; `hears` says so.

    after, before -- numbers of messages: only what came later, or earlier. since -- where no `after` is known. most -- how many at most.
    """

    hears: bool

    def mentions(self, account: Account, *, after: str, before: str, since: datetime, most: int) -> Mentions: ...
