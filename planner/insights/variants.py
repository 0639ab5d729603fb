"""Variants of a post beside each other: how many of those who saw each one acted, with an interval, and whether that says anything yet.

They are read at the same age. What is compared is a rate, so that the one that more people happened to see does not win by that. It is no
experiment: each went out at an hour of its own, to whoever was there, one after the other. That is said beside the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.insights.intervals import Rate, difference, rate
from planner.insights.models import Snapshot
from planner.insights.ranking import SEEN, metric_of
from planner.insights.rules import is_mixed, way_of
from planner.planning.models import Post, PostState
from planner.planning.variants import differences

__all__ = ["ACTED", "LEAST_ACTED", "LEAST_SEEN", "SURE", "Answer", "Comparison", "Gap", "Shown", "compare", "of_asset", "of_post"]

#: How sure a difference is to be before it is called one; shared out where there are more than two variants.
SURE = 0.95
#: Each variant must have been seen so often, and all of them together acted upon so often, before anything is said.
LEAST_SEEN, LEAST_ACTED = 200, 10
#: Younger than this nobody is compared; ages may differ by a fifth, as in the ranking.
_YOUNGEST = timedelta(days=1)
_ALIKE = 0.2
#: What people did, the plainest first: clicks where they are told.
ACTED = ("clicks", "engagements")


class Answer(StrEnum):
    """What the comparison says."""

    #: One does better than each other.
    BETTER = "better"
    #: The intervals of the differences hold zero.
    CANNOT_TELL = "cannot_tell"
    #: Too few people saw or acted.
    TOO_FEW = "too_few"
    #: Not all were read at one age yet.
    NO_COMMON_AGE = "no_common_age"
    #: The platform changed what it counts between them.
    COUNTED_APART = "counted_apart"


@dataclass(frozen=True, slots=True)
class Shown:
    """One variant at the age at which all are compared; what is not told is None. differs -- from the first, by planning.variants' names."""

    post_id: int
    words: str
    differs: Sequence[str]
    published_at: datetime
    read_at: datetime | None = None
    seen: int | None = None
    acted: int | None = None
    rate: Rate | None = None
    #: By which definition of a view it was counted; empty for impressions.
    regime: str = ""


class Gap(NamedTuple):
    """One rate less another, with its interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A group by one act. best -- the post that does better, only where that can be told; gap -- the highest rate less the next one's, where
    both are known; apart -- between the first and the last publication; changes -- in what they differ, all
    together: with more than one thing nobody knows which it was."""

    channel_id: int
    platform: Platform
    channel: str
    acted: str
    age: timedelta | None
    shown: Sequence[Shown]
    answer: Answer
    best: int | None
    gap: Gap | None
    apart: timedelta
    changes: Sequence[str]

    @property
    def metric(self) -> str:
        """The count that says how often they were seen."""
        return metric_of(self.platform, SEEN)


#: A reading: age, moment, way of counting, seen, acted by name.
Reading = tuple[timedelta, datetime, str, int | None, Mapping[str, int | None]]


def of_post(db: Session, post: Post) -> Comparison | None:
    """The group of one post; None without another live variant. Two statements."""
    first = post.variant_of_id or post.id
    found = _compared(db, or_(Post.id == first, Post.variant_of_id == first))
    return found[0] if found else None


def of_asset(db: Session, asset_id: int) -> list[Comparison]:
    """Every group of an asset's live variants, by their first posts. Two statements, one without variants."""
    return _compared(db, Post.asset_id == asset_id)


def compare(posts: Sequence[Post], readings: Mapping[int, Sequence[Reading]]) -> Comparison:
    """A group's comparison by the first act of ACTED that is told of all of them. posts -- at least two, live, the first first."""
    told = [_by(posts, readings, name) for name in ACTED]
    # An act that is told of all is better than one that is not, and clicks are better than engagements.
    return next((one for one in told if one.answer is not Answer.NO_COMMON_AGE), told[-1])


def _by(posts: Sequence[Post], readings: Mapping[int, Sequence[Reading]], name: str) -> Comparison:
    usable = {post.id: [one for one in readings.get(post.id, ()) if one[3] is not None and one[4][name] is not None] for post in posts}
    age = _common_age(list(usable.values()))
    picked = {post.id: _at(usable[post.id], age) for post in posts}
    shown = [_shown(post, posts[0], picked[post.id], name, len(posts)) for post in posts]
    answer, best, gap = _answer(shown, {way_of(one.regime, one.published_at) for one in shown if one.read_at})
    moments = sorted(one.published_at for one in shown)
    changes = sorted({what for one, other in pairwise(posts) for what in differences(one, other)})
    channel = posts[0].channel
    return Comparison(channel.id, channel.platform, channel.name, name, age, shown, answer, best, gap, moments[-1] - moments[0], changes)


