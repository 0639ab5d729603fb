"""X: what leaves us, what each answer means, and how our own post is found again."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels.port import Account, Listing, NativePost, OutgoingPost, Platform, Receipt, Refused, RetryLater, Sent, Unknown
from planner.channels.x import XAdapter
from planner.channels.x_posts import says
from planner.core.http import Http
from tests.channels.contract import AdapterContract, closed_address

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)
TOKEN = "token-that-must-not-be-shown"
ACCOUNT = Account(1, Platform.X, "X", external_id="42", config={"handle": "@norvane"}, secret=TOKEN)
LINK = "https://www.example.com/a?utm_source=x&utm_content=7"
POST = OutgoingPost(delivery_id=7, attempt=1, fingerprint="ab" * 32, text=f"Réseaux privés & 5G <2026> {LINK}")


class TestContract(AdapterContract):
    platform = Platform.X
    create = "x.create"
    unknown_id = "1000000000000000001"

    def make_adapter(self, url: str) -> XAdapter:
        return XAdapter(url, Http(timeout_seconds=3))


class FakeX:
    """Answers from a list, in order, for each method and path; keeps every request."""

    def __init__(self, server: HTTPServer) -> None:
        self.adapter = XAdapter(server.url_for("").rstrip("/"), Http(timeout_seconds=2), now=lambda: NOW)
        self.asked: list[Request] = []
        self._answers: dict[tuple[str, str], list[Response]] = {}
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def says(self, method: str, path: str, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, str) else json.dumps(body)
        self._answers.setdefault((method, path), []).append(Response(raw, status, headers=headers or {}))

    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.asked]

    def _answer(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        answers = self._answers.get((request.method, request.path)) or [Response("{}", 404)]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def publish(self, post: OutgoingPost = POST, account: Account = ACCOUNT) -> Any:
        return self.adapter.publish(post, account, keep=lambda _: None)

    def find(self, account: Account = ACCOUNT) -> Listing:
        return self.adapter.find(POST, SINCE, account)


@pytest.fixture
def x(httpserver: HTTPServer) -> FakeX:
    return FakeX(httpserver)


def told(text: str, post_id: str = "100", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    return {"id": post_id, "text": text, "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", **more}


def timeline(*posts: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"data": list(posts), "meta": {"result_count": len(posts), **meta}}


def url(short: str, long: str, **more: Any) -> dict[str, Any]:
    return {"start": 0, "end": 1, "url": short, "expanded_url": long, **more}


# --- making a post ----------------------------------------------------------------------------------------------------


def test_a_post_leaves_as_text_and_a_bearer_token_and_nothing_more(x):
    x.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})

    assert x.publish() == Sent(Receipt("100", "https://x.com/norvane/status/100"))
    [request] = x.asked
    assert (request.path, request.headers["Authorization"]) == ("/2/tweets", f"Bearer {TOKEN}")
    assert request.json == {"text": POST.text}


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
    assert (x.adapter.audience(account), x.adapter.recent(SINCE, account)) == (None, None)
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
    )


# --- finding it again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("Réseaux privés &amp; 5G &lt;2026&gt; https://t.co/AAA", {"urls": [url("https://t.co/AAA", LINK)]}),
        ("Re\u0301seaux prive\u0301s & 5G <2026>  https://t.co/AAA", {"urls": [url("https://t.co/AAA", LINK)]}),
        (
            "Réseaux privés &amp; 5G &lt;2026&gt; https://t.co/AAA https://t.co/BBB",
            {"urls": [url("https://t.co/AAA", LINK), url("https://t.co/BBB", "https://x.com/n/status/1/photo/1", media_key="3_1")]},
        ),
        ("Réseaux privés &amp; 5G &lt;2026&gt; https://t.co/AAA", None),
    ],
)
def test_our_post_is_known_by_its_text_whatever_x_made_of_it(x, text, entities):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told(text, entities=entities)))

    assert x.find() == Listing([Receipt("100", "https://x.com/norvane/status/100", NOW)], complete=True)


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("Réseaux privés &amp; 5G &lt;2026&gt; https://t.co/AAA", {"urls": [url("https://t.co/AAA", LINK + "8")]}),
        ("Réseaux privés &amp; 5G &lt;2027&gt; https://t.co/AAA", {"urls": [url("https://t.co/AAA", LINK)]}),
        ("", None),
    ],
)
def test_another_link_or_another_word_is_another_post(x, text, entities):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told(text, entities=entities)))

    assert x.find() == Listing([], complete=True)


def test_a_text_that_holds_html_characters_itself_is_found():
    post = replace(POST, text="Écrire &amp; et &lt;b&gt;")

    assert says({"text": "Écrire &amp;amp; et &amp;lt;b&amp;gt;"}, post.text)
    assert says({"text": "Écrire &amp; et &lt;b&gt;"}, post.text)


def test_x_is_asked_for_our_own_posts_since_the_attempt(x):
    x.says("GET", "/2/users/42/tweets", 200, timeline())

    assert x.adapter.find(POST, SINCE.replace(microsecond=900_000), ACCOUNT) == Listing([], complete=True)
    assert x.asked[0].args.to_dict() == {
        "max_results": "100",
        "start_time": "2026-11-23T08:55:00Z",
        "exclude": "retweets",
        "post.fields": "created_at,entities",
    }


def test_an_older_post_with_the_same_words_is_not_ours(x):
    old = told(POST.text, at=SINCE - timedelta(seconds=1))
    x.says("GET", "/2/users/42/tweets", 200, timeline(old, told(POST.text, "101", SINCE)))

    assert [match.external_id for match in x.find().matches] == ["101"]


def test_every_page_is_read(x):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told("Autre"), next_token="more"))
    x.says("GET", "/2/users/42/tweets", 200, timeline(told(POST.text, "101")))

    assert x.find() == Listing([Receipt("101", "https://x.com/norvane/status/101", NOW)], complete=True)
    assert [request.args.get("pagination_token") for request in x.asked] == [None, "more"]


def test_a_list_without_an_end_proves_nothing(x):
    x.says("GET", "/2/users/42/tweets", 200, timeline(next_token="more"))

    assert x.find() == Listing([], complete=False, reason="The account has more than 2000 posts since then.")
    assert len(x.asked) == 20


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (429, ""),
        (401, ""),
        (200, "{"),
        (200, "[]"),
        (200, {"data": []}),
        (200, {**timeline(), "errors": [{"title": "Partial"}]}),
    ],
)
def test_a_trouble_on_a_later_page_keeps_what_was_found_and_proves_no_absence(x, status, body):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told(POST.text), next_token="more"))
    x.says("GET", "/2/users/42/tweets", status, body)

    listing = x.find()

    assert ([match.external_id for match in listing.matches], listing.complete) == (["100"], False)
    assert listing.reason


def test_an_account_whose_number_is_not_known_is_asked_for_it(x):
    x.says("GET", "/2/users/me", 200, {"data": {"id": "43", "name": "N", "username": "norvane"}})
    x.says("GET", "/2/users/43/tweets", 200, timeline(told(POST.text)))

    assert len(x.find(replace(ACCOUNT, external_id="")).matches) == 1
    assert x.paths() == ["GET /2/users/me", "GET /2/users/43/tweets"]


def test_an_account_x_does_not_name_proves_nothing(x):
    x.says("GET", "/2/users/me", 200, {"data": {}})

    assert x.find(replace(ACCOUNT, external_id="")) == Listing([], False, "X did not say whose account this is.")


def test_recent_posts_are_told_as_people_read_them(x):
    x.says(
        "GET", "/2/users/42/tweets", 200, timeline(told("A &amp; B https://t.co/AAA", entities={"urls": [url("https://t.co/AAA", LINK)]}))
    )

    assert x.adapter.recent(SINCE, ACCOUNT) == [NativePost(Receipt("100", "https://x.com/norvane/status/100", NOW), f"A & B {LINK}")]


def test_recent_posts_that_cannot_be_read_whole_are_not_told(x):
    x.says("GET", "/2/users/42/tweets", 503, "")

    assert x.adapter.recent(SINCE, ACCOUNT) is None


# --- the change of names in 2.167 -------------------------------------------------------------------------------------

NO_POST_FIELDS = {"errors": [{"parameters": {"post.fields": ["x"]}, "message": "The query parameter [post.fields] is not one of…"}]}


def test_a_name_x_does_not_know_is_replaced_by_the_other_once(x):
    x.says("GET", "/2/users/42/tweets", 400, NO_POST_FIELDS)
    x.says("GET", "/2/users/42/tweets", 200, timeline(told(POST.text)))

    assert len(x.find().matches) == 1
    assert [sorted(name for name in request.args if name.endswith(".fields")) for request in x.asked] == [["post.fields"], ["tweet.fields"]]


def test_when_x_knows_neither_name_it_is_asked_twice_and_no_more(x):
    x.says("GET", "/2/users/42/tweets", 400, NO_POST_FIELDS)

    assert not x.find().complete
    assert len(x.asked) == 2


def test_another_bad_request_is_not_asked_again(x):
    x.says("GET", "/2/users/42/tweets", 400, {"detail": "start_time is too old"})

    assert x.find().reason == "X does not take this. X says: start_time is too old"
    assert len(x.asked) == 1


def test_the_name_to_start_with_is_a_setting(httpserver: HTTPServer):
    httpserver.expect_request("/2/users/42/tweets").respond_with_json(timeline())
    XAdapter(httpserver.url_for(""), Http(timeout_seconds=2), fields_name="tweet").find(POST, SINCE, ACCOUNT)

    assert "tweet.fields" in httpserver.log[0][0].args


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
    "data meta errors id text next_token entities urls url expanded_url created_at code public_metrics includes media "
    "attachments media_keys type deleted detail like_count"
).split()
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
    assert (adapter.audience(ACCOUNT), adapter.recent(SINCE, ACCOUNT)) == (None, None)
