"""Moments: clock changes are asked about, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from planner.core.errors import Invalid, PastMoment
from planner.planning.moments import check_moment, resolve_wall_time, wall_of, zone_of
from planner.planning.values import settle

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_plain_wall_time_becomes_utc() -> None:
    assert resolve_wall_time(at("2026-03-24T09:30"), "Europe/Paris") == datetime(2026, 3, 24, 8, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_jump_over_is_asked_about() -> None:
    with pytest.raises(Invalid) as refused:
        resolve_wall_time(at("2027-03-28T02:30"), "Europe/Paris")

    assert refused.value.field == "wall_time"
    assert str(refused.value) == (
        "On 2027-03-28 the clocks go forward in Europe/Paris and 02:30 does not exist. Did you mean 01:30 or 03:30?"
    )


def test_a_time_that_comes_twice_is_asked_about() -> None:
    with pytest.raises(Invalid) as refused:
        resolve_wall_time(at("2026-10-25T02:30"), "Europe/Paris")

    assert refused.value.field == "fold"
    assert str(refused.value) == (
        "On 2026-10-25 the clocks go back in Europe/Paris and 02:30 comes twice. Say which: the first or the second time?"
    )


@pytest.mark.parametrize(("fold", "moment"), [(0, "2026-10-25T00:30+00:00"), (1, "2026-10-25T01:30+00:00")])
def test_the_answer_tells_the_two_apart(fold: int, moment: str) -> None:
    assert resolve_wall_time(at("2026-10-25T02:30"), "Europe/Paris", fold=fold) == at(moment)


def test_an_answer_does_not_make_a_missing_time_exist() -> None:
    with pytest.raises(Invalid, match="does not exist"):
        resolve_wall_time(at("2027-03-28T02:30"), "Europe/Paris", fold=1)


@pytest.mark.parametrize("name", ["Mars/Base", "", "Europe", "../etc/passwd", "/etc/passwd", "x" * 5000, "Europe/Paris\0"])
def test_an_unknown_zone_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        zone_of(name)

    assert refused.value.field == "time_zone"


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_refused_or_resolved_but_never_crash(year: int) -> None:
    edge = datetime(year, 1, 1) if year == 1 else datetime(year, 12, 31, 23, 59)

    try:
        check_moment(resolve_wall_time(edge, "Pacific/Auckland"), NOON)
    except (Invalid, PastMoment):
        return
    pytest.fail("that moment is out of reach")


def test_a_moment_of_less_than_a_minute_ago_is_now() -> None:
    check_moment(NOON - timedelta(seconds=60), NOON)
    with pytest.raises(PastMoment):
        check_moment(NOON - timedelta(seconds=61), NOON)


def test_six_years_ahead_is_a_slip() -> None:
    with pytest.raises(Invalid, match="more than five years ahead"):
        check_moment(NOON + timedelta(days=6 * 365), NOON)


def test_wall_time_and_zone_alone_give_the_moment() -> None:
    assert settle(None, "2026-07-14T10:00", "Europe/Paris") == (
        datetime(2026, 7, 14, 8, 0, tzinfo=UTC),
        "2026-07-14T10:00",
        "Europe/Paris",
    )


def test_a_wall_time_that_contradicts_the_moment_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        settle(datetime(2026, 7, 14, 8, 0, tzinfo=UTC), "2026-07-14T09:00", "Europe/Paris")

    assert refused.value.field == "wall_time"


@pytest.mark.parametrize("fold", [0, 1])
def test_both_moments_of_a_double_hour_agree_with_their_wall_time(fold: int) -> None:
    moment = resolve_wall_time(at("2026-10-25T02:30"), "Europe/Paris", fold=fold)

    assert settle(moment, "2026-10-25T02:30", "Europe/Paris") == (moment, "2026-10-25T02:30", "Europe/Paris")


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        settle(datetime(2026, 7, 14, 8, 0), None, "Europe/Paris")

    assert refused.value.field == "publish_at"


def test_the_wall_time_of_a_moment_is_what_the_clock_there_shows() -> None:
    assert wall_of(datetime(2026, 7, 14, 8, 0, tzinfo=UTC), "America/New_York") == "2026-07-14T04:00"
