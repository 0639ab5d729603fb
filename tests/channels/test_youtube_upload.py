"""One video, whatever happens on the way: kept before the first byte, continued after a crash, never doubled."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug import Response

from planner.channels import progress
from planner.channels.port import (
    Account,
    Media,
    MediaKind,
    OutgoingPost,
    Platform,
    Receipt,
    Refused,
    RetryLater,
    Sent,
    Unknown,
)
from planner.channels.youtube import YouTubeAdapter
from tests.channels.fake_youtube import NOW, FakeYouTube, refusal

TOKEN = "ya29.planted-token"
ACCOUNT = Account(channel_id=1, platform=Platform.YOUTUBE, name="Nordwave", external_id="UCnordwave", secret=TOKEN)
CHUNK = 256 * 1024
SIZE = 3 * CHUNK + 100
FINGERPRINT = "0123456789abcdef" * 4


class Killed(BaseException):
    """The worker's end: nothing after it runs."""


@pytest.fixture
def youtube(httpserver):
    return FakeYouTube(httpserver, NOW)


@pytest.fixture
def kept():
    return []


@pytest.fixture
def post(tmp_path: Path):
    path = tmp_path / "launch.mp4"
    path.write_bytes(bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256))
    video = Media(MediaKind.VIDEO, str(path), "video/mp4", SIZE, name="launch.mp4")
    return OutgoingPost(
        delivery_id=7,
        attempt=1,
        fingerprint=FINGERPRINT,
        title="Private 5G in a port",
        text="How a port went wireless.",
        language="fr",
        tags=("5G", "private network"),
        media=(video,),
    )


def adapter(youtube: FakeYouTube, **changes) -> YouTubeAdapter:
    options = {"timeout_seconds": 5.0, "chunk_bytes": CHUNK, "wait": lambda seconds: None, "now": lambda: NOW} | changes
    return YouTubeAdapter(youtube.url, youtube.url, **options)


def die(*_):
    raise Killed


def whole(post: OutgoingPost) -> bytes:
    return Path(post.media[0].path).read_bytes()


def test_a_video_goes_up_in_chunks_and_gets_its_number(youtube, post, kept):
    outcome = adapter(youtube).publish(post, ACCOUNT, keep=kept.append)

    assert outcome == Sent(Receipt("v0000000001", "https://www.youtube.com/watch?v=v0000000001", NOW))
    (upload,) = youtube.sessions.values()
    assert upload.data == whole(post)
    assert upload.mime == "video/mp4"
    assert upload.query == {
        "part": "snippet,status",
        "notifySubscribers": "true",
        "alt": "json",
        "uploadType": "resumable",
    }
    assert upload.body == {
        "snippet": {
            "title": "Private 5G in a port",
            "description": "How a port went wireless.",
            "tags": ["5G", "private network", "planner-0123456789ab"],
            "categoryId": "28",
            "defaultLanguage": "fr",
        },
        "status": {
            "privacyStatus": "public",
            "selfDeclaredMadeForKids": False,
            "containsSyntheticMedia": False,
            "embeddable": True,
        },
    }
    assert youtube.tokens == {f"Bearer {TOKEN}"}
    assert youtube.calls == {"session": 1, "chunk": 3, "last_chunk": 1}


def test_a_later_moment_goes_up_private_with_that_moment(youtube, post, kept):
    later = NOW + timedelta(minutes=30)

    outcome = adapter(youtube).publish(replace(post, publish_at=later), ACCOUNT, keep=kept.append)

    (upload,) = youtube.sessions.values()
    assert upload.body["status"]["privacyStatus"] == "private"
    assert upload.body["status"]["publishAt"] == "2026-11-23T09:30:00Z"
    assert outcome == Sent(Receipt("v0000000001", "https://www.youtube.com/watch?v=v0000000001", later))


@pytest.mark.parametrize("ahead", [timedelta(seconds=59), timedelta(0), timedelta(days=-1)])
def test_now_or_past_is_said_to_be_public_and_never_left_to_youtube(youtube, post, kept, ahead):
    adapter(youtube).publish(replace(post, publish_at=NOW + ahead), ACCOUNT, keep=kept.append)

    (upload,) = youtube.sessions.values()
    assert upload.body["status"]["privacyStatus"] == "public"
    assert "publishAt" not in upload.body["status"]


def test_the_address_is_kept_before_the_first_byte(youtube, post):
    seen = []

    def keep(address):
        seen.append((address, youtube.sent_bytes, youtube.calls["chunk"]))

    adapter(youtube).publish(post, ACCOUNT, keep=keep)

    assert seen == [(f"{youtube.url}/session/1", 0, 0)]


