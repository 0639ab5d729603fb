"""X: how our own post is found again among the live ones, and when its absence proves something."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer

from planner.channels.hearing import Heard, Mentions
from planner.channels.port import Listing, NativePost, OwnPosts, PostKind, Receipt, Refused, RetryLater
from planner.channels.x import XAdapter
from planner.channels.x_posts import says
from planner.core import meter
from planner.core.http import Http
from tests.channels.fake_x import ACCOUNT, LINK, NOW, POST, SINCE, FakeX, timeline, told, url


@pytest.fixture
def x(httpserver: HTTPServer) -> FakeX:
    return FakeX(httpserver)


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

    assert x.adapter.recent(SINCE, ACCOUNT) == OwnPosts(
        [NativePost(Receipt("100", "https://x.com/norvane/status/100", NOW), f"A & B {LINK}", kind=PostKind.LINK)]
    )
    assert x.asked[0].args["exclude"] == "retweets,replies"


@pytest.mark.parametrize(
    ("entities", "kind"),
    [
        (None, PostKind.TEXT),
        ({"urls": [url("https://t.co/AAA", "https://x.com/n/status/1/photo/1", media_key="3_1")]}, PostKind.IMAGE),
        ({"urls": [url("https://t.co/BBB", LINK), url("https://t.co/AAA", "https://x.com/n/status/1/video/1")]}, PostKind.VIDEO),
    ],
)
def test_a_post_is_told_by_what_it_mostly_is(x, entities, kind):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told("Seen https://t.co/AAA", entities=entities)))

    assert [one.kind for one in x.adapter.recent(SINCE, ACCOUNT).posts] == [kind]


@pytest.mark.parametrize(
    ("status", "failure"), [(503, RetryLater), (429, RetryLater), (401, Refused), (402, Refused)]
)
def test_recent_posts_that_cannot_be_read_whole_are_told_as_far_as_they_were(x, status, failure):
    x.says("GET", "/2/users/42/tweets", 200, timeline(told("One"), next_token="more"))
    x.says("GET", "/2/users/42/tweets", status, "")

    found = x.adapter.recent(SINCE, ACCOUNT)

    assert ([one.text for one in found.posts], found.complete, type(found.failed)) == (["One"], False, failure)
    assert found.failed.account is (status != 503)


# --- what others wrote --------------------------------------------------------------------------------------------------


def test_mentions_are_told_with_their_authors_and_where_they_lead(x):
    asked = {"after": "7", "before": "", "since": SINCE, "most": 12}
    first = timeline(
        told("Read &lt;this&gt; https://t.co/AAA", "101", author_id="9", conversation_id="55", entities={"urls": [url("https://t.co/AAA", LINK, unwound_url="https://www.example.com/a")]}),
        told("Me too", "100", author_id="8", conversation_id="100"),
        {"id": "99", "text": "no moment"},
        next_token="more",
    )
    x.says("GET", "/2/users/42/mentions", 200, first | {"includes": {"users": [{"id": "9", "name": "Jane Doe", "username": "jane"}]}, "errors": [{"title": "Not Found Error"}]})
    x.says("GET", "/2/users/42/mentions", 200, {"meta": {"result_count": 0}})

    with meter.counting() as used:
        found = x.adapter.mentions(ACCOUNT, **asked)

    assert found == Mentions([
        Heard(Receipt("101", "https://x.com/jane/status/101", NOW), f"Read <this> {LINK}", "Jane Doe @jane", "9", ["https://www.example.com/a"], "55"),
        Heard(Receipt("100", "https://x.com/i/web/status/100", NOW), "Me too", "", "8", [], "100"),
    ])  # fmt: skip
    assert (used["reads"], used["user_reads"]) == (3, 1)
    assert [(one.args["since_id"], one.args["max_results"], one.args.get("pagination_token"), "start_time" in one.args) for one in x.asked] == [("7", "12", None, False), ("7", "10", "more", False)]


def test_as_many_mentions_are_asked_for_as_are_wanted_and_the_first_time_since_a_moment(x):
    x.says("GET", "/2/users/42/mentions", 200, timeline(told("One"), next_token="more"))

    found = x.adapter.mentions(ACCOUNT, after="", before="200", since=SINCE, most=1)

    assert (len(found.heard), found.complete, found.failed) == (1, False, None)
    (asked,) = x.asked
    assert (asked.args["until_id"], asked.args["start_time"], asked.args["max_results"]) == ("200", "2026-11-23T08:55:00Z", "5")


@pytest.mark.parametrize(("status", "failure"), [(503, RetryLater), (401, Refused)])
def test_mentions_that_cannot_be_read_whole_are_told_as_far_as_they_were(x, status, failure):
    x.says("GET", "/2/users/42/mentions", 200, timeline(told("One"), next_token="more"))
    x.says("GET", "/2/users/42/mentions", status, "")

    found = x.adapter.mentions(ACCOUNT, after="", before="", since=SINCE, most=100)

    assert ([one.text for one in found.heard], found.complete, type(found.failed)) == (["One"], False, failure)
    assert x.adapter.mentions(replace(ACCOUNT, secret=None), after="", before="", since=SINCE, most=100).failed.account


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
