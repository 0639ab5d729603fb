"""What gets in each other's way in a stretch of the calendar: one pure pass over rows that are loaded already; and the holidays of that stretch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.core.i18n import N_
from planner.planning import free_days
from planner.planning.findings import RivalEvent
from planner.planning.free_days import FreeDay
from planner.planning.habits import AWAY
from planner.planning.models import RuleSetting
from planner.planning.moments import zone_of
from planner.planning.rulebook import Setting, Tuning, tuning_of
from planner.planning.states import ALLOWED

__all__ = ["Clash", "Stands", "conflicts", "free_days_of", "how_channels_stand", "open_conflicts"]

#: The rules that the calendar asks.
_ASKED = ("audience", "gap", "holiday", "quiet", "rival", "silence")


class Entry(Protocol):
    """What is needed of a planned post; one that the reader may not know has no asset."""

    @property
    def post_id(self) -> Any: ...

    @property
    def channel_id(self) -> Any: ...

    @property
    def channel(self) -> Any: ...

    @property
    def publish_at(self) -> Any: ...

    @property
    def state(self) -> Any: ...

    @property
    def asset_id(self) -> Any: ...


#: A post and its day by its channel's clock.
Dated = tuple[Entry, date]


@dataclass(frozen=True, slots=True)
class Stands:
    """One channel's clock, and how its rules stand."""

    time_zone: str
    tuning: Tuning
    #: What was set of the rules that the calendar asks: for this channel, and for all.
    settings: Sequence[Setting] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The same as a zone."""
        return zone_of(self.time_zone)

    @property
    def country(self) -> str:
        """Whose holidays it keeps; empty when it keeps none."""
        rule = self.tuning.of("holiday")
        return (rule.values["country"] or free_days.country_of(self.time_zone)) if rule.enabled else ""


@dataclass(frozen=True, slots=True)
class Clash:
    """One sentence about posts of the stretch; `post_ids` are those it is about, the earliest first."""

    code: str
    day: date
    message: str
    params: dict[str, Any]
    post_ids: tuple[int, ...]


#: Built once, since every page of the calendar asks.
_STANDS = select(
    Channel.id, Channel.time_zone, RuleSetting.channel_id, RuleSetting.code, RuleSetting.enabled, RuleSetting.must_not, RuleSetting.parameters
).outerjoin(RuleSetting, and_(RuleSetting.code.in_(_ASKED), or_(RuleSetting.channel_id == Channel.id, RuleSetting.channel_id.is_(None))))


@dataclass(slots=True)
class _Set:
    """How a rule was set: for one channel, or for all."""

    channel_id: int | None
    code: str
    enabled: bool
    must_not: bool
    parameters: dict[str, Any]


def how_channels_stand(db: Session) -> dict[int, Stands]:
    """Every channel's clock and its rules, by number. One statement."""
    zones: dict[int, str] = {}
    settings: dict[int, list[_Set]] = defaultdict(list)
    for number, zone, *told in db.connection().execute(_STANDS):
        zones[number] = zone
        if told[1] is not None:
            settings[number].append(_Set(*told))
    return {number: Stands(zone, tuning_of(settings[number], number), settings[number]) for number, zone in zones.items()}


def free_days_of(stands: Iterable[Stands], start: date, end: date) -> list[tuple[date, FreeDay, list[str]]]:
    """(day, what is kept, by which countries) in [start, end), in order; countries that call a day the same share a line."""
    found: dict[tuple[date, str], list[FreeDay]] = defaultdict(list)
    for country in sorted({one.country for one in stands} - {""}):
        for year in range(start.year, end.year + 1):
            for day, name in free_days.in_year(country, year, "en").items():
                if start <= day < end:
                    found[day, name].append(FreeDay(country, day))
    return [(day, kept[0], [one.country for one in kept]) for (day, _name), kept in sorted(found.items())]


