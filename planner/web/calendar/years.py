"""Twelve months of campaigns: a bar for each, with its embargo, over the months; drawn in parts of a hundred so that it fits any width."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import g
from sqlalchemy import func, select

from planner.planning.findings import Quiet
from planner.planning.models import Campaign, Post, PostState
from planner.web.stretches import Stretch, zone

__all__ = ["Bar", "Strip", "strip_of"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One campaign. `left`, `width` and `lift` are per cent of the twelve months; `lift` is None without an embargo in them."""

    campaign_id: int
    name: str
    starts_on: date
    ends_on: date
    left: float
    width: float
    lift: float | None
    lifts_on: date | None
    posts: int
    published: int
    #: It began before, or goes on after.
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """What the year shows."""

    months: Sequence[date]
    bars: Sequence[Bar]
    #: Quiet periods as (name, left, width).
    quiet: Sequence[tuple[str, float, float]]
    #: Where today stands; None outside.
    today: float | None
    #: Campaigns without a day of their own and without a dated post.
    undated: Sequence[tuple[int, str]]


def strip_of(around: Stretch, blackouts: Sequence[Quiet], today: date, *, only: int | None) -> Strip:
    """The campaigns that touch these months, the earliest first. One statement.

    only -- the one campaign asked for; None: all.
    """
    start, end = around.start, around.end
    counts = (
        select(
            Post.campaign_id.label("campaign_id"), func.min(Post.publish_at).label("first"), func.max(Post.publish_at).label("last"), func.count().label("posts"),
            func.count().filter(Post.state == PostState.PUBLISHED).label("published"),
        )
        .where(Post.campaign_id.is_not(None), Post.state != PostState.CANCELLED, Post.publish_at.is_not(None))
        .group_by(Post.campaign_id)
        .subquery()
    )  # fmt: skip
    query = select(
        Campaign.id, Campaign.name, Campaign.starts_on, Campaign.ends_on, Campaign.embargo_until, counts.c.first, counts.c.last,
        func.coalesce(counts.c.posts, 0), func.coalesce(counts.c.published, 0),
    ).outerjoin(counts, counts.c.campaign_id == Campaign.id)  # fmt: skip
    if only is not None:
        query = query.where(Campaign.id == only)
    bars, undated = [], []
    for number, name, starts_on, ends_on, embargo, first, last, posts, published in g.db.execute(query.order_by(Campaign.name, Campaign.id)):
        lifts_on = embargo.astimezone(zone()).date() if embargo else None
        days = [day for day in (starts_on, ends_on, lifts_on, *(at.astimezone(zone()).date() for at in (first, last) if at)) if day]
        if not days:
            undated.append((number, name))
            continue
        begins, closes = starts_on or min(days), ends_on or max(days)
        closes = max(begins, closes)
        shown = [day for day in (begins, closes, lifts_on) if day]
        if max(shown) < start or min(shown) >= end:
            continue
        left, right = _place(max(begins, start), start), _place(min(closes + timedelta(days=1), end), start)
        lift = _place(lifts_on, start) if lifts_on and start <= lifts_on < end else None
        bars.append(Bar(
            number, name, begins, closes, left, max(right - left, 0.6), lift, lifts_on, posts, published, begins < start, closes >= end,
        ))  # fmt: skip
    bars.sort(key=lambda one: (one.starts_on, one.name.casefold()))
    quiet = [
        (one.name, left, max(_place(min(one.ends_on, end), start) - left, 0.3))
        for one in blackouts
        if one.starts_on < end and one.ends_on > start
        for left in (_place(max(one.starts_on, start), start),)
    ]
    return Strip(_months(start), bars, quiet, _place(today, start) if start <= today < end else None, undated)


def _months(start: date) -> list[date]:
    return [date((start.year * 12 + start.month - 1 + number) // 12, (start.month - 1 + number) % 12 + 1, 1) for number in range(12)]


def _place(day: date, start: date) -> float:
    """How far that day lies in the twelve months, which are equally wide, in per cent."""
    months = (day.year - start.year) * 12 + day.month - start.month
    return round((months + (day.day - 1) / monthrange(day.year, day.month)[1]) / 12 * 100, 2)


