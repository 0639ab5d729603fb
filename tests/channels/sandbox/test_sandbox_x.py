"""Pretend X speaks X's format: posts, lookups, listings, media, limits and refusals."""

from __future__ import annotations

import base64

import requests

from planner.channels.sandbox import Sandbox, serve


def post(x, text, **more):
    return x("POST", "/2/tweets", json={"text": text, **more})


def test_a_post_is_created_looked_up_listed_and_taken_down(x, clock):
    created = post(x, "Our new core network is live.")
    post_id = created.json()["data"]["id"]
    me = x("GET", "/2/users/me").json()["data"]
    clock.pass_(seconds=1)
    looked_up = x("GET", f"/2/tweets?ids={post_id}&post.fields=created_at,author_id").json()
    listed = x("GET", f"/2/users/{me['id']}/tweets?max_results=5&start_time=2026-11-24T09:00:00Z").json()
    deleted = x("DELETE", f"/2/tweets/{post_id}")
    gone = x("GET", f"/2/tweets?ids={post_id}").json()

    assert created.status_code == 201
    assert created.json()["data"]["text"] == "Our new core network is live."
    assert looked_up["data"] == [
        {
            "id": post_id,
            "text": "Our new core network is live.",
            "edit_history_post_ids": [post_id],
            "created_at": "2026-11-24T09:00:00.000Z",
            "author_id": me["id"],
        }
    ]
    assert [one["id"] for one in listed["data"]] == [post_id]
    assert listed["meta"] == {"result_count": 1, "newest_id": post_id, "oldest_id": post_id}
    assert deleted.json() == {"data": {"deleted": True}}
    assert "data" not in gone
    assert [(one["resource_id"], one["type"]) for one in gone["errors"]] == [(post_id, "https://api.x.com/2/problems/resource-not-found")]


def test_metrics_come_under_the_names_of_the_parameter_used(x, clock):
    post_id = post(x, "Numbers please").json()["data"]["id"]
    clock.pass_(days=30)

    new = x("GET", f"/2/tweets?ids={post_id}&post.fields=public_metrics").json()["data"][0]
    old = x("GET", f"/2/tweets?ids={post_id}&tweet.fields=public_metrics").json()["data"][0]

    assert set(new["public_metrics"]) == {"repost_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"}
    assert set(old["public_metrics"]) == {"retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"}
    assert new["public_metrics"]["impression_count"] > 100
    assert old["edit_history_tweet_ids"] == [post_id]


def test_metrics_grow_with_the_speed_of_the_sandbox(x, door, clock):
    post_id = post(x, "Growing").json()["data"]["id"]
    door("POST", "/_sandbox/clock", json={"speed": 86_400})

    seen = []
    for _ in range(3):
        clock.pass_(seconds=3)
        told = x("GET", f"/2/tweets?ids={post_id}&post.fields=public_metrics,created_at").json()["data"][0]
        seen.append(told["public_metrics"]["impression_count"])

    assert 0 < seen[0] < seen[1] < seen[2]
    assert told["created_at"] == "2026-11-24T09:00:00.000Z"


def test_slowing_time_down_makes_nothing_younger(x, door, clock):
    post_id = post(x, "Steady").json()["data"]["id"]
    door("POST", "/_sandbox/clock", json={"advance_seconds": 40 * 86_400})
    before = x("GET", f"/2/tweets?ids={post_id}&post.fields=public_metrics").json()["data"]
    door("POST", "/_sandbox/clock", json={"speed": 0.5})

    assert x("GET", f"/2/tweets?ids={post_id}&post.fields=public_metrics").json()["data"] == before


def test_links_come_back_shortened_with_their_own_address_beside(x):
    created = post(x, "Read https://example.com/a?b=1&c=2 & tell us").json()["data"]

    told = x("GET", f"/2/tweets/{created['id']}?post.fields=entities").json()["data"]
    link = told["entities"]["urls"][0]

    assert link["expanded_url"] == "https://example.com/a?b=1&c=2"
    assert told["text"] == f"Read {link['url']} &amp; tell us"
    assert told["text"][link["start"] : link["end"]] == link["url"]


def test_the_same_text_again_is_refused_until_the_first_is_gone(x):
    first = post(x, "Said once").json()["data"]["id"]
    again = post(x, "Said once")
    x("DELETE", f"/2/tweets/{first}")
    after = post(x, "Said once")

    assert again.status_code == 403
    assert again.json()["detail"] == "You are not allowed to create a Tweet with duplicate content."
    assert again.json()["type"] == "about:blank"
    assert after.status_code == 201


def test_duplicates_are_accepted_when_a_test_wants_no_help(x, door):
    door("POST", "/_sandbox/settings", json={"duplicates": "accept"})

    assert [post(x, "Twice").status_code, post(x, "Twice").status_code] == [201, 201]


