"""What the statistics of a website are asked for, whoever keeps them: visits by day, page and source. Failures name the setting to correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from planner.core.errors import Refused, Unavailable
from planner.core.http import Answer, CallFailed
from planner.core.i18n import N_
from planner.insights.sources import tidy
from planner.insights.visit_rows import VisitRow

__all__ = ["Asked", "Caller", "Statistics", "call", "row_of"]

_SECONDS, _BYTES = 120.0, 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """Visits of some days, each day with its rows. `is_thinned`: rows were left out so that nobody is told from few."""

    days: dict[date, list[VisitRow]] = field(default_factory=dict)
    is_thinned: bool = False


class Caller(Protocol):
    """core.http.Http, as far as it is needed here."""

    def request(self, method: str, url: str, **more: Any) -> Answer: ...


class Statistics(Protocol):
    """One website's statistics. Both raise Refused or Unavailable, whose `field` is the setting to correct: address, number or key."""

    def check(self) -> None:
        """Whether the settings work; reads nothing that is kept."""

    def visits(self, days: Sequence[date], paths: Sequence[str], *, by_query: bool = False) -> Asked:
        """Visits that began on these days on one of these paths (without host, query and final slash), or that carry our mark.

        by_query -- on one of the paths the query names a page of ours, so the pages are told with theirs.
        """


def call(http: Caller, url: str, *, field: str, **more: Any) -> Answer:
    """POST, with a failure said as the setting `field`'s. Raises Unavailable."""
    try:
        answer = http.request("POST", url, timeout_seconds=_SECONDS, max_bytes=_BYTES, **more)
    except CallFailed as error:
        raise Unavailable(N_("%(host)s does not answer. Check the address, and that this server may reach it."), field=field, host=error.host) from None
    if 300 <= answer.status < 400:
        raise Refused(N_("The address leads somewhere else. Give the one where it ends, with https:// if it has that."), field=field)
    if answer.cut:
        raise Unavailable(N_("The answer broke off before its end. It is asked again within the hour."), field=field)
    return answer


def row_of(day: date, page: str, visits: int, *, source: str = "", medium: str = "", campaign: str = "", content: str = "") -> VisitRow:
    """A count as a row of a file would have told it: names tidied alike, so that both sort into the same sources."""
    return VisitRow(
        0, None, page, day, source=tidy(source)[:200], medium=tidy(medium)[:80], campaign=tidy(campaign)[:200], content=tidy(content)[:200], visits=visits
    )  # fmt: skip
