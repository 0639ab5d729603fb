"""The outcome classes: how long a wait may be, and what a missing answer means before and after a post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from planner.channels.port import Refused, RetryLater, Unknown
from planner.channels.wire import count, inside, nothing_live, unanswered, wait_asked
from planner.core.http import MaybeSent, NotSent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon, please"}, None),
        ({"Retry-After": "NaN"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "１２"}, None),
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"retry-after": " 1.9 "}, SECOND),
        ({"Retry-After": "0"}, SECOND),
        ({"Retry-After": "-30"}, SECOND),
        ({"Retry-After": "999999999999999999999"}, DAY),
        ({"Retry-After": "9" * 5000}, DAY),
        ({"Retry-After": "Mon, 23 Nov 2026 09:05:00 GMT"}, timedelta(minutes=5)),
        ({"Retry-After": "Mon, 23 Nov 2026 10:05:00 +0100"}, timedelta(minutes=5)),
        ({"Retry-After": "Mon, 23 Nov 2026 09:05:00 -0000"}, timedelta(minutes=5)),
        ({"Retry-After": "Mon, 23 Nov 2020 09:05:00 GMT"}, SECOND),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, DAY),
        ({"Retry-After": "Fri, 99 Xyz 2026 25:61:00 GMT"}, None),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 600)}, timedelta(minutes=10)),
        ({"x-rate-limit-reset": "0"}, SECOND),
        ({"x-rate-limit-reset": "-5"}, SECOND),
        ({"x-rate-limit-reset": "99999999999999"}, DAY),
        ({"x-rate-limit-reset": "tomorrow"}, None),
        ({"Retry-After": "soon", "x-rate-limit-reset": str(int(NOW.timestamp()) + 60)}, timedelta(minutes=1)),
        ({"Retry-After": "30", "x-rate-limit-reset": str(int(NOW.timestamp()) + 60)}, timedelta(seconds=30)),
    ],
)
def test_a_wait_is_between_a_second_and_a_day_or_not_told(headers, wait):
    assert wait_asked(CaseInsensitiveDict(headers), NOW) == wait


def test_a_missing_answer_is_a_no_only_when_nothing_was_sent():
    assert unanswered(NotSent("api.x.com")) == RetryLater("api.x.com could not be reached; nothing was sent.")
    assert unanswered(MaybeSent("api.x.com")) == Unknown("api.x.com gave no clear answer; it may have acted on what was sent.")


def test_before_anything_is_live_what_is_unknown_may_be_tried_again():
    refused, later = Refused("media", "No."), RetryLater("Wait.", timedelta(seconds=3), account=True)

    assert nothing_live(Unknown("Silence.")) == RetryLater("Silence.")
    assert (nothing_live(refused), nothing_live(later)) == (refused, later)


def test_values_inside_an_answer_are_none_when_a_step_is_missing_or_something_else():
    body = {"data": {"id": "1", "list": []}}

    assert [inside(body, *path.split(".")) for path in ("data.id", "data.no", "data.id.x", "data.list.0")] == ["1", None, None, None]
    assert [inside(body), inside(None, "data"), inside([], "data")] == [body, None, None]


@pytest.mark.parametrize(("value", "counted"), [(0, 0), (7, 7), (-1, None), (True, None), (1.0, None), ("7", None), (None, None)])
def test_a_count_is_a_whole_number_or_not_told(value, counted):
    assert count(value) == counted
