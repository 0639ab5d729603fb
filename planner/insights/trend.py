"""What channels gained, day by day and over a window; what was there before it was first read is nobody's gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.insights.models import METRICS, ChannelDay, Latest, Snapshot
from planner.insights.queries import ChannelTotal, channel_totals
from planner.insights.ranking import SEEN, metric_of
from planner.insights.rollups import day_told, midnight, opening
from planner.insights.rules import YOUTUBE_BREAK
from planner.planning.models import Post

__all__ = ["QUARTER", "ChannelMonth", "months"]

#: Days that a channel's page and the followers look back.
QUARTER = 90

Counts = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ChannelMonth:
    """One channel over a window: what it has, what it gained in it, and how often it was seen on each day (None: not known)."""

    channel_id: int
    name: str
    platform: Platform
    colour: int
    #: The last day with a reading, and the counts at its end.
    day: date | None
    counts: Counts
    gained: Counts
    seen_by_day: Sequence[tuple[date, int | None]]

    @property
    def seen(self) -> str:
        """The count that says how often posts were seen here."""
        return metric_of(self.platform, SEEN)


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """The first readings of posts that were out on an earlier day, together by channel and day. is_old -- they were out before the window, or nobody knows since when."""

    channel_id: int
    day: date
    is_old: bool
    counts: Counts


def months(db: Session, *, days: int = 30, now: datetime) -> list[ChannelMonth]:
    """Every channel over the last `days`, by name. Six statements, whatever the size.

    A post that was out before the window and was first read in it counts from that first reading; on its day, and
    on a day without a reading the day before, nobody knows what was gained.
    """
    today = now.astimezone(UTC).date()
    since = today - timedelta(days=days)
    totals = channel_totals(db, days=days, now=now)
    arrivals: dict[int, list[_Arrivals]] = {}
    for one in _arrivals(db, since):
        arrivals.setdefault(one.channel_id, []).append(one)
    by_day = _channel_days(db, since)
    colours = {row.id: row.colour for row in db.execute(select(Channel.id, Channel.colour))}
    span = [since + timedelta(days=number) for number in range(1, days + 1)]
    return [
        _month(one, colours[one.channel_id], arrivals.get(one.channel_id, ()), by_day.get(one.channel_id, {}), span) for one in totals
    ]


def _month(
    total: ChannelTotal, colour: int, arrivals: Sequence[_Arrivals], by_day: Mapping[date, Counts], span: Sequence[date]
) -> ChannelMonth:
    old = [one for one in arrivals if one.is_old]
    gained = {name: _gained(total, name, old) for name in METRICS}
    if total.platform is Platform.YOUTUBE and (total.start or span[0] - timedelta(days=1)) < YOUTUBE_BREAK <= span[-1]:
        gained["views"] = None  # Counted in another way since: the two ends do not compare.
    seen = metric_of(total.platform, SEEN)
    days = [(day, _on(day, seen, total.platform, arrivals, by_day)) for day in span]
    return ChannelMonth(total.channel_id, total.channel_name, total.platform, colour, total.day, total.counts, gained, days)


def _gained(total: ChannelTotal, name: str, old: Sequence[_Arrivals]) -> int | None:
    """What was gained in the window; all there is when the channel's first reading lies in it."""
    is_new = all(count is None for count in total.gained.values())
    gained = total.counts[name] if is_new else total.gained[name]
    return None if gained is None else gained - sum(one.counts[name] or 0 for one in old)


def _on(day: date, name: str, platform: Platform, arrivals: Sequence[_Arrivals], by_day: Mapping[date, Counts]) -> int | None:
    """How much was gained on one day."""
    here, before = by_day.get(day, {}).get(name), by_day.get(day - timedelta(days=1), {}).get(name)
    if here is None or before is None or (platform is Platform.YOUTUBE and day == YOUTUBE_BREAK):
        return None
    return here - before - sum(one.counts[name] or 0 for one in arrivals if one.day == day)


def _channel_days(db: Session, since: date) -> dict[int, dict[date, Counts]]:
    """From the day before the window on, so that its first day has one to compare with."""
    rows = db.execute(
        select(ChannelDay.channel_id, ChannelDay.day, *(getattr(ChannelDay, name) for name in METRICS)).where(ChannelDay.day >= since)
    )
    found: dict[int, dict[date, Counts]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = _counts(row[2:])
    return found


def _arrivals(db: Session, since: date) -> list[_Arrivals]:
    """The first readings that lie after the day `since`. One step by index for each post, and one row for each channel and day, however many were read."""
    other, opens = aliased(Snapshot), opening(since + timedelta(days=1))
    first = select(func.min(other.at)).where(other.post_id == Latest.post_id).correlate(Latest).scalar_subquery()
    firsts = select(Latest.post_id, first.label("at")).where(Latest.at >= opens).cte("firsts").prefix_with("MATERIALIZED")
    new = select(firsts).where(firsts.c.at >= opens).offset(0).subquery()  # Before anything else is looked up of them.
    told = (
        select(
            Post.channel_id, day_told(db, Snapshot.at).label("day"), day_told(db, Post.published_at, closes=False).label("out"),
            case((Post.published_at >= midnight(since + timedelta(days=1)), 0), else_=1).label("is_old"), *(getattr(Snapshot, name) for name in METRICS),
        )
        .select_from(new)
        .join(Snapshot, (Snapshot.post_id == new.c.post_id) & (Snapshot.at == new.c.at))
        .join(Post, Post.id == new.c.post_id)
        .where(Snapshot.at >= opens)
        .offset(0)  # PostgreSQL would compare the days of all readings first.
        .subquery()
    )  # fmt: skip
    groups = told.c.channel_id, told.c.day, told.c.is_old
    # Most are read on their first day, and ask for nothing.
    rows = db.execute(select(*groups, *(func.sum(told.c[name]) for name in METRICS)).where(told.c.out.is_(None) | (told.c.out < told.c.day)).group_by(*groups))
    return [_Arrivals(row[0], row[1], bool(row[2]), _counts(row[3:])) for row in rows]


def _counts(values: Sequence[Any]) -> Counts:
    return {name: None if value is None else int(value) for name, value in zip(METRICS, values, strict=True)}
