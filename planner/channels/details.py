"""What a platform tells about one message beside its counts: tables, kept as they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from planner.channels.port import Account, Refused, RetryLater

__all__ = ["Detailed", "Report"]


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