def test_text_is_weighed_as_x_weighs_it(x):
    fits = post(x, "网" * 128 + " https://example.com/" + "a" * 200)
    too_long = post(x, "网" * 141)

    assert fits.status_code == 201
    assert too_long.status_code == 400
    assert too_long.headers["Content-Type"].startswith("application/problem+json")
    assert too_long.json()["type"] == "https://api.x.com/2/problems/invalid-request"


def test_unknown_members_and_empty_posts_are_refused(x):
    assert post(x, "a", colour="red").status_code == 400
    assert post(x, " ").status_code == 400
    assert x("POST", "/2/tweets", data=b"not json").status_code == 400
    assert post(x, "$ABC and $DEF").status_code == 403


def test_a_revoked_and_a_missing_token_are_refused(caller):
    refused = caller("revoked-token")("GET", "/2/users/me")

    assert refused.status_code == 401
    assert {key: refused.json()[key] for key in ("title", "status", "detail")} == {
        "title": "Unauthorized", "status": 401, "detail": "Unauthorized",
    }  # fmt: skip
    assert caller("")("GET", "/2/users/me").status_code == 401


def test_one_token_is_always_the_same_account_and_another_is_another(caller):
    first, again, other = (caller(token)("GET", "/2/users/me").json()["data"] for token in ("abc", "abc", "abd"))

    assert first == again
    assert first["id"].isdigit()
    assert first["id"] != other["id"]


