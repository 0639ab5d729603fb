"""Scripted failures do what they say: what is stored, what the client sees, how often, and for whom."""

from __future__ import annotations

import time

import pytest
import requests


def script(door, **fault):
    answer = door("POST", "/_sandbox/faults", json=[fault])
    assert answer.status_code == 201, answer.text


def live(door):
    return [post["text"] for post in door("GET", "/_sandbox/posts?platform=x").json()["posts"]]


def post(x, text):
    return x("POST", "/2/tweets", json={"text": text})


def test_drop_after_stores_the_post_and_cuts_the_connection(x, door):
    script(door, platform="x", operation="x.create", kind="drop_after")

    with pytest.raises(requests.ConnectionError):
        post(x, "Accepted, never confirmed")

    assert live(door) == ["Accepted, never confirmed"]
    assert post(x, "Next").status_code == 201


def test_drop_before_stores_nothing(x, door):
    script(door, platform="x", operation="x.create", kind="drop_before")

    with pytest.raises(requests.ConnectionError):
        post(x, "Lost")

    assert live(door) == []


def test_a_delayed_acceptance_shows_the_post_only_later(x, door, clock):
    script(door, operation="x.create", kind="drop_after", accept_delay=30)
    me = x("GET", "/2/users/me").json()["data"]["id"]

    with pytest.raises(requests.ConnectionError):
        post(x, "Slow")
    at_once = live(door), x("GET", f"/2/users/{me}/tweets").json()["meta"]["result_count"]
    clock.pass_(seconds=30)

    assert at_once == ([], 0)
    assert live(door) == ["Slow"]
    assert x("GET", f"/2/users/{me}/tweets?post.fields=created_at").json()["data"][0]["created_at"] == "2026-11-24T09:00:30.000Z"


def test_a_status_is_answered_with_nothing_stored_or_after_storing(x, door):
    script(door, operation="x.create", kind="status", status=503)
    script(door, operation="x.create", kind="status", status=502, accepted=True)

    answers = [post(x, "First").status_code, post(x, "Second").status_code, post(x, "Third").status_code]

    assert answers == [503, 502, 201]
    assert live(door) == ["Second", "Third"]


@pytest.mark.parametrize(
    ("form", "told"),
    [("seconds", "120"), ("http-date", "Tue, 24 Nov 2026 09:02:00 GMT"), ("absent", None), ("garbage", "soon, please")],
)
def test_a_rate_limit_tells_its_wait_in_each_form(x, door, form, told):
    script(door, operation="x.create", kind="rate_limit", retry_after=form, wait_seconds=120)

    answer = post(x, "Wait")

    assert answer.status_code == 429
    assert answer.headers.get("Retry-After") == told
    assert ("x-rate-limit-reset" in answer.headers) is (form in ("seconds", "http-date"))
    assert live(door) == []


def test_a_listing_lag_hides_young_posts_from_listings_only(x, door, clock):
    script(door, platform="x", kind="listing_lag", seconds=60, times=None)
    me = x("GET", "/2/users/me").json()["data"]["id"]
    post_id = post(x, "Young").json()["data"]["id"]

    def listed():
        return x("GET", f"/2/users/{me}/tweets").json()["meta"]["result_count"]

    young = listed(), "data" in x("GET", f"/2/tweets?ids={post_id}").json()
    clock.pass_(seconds=61)

    assert young == (0, True)
    assert listed() == 1


def test_a_token_is_refused_while_scripted_for_that_account_only(caller, door):
    first, other = caller("sandbox-first"), caller("sandbox-other")
    me = first("GET", "/2/users/me").json()["data"]["id"]
    script(door, kind="token_revoked", account=me, times=None)

    answers = [post(first, "a").status_code, post(other, "b").status_code]
    door("DELETE", "/_sandbox/faults")

    assert answers == [401, 201]
    assert post(first, "c").status_code == 201


def test_a_truncated_answer_breaks_off_in_the_middle(x, door):
    script(door, operation="x.create", kind="truncate_answer")

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(x, "Half an answer")

    assert live(door) == ["Half an answer"]


def test_delays_come_before_and_after_the_post_is_stored(x, door):
    script(door, operation="x.create", kind="delay_before", seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{x.base}/2/tweets", json={"text": "late"}, headers=x.headers, timeout=0.15)
    not_yet = live(door)
    time.sleep(0.6)

    script(door, operation="x.create", kind="delay_after", seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{x.base}/2/tweets", json={"text": "unheard"}, headers=x.headers, timeout=0.15)

    assert not_yet == []
    assert live(door) == ["late", "unheard"]


def test_chance_is_the_same_every_time(x, door):
    def run():
        door("DELETE", "/_sandbox")
        script(door, operation="x.create", kind="status", status=500, times=None, probability=0.5, seed=7)
        return [post(x, f"Try {number}").status_code for number in range(12)]

    first = run()

    assert run() == first
    assert set(first) == {500, 201}


def test_a_fault_strikes_as_often_as_it_says(x, door):
    script(door, operation="x.*", kind="status", status=500, times=2)

    assert [x("GET", "/2/users/me").status_code for _ in range(3)] == [500, 500, 200]
    assert [one["remaining"] for one in door("GET", "/_sandbox/faults").json()["faults"]] == [0]


@pytest.mark.parametrize(
    "fault",
    [{"kind": "explode"}, {"kind": "status", "colour": 1}, {"kind": "status", "times": 0}, {"kind": "status", "status": 200},
     {"kind": "delay_after", "seconds": -1}, {"kind": "status", "probability": 2}, {"kind": "rate_limit", "retry_after": "x"}, 5],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(door, fault):
    answer = door("POST", "/_sandbox/faults", json=[fault])

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert door("GET", "/_sandbox/faults").json() == {"faults": []}


def test_the_journal_names_calls_but_never_a_token(caller, door):
    x = caller("sandbox-very-secret")
    post(x, "Noted")
    x("GET", "/2/users/me?access_token=very-secret-too")

    answer = door("GET", "/_sandbox/calls")
    calls = answer.json()["calls"]

    assert [(call["operation"], call["method"], call["status"]) for call in calls] == [("x.create", "POST", 201), ("x.me", "GET", 200)]
    assert "very-secret" not in answer.text
    assert calls[0]["token"] == calls[1]["token"] != ""


def test_a_reset_forgets_everything(x, door):
    post(x, "Gone soon")

    assert door("DELETE", "/_sandbox").status_code == 204
    assert (live(door), door("GET", "/_sandbox/calls").json()) == ([], {"calls": []})


def test_health_tells_the_speed_and_settings_are_checked(door):
    assert door("GET", "/_sandbox/health").json()["ok"] is True
    assert door("POST", "/_sandbox/settings", json={"limits": 3}).status_code == 400
    assert door("POST", "/_sandbox/clock", json={"speed": -1}).status_code == 400