def _common_age(readings: Sequence[Sequence[Reading]]) -> timedelta | None:
    """The greatest age at which each was read, give or take a fifth."""
    if not all(readings):
        return None
    for age in sorted((one[0] for one in min(readings, key=lambda some: some[-1][0])), reverse=True):
        if age >= _YOUNGEST and all(_at(some, age) for some in readings):
            return age
    return None


def _at(readings: Sequence[Reading], age: timedelta | None) -> Reading | None:
    """The reading nearest to this age, within a fifth of it."""
    if age is None or not readings:
        return None
    nearest = min(readings, key=lambda one: abs(one[0] - age))
    return nearest if abs(nearest[0] - age) <= age * _ALIKE else None


def _shown(post: Post, first: Post, reading: Reading | None, name: str, count: int) -> Shown:
    words = post.title or post.text or ""
    differs = differences(first, post) if post.id != first.id else ()
    at = post.published_at
    assert at is not None
    if reading is None or reading[3] is None:
        return Shown(post.id, words, differs, at)
    seen, acted = reading[3], reading[4][name]
    # As sure of every pair together as SURE says (Bonferroni).
    sure = 1 - (1 - SURE) / max(count - 1, 1)
    return Shown(post.id, words, differs, at, reading[1], seen, acted, rate((seen, acted or 0), least=1, sure=sure), reading[2])


def _answer(shown: Sequence[Shown], ways: set[str]) -> tuple[Answer, int | None, Gap | None]:
    rates = [(one.post_id, one.rate) for one in shown if one.rate]
    if len(rates) < len(shown):
        return Answer.NO_COMMON_AGE if any(one.seen is None for one in shown) else Answer.TOO_FEW, None, None
    if len(ways) > 1 or any(map(is_mixed, ways)):
        return Answer.COUNTED_APART, None, None
    (best, highest), *others = sorted(rates, key=lambda one: -one[1].share)
    gap = Gap(highest.share - others[0][1].share, *difference(highest, others[0][1]))
    if any((one.seen or 0) < LEAST_SEEN for one in shown) or sum(one.acted or 0 for one in shown) < LEAST_ACTED:
        return Answer.TOO_FEW, None, gap
    if all(difference(highest, other)[0] > 0 for _post, other in others):
        return Answer.BETTER, best, gap
    return Answer.CANNOT_TELL, None, gap


def _compared(db: Session, which: ColumnElement[bool]) -> list[Comparison]:
    live = (Post.state == PostState.PUBLISHED, Post.published_at.is_not(None), Post.external_id.is_not(None))
    groups: dict[int, list[Post]] = {}
    for post in db.scalars(select(Post).where(which, *live).order_by(Post.id)):
        groups.setdefault(post.variant_of_id or post.id, []).append(post)
    groups = {first: posts for first, posts in groups.items() if len(posts) > 1}
    if not groups:
        return []
    readings = _readings(db, [post for posts in groups.values() for post in posts])
    return [compare(posts, readings) for _first, posts in sorted(groups.items())]


def _readings(db: Session, posts: Sequence[Post]) -> dict[int, list[Reading]]:
    """Post -> its readings by age, at most one a day, the last of it."""
    born = {post.id: (post.published_at, metric_of(post.channel.platform, SEEN)) for post in posts}
    columns = (Snapshot.post_id, Snapshot.at, Snapshot.regime, Snapshot.views, Snapshot.impressions, Snapshot.clicks, Snapshot.engagements)
    found: dict[int, dict[int, Reading]] = {}
    for row in db.execute(select(*columns).where(Snapshot.post_id.in_(born)).order_by(Snapshot.post_id, Snapshot.at)):
        at, seen = born[row.post_id]
        if at is not None and row.at > at:
            age = row.at - at
            found.setdefault(row.post_id, {})[age.days] = (
                age, row.at, row.regime if seen == "views" else "", getattr(row, seen), {"clicks": row.clicks, "engagements": row.engagements},
            )  # fmt: skip
    return {post_id: list(days.values()) for post_id, days in found.items()}