@pytest.mark.parametrize(
    ("killed_at", "faults", "resent"),
    [
        ("0 %", {}, SIZE),
        ("50 %", {"chunk": [None, "accept_drop"]}, SIZE - 2 * CHUNK),
        ("100 %", {"last_chunk": ["accept_drop"]}, 0),
    ],
)
def test_an_upload_killed_on_the_way_ends_as_one_video(youtube, post, kept, killed_at, faults, resent):
    youtube.faults = dict(faults)

    def keep(address):
        kept.append(address)
        if killed_at == "0 %":
            die()

    with pytest.raises(Killed):
        adapter(youtube, wait=die).publish(post, ACCOUNT, keep=keep)
    before, told = youtube.sent_bytes, []
    with progress.heard(lambda done, total: told.append((done, total))):
        outcome = adapter(youtube).publish(replace(post, attempt=2, resume=kept[-1]), ACCOUNT, keep=kept.append)

    assert outcome == Sent(Receipt("v0000000001", "https://www.youtube.com/watch?v=v0000000001", NOW))
    assert len(youtube.videos) == 1
    assert len(youtube.sessions) == 1
    assert youtube.sent_bytes - before == resent
    assert (told[0], told[-1]) == ((SIZE - resent, SIZE), (SIZE, SIZE)), "the bar goes on from what YouTube has"
    assert next(iter(youtube.sessions.values())).data == whole(post)
    assert kept == [f"{youtube.url}/session/1"]


@pytest.mark.parametrize("killed_at_end", [False, True])
def test_looking_after_a_kill_tells_whether_the_video_is_there(youtube, post, kept, killed_at_end):
    youtube.faults = {"last_chunk": ["accept_drop" if killed_at_end else "drop"]}
    with pytest.raises(Killed):
        adapter(youtube, wait=die).publish(post, ACCOUNT, keep=kept.append)

    listing = adapter(youtube).find(replace(post, resume=kept[-1]), NOW, ACCOUNT)

    assert listing.complete
    assert [receipt.external_id for receipt in listing.matches] == (["v0000000001"] if killed_at_end else [])


@pytest.mark.parametrize("fault", ["drop", "accept_drop", Response("busy", 503), Response("broken", 500)])
@pytest.mark.parametrize("step", ["chunk", "last_chunk"])
def test_a_stumble_is_asked_about_and_continued_in_the_same_call(youtube, post, kept, step, fault):
    youtube.faults = {step: [fault]}

    outcome = adapter(youtube).publish(post, ACCOUNT, keep=kept.append)

    assert outcome == Sent(Receipt("v0000000001", "https://www.youtube.com/watch?v=v0000000001", NOW))
    assert len(youtube.videos) == 1
    assert youtube.calls["status"] == 1
    assert next(iter(youtube.sessions.values())).data == whole(post)


def test_a_last_chunk_without_a_clear_answer_is_unknown(youtube, post, kept):
    youtube.faults = {"last_chunk": [Response("broken", 500)], "status": [Response("broken", 500)] * 9}

    outcome = adapter(youtube, tries=0).publish(post, ACCOUNT, keep=kept.append)

    assert outcome == Unknown(
        f"YouTube gave no clear answer (500). The upload has {3 * CHUNK:,} of {SIZE:,} bytes and can continue."
    )


def test_a_stumbling_upload_is_continued_only_so_often(youtube, post, kept):
    youtube.faults = {"chunk": [Response("broken", 500)] * 9}
    waits = []

    outcome = adapter(youtube, tries=3, wait=waits.append).publish(post, ACCOUNT, keep=kept.append)

    assert isinstance(outcome, Unknown)
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("fault", ["drop", Response("busy", 503), Response("", 200), refusal(503, "backendError")])
def test_without_a_session_nothing_was_accepted(youtube, post, kept, fault):
    youtube.faults = {"session": [fault]}

    outcome = adapter(youtube).publish(post, ACCOUNT, keep=kept.append)

    assert isinstance(outcome, RetryLater)
    assert not outcome.account
    assert kept == []
    assert youtube.videos == {}


def test_a_server_that_is_not_there_means_not_now(post, kept):
    outcome = YouTubeAdapter("http://127.0.0.1:9", "http://127.0.0.1:9", timeout_seconds=2).publish(
        post, ACCOUNT, keep=kept.append
    )

    assert outcome == RetryLater("YouTube gave no clear answer (ConnectionRefusedError).")


def test_a_forgotten_session_starts_again_with_a_new_address(youtube, post, kept):
    outcome = adapter(youtube).publish(replace(post, resume=f"{youtube.url}/session/99"), ACCOUNT, keep=kept.append)

    assert isinstance(outcome, Sent)
    assert kept == [f"{youtube.url}/session/1"]
    assert len(youtube.videos) == 1


