"""What people see: public pages that links lead to, escaped; chat rooms; posts of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from planner.channels.sandbox import Sandbox

EVIL = '<script>alert("x")</script>'


def get(server, path):
    return requests.get(server.url + path, timeout=20)


def test_a_post_has_the_page_its_link_leads_to(x, server):
    post_id = x("POST", "/2/tweets", json={"text": f"Hello {EVIL} https://example.com/a"}).json()["data"]["id"]
    handle = x("GET", "/2/users/me").json()["data"]["username"]

    page = get(server, f"/{handle}/status/{post_id}")
    home = get(server, "/")

    for shown in (page, home):
        assert shown.status_code == 200
        assert "Sandbox: pretend platform" in shown.text
        assert "&lt;script&gt;" in shown.text
        assert "<script" not in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert '<a href="https://example.com/a" rel="nofollow noopener">' in page.text


def test_an_unknown_page_is_a_plain_404(server):
    assert [get(server, path).status_code for path in ("/nowhere", "/a/status/1", "/watch?v=x", "/feed/update/urn:li:share:1/")] == [404] * 4


def test_pages_have_their_own_style_and_drawn_pictures(server):
    assert get(server, "/_sandbox/style.css").headers["Content-Type"] == "text/css; charset=utf-8"
    assert get(server, "/vi/abc/high.jpg").headers["Content-Type"].startswith("image/svg+xml")
    assert get(server, "/_sandbox/avatar/%3C.svg").text.count("<text") == 1


def test_posts_of_the_past_have_stable_ids_pages_and_an_age(server, sandbox, tmp_path, clock):
    at = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    told = {"text": "Our spring (and summer) plans #5G", "title": "Spring", "link": "https://example.com/spring", "seconds": 90}

    def seed(into):
        return [into.seed_post(platform, "sandbox-demo", created_at=at, **told) for platform in ("x", "linkedin", "youtube")]

    first, again = seed(sandbox), seed(sandbox)
    other = Sandbox(tmp_path / "other.sqlite3", now=clock)
    elsewhere = seed(other)
    other.close()

    assert first == again
    assert [one.external_id for one in first] == [one.external_id for one in elsewhere]
    assert all("Spring" in get(server, one.url.removeprefix(server.url)).text or "spring" in get(server, one.url.removeprefix(server.url)).text for one in first)
    headers = {"Authorization": "Bearer sandbox-demo"}
    lookup = requests.get(f"{server.url}/2/tweets?ids={first[0].external_id}&post.fields=created_at,public_metrics", headers=headers, timeout=20).json()
    assert lookup["data"][0]["created_at"] == "2026-05-04T09:30:00.000Z"
    assert lookup["data"][0]["public_metrics"]["impression_count"] > 50
    linkedin = requests.get(
        f"{server.url}/rest/posts/{first[1].external_id}", headers={**headers, "LinkedIn-Version": "202607"}, timeout=20
    ).json()
    assert linkedin["commentary"] == "Our spring \\(and summer\\) plans {hashtag|\\#|5G}"


def test_a_seeded_account_keeps_the_name_given(sandbox, server):
    account = sandbox.seed_account("x", "sandbox-demo", name="Altair Group", handle="altair", followers=5000)
    seeded = sandbox.seed_post("x", "sandbox-demo", created_at=datetime(2026, 9, 1, 8, tzinfo=UTC), text="Hello")

    assert seeded.url == f"{server.url}/altair/status/{seeded.external_id}"
    assert (account.name, account.followers) == ("Altair Group", 5000)


def test_a_post_of_the_past_cannot_lie_in_the_future(sandbox, clock):
    with pytest.raises(ValueError, match="future"):
        sandbox.seed_post("x", "sandbox-demo", created_at=clock() + timedelta(days=1), text="Soon")
    with pytest.raises(ValueError, match="invalidTitle"):
        sandbox.seed_post("youtube", "sandbox-demo", created_at=clock(), title="")


def test_chat_rooms_take_messages_and_never_show_their_address(server, door):
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "For Teams", "wrap": True}]}
    teams = {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}
    answers = [
        requests.post(f"{server.url}{path}", json=body, timeout=20)
        for path, body in (
            ("/hooks/room-key-1", {"text": "For Mattermost"}), ("/services/T/B/room-key-2", {"text": "For Slack"}), ("/teams/room-key-3", teams),
            ("/hooks/room-key-1", {}), ("/hooks/revoked-key", {"text": "x"}), ("/services/T/B/revoked", {"text": "x"}), ("/teams/room-key-3", {"text": "x"}),
        )
    ]  # fmt: skip
    kept = door("GET", "/_sandbox/posts?platform=webhook")

    assert [one.status_code for one in answers] == [200, 200, 202, 400, 400, 404, 400]
    assert answers[0].text == "ok"
    assert [post["text"] for post in kept.json()["posts"]] == ["For Mattermost", "For Slack", "For Teams"]
    assert "room-key" not in kept.text + door("GET", "/_sandbox/calls").text + get(server, "/").text


def test_time_passes_at_the_press_of_a_button(server, sandbox, x):
    post_id = x("POST", "/2/tweets", json={"text": "Patience"}).json()["data"]["id"]

    pressed = requests.post(f"{server.url}/_sandbox/pass", data={"days": "30"}, timeout=20, allow_redirects=False)
    told = x("GET", f"/2/tweets?ids={post_id}&post.fields=public_metrics").json()["data"][0]

    assert pressed.status_code == 303
    assert told["public_metrics"]["impression_count"] > 50


def test_a_scheduled_video_is_not_public_before_its_time(server, caller):
    ask = caller()
    begun = ask(
        "POST", "/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status",
        json={"snippet": {"title": "Secret launch"}, "status": {"privacyStatus": "private", "publishAt": "2026-11-25T09:00:00Z"}},
    )  # fmt: skip
    made = ask("PUT", begun.headers["Location"], data=b"film").json()["id"]

    page = get(server, f"/watch?v={made}")

    assert (page.status_code, "Secret launch" in page.text, "2026-11-25T09:00:00Z" in page.text) == (403, False, True)
    assert "Secret launch" not in get(server, "/").text


def test_an_uploaded_file_is_never_served_as_a_page(x, server):
    body = EVIL.encode()
    media_id = x(
        "POST", "/2/media/upload/initialize", json={"media_type": "image/png", "total_bytes": len(body), "media_category": "tweet_image"}
    ).json()["data"]["id"]
    x("POST", f"/2/media/upload/{media_id}/append", data={"segment_index": 0}, files={"media": ("a.html", body)})

    served = get(server, f"/sandbox-media/x/media/{media_id}")

    assert (served.headers["Content-Type"], served.headers["Content-Disposition"]) == ("application/octet-stream", "attachment")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
