"""Calendar feeds: RFC 5545 as two other readers read it, the weeks of a clock change, and text that tries to be more than text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as some

from planner.planning.ics import LENGTH, Day, Moment, calendar_of

CHANGED = datetime(2026, 3, 2, 12, tzinfo=UTC)


def moment(at: datetime, zone: str = "Europe/Paris", **values: Any) -> Moment:
    values.setdefault("uid", "post-1@planner.example")
    values.setdefault("summary", "X · Annual figures")
    return Moment(at=at, zone=zone, changed=CHANGED, **values)


def read_twice(body: bytes) -> list[datetime]:
    """The starts of the events in UTC, as the other reader finds them by the VTIMEZONEs in the file alone; both must agree."""
    told = vobject.readOne(body.decode())
    starts = [event.dtstart.value.astimezone(UTC) for event in getattr(told, "vevent_list", [])]
    assert starts == [event.start.astimezone(UTC) for event in icalendar.Calendar.from_ical(body).events]
    return starts


def test_an_event_says_everything_that_was_told_of_it() -> None:
    at = datetime(2026, 6, 3, 7, 30, tzinfo=UTC)
    body = calendar_of(
        "Plan", [moment(at, sequence=4, status="CONFIRMED", description="Group on X · Scheduled", url="https://x.com/i/status/1", categories=("Video",))]
    )

    event = icalendar.Calendar.from_ical(body).events[0]

    assert {name: event.decoded(name) for name in ("uid", "summary", "dtstamp", "last-modified", "duration", "sequence", "url")} == {
        "uid": "post-1@planner.example", "summary": "X · Annual figures", "dtstamp": CHANGED, "last-modified": CHANGED, "duration": LENGTH,
        "sequence": 4, "url": "https://x.com/i/status/1",
    }  # fmt: skip
    assert (str(event["status"]), str(event["description"]), event.categories) == ("CONFIRMED", "Group on X · Scheduled", ["Video"])
    assert b"\r\nDTSTART;TZID=Europe/Paris:20260603T093000\r\n" in body


def test_whole_days_are_dates_without_a_clock() -> None:
    body = calendar_of("Plan", [], [Day("blackout-1@planner.example", "Before the results", date(2026, 4, 1), date(2026, 4, 9), CHANGED)])

    assert b"\r\nDTSTART;VALUE=DATE:20260401\r\nDTEND;VALUE=DATE:20260409\r\n" in body
    assert [event.dtstart.value for event in vobject.readOne(body.decode()).vevent_list] == [date(2026, 4, 1)]


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Paris", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Europe/Paris", datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # Half an hour.
        ("Africa/Casablanca", datetime(2027, 3, 7, 2, tzinfo=UTC)),  # Twice a year around Ramadan.
        ("Asia/Tokyo", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ],
)
def test_the_moments_of_a_week_of_a_clock_change_are_read_as_they_are(zone: str, around: datetime) -> None:
    planned = [around + timedelta(minutes=15 * step) for step in range(-16, 17)] + [around + timedelta(days=day) for day in (-3, 3)]

    assert read_twice(calendar_of("Plan", [moment(at, zone) for at in planned])) == planned


def test_of_a_time_that_comes_twice_the_second_is_told_in_utc() -> None:
    first, second = (calendar_of("Plan", [moment(datetime(2026, 10, 25, hour, 30, tzinfo=UTC))]) for hour in (0, 1))

    assert b"\r\nDTSTART;TZID=Europe/Paris:20261025T023000\r\n" in first
    assert b"\r\nDTSTART:20261025T013000Z\r\n" in second


def test_every_zone_named_is_described_once_and_no_other() -> None:
    at = datetime(2026, 6, 3, 7, 30, tzinfo=UTC)

    body = calendar_of("Plan", [moment(at), moment(at, "Asia/Tokyo"), moment(at), moment(at, "UTC"), moment(at, "Etc/UTC")]).decode()

    assert sorted(re.findall(r"\r\nBEGIN:VTIMEZONE\r\nTZID:(.+)\r\n", body)) == ["Asia/Tokyo", "Europe/Paris"]
    assert set(re.findall(r"TZID=([^:]+):", body)) == {"Asia/Tokyo", "Europe/Paris"}


def test_the_same_values_give_the_same_bytes() -> None:
    told = [moment(datetime(2026, 6, 3, 7, 30, tzinfo=UTC))]

    assert calendar_of("Plan", told) == calendar_of("Plan", told)


ANYTHING = some.text(some.characters() | some.sampled_from("\r\n\x00\x0b\x85\u2028\u2029,;:\\\"é漢🎈"), max_size=120)


@settings(max_examples=60, deadline=None)
@given(texts=some.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING))
def test_no_text_ends_its_line_or_begins_another(texts: tuple[str, str, str, str, str]) -> None:
    name, summary, description, url, category = texts
    at = datetime(2026, 6, 3, 7, 30, tzinfo=UTC)
    plain = calendar_of("Plan", [moment(at, description="d", categories=("c",))], [Day("day@h", "q", date(2026, 4, 1), date(2026, 4, 2), CHANGED)])

    body = calendar_of(
        name,
        [moment(at, summary=summary, description=f"d{description}", url=url, categories=(f"c{category}",))],
        [Day("day@h", summary, date(2026, 4, 1), date(2026, 4, 2), CHANGED)],
    )

    check_lines(body)
    assert names(body) - {"URL"} == names(plain)
    assert len(icalendar.Calendar.from_ical(body).events) == len(vobject.readOne(body.decode()).vevent_list) == 2


def check_lines(body: bytes) -> None:
    """RFC 5545, 3.1: CRLF ends each line, no line is longer than 75 octets, folds never cut a character in two."""
    assert body.endswith(b"\r\n")
    lines = body[:-2].split(b"\r\n")
    assert [line for line in lines if len(line) > 75 or b"\r" in line or b"\n" in line] == []
    assert [line for line in lines if line.decode("utf-8", "replace").count("\ufffd") > body.decode().count("\ufffd")] == []


def names(body: bytes) -> set[str]:
    return {re.split("[;:]", line)[0] for line in body.decode().replace("\r\n ", "").split("\r\n")}


def test_a_line_that_would_be_injected_stays_text() -> None:
    body = calendar_of("Plan", [moment(datetime(2026, 6, 3, tzinfo=UTC), summary="Hello\r\nATTENDEE:mailto:x@example.com\nEND:VEVENT", url="https://x.com/\r\nATTACH:y")])

    event = icalendar.Calendar.from_ical(body).events[0]

    assert (str(event["summary"]), "ATTENDEE" in event, "URL" in event) == ("Hello ATTENDEE:mailto:x@example.com END:VEVENT", False, False)


def test_what_rfc_5545_requires_is_there() -> None:
    body = calendar_of("Plan", [moment(datetime(2026, 6, 3, tzinfo=UTC))], [Day("day@h", "q", date(2026, 4, 1), date(2026, 4, 2), CHANGED)])

    calendar = icalendar.Calendar.from_ical(body)

    assert [name in calendar for name in ("PRODID", "VERSION")] == [True, True]
    assert [[name in event for name in ("UID", "DTSTAMP", "DTSTART")] for event in calendar.events] == [[True] * 3] * 2
    assert [[name in part for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO")] for zone in calendar.walk("VTIMEZONE") for part in zone.subcomponents] == [[True] * 3] * 7
    vobject.readOne(body.decode()).validate(raiseException=True)
