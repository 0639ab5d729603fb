"""How much of a platform's quota reading may use: each channel has a budget a day, in the measure that is scarce there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.channels.models import Channel, Use
from planner.channels.port import Platform
from planner.channels.usage import Kind, quota_day
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.insights.models import ReadingPlan

__all__ = ["MEASURES", "USER_READ", "USUAL", "Budget", "a_day_of", "budget_of", "budgets", "cost_of", "least_for_mentions", "left_for_mentions", "set_budget", "wait"]

#: What reading uses up: YouTube's units of quota, LinkedIn's calls, and on X the posts that are charged.
MEASURES: dict[Platform, Kind] = {Platform.YOUTUBE: Kind.READ_UNITS, Platform.LINKEDIN: Kind.READ_CALLS, Platform.X: Kind.READS}
#: What X charges for reading an account's own entry, which tells its followers, in posts read.
USER_READ = 10
#: Enough for a thousand posts of every age; on X two dollars a day at most.
USUAL: dict[Platform, int] = {Platform.YOUTUBE: 2000, Platform.LINKEDIN: 2000, Platform.X: 2000}
#: What sending may need of YouTube's one quota is left to it.
_LEFT_TO_SENDING = 0.2
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What one channel may use for reading on the platform's day, and what of it is used. `shared` is left of the project's quota.

    month, people -- on X the posts, and the looks at the account itself, that were read this month.
    """

    a_day: int
    used: int
    is_usual: bool
    wait_until: datetime | None = None
    wait_reason: str = ""
    shared: int | None = None
    month: int = 0
    people: int = 0

    @property
    def left(self) -> int:
        left = self.a_day - self.used
        return max(left if self.shared is None else min(left, self.shared), 0)


def cost_of(platform: Platform, fresh: int) -> int:
    """The most that one call for a batch may use.

    fresh -- how many of its posts were not read on this UTC day: X charges a post once a day.
    """
    if platform is Platform.X:
        return fresh
    # LinkedIn: shares, ugcPosts, and the posts themselves where statistics are silent.
    return 3 if platform is Platform.LINKEDIN else 1


def budgets(db: Session, *, now: datetime, units_day: int) -> dict[int, Budget]:
    """Channel -> its budget, of every channel whose platform tells numbers. Three statements.

    units_day -- YouTube's quota, one for all channels of the project.
    """
    plans = {row.channel_id: row for row in db.scalars(select(ReadingPlan))}
    channels: dict[int, Platform] = {row.id: row.platform for row in db.execute(select(Channel.id, Channel.platform)) if row.platform in MEASURES}
    days = {platform: quota_day(platform, now) for platform in MEASURES}
    today, month, people, units = _used(db, days, channels)
    shared = max(int(units_day * (1 - _LEFT_TO_SENDING)) - units, 0)
    return {
        channel_id: _budget(plans.get(channel_id), platform, today.get(channel_id, 0), month.get(channel_id, 0), people.get(channel_id, 0), shared)
        for channel_id, platform in channels.items()
    }


def budget_of(db: Session, channel_id: int, *, now: datetime, units_day: int) -> Budget:
    """One channel's; without limit where the platform tells no numbers."""
    return budgets(db, now=now, units_day=units_day).get(channel_id) or Budget(_MOST, 0, is_usual=True)


def a_day_of(db: Session, channel_id: int, platform: Platform) -> int:
    """What a channel of such a platform may use a day. One statement."""
    a_day = db.scalar(select(ReadingPlan.a_day).where(ReadingPlan.channel_id == channel_id))
    return USUAL[platform] if a_day is None else a_day


def left_for_mentions(budget: Budget, *, now: datetime) -> int:
    """So many messages of others may be read now: half of a day is left to numbers, which close, and each message may name an author who was not read that day."""
    if budget.wait_until is not None and budget.wait_until > now:
        return 0
    return max(budget.left - budget.a_day // 2, 0) // (1 + USER_READ)


def least_for_mentions(messages: int) -> int:
    """The smallest budget a day of which so many messages of others can ever be read."""
    return max(2 * messages * (1 + USER_READ) - 1, 0)


def set_budget(db: Session, channel: Channel, a_day: int | None, *, actor: User | None, now: datetime) -> None:
    """Change what a channel may use a day; None: what is usual. Raises Forbidden, Invalid."""
    require(actor, "channel.manage")
    if channel.platform not in MEASURES:
        raise Invalid(N_("This channel's platform tells no numbers."), field="a_day")
    if a_day is not None and not 0 <= a_day <= _MOST:
        raise Invalid(N_("A budget is a whole number from 0 to 1,000,000."), field="a_day")
    plan = db.get(ReadingPlan, channel.id)
    before = plan.a_day if plan else None
    _write(db, channel.id, {"a_day": a_day})
    if before != a_day:
        history.record(db, actor, "channel.reading_budget", channel, now=now, was={"a_day": before}, became={"a_day": a_day})


def wait(db: Session, channel_id: int, until: datetime, reason: str) -> None:
    """Leave a platform alone with reading; sending goes on."""
    _write(db, channel_id, {"wait_until": until, "wait_reason": reason})


def _write(db: Session, channel_id: int, values: Mapping[str, object]) -> None:
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(ReadingPlan)
    db.execute(insert.values(channel_id=channel_id, **values).on_conflict_do_update(index_elements=["channel_id"], set_=dict(values)))


def _used(db: Session, days: Mapping[Platform, date], channels: Mapping[int, Platform]) -> tuple[dict[int, int], dict[int, int], dict[int, int], int]:
    """By channel what reading used today and this month, X's looks at an account this month, and YouTube's units of the day that anything used."""
    first = min(days.values()).replace(day=1)
    kinds = {*MEASURES.values(), Kind.UNITS, Kind.USER_READS}
    rows = db.execute(
        select(Use.channel_id, Use.day, Use.kind, func.sum(Use.amount))
        .where(Use.day >= first, Use.kind.in_([str(kind) for kind in kinds]))
        .group_by(Use.channel_id, Use.day, Use.kind)
    )
    today: dict[int, int] = {}
    month: dict[int, int] = {}
    people: dict[int, int] = {}
    units = 0
    for channel_id, day, kind, amount in rows:
        platform = channels.get(channel_id)
        if platform is None:
            continue
        if kind == Kind.UNITS and day == days[Platform.YOUTUBE]:
            units += int(amount)
        counts, weight = (people, USER_READ) if kind == Kind.USER_READS else (month, 1)
        if kind in (MEASURES[platform], Kind.USER_READS):
            if day == days[platform]:
                today[channel_id] = today.get(channel_id, 0) + int(amount) * weight
            if (day.year, day.month) == (days[platform].year, days[platform].month):
                counts[channel_id] = counts.get(channel_id, 0) + int(amount)
    return today, month, people, units


def _budget(plan: ReadingPlan | None, platform: Platform, used: int, month: int, people: int, shared: int) -> Budget:
    a_day = plan.a_day if plan else None
    return Budget(
        USUAL[platform] if a_day is None else a_day, used, a_day is None, plan.wait_until if plan else None,
        plan.wait_reason if plan else "", shared if platform is Platform.YOUTUBE else None, month, people,
    )  # fmt: skip
