"""X: numbers under either of its names, None where nothing was told, and clicks only where X gives them."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from planner.channels.port import AudienceCount, Reading, Readings, Refused, RetryLater
from planner.channels.wire import DEFAULT_WAIT
from planner.core import meter
from tests.channels.fake_x import ACCOUNT, FakeX

NEW = {"repost_count": 3, "reply_count": 2, "like_count": 10, "quote_count": 1, "bookmark_count": 4, "impression_count": 500}
OLD = {"retweet_count": 3, "reply_count": 2, "like_count": 10, "quote_count": 1, "bookmark_count": 4, "impression_count": 500}
COUNTED = {"impressions": 500, "engagements": 20, "likes": 10, "comments": 2, "shares": 4}


@pytest.fixture
def x(httpserver: HTTPServer) -> FakeX:
    return FakeX(httpserver)


def missing(post_id: str, host: str = "api.x.com") -> dict[str, Any]:
    return {"resource_id": post_id, "value": post_id, "type": f"https://{host}/2/problems/resource-not-found", "title": "Not Found Error"}


def not_allowed(post_id: str) -> dict[str, Any]:
    return {"resource_id": post_id, "field": "non_public_metrics", "type": "https://api.x.com/2/problems/not-authorized-for-field"}


def read(x: FakeX, *ids: str) -> Readings:
    return x.adapter.readings(ids, ACCOUNT)


@pytest.mark.parametrize("metrics", [NEW, OLD], ids=["2.167", "older"])
def test_numbers_are_read_under_either_name(x, metrics):
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": metrics, "non_public_metrics": {"url_link_clicks": 6}}]})

    assert read(x, "1") == Readings(told=[Reading("1", clicks=6, **COUNTED)], gone=[])
    assert x.asked[0].args.to_dict() == {
        "ids": "1",
        "expansions": "attachments.media_keys",
        "media.fields": "public_metrics,type,non_public_metrics,organic_metrics",
        "post.fields": "public_metrics,attachments,non_public_metrics,organic_metrics",
    }


def test_what_is_not_told_is_none_and_zero_is_zero(x):
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1"}, {"id": "2", "public_metrics": {"like_count": 0}}]})

    assert read(x, "1", "2") == Readings(told=[Reading("1"), Reading("2", likes=0, engagements=0)], gone=[])


@pytest.mark.parametrize("value", ["12", 1.5, -1, True, None, [], {}])
def test_what_is_no_count_is_not_told(x, value):
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": {"like_count": value, "impression_count": value}}]})

    assert read(x, "1") == Readings(told=[Reading("1")], gone=[])


def test_a_video_has_views_and_a_picture_has_none(x):
    posts = [
        {"id": "1", "public_metrics": NEW, "attachments": {"media_keys": ["7_1"]}},
        {"id": "2", "public_metrics": NEW, "attachments": {"media_keys": ["3_2"]}},
    ]
    media = [
        {"media_key": "7_1", "type": "video", "public_metrics": {"view_count": 120}},
        {"media_key": "3_2", "type": "photo", "public_metrics": {"view_count": 9}},
    ]
    x.says("GET", "/2/tweets", 200, {"data": posts, "includes": {"media": media}})

    assert read(x, "1", "2").told == [Reading("1", views=120, regime="x_video", **COUNTED), Reading("2", **COUNTED)]


def test_how_far_people_watched_a_video_is_kept_as_it_was_told(x):
    far = {"playback_0_count": 90, "playback_25_count": 50, "playback_100_count": 20}
    media = [
        {"media_key": "7_1", "type": "video", "public_metrics": {"view_count": 120}, "non_public_metrics": far, "organic_metrics": far},
        {"media_key": "7_9", "type": "video", "public_metrics": {"view_count": 5}},
    ]
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": NEW, "attachments": {"media_keys": ["7_1"]}}], "includes": {"media": media}})

    assert read(x, "1").told[0].raw == {"public_metrics": NEW, "media": {"7_1": {name: media[0][name] for name in ("public_metrics", "non_public_metrics", "organic_metrics")}}}


@pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com"])
def test_posts_that_are_gone_are_told_apart_whatever_the_host_in_the_problem(x, host):
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": NEW}], "errors": [missing("2", host)]})

    assert read(x, "1", "2") == Readings(told=[Reading("1", **COUNTED)], gone=["2"])
    assert len(x.asked) == 1


def test_when_clicks_are_refused_for_all_the_rest_is_asked_for_alone(x):
    x.says("GET", "/2/tweets", 403, {"detail": "non_public_metrics need a user token"})
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": NEW}]})

    assert read(x, "1") == Readings(told=[Reading("1", **COUNTED)], gone=[])
    assert x.asked[1].args["post.fields"] == "public_metrics,attachments"


def test_when_clicks_are_refused_for_one_post_only_that_one_is_asked_again(x):
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "1", "public_metrics": NEW}], "errors": [not_allowed("2"), missing("3")]})
    x.says("GET", "/2/tweets", 200, {"data": [{"id": "2", "public_metrics": OLD}]})

    assert read(x, "1", "2", "3") == Readings(told=[Reading("1", **COUNTED), Reading("2", **COUNTED)], gone=["3"])
    assert x.asked[1].args["ids"] == "2"


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        (401, Refused("unauthorised", "X no longer accepts this connection. Connect the account again.", account=True)),
        (429, RetryLater("X asks for a pause.", DEFAULT_WAIT, account=True)),
        (500, RetryLater("X answered with status 500, from which nothing follows.")),
    ],
)
def test_a_failed_call_tells_nothing_and_says_why(x, status, failed):
    x.says("GET", "/2/tweets", status, "")

    assert read(x, "1") == Readings(failed=failed)
    assert len(x.asked) == 1


def test_a_broken_answer_is_a_failed_call(x):
    x.says("GET", "/2/tweets", 200, '{"data":[{"id"')

    assert read(x, "1").failed == RetryLater("X's answer broke off.")


def test_no_ids_ask_nothing(x):
    assert (read(x), x.asked) == (Readings(told=[], gone=[]), [])


def test_more_ids_than_a_call_may_carry_are_a_mistake_of_the_caller(x):
    with pytest.raises(ValueError, match="at most 100"):
        read(x, *map(str, range(101)))


def test_followers(x):
    x.says("GET", "/2/users/me", 200, {"data": {"id": "42", "public_metrics": {"followers_count": 5120}}})

    with meter.counting() as tally:
        assert x.adapter.audience(ACCOUNT) == [AudienceCount("followers", "total", 5120)]
    assert tally["user_reads"] == 1, "X charges a look at the account itself"
    assert x.asked[0].args.to_dict() == {"user.fields": "public_metrics"}


@pytest.mark.parametrize(("status", "body"), [(200, {"data": {"id": "42"}}), (200, "{"), (401, ""), (500, "")])
def test_followers_not_told_are_none(x, status, body):
    x.says("GET", "/2/users/me", status, body)

    assert x.adapter.audience(ACCOUNT) is None