def test_only_sandbox_tokens_open_a_strict_sandbox(tmp_path):
    strict = Sandbox(tmp_path / "strict.sqlite3", accept_any_token=False)
    with serve(strict) as running:
        answers = [
            requests.get(f"{running.url}/2/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code
            for token in ("sandbox-a", "anything")
        ]
    strict.close()

    assert answers == [200, 401]


def test_rate_limits_are_told_in_headers_and_enforced_when_asked(x, door):
    told = x("GET", "/2/users/me").headers
    door("POST", "/_sandbox/settings", json={"limits": "enforce"})
    answers = [x("GET", "/2/users/me") for _ in range(75)]

    assert (told["x-rate-limit-limit"], told["x-rate-limit-remaining"]) == ("75", "74")
    assert [one.status_code for one in answers].count(429) == 1
    assert answers[-1].headers["x-rate-limit-remaining"] == "0"
    assert int(answers[-1].headers["x-rate-limit-reset"]) % 900 == 0


def test_an_image_is_uploaded_in_parts_described_and_attached(x):
    begun = x("POST", "/2/media/upload/initialize", json={"media_type": "image/png", "total_bytes": 6, "media_category": "tweet_image"})
    media_id = begun.json()["data"]["id"]
    for index, part in enumerate((b"abc", b"def")):
        x("POST", f"/2/media/upload/{media_id}/append", data={"segment_index": index}, files={"media": ("blob", part)})
    early = post(x, "Too early", media={"media_ids": [media_id]})
    final = x("POST", f"/2/media/upload/{media_id}/finalize").json()["data"]
    alt = x("POST", "/2/media/metadata", json={"id": media_id, "metadata": {"alt_text": {"text": "A mast"}}})
    created = post(x, "Look", media={"media_ids": [media_id]}).json()["data"]
    told = x("GET", f"/2/tweets/{created['id']}?post.fields=attachments,entities&expansions=attachments.media_keys&media.fields=alt_text").json()

    assert early.status_code == 400
    assert "processing_info" not in final
    assert alt.json()["data"]["associated_metadata"] == {"alt_text": {"text": "A mast"}}
    assert told["data"]["attachments"] == {"media_keys": [final["media_key"]]}
    assert told["includes"]["media"] == [{"media_key": final["media_key"], "type": "photo", "alt_text": "A mast"}]
    assert told["data"]["text"].startswith("Look https://t.co/")


def test_a_video_is_processed_for_a_while(x, clock):
    video = b"v" * 10
    media_id = x(
        "POST", "/2/media/upload/initialize", json={"media_type": "video/mp4", "total_bytes": 10, "media_category": "tweet_video"}
    ).json()["data"]["id"]
    x("POST", f"/2/media/upload/{media_id}/append", json={"segment_index": 0, "media": base64.b64encode(video).decode()})
    states = [x("POST", f"/2/media/upload/{media_id}/finalize").json()["data"]["processing_info"]["state"]]
    for _ in range(2):
        clock.pass_(seconds=1)
        states.append(x("GET", f"/2/media/upload?command=STATUS&media_id={media_id}").json()["data"]["processing_info"]["state"])

    assert states == ["pending", "in_progress", "succeeded"]
    created = post(x, "Watch", media={"media_ids": [media_id]})
    assert created.status_code == 201
    number = created.json()["data"]["id"]
    told = []
    for days in (10, 25):
        clock.pass_(days=days)
        (media,) = x(
            "GET", f"/2/tweets?ids={number}&expansions=attachments.media_keys&media.fields=public_metrics,non_public_metrics,organic_metrics"
        ).json()["includes"]["media"]  # fmt: skip
        told.append(media)
    far = list(told[0]["non_public_metrics"].values())
    assert list(told[0]["non_public_metrics"]) == [f"playback_{part}_count" for part in (0, 25, 50, 75, 100)]
    assert far == sorted(far, reverse=True) and far[0] == told[0]["public_metrics"]["view_count"] > 0
    assert (sorted(told[1]), told[1]["public_metrics"]["view_count"] >= far[0]) == (["media_key", "public_metrics", "type"], True)


def test_finalizing_too_few_bytes_is_refused(x):
    media_id = x(
        "POST", "/2/media/upload/initialize", json={"media_type": "image/png", "total_bytes": 6, "media_category": "tweet_image"}
    ).json()["data"]["id"]

    assert x("POST", f"/2/media/upload/{media_id}/finalize").status_code == 400


def test_people_answer_and_can_be_found_by_mention_and_by_search(x, clock):
    me = x("GET", "/2/users/me").json()["data"]
    ids = [post(x, f"Trial number {number} of our network https://example.com/{number}").json()["data"]["id"] for number in range(20)]
    clock.pass_(days=5)

    mentions = x("GET", f"/2/users/{me['id']}/mentions?max_results=100&post.fields=conversation_id,author_id&expansions=author_id").json()
    ours = x("GET", f"/2/tweets/search/recent?query=from:{me['username']} \"trial number\"&max_results=100").json()
    answered = mentions["data"][0]
    thread = x("GET", f"/2/tweets/search/recent?query=conversation_id:{answered['conversation_id']} is:reply").json()

    assert answered["conversation_id"] in ids
    assert answered["text"].startswith(f"@{me['username']} ")
    assert answered["author_id"] in {user["id"] for user in mentions["includes"]["users"]}
    assert {one["id"] for one in ours["data"]} == set(ids)
    assert answered["id"] in {one["id"] for one in thread["data"]}


def test_the_number_of_answers_is_the_reply_count(x, clock):
    ids = [post(x, f"Count me {number}").json()["data"]["id"] for number in range(40)]
    me = x("GET", "/2/users/me").json()["data"]["id"]
    clock.pass_(days=5)

    told = x("GET", f"/2/tweets?ids={','.join(ids)}&post.fields=public_metrics").json()["data"]
    answered, further = [], ""
    while further is not None:
        page = x("GET", f"/2/users/{me}/mentions?max_results=100&post.fields=conversation_id{further}").json()
        answered += [one["conversation_id"] for one in page.get("data", ())]
        token = page["meta"].get("next_token")
        further = token and f"&pagination_token={token}"

    assert {one: answered.count(one) for one in ids} == {one["id"]: one["public_metrics"]["reply_count"] for one in told}


def test_a_listing_is_paged(x, clock):
    me = x("GET", "/2/users/me").json()["data"]["id"]
    ids = []
    for number in range(7):
        ids.append(post(x, f"Page {number}").json()["data"]["id"])
        clock.pass_(seconds=1)

    first = x("GET", f"/2/users/{me}/tweets?max_results=5").json()
    second = x("GET", f"/2/users/{me}/tweets?max_results=5&pagination_token={first['meta']['next_token']}").json()

    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]
    assert "next_token" not in second["meta"]


def test_use_is_counted_by_day(x):
    x("GET", "/2/tweets?ids=1")

    told = x("GET", "/2/usage/tweets?days=2").json()["data"]

    assert told["project_usage"] == "1"
    assert [day["usage"] for day in told["daily_project_usage"]["usage"]] == ["0", "1"]


def test_a_search_that_makes_no_sense_is_refused(x):
    assert [x("GET", f"/2/tweets/search/recent?query={query}").status_code for query in ("(a", "colour:red", "")] == [400, 400, 400]


def test_a_month_old_post_keeps_its_private_numbers_to_itself(x, clock):
    post_id = post(x, "Private https://example.com").json()["data"]["id"]
    address = f"/2/tweets?ids={post_id}&post.fields=non_public_metrics"
    clock.pass_(days=29)
    young = x("GET", address).json()["data"][0]
    clock.pass_(days=2)

    assert set(young["non_public_metrics"]) == {"impression_count", "url_link_clicks", "user_profile_clicks", "engagements"}
    assert "non_public_metrics" not in x("GET", address).json()["data"][0]
