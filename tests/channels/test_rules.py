"""How long a connection lasts and when a person is reminded, at the exact boundaries."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from planner.channels.port import Platform
from planner.channels.rules import X_IDLE, Key, Reminder, connection_ends, may_be_renewed, remind
from tests.factories import NOON

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
YEAR = NOON + 365 * DAY


def key(platform: Platform, *, ends: datetime | None, refreshes: bool = True, refresh_ends: datetime | None = None) -> Key:
    return Key(platform, NOON, ends, refreshes, refresh_ends)


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        (key(Platform.LINKEDIN, ends=NOON + 60 * DAY, refreshes=False), NOON + 60 * DAY),
        (key(Platform.LINKEDIN, ends=NOON + 60 * DAY, refresh_ends=YEAR), YEAR),
        (key(Platform.LINKEDIN, ends=NOON + 60 * DAY, refresh_ends=NOON + 3 * DAY), NOON + 60 * DAY),
        (key(Platform.YOUTUBE, ends=NOON + DAY / 24), None),
        (key(Platform.YOUTUBE, ends=NOON + DAY / 24, refresh_ends=NOON + 7 * DAY), NOON + 7 * DAY),
        (key(Platform.X, ends=NOON + DAY / 12), NOON + X_IDLE),
        (key(Platform.X, ends=NOON + DAY / 12, refreshes=False), NOON + DAY / 12),
        (key(Platform.X, ends=None, refreshes=False), None),
    ],
    ids=["no refresh token", "LinkedIn", "a key longer than its refresh token", "Google", "Google, testing", "X", "X without", "not told"],
)
def test_when_a_connection_ends_for_good(known: Key, ends: datetime | None) -> None:
    assert connection_ends(known) == ends


@pytest.mark.parametrize(
    ("left", "stage", "days"),
    [
        (14 * DAY + SECOND, None, None),
        (14 * DAY, 14, 14),
        (14 * DAY - SECOND, 14, 13),
        (7 * DAY + SECOND, 14, 7),
        (7 * DAY, 7, 7),
        (7 * DAY - SECOND, 7, 6),
        (DAY + SECOND, 7, 1),
        (DAY, 1, 1),
        (DAY - SECOND, 1, 0),
        (SECOND, 1, 0),
        (-SECOND, 1, 0),
        (-9 * DAY, 1, 0),
    ],
)
def test_a_person_is_reminded_fourteen_seven_and_one_day_before(left: timedelta, stage: int | None, days: int | None) -> None:
    ends = NOON + left

    assert remind(ends, NOON) == (None if stage is None or days is None else Reminder(ends, stage, days))


def test_nobody_is_reminded_of_an_end_that_is_not_known() -> None:
    assert remind(None, NOON) is None


@pytest.mark.parametrize(
    ("refreshes", "refresh_ends", "may"),
    [(False, None, False), (True, None, True), (True, NOON + SECOND, True), (True, NOON, False)],
)
def test_a_key_is_renewed_while_its_refresh_token_lives(refreshes: bool, refresh_ends: datetime | None, may: bool) -> None:
    assert may_be_renewed(key(Platform.X, ends=NOON, refreshes=refreshes, refresh_ends=refresh_ends), NOON) is may
