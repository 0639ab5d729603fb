"""What a platform tells beside the counts of messages: tables about one message, and a page's gains of followers, kept as they were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from planner.channels.port import Account, Refused, RetryLater

__all__ = ["Detailed", "FollowerGain", "Gaining", "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """One table about one message over the days [since, until], by the platform's own calendar.

    rows -- one value a column. No rows at all: the platform withholds them, because too few people are in them. Never zero.
    """

    name: str
    since: date
    until: date
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Detailed(Protocol):
    """An adapter whose platform has such tables. `reports` are their names."""

    reports: Sequence[str]

    def report(self, name: str, external_id: str, since: date, account: Account) -> Report | Refused | RetryLater: ...


@dataclass(frozen=True, slots=True)
class FollowerGain:
    """How many more people followed a page at the end of one of its platform's days than at the start: below zero when more left.

    organic, paid -- apart; None when not told. raw -- the platform's own fields, untouched.
    """

    day: date
    organic: int | None
    paid: int | None
    raw: Mapping[str, Any] = field(compare=False, repr=False)


class Gaining(Protocol):
    """An adapter whose platform tells such gains; `tells_gains` says so."""

    tells_gains: bool

    def gains(self, since: date, account: Account) -> Sequence[FollowerGain] | None: ...