def conflicts(
    entries: Iterable[Entry], stands: Mapping[int, Stands], audiences: Mapping[int, Iterable[Any]], rivals: Sequence[RivalEvent] = ()
) -> list[Clash]:
    """What stands in its own way, by day: posts within their channel's gap, posts on a holiday or beside a rival's event, one audience addressed twice a day.

    audiences -- asset -> its audiences, for the assets the reader may know.
    """
    zones = {number: zone_of(one.time_zone) for number, one in stands.items()}
    going = sorted((one for one in entries if one.state not in AWAY and one.channel_id in stands), key=lambda one: (one.publish_at, one.post_id))
    dated = [(one, one.publish_at.astimezone(zones[one.channel_id]).date()) for one in going]
    found = [*_too_close(dated, stands), *_on_holidays(dated, stands), *_beside_rivals(dated, stands, rivals), *_same_audience(dated, stands, audiences)]
    return sorted(found, key=lambda one: (one.day, one.code, one.post_ids))


def open_conflicts(
    entries: Sequence[Entry], stands: Mapping[int, Stands], audiences: Mapping[int, Iterable[Any]], now: datetime, rivals: Sequence[RivalEvent] = ()
) -> list[Clash]:
    """Those that somebody can still do something about: one of their posts is still to come and may be moved."""
    ahead = {one.post_id for one in entries if one.publish_at > now and one.state in ALLOWED["move"]}
    return [one for one in conflicts(entries, stands, audiences, rivals) if not ahead.isdisjoint(one.post_ids)] if ahead else []


def _too_close(dated: Sequence[Dated], stands: Mapping[int, Stands]) -> Iterable[Clash]:
    by_channel: dict[int, list[Dated]] = defaultdict(list)
    for pair in dated:
        by_channel[pair[0].channel_id].append(pair)
    for number, posts in by_channel.items():
        rule = stands[number].tuning.of("gap")
        if not rule.enabled:
            continue
        gap = timedelta(minutes=rule.values["minutes"])
        row = posts[:1]
        for before, after in [*pairwise(posts), (None, None)]:
            if before is not None and after is not None and after[0].publish_at - before[0].publish_at < gap:
                row.append(after)
                continue
            if len(row) > 1:
                said = N_("%(count)s posts on “%(channel)s” within its gap of %(minutes)s minutes.")
                params = {"count": len(row), "channel": row[0][0].channel, "minutes": rule.values["minutes"]}
                yield Clash("gap", row[0][1], said, params, tuple(one.post_id for one, _day in row))
            row = [after] if after is not None else []


def _on_holidays(dated: Sequence[Dated], stands: Mapping[int, Stands]) -> Iterable[Clash]:
    countries = {number: one.country for number, one in stands.items()}
    kept: dict[tuple[str, date], FreeDay | None] = {}
    met: dict[FreeDay, list[int]] = defaultdict(list)
    for one, day in dated:
        place = countries[one.channel_id], day
        if place not in kept:
            kept[place] = free_days.on(*place)
        if (found := kept[place]) is not None:
            met[found].append(one.post_id)
    for found, posts in met.items():
        params = {"count": len(posts), "country": found.country, "name": found}
        yield Clash("holiday", found.day, N_("Posts on a public holiday (%(country)s, %(name)s): %(count)s."), params, tuple(posts))


def _beside_rivals(dated: Sequence[Dated], stands: Mapping[int, Stands], rivals: Sequence[RivalEvent]) -> Iterable[Clash]:
    asked = {number: rule.values["days"] for number, one in stands.items() if (rule := one.tuning.of("rival")).enabled}
    for event in rivals:
        met = [(one, day) for one, day in dated if one.channel_id in asked and event.near(day, asked[one.channel_id])]
        if met:
            params = {"count": len(met), "rival": event.rival, "name": event.name}
            said = N_("Posts beside a rival's event (%(rival)s, “%(name)s”): %(count)s.")
            yield Clash("rival", met[0][1], said, params, tuple(one.post_id for one, _day in met))


def _same_audience(dated: Sequence[Dated], stands: Mapping[int, Stands], audiences: Mapping[int, Iterable[Any]]) -> Iterable[Clash]:
    asked = {number for number, one in stands.items() if one.tuning.of("audience").enabled}
    met: dict[tuple[date, Any], list[Entry]] = defaultdict(list)
    for one, day in dated:
        if one.asset_id is not None and one.channel_id in asked:
            for audience in audiences.get(one.asset_id, ()):
                met[day, audience].append(one)
    for (day, audience), posts in met.items():
        assets = {one.asset_id for one in posts}
        if len(assets) > 1:
            params = {"count": len(assets), "audience": audience}
            yield Clash("audience", day, N_("%(count)s different assets for one audience that day: %(audience)s."), params, tuple(one.post_id for one in posts))
