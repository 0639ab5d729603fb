"""The other posts that findings speak of, as the reader may open them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import g

from planner.planning import queries
from planner.planning.findings import Finding

__all__ = ["named_in"]

#: Of one finding; a day's maximum may have dozens.
_MOST = 5


def named_in(findings: Iterable[Finding]) -> dict[int, str]:
    """Number and title of the posts to lead to, the first few of each finding, without those that this reader may not know of. At most one statement."""
    return queries.titles_of(g.db, {number for one in findings for number in one.post_ids[:_MOST]}, viewer=g.user)
