"""An asset's numbers in full, and several assets side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.catalog import queries as catalog
from planner.catalog.models import Asset
from planner.insights import queries as insights
from planner.insights.audiences import ChannelReach, asset_reach
from planner.insights.private import QUARTERS, private_numbers
from planner.insights.queries import AssetPerformance
from planner.insights.ranking import MIN_PEERS, SEEN, RankedPost, metric_of
from planner.insights.standing import ChannelPart, PostStanding, Qualified, as_told_last, cost_per_view, kept, parts, qualified, standings
from planner.insights.variants import LEAST_ACTED, LEAST_SEEN, of_asset
from planner.insights.watched import watched
from planner.web.access import needs
from planner.web.filters import number
from planner.web.performance import around, times, timespan

__all__ = ["around", "compare", "show"]

#: Days drawn, and how many assets are compared at most.
_DAYS, _MOST = 90, 5
#: So many posts of one asset are listed, the newest.
_LISTED = 50
#: How many assets are offered to be compared.
_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Numbers:
    """All about one asset."""

    asset: Asset
    performance: AssetPerformance
    #: Post -> (moment, clicks) of those whose platform tells them no more.
    kept: Mapping[int, tuple[datetime, int]]
    posts: Sequence[PostStanding]
    parts: Sequence[ChannelPart]
    reached: Sequence[ChannelReach]
    who: Qualified
    cost_per_view: Decimal | None

    @property
    def read_at(self) -> datetime | None:
        """When the newest of its numbers was read."""
        return max((post.read_at for post in self.performance.posts if post.read_at), default=None)

    @property
    def ways(self) -> Sequence[str]:
        """The ways of counting by which its views were read."""
        return sorted({post.regime for post in self.performance.posts if post.counts and post.counts["views"] is not None})

    @property
    def best(self) -> PostStanding | None:
        """The post that did best against its channel."""
        told = [one for one in self.posts if one.standing and one.standing.ratio is not None]
        return max(told, key=lambda one: one.standing.ratio or 0) if told else None  # type: ignore[union-attr]

    @property
    def worst(self) -> PostStanding | None:
        """The post that did worst, when there is more than one to compare."""
        told = [one for one in self.posts if one.standing and one.standing.ratio is not None]
        return min(told, key=lambda one: one.standing.ratio or 0) if len(told) > 1 else None  # type: ignore[union-attr]


@needs("read")
def show(asset_id: int) -> ResponseReturnValue:
    found = _numbers(asset_id)
    return render_template(
        "performance/asset.html", one=found, asset=found.asset, listed=found.posts[-_LISTED:], kept=found.kept, private=private_numbers(g.db, found.performance)[-_LISTED:], quarters=QUARTERS, variants=of_asset(g.db, asset_id), least_shown=(LEAST_SEEN, LEAST_ACTED), summary=_summary(found), lines=_gained(found.performance, "engagements"),
        seen=_gained(found.performance, SEEN), breaks={on: _("YouTube counts views in another way") for series in found.performance.series for on in series.breaks},
        least=MIN_PEERS, read_at=found.read_at,
    )  # fmt: skip


@needs("read")
def compare() -> ResponseReturnValue:
    """The assets that the address names, at most five. Those that a search finds are offered; without one, those that gained most."""
    chosen = list(dict.fromkeys(value for value in request.args.getlist("asset", type=int) if 0 < value < 2**63))[:_MOST]
    known: dict[int, Sequence[RankedPost]] = {}
    found = [_numbers(asset_id, known) for asset_id in chosen]
    sought = request.args.get("q", "").strip()[:200]
    if sought:
        offered = [(one.id, one.title) for one in catalog.search(g.db, catalog.Filters(q=sought), viewer=g.user, limit=_OFFERED).items]
    else:
        offered = [(one.asset_id, one.title) for one in insights.top_assets(g.db, metric="engagements", days=365, now=g.now, viewer=g.user, limit=_OFFERED)]
    return render_template(
        "performance/compare.html", found=found, chosen=chosen, offered=[one for one in offered if one[0] not in chosen], sought=sought, most=_MOST,
        lines=_side_by_side(found),
    )  # fmt: skip


def _numbers(asset_id: int, known: dict[int, Sequence[RankedPost]] | None = None) -> Numbers:
    asset = catalog.asset(g.db, asset_id, viewer=g.user)
    performance = insights.asset_performance(g.db, asset.id)
    last = kept(g.db, performance)
    performance = as_told_last(performance, last)
    told = parts(performance)
    reached = asset_reach(g.db, asset, watched(g.db, asset.id)) if performance.posts else []
    who = qualified(told, reached)
    return Numbers(asset, performance, last, standings(g.db, performance, viewer=g.user, known=known), told, reached, who, cost_per_view(asset, who.views))


def _summary(found: Numbers) -> str:
    """What a person would say of it, in two or three sentences."""
    live = [one for one in found.posts if one.seen is not None]
    if not live:
        return str(_("Nothing was told about it yet."))
    said = [ngettext("One post was read on one channel.", "%(num)d posts were read on %(channels)s.", len(live),
                     channels=ngettext("one channel", "%(num)d channels", len({one.post.channel_id for one in live})))]  # fmt: skip
    best = found.best
    if best is not None and best.standing is not None and best.standing.ratio is not None:
        said.append(
            _("The best stands at %(times)s of what is ordinary on %(channel)s at its age, %(place)s of %(peers)s.",
              times=times(best.standing.ratio), channel=best.post.channel_name, place=number(best.standing.place), peers=number(best.standing.peers))
        )  # fmt: skip
    halves = sorted(one.half_life for one in found.posts if one.half_life is not None)
    if halves:
        said.append(_("Its posts had half of what they have within %(time)s, in the median.", time=timespan(_middle(halves))))
    return " ".join(map(str, said))


def _middle(spans: Sequence[timedelta]) -> timedelta:
    """Their median; of an even number the one between the two in the middle. `spans` in order."""
    return (spans[(len(spans) - 1) // 2] + spans[len(spans) // 2]) / 2


def _gained(performance: AssetPerformance, metric: str) -> dict[str, Any] | None:
    """A count gained by day and channel, in the newest months; a day is a gap unless it and the day before were read, and where a platform
    began to count in another way."""
    names = [metric_of(one.platform, metric) for one in performance.series]
    told = [(one, name) for one, name in zip(performance.series, names, strict=True) if any(counts[name] is not None for _day, counts in one.days)]
    if not told:
        return None
    last = max(one.days[-1][0] for one, _name in told)
    days = [last - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    columns = [({day: counts[name] for day, counts in one.days}, one.breaks if name == "views" else ()) for one, name in told]
    rows = [(day, [None if day in breaks else _less(column, day) for column, breaks in columns]) for day in days]
    first = next((place for place, (_day, values) in enumerate(rows) if any(value is not None for value in values)), len(rows))
    return {"columns": [(one.channel_name, place) for place, (one, _name) in enumerate(told)], "rows": rows[first:]} if first < len(rows) else None


def _less(column: dict[date, int | None], day: date) -> int | None:
    here, before = column.get(day), column.get(day - timedelta(days=1))
    return None if here is None or before is None else here - before


def _side_by_side(found: Sequence[Numbers]) -> dict[str, Any] | None:
    """Engagements of each asset by days since its first post; what a channel was last told to have holds until it is told again."""
    columns = []
    for one in found:
        first = min((post.post.published_at for post in one.posts if post.post.published_at), default=None)
        by_age: dict[int, int] = {}
        if first is not None:
            days = sorted({day for series in one.performance.series for day, _counts in series.days})
            for day in days:
                standing = [
                    next((counts["engagements"] for at, counts in reversed(series.days) if at <= day and counts["engagements"] is not None), None) for series in one.performance.series
                ]
                told = [value for value in standing if value is not None]
                age = (day - first.date()).days
                if told and 0 <= age <= _DAYS:
                    by_age[age] = sum(told)
        columns.append(by_age)
    ages = sorted({age for column in columns for age in column})
    if len(ages) < 2:
        return None
    names = [(one.asset.title, place) for place, one in enumerate(found)]
    return {"columns": names, "rows": [(age, [column.get(age) for column in columns]) for age in ages]}