def test_a_forgotten_session_whose_video_is_there_is_not_uploaded_again(youtube, post, kept):
    video_id = youtube.add_video(post.title, age=timedelta(days=2), tags=("planner-0123456789ab",))

    outcome = adapter(youtube).publish(replace(post, resume=f"{youtube.url}/session/99"), ACCOUNT, keep=kept.append)

    assert isinstance(outcome, Sent)
    assert outcome.receipt.external_id == video_id
    assert youtube.calls["session"] == 0


def test_a_forgotten_session_is_not_replaced_while_the_uploads_cannot_be_looked_through(youtube, post, kept):
    youtube.faults = {"uploads": [Response("broken", 500)]}

    outcome = adapter(youtube).publish(replace(post, resume=f"{youtube.url}/session/99"), ACCOUNT, keep=kept.append)

    assert isinstance(outcome, Unknown)
    assert youtube.calls["session"] == 0


def test_a_session_forgotten_on_the_way_is_tried_again_later(youtube, post, kept):
    youtube.faults = {"chunk": [Response("gone", 410)], "status": [Response("gone", 410)]}

    assert isinstance(adapter(youtube).publish(post, ACCOUNT, keep=kept.append), RetryLater)


def test_a_token_revoked_on_the_way_holds_the_account_and_the_upload_continues_later(youtube, post, kept):
    youtube.faults = {"last_chunk": [refusal(401, "authError")]}

    refused = adapter(youtube).publish(post, ACCOUNT, keep=kept.append)
    sent = adapter(youtube).publish(replace(post, resume=kept[-1]), ACCOUNT, keep=kept.append)

    assert isinstance(refused, Refused)
    assert (refused.code, refused.account) == ("unauthorised", True)
    assert isinstance(sent, Sent)
    assert youtube.sent_bytes == SIZE


def test_thumbnail_captions_and_playlist_follow_the_video(youtube, post, kept, tmp_path):
    (tmp_path / "t.png").write_bytes(b"png")
    (tmp_path / "c.vtt").write_bytes(b"WEBVTT")
    extras = (
        Media(MediaKind.THUMBNAIL, str(tmp_path / "t.png"), "image/png", 3),
        Media(MediaKind.CAPTIONS, str(tmp_path / "c.vtt"), "text/vtt", 6, name="Français"),
    )

    outcome = adapter(youtube).publish(
        replace(post, media=(*post.media, *extras), playlist="PLports"), ACCOUNT, keep=kept.append
    )

    assert isinstance(outcome, Sent)
    assert outcome.note == ""
    assert (youtube.calls["thumbnail"], youtube.calls["captions"]) == (1, 1)
    assert youtube.playlist == ["v0000000001"]


def test_extras_that_fail_are_a_note_and_the_video_counts_as_sent(youtube, post, kept, tmp_path):
    (tmp_path / "t.png").write_bytes(b"png")
    thumbnail = Media(MediaKind.THUMBNAIL, str(tmp_path / "t.png"), "image/png", 3)
    youtube.faults = {"thumbnail": [refusal(403, "forbidden", "Not allowed here.")], "playlist": ["drop"]}

    outcome = adapter(youtube).publish(
        replace(post, media=(*post.media, thumbnail), playlist="PLports"), ACCOUNT, keep=kept.append
    )

    assert isinstance(outcome, Sent)
    assert outcome.note == (
        "The thumbnail was not set: YouTube refused: Not allowed here. "
        "The video was not added to the playlist: YouTube gave no clear answer (ConnectionResetError)."
    )


def test_extras_done_before_a_crash_are_not_doubled(youtube, post, kept, tmp_path):
    (tmp_path / "c.vtt").write_bytes(b"WEBVTT")
    captions = Media(MediaKind.CAPTIONS, str(tmp_path / "c.vtt"), "text/vtt", 6)
    full = replace(post, media=(*post.media, captions), playlist="PLports")
    adapter(youtube).publish(full, ACCOUNT, keep=kept.append)
    youtube.faults = {"captions": [refusal(409, "captionExists")]}

    again = adapter(youtube).publish(replace(full, resume=kept[-1]), ACCOUNT, keep=kept.append)

    assert isinstance(again, Sent)
    assert again.note == ""
    assert youtube.playlist == ["v0000000001"]
    assert len(youtube.videos) == 1


def test_a_video_youtube_keeps_private_is_said_so(youtube, post, kept):
    youtube.add_video("kept private", age=timedelta(0))
    private = {"id": "v9", "status": {"privacyStatus": "private"}, "snippet": {}}
    youtube.faults = {"last_chunk": [Response(json.dumps(private), 200, content_type="application/json")]}

    outcome = adapter(youtube).publish(post, ACCOUNT, keep=kept.append)

    assert outcome == Sent(
        Receipt("v9", "https://www.youtube.com/watch?v=v9"),
        "YouTube keeps this video private; make it public in YouTube Studio.",
    )
