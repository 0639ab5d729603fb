"""How a channel's numbers are told on a terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click

from planner.cli import output
from planner.insights.best_times import BestTimes
from planner.insights.channel_page import AGE_DAYS, ChannelNumbers
from planner.insights.gains import Gains
from planner.insights.ranking import RankedPost
from planner.insights.trend import QUARTER

__all__ = ["days_back", "gains_of", "numbers_of", "said_of"]

days_back = click.option("--days", type=click.IntRange(1, 365), default=QUARTER, show_default=True, help="How far back.")

_DAY = timedelta(days=1)
_RANKED = ("post_id", "asset_id", "title", "kind", "published_at", "read_at", "regime", "value", "median", "peers", "ratio", "place")
_COLUMNS = ("stands", "post", "published_at", "age_days", "value", "ordinary", "ratio", "title")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def gains_of(told: Gains) -> dict[str, Any]:
    """Followers gained with the members that the API gives them."""
    return {"organic": told.organic, "paid": told.paid, "read_at": told.read_at, "days": [asdict(one) for one in told.days]}


def numbers_of(one: ChannelNumbers) -> dict[str, Any]:
    """A channel's numbers with the members that the API gives them."""
    hours = one.hours
    return one.members | {
        "best": [_ranked(post) for post in one.best], "weakest": [_ranked(post) for post in one.weakest],
        "follower_gains": gains_of(one.gained) if one.gained else None,
        "hours": {"time_zone": hours.zone, "posts": hours.posts, "is_enough": hours.is_enough, "slots": [asdict(slot) for slot in hours.slots]},
    }  # fmt: skip


def said_of(one: ChannelNumbers) -> str:
    """For people: the quarter's counts, the posts that stand out, the good hours."""
    if not one.told:
        return f"{one.channel.name}: nothing told yet."
    gained, ordinary = one.quarter.gained if one.quarter else {}, one.ordinary
    metric = one.quarter.seen if one.quarter else "seen"
    facts: dict[str, Any] = {
        f"{metric}_gained": gained.get(metric), "engagements_gained": gained.get("engagements"), "posts": one.posts,
        f"ordinary_after_{AGE_DAYS}_days": f"{round(ordinary[0])}, from {ordinary[1]} posts" if ordinary else "too few posts to say",
        "followers": one.followers[-1][1] if one.followers else None,
        "followers_gained": f"{output.cell(one.gained.organic)} organic, {output.cell(one.gained.paid)} paid" if one.gained else None,
        "views_counted_anew_from": one.break_on,
        "good_hours": _hours(one.hours),
    }  # fmt: skip
    if one.break_on is None:
        del facts["views_counted_anew_from"]
    lines = [_line("best", post) for post in one.best] + [_line("weakest", post) for post in one.weakest]
    parts = [f"{one.channel.name}, the last {one.days} days", output.facts(facts)]
    return "\n\n".join([*parts, output.table(lines, _COLUMNS)] if lines else parts)


def _hours(told: BestTimes) -> str | list[str]:
    if not told.slots:
        return f"none stands out, from {told.posts} posts" if told.is_enough else "too few posts to say"
    return [f"{_WEEKDAYS[one.weekday]} {one.starts:02d}:00–{one.ends:02d}:00 (×{one.ratio:g}, from {one.posts} posts)" for one in told.slots]


def _ranked(post: RankedPost) -> dict[str, Any]:
    return {name: getattr(post, name) for name in _RANKED} | {"age_days": post.age / _DAY}


def _line(stands: str, post: RankedPost) -> dict[str, Any]:
    return {
        "stands": stands, "post": post.post_id, "published_at": post.published_at, "age_days": f"{post.age / _DAY:.1f}", "value": post.value,
        "ordinary": None if post.median is None else round(post.median), "ratio": None if post.ratio is None else f"×{post.ratio:.1f}", "title": post.title,
    }  # fmt: skip
