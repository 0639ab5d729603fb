"""Lays posts out on the sheet of each view: a week's lanes, a month's boxes, a list's days. Pure: slips and marks in, rows for the template out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from planner.planning.findings import Quiet
from planner.web.calendar.beside import ChannelName
from planner.web.calendar.slips import Slip

__all__ = ["BOX_CAP", "Cell", "Day", "Lane", "Mark", "boxes", "days_between", "fitting", "lanes", "legend_of", "listed"]

Item = TypeVar("Item")

#: How many posts a cell shows before it says “+3 more”; one more than that is shown instead of saying “+1”.
LANE_CAP, BOX_CAP = 6, 5
#: The same of what whole days are: notes, events, blackouts, embargoes.
_MARK_CAP = 3
#: With more channels than this, those without a post in the week stay away until asked for.
_ALL_LANES = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """What a whole day is: a holiday, a quiet day, a note, an embargo that lifts."""

    kind: str
    text: str
    icon: str
    url: str = ""
    #: A clock, where it has one.
    time: str = ""
    #: What it leads to opens in a dialog.
    sheet: bool = False


@dataclass(slots=True)
class Day:
    """One day of the sheet."""

    day: date
    #: As a heading says it, and short, in the reader's language.
    name: str
    short: str
    marks: Sequence[Mark] = ()
    slips: list[Slip] = field(default_factory=list)
    more: int = 0
    today: bool = False
    quiet: bool = False
    #: A day of the month before or after.
    other: bool = False

    @property
    def marks_more(self) -> int:
        """How many of its marks a week or a month leaves to the day's own page."""
        return _capped(self.marks, _MARK_CAP)[1]

    @property
    def weekend(self) -> bool:
        return self.day.weekday() > 4

    @property
    def look(self) -> str:
        """The classes of its box in a month, each after a space."""
        bare = not self.slips and not self.marks
        told = (("today", self.today), ("weekend", self.weekend), ("quiet", self.quiet), ("other", self.other), ("bare", bare))
        return "".join([f" month__day--{name}" for name, holds in told if holds])


@dataclass(slots=True)
class Cell:
    """One day of one lane."""

    day: Day
    slips: list[Slip]
    more: int
    #: The channel is to be silent that day.
    quiet: bool


@dataclass(slots=True)
class Lane:
    """One channel's week."""

    channel: ChannelName
    cells: list[Cell]

    @property
    def empty(self) -> bool:
        return not any(cell.slips for cell in self.cells)


class Legend(NamedTuple):
    """Each account that is drawn (its name, platform and colour), and each state (its word, drawing and tone)."""

    channels: tuple[tuple[str, str, int], ...]
    states: tuple[tuple[str, str, str], ...]


def lanes(days: Sequence[Day], slips: Iterable[Slip], channels: Sequence[ChannelName], others: Sequence[Slip], blackouts: Sequence[Quiet] = (), *, every: bool) -> tuple[list[Lane], int]:
    """A lane for each channel, and how many empty ones were left out (none with `every`, or where there are few).

    others -- embargo lines, and the queue's free slots.
    """
    found: dict[tuple[int, date], list[Slip]] = defaultdict(list)
    for one in slips:
        found[one.channel_id, one.day].append(one)
    lines: dict[date, list[Slip]] = defaultdict(list)
    free: dict[tuple[int, date], list[Slip]] = defaultdict(list)
    for one in others:
        if one.lift:
            lines[one.day].append(one)
        else:
            free[one.channel_id, one.day].append(one)
    made = [Lane(channel, [_cell(day, found.get((channel.number, day.day), []), lines.get(day.day, []), free.get((channel.number, day.day), []), any(one.holds(channel.number, day.day) for one in blackouts)) for day in days]) for channel in channels]
    busy = [one for one in made if not one.empty]
    if every or len(made) <= _ALL_LANES or not busy:
        return made, 0
    return busy, len(made) - len(busy)


def boxes(days: Sequence[Day], slips: Iterable[Slip], counts: Mapping[date, int] | None = None, free: Sequence[Slip] = ()) -> list[Day]:
    """A month's days, each with as many posts as fit and the number of the others; a free slot only where there is room beside the posts.

    counts -- how many each day has, where `slips` holds only the first of each day.
    """
    held = {one.day: one for one in days}
    for slip in slips:
        if slip.day in held:
            held[slip.day].slips.append(slip)
    for one in days:
        total = max(len(one.slips), counts.get(one.day, 0)) if counts else len(one.slips)
        one.slips = fitting(one.slips, total)
        one.more = total - len(one.slips)
    for slip in free:
        there = held.get(slip.day)
        if there is not None and not there.more and len(there.slips) <= BOX_CAP:
            there.slips = sorted([*there.slips, slip], key=lambda one: one.at)
    return list(days)


def listed(days: Sequence[Day], slips: Iterable[Slip], *, everything: bool) -> list[Day]:
    """The days that have something, or all of them, with all their posts."""
    held = {one.day: one for one in days}
    for slip in slips:
        if slip.day in held:
            held[slip.day].slips.append(slip)
    return [one for one in days if everything or one.marks or one.slips]


def fitting(there: list[Item], total: int) -> list[Item]:
    """Of what a month's day has, `total` in all, what its box draws."""
    return there[:BOX_CAP] if total > BOX_CAP + 1 else there


def legend_of(slips: Sequence[Slip]) -> Legend:
    """What is drawn, each once: paper answers no pointer."""
    channels = {(one.channel, one.platform, one.colour) for one in slips}
    states = {(one.word, one.icon, one.tone) for one in slips}
    return Legend(
        tuple(sorted(channels, key=lambda mark: (mark[0].casefold(), mark))), tuple(sorted(states, key=lambda mark: (mark[0].casefold(), mark)))
    )


def days_between(start: date, end: date) -> list[date]:
    """Each day of [start, end)."""
    return [start + timedelta(days=number) for number in range((end - start).days)]


def _cell(day: Day, slips: list[Slip], lines: Sequence[Slip], free: Sequence[Slip], quiet: bool) -> Cell:
    shown, more = _capped(slips, LANE_CAP)
    beside = [*(lines if shown else ()), *free]
    return Cell(day, sorted([*shown, *beside], key=lambda one: one.at) if beside else [*shown], more, quiet)


def _capped(there: Sequence[Item], most: int) -> tuple[Sequence[Item], int]:
    return (there, 0) if len(there) <= most + 1 else (there[:most], len(there) - most)
