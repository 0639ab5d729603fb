"""Calendar feeds: plain values in, the bytes of an iCalendar object (RFC 5545) out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDuration, vUri

__all__ = ["LENGTH", "Day", "Moment", "calendar_of"]

#: A post has no length; calendar apps draw nothing for an event without one.
LENGTH = timedelta(minutes=15)
_REFRESH = timedelta(hours=1)
#: Whatever could end a line, in any reader: RFC 5545's own CR and LF, and what Unicode calls a line's end.
_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at one moment, such as a post. `changed`: when anything shown of it last changed."""

    uid: str
    summary: str
    at: datetime
    #: IANA name of the zone whose clocks say when.
    zone: str
    changed: datetime
    #: Rises with each change of the plan; 0 at first.
    sequence: int = 0
    #: TENTATIVE, CONFIRMED or CANCELLED; empty: not told.
    status: str = ""
    description: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """Something that takes whole days, [first, until)."""

    uid: str
    summary: str
    first: date
    until: date
    changed: datetime
    #: Rises with each change; None: not told.
    sequence: int | None = None
    location: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    confidential: bool = False


def calendar_of(name: str, moments: Sequence[Moment], days: Sequence[Day] = ()) -> bytes:
    """The calendar called `name`: CRLF lines of at most 75 octets, UTF-8, with a VTIMEZONE for each zone used.

    The same values give the same bytes, so that a digest of them tells whether anything changed. Text may hold anything: line ends become
    spaces (in descriptions, escaped ones), other control characters are dropped, an address that is none is left out.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Editorial planner//Calendar feed//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for property_name in ("name", "x-wr-calname"):  # RFC 7986, and what apps knew before it.
        calendar.add(property_name, _line(name))
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    for zone, years in _zones(moments):
        calendar.add_component(_timezone(zone, *years))
    for moment in moments:
        calendar.add_component(_moment(moment))
    for day in days:
        calendar.add_component(_day(day))
    return bytes(calendar.to_ical())


def _moment(one: Moment) -> Event:
    event = _event(one.uid, one.summary, one.changed)
    event.add("dtstart", _start(one))
    event.add("duration", LENGTH)
    event.add("sequence", one.sequence)
    event.add("transp", "TRANSPARENT")
    if one.status:
        event.add("status", one.status)
    if one.description:
        event.add("description", _text(one.description))
    _tell(event, one)
    return event


def _day(one: Day) -> Event:
    event = _event(one.uid, one.summary, one.changed)
    event.add("dtstart", one.first)
    event.add("dtend", one.until)
    event.add("transp", "TRANSPARENT")
    if one.sequence is not None:
        event.add("sequence", one.sequence)
    if one.location:
        event.add("location", _line(one.location))
    _tell(event, one)
    return event


def _tell(event: Event, one: Moment | Day) -> None:
    """What both kinds say of themselves."""
    if one.confidential:
        event.add("class", "CONFIDENTIAL")
    if _ADDRESS.fullmatch(one.url):
        event.add("url", vUri(one.url))
    if one.categories:
        event.add("categories", [_line(word) for word in one.categories])


def _event(uid: str, summary: str, changed: datetime) -> Event:
    event = Event()
    event.add("uid", _line(uid))
    # Without a METHOD these two mean the same (RFC 5545, 3.8.7.2).
    event.add("dtstamp", changed.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", changed.astimezone(UTC).replace(microsecond=0))
    event.add("summary", _line(summary))
    return event


def _start(one: Moment) -> datetime:
    """Wall time in its zone; in UTC where that names no moment: of a time that comes twice, a reader takes the first (RFC 5545, 3.3.5)."""
    at = one.at.replace(microsecond=0)
    if _is_utc(one.zone):
        return at.astimezone(UTC)
    local = at.astimezone(ZoneInfo(one.zone))
    return at.astimezone(UTC) if local.fold else local


def _is_utc(zone: str) -> bool:
    return zone.rpartition("/")[2] in ("UTC", "UCT", "Universal", "Zulu")


def _zones(moments: Iterable[Moment]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each zone used, with the first and last year it is used in."""
    years: dict[str, set[int]] = {}
    for one in moments:
        if not _is_utc(one.zone):
            years.setdefault(one.zone, set()).add(one.at.year)
    for zone, used in sorted(years.items()):
        yield zone, (min(used), max(used))


@lru_cache(maxsize=256)
def _timezone(zone: str, first: int, last: int) -> Timezone:
    """The zone's clock from a year before `first` to a year after `last`, one observance a change.

    Made here and not by the library's Timezone.from_tzid, which in 7.3 writes the start of summer time by the clock after the change; RFC 5545
    (3.6.5) wants the one before, so every reader that believes it would be an hour off for that hour.
    """
    place = ZoneInfo(zone)
    timezone = Timezone()
    timezone.add("tzid", zone)
    moment, end = datetime(first - 1, 1, 1, tzinfo=UTC), datetime(last + 2, 1, 1, tzinfo=UTC)
    before = moment.astimezone(place)
    timezone.add_component(_observance(before, before))
    while (moment := moment + timedelta(days=1)) < end:
        after = moment.astimezone(place)
        if after.utcoffset() != before.utcoffset():
            timezone.add_component(_observance(*_change(moment - timedelta(days=1), moment, place)))
        before = after
    return timezone


def _change(low: datetime, high: datetime, place: ZoneInfo) -> tuple[datetime, datetime]:
    """The last second before the clocks of `place` change, and the first one after, between two moments."""
    offset = low.astimezone(place).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(place).utcoffset() == offset else (low, middle)
    return low.astimezone(place), high.astimezone(place)


def _observance(before: datetime, after: datetime) -> TimezoneStandard | TimezoneDaylight:
    """The clock as it runs from `after`; its start is what the clock before would show."""
    found = TimezoneDaylight() if after.dst() else TimezoneStandard()
    was = before.utcoffset() or timedelta()
    start = after.astimezone(UTC).replace(tzinfo=None) + was
    found.add("dtstart", start if before != after else datetime.combine(start.date(), time()))
    found.add("tzoffsetfrom", was)
    found.add("tzoffsetto", after.utcoffset())
    found.add("tzname", after.tzname())
    return found


def _line(text: str) -> str:
    return _CONTROLS.sub("", _BREAKS.sub(" ", text)).strip()


def _text(text: str) -> str:
    return _CONTROLS.sub("", "\n".join(_BREAKS.split(text)))
