"""X: what leaves us, what each answer means, and that no answer makes the adapter raise."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels.port import Listing, OwnPosts, Platform, Receipt, Refused, RetryLater, Sent, Unknown
from planner.channels.x import XAdapter
from planner.core.http import Http
from tests.channels.contract import COMMENT, AdapterContract, closed_address
from tests.channels.fake_x import ACCOUNT, NOW, POST, SINCE, TOKEN, FakeX


class TestContract(AdapterContract):
    platform = Platform.X
    create = "x.create"
    comment = "x.create"
    unknown_id = "1000000000000000001"

    def make_adapter(self, url: str) -> XAdapter:
        return XAdapter(url, Http(timeout_seconds=3))

    @pytest.mark.parametrize(("off", "answers"), [(True, "mentionedUsers"), (False, "everyone")])
    def test_the_platform_keeps_who_may_answer(self, stage, off, answers):
        number = stage.publish(replies_off=off).receipt.external_id
        told = Http(timeout_seconds=3).request("GET", f"{stage.url}/2/tweets/{number}?tweet.fields=reply_settings", headers={"Authorization": f"Bearer {stage.account.secret}"})

        assert told.json()["data"]["reply_settings"] == answers

    def comments_made(self, stage) -> int:
        return len(stage.adapter.find(replace(stage.post, text=COMMENT), stage.since, stage.account).matches)


@pytest.fixture
def x(httpserver: HTTPServer) -> FakeX:
    return FakeX(httpserver)


# --- making a post ----------------------------------------------------------------------------------------------------


def test_a_post_leaves_as_text_and_a_bearer_token_and_nothing_more(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})

    assert x.publish() == Sent(Receipt("100", "https://x.com/norvane/status/100"))
    [request] = x.asked
    assert (request.path, request.headers["Authorization"]) == ("/2/tweets", f"Bearer {TOKEN}")
    assert request.json == {"text": POST.text}


def test_what_nobody_may_answer_is_answered_by_nobody_but_whom_it_mentions(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})
    x.says("POST", "/2/tweets", 201, {"data": {"id": "101", "text": "…"}})

    assert x.publish(replace(POST, replies_off=True, first_comment="More to read")).note == ""
    assert [request.json for request in x.asked] == [
        {"text": POST.text, "reply_settings": "mentionedUsers"}, {"text": "More to read", "reply": {"in_reply_to_tweet_id": "100"}},
    ]  # fmt: skip


def test_an_account_whose_name_is_not_known_still_has_an_address(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})

    assert x.publish(account=replace(ACCOUNT, config={})).receipt.url == "https://x.com/i/web/status/100"


PROBLEM = {"title": "Forbidden", "status": 403, "type": "about:blank"}


@pytest.mark.parametrize(
    ("status", "body", "headers", "outcome"),
    [
        (
            403,
            {**PROBLEM, "detail": "You are not allowed to create a Tweet with duplicate content."},
            {},
            Refused("duplicate", "X says that this account has already posted the same text."),
        ),
        (
            403,
            {"errors": [{"code": 187, "message": "Status is a duplicate."}]},
            {},
            Refused("duplicate", "X says that this account has already posted the same text."),
        ),
        (403, {"errors": [{"code": 186, "message": "Too long."}]}, {}, Refused("too_long", "X says that the text is too long.")),
        (
            403,
            {"errors": [{"code": 326, "message": "This account is temporarily locked."}]},
            {},
            Refused("forbidden", "X does not let this account post. X says: This account is temporarily locked.", account=True),
        ),
        (
            403,
            {**PROBLEM, "detail": "Client forbidden.", "type": "https://api.twitter.com/2/problems/client-forbidden"},
            {},
            Refused("forbidden", "X does not let this account post. X says: Client forbidden.", account=True),
        ),
        (403, {**PROBLEM, "detail": "Not this."}, {}, Refused("forbidden", "X does not allow this. X says: Not this.")),
        (
            401,
            {"title": "Unauthorized", "status": 401, "detail": "Unauthorized"},
            {},
            Refused("unauthorised", "X no longer accepts this connection. Connect the account again.", account=True),
        ),
        (
            402,
            {"title": "CreditsDepleted", "detail": "No credits."},
            {},
            Refused("credits", "The credits at X are used up. X says: No credits.", account=True),
        ),
        (
            400,
            {"errors": [{"message": "Bad."}], "title": "Invalid Request"},
            {},
            Refused("content", "X does not take this. X says: Invalid Request"),
        ),
        (404, "", {}, Refused("not_found", "X knows nothing at this address.")),
        (
            429,
            {"title": "Too Many Requests", "detail": "Too Many Requests"},
            {"x-rate-limit-reset": str(int(NOW.timestamp()) + 300)},
            RetryLater("X asks for a pause. X says: Too Many Requests", timedelta(seconds=300), account=True),
        ),
        (
            429,
            {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
            {"Retry-After": "60"},
            RetryLater("X asks for a pause. X says: Rate limit exceeded", timedelta(seconds=60), account=True),
        ),
        (
            429,
            {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped", "period": "Monthly"},
            {},
            RetryLater("What X allows this app for the period is used up.", timedelta(minutes=15), account=True),
        ),
        (503, "", {"Retry-After": "20"}, RetryLater("X is not available at the moment.", timedelta(seconds=20))),
        (503, "", {}, Unknown("X answered with status 503, from which nothing follows.")),
        (503, "", {"Retry-After": "soon"}, Unknown("X answered with status 503, from which nothing follows.")),
        (500, {"title": "Internal"}, {}, Unknown("X answered with status 500, from which nothing follows. X says: Internal")),
        (504, "<html>", {}, Unknown("X answered with status 504, from which nothing follows.")),
        (408, "", {}, Unknown("X answered with status 408, from which nothing follows.")),
        (301, "", {"Location": "https://elsewhere.invalid/"}, Unknown("X answered with status 301, from which nothing follows.")),
        (201, "{", {}, Unknown("X said yes, but its answer broke off before the post's number.")),
        (201, "[]", {}, Unknown("X said yes, but its answer broke off before the post's number.")),
        (201, {"data": {"id": 100}}, {}, Unknown("X said yes, but its answer broke off before the post's number.")),
        (200, {"data": {"id": "drop table"}}, {}, Unknown("X said yes, but its answer broke off before the post's number.")),
    ],
)
def test_what_an_answer_means(x, status, body, headers, outcome):
    x.says("POST", "/2/tweets", status, body, headers)

    assert x.publish() == outcome
    assert len(x.asked) == 1  # never a second try of its own


def test_an_answer_that_comes_too_late_is_unknown(httpserver: HTTPServer):
    def slow(_request: Request) -> Response:
        time.sleep(0.8)
        return Response("{}", 201)

    httpserver.expect_request("/2/tweets").respond_with_handler(slow)
    adapter = XAdapter(httpserver.url_for(""), Http(timeout_seconds=0.3))

    assert adapter.publish(POST, ACCOUNT, keep=lambda _: None) == Unknown(
        f"{httpserver.host} gave no clear answer; it may have acted on what was sent."
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "content"), ("  \n", "content"), ("a" * 281, "too_long"), ("日" * 141, "too_long")],
)
def test_what_x_would_refuse_is_not_sent(x, text, code):
    outcome = x.publish(replace(POST, text=text))

    assert (outcome.code, outcome.account, x.asked) == (code, False, [])


@pytest.mark.parametrize("secret", [None, "", "two words", "line\r\nX-Injected: 1", "clé"])
def test_a_token_that_no_header_could_carry_is_not_sent(x, secret):
    account = replace(ACCOUNT, secret=secret)

    assert x.publish(account=account).account
    assert not x.find(account).complete
    assert x.adapter.readings(["1"], account).failed.account
    assert x.adapter.audience(account) is None
    assert x.adapter.recent(SINCE, account).failed.account
    assert x.asked == []


def test_a_reason_that_repeats_the_token_is_shown_without_it(x):
    x.says("POST", "/2/tweets", 400, {"detail": f"Bad token {TOKEN}, Authorization: Bearer {TOKEN}"})

    assert x.publish().reason == "X does not take this. X says: Bad token …, Authorization: Bearer …"


def test_the_first_comment_answers_the_post(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})
    x.says("POST", "/2/tweets", 201, {"data": {"id": "101", "text": "…"}})

    assert x.publish(replace(POST, first_comment="Le lien")) == Sent(Receipt("100", "https://x.com/norvane/status/100"))
    assert x.asked[1].json == {"text": "Le lien", "reply": {"in_reply_to_tweet_id": "100"}}


def test_a_first_comment_that_fails_leaves_the_post_sent_with_a_note(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})
    x.says("POST", "/2/tweets", 403, {"detail": "Replies are not allowed."})

    outcome = x.publish(replace(POST, first_comment="Le lien"))

    assert outcome == Sent(
        Receipt("100", "https://x.com/norvane/status/100"),
        "The first comment was not posted: X does not allow this. X says: Replies are not allowed.",
        undone=("first_comment",),
    )


# --- taking down ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"data": {"deleted": True}}, Sent(Receipt("100", "https://x.com/norvane/status/100"))),
        (200, {"data": {"deleted": False}}, Refused("not_found", "X has no such post of this account.")),
        (200, "{", Unknown("X's answer broke off; the post may be gone.")),
        (404, "", Refused("not_found", "X knows nothing at this address.")),
        (500, "", Unknown("X answered with status 500, from which nothing follows.")),
    ],
)
def test_taking_a_post_down(x, status, body, outcome):
    x.says("DELETE", "/2/tweets/100", status, body)

    assert x.adapter.delete("100", ACCOUNT) == outcome


@pytest.mark.parametrize("post_id", ["", "1/../2", "abc", "1" * 20, "１００"])
def test_only_a_number_is_ever_put_into_an_address(x, post_id):
    outcome = x.adapter.delete(post_id, ACCOUNT)
    x.adapter.readings([post_id], ACCOUNT)

    assert (outcome.code, x.asked) == ("not_found", [])


# --- whatever X answers -----------------------------------------------------------------------------------------------

MEMBERS = (
    *("data", "meta", "errors", "id", "text", "next_token", "entities", "urls", "url", "expanded_url", "created_at"),
    *("public_metrics", "includes", "media", "attachments", "media_keys", "type", "deleted", "detail", "code"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON, status=st.sampled_from([200, 201, 400, 403, 429]))
def test_no_answer_makes_the_adapter_raise(httpserver: HTTPServer, body, status):
    httpserver.clear()
    httpserver.expect_request(re.compile(".*")).respond_with_json(body, status=status)
    adapter = XAdapter(httpserver.url_for(""), Http(timeout_seconds=5))

    assert isinstance(adapter.publish(POST, ACCOUNT, keep=lambda _: None), Sent | Refused | RetryLater | Unknown)
    assert isinstance(adapter.find(POST, SINCE, ACCOUNT), Listing)
    adapter.recent(SINCE, ACCOUNT)
    adapter.delete("100", ACCOUNT)
    adapter.readings(["100", "101"], ACCOUNT)
    adapter.audience(ACCOUNT)


def test_where_nobody_listens_nothing_is_known():
    adapter = XAdapter(closed_address(), Http(timeout_seconds=1))

    assert adapter.readings(["1"], ACCOUNT).failed == RetryLater("127.0.0.1 could not be reached; nothing was sent.")
    assert adapter.audience(ACCOUNT) is None
    assert adapter.recent(SINCE, ACCOUNT) == OwnPosts([], False, RetryLater("127.0.0.1 could not be reached; nothing was sent."))
