"""X: files go up in parts, are waited for and described, and never cost a second post."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from planner.channels import progress
from planner.channels.port import Media, MediaKind, Receipt, Refused, RetryLater, Sent
from tests.channels.fake_x import ACCOUNT, POST, FakeX

MB = 1024 * 1024
READY = {"data": {"id": "900", "media_key": "3_900"}}
SENT = Sent(Receipt("100", "https://x.com/norvane/status/100"))


@pytest.fixture
def x(httpserver: HTTPServer) -> FakeX:
    fake = FakeX(httpserver)
    fake.says("POST", "/2/media/upload/initialize", 200, READY)
    fake.says("POST", "/2/media/upload/900/append", 200, {"data": {"expires_at": 1}})
    fake.says("POST", "/2/media/metadata", 200, READY)
    fake.says("POST", "/2/tweets", 201, {"data": {"id": "100", "text": "…"}})
    return fake


def processing(state: str, **more: Any) -> dict[str, Any]:
    return {"data": {"id": "900", "processing_info": {"state": state, **more}}}


def a_file(folder: Path, kind: MediaKind = MediaKind.IMAGE, size: int = 10, **more: Any) -> Media:
    mime = {MediaKind.IMAGE: "image/png", MediaKind.GIF: "image/gif", MediaKind.VIDEO: "video/mp4"}.get(kind, "application/pdf")
    path = folder / f"file-{kind.value}"
    path.write_bytes(bytes(index % 251 for index in range(size)) if size < MB else b"v" * size)
    return Media(**{"kind": kind, "path": str(path), "mime": mime, "size": size, "name": path.name, **more})


def send(x: FakeX, *files: Media, **more: Any) -> tuple[Any, list[str]]:
    """Publish with these files; the outcome, and what was kept for a later attempt."""
    kept: list[str] = []
    return x.adapter.publish(replace(POST, media=files, **more), ACCOUNT, keep=kept.append), kept


def test_a_picture_goes_up_is_described_and_stands_in_the_post(x, tmp_path):
    x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    outcome, kept = send(x, a_file(tmp_path, alt_text="Une antenne"))

    assert outcome == SENT
    assert x.paths() == [
        "POST /2/media/upload/initialize",
        "POST /2/media/upload/900/append",
        "POST /2/media/upload/900/finalize",
        "POST /2/media/metadata",
        "POST /2/tweets",
    ]
    assert x.asked[0].json == {"media_type": "image/png", "total_bytes": 10, "media_category": "tweet_image"}
    assert x.asked[1].form == {"segment_index": "0"}
    assert x.asked[1].files["media"] == bytes(range(10))
    assert x.asked[3].json == {"id": "900", "metadata": {"alt_text": {"text": "Une antenne"}}}
    assert x.asked[4].json == {"text": POST.text, "media": {"media_ids": ["900"]}}
    assert kept == ['{"0:10": "900"}']


def test_a_large_file_goes_up_in_parts_of_four_megabytes_in_order(x, tmp_path):
    x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    told: list[tuple[int, int]] = []
    with progress.heard(lambda done, total: told.append((done, total))):
        outcome, _ = send(x, a_file(tmp_path, MediaKind.VIDEO, size=9 * MB))

    assert told == [(4 * MB, 9 * MB), (8 * MB, 9 * MB), (9 * MB, 9 * MB)]
    parts = [request for request in x.asked if request.path.endswith("/append")]
    assert outcome == SENT
    assert [part.form["segment_index"] for part in parts] == ["0", "1", "2"]
    assert [len(part.files["media"]) for part in parts] == [4 * MB, 4 * MB, 1 * MB]


def test_a_video_is_waited_for_as_long_as_x_asks(x, tmp_path):
    x.says("POST", "/2/media/upload/900/finalize", 200, processing("pending", check_after_secs=3))
    x.says("GET", "/2/media/upload", 200, processing("in_progress", check_after_secs=1, progress_percent=50))
    x.says("GET", "/2/media/upload", 200, processing("succeeded"))

    outcome, _ = send(x, a_file(tmp_path, MediaKind.VIDEO))

    assert outcome == SENT
    assert x.waits == [3.0, 1.0]
    assert x.asked[-2].args.to_dict() == {"command": "STATUS", "media_id": "900"}


def test_a_video_that_takes_too_long_is_tried_again_later_without_a_post(x, tmp_path):
    x.says("POST", "/2/media/upload/900/finalize", 200, processing("pending", check_after_secs=4))
    x.says("GET", "/2/media/upload", 200, processing("in_progress", check_after_secs=4))

    outcome, kept = send(x, a_file(tmp_path, MediaKind.VIDEO))

    assert outcome == RetryLater("X is still working on the video.")
    assert "POST /2/tweets" not in x.paths()
    assert kept == ['{"0:10": "900"}']


def test_a_later_attempt_uses_the_file_that_is_already_there(x, tmp_path):
    x.says("GET", "/2/media/upload", 200, processing("succeeded"))

    outcome, _ = send(x, a_file(tmp_path, MediaKind.VIDEO), resume='{"0:10": "900"}')

    assert outcome == SENT
    assert x.paths() == ["GET /2/media/upload", "POST /2/tweets"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_file_that_x_has_dropped_is_sent_again(x, tmp_path, status):
    x.says("GET", "/2/media/upload", status, {"detail": "expired"})
    x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    outcome, _ = send(x, a_file(tmp_path), resume='{"0:10": "899"}')

    assert outcome == SENT
    assert x.asked[-1].json["media"] == {"media_ids": ["900"]}


@pytest.mark.parametrize("resume", ["", "not json", "[]", "null", '{"0:11": "899"}'])
def test_what_was_kept_and_does_not_fit_is_ignored(x, tmp_path, resume):
    x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    assert send(x, a_file(tmp_path), resume=resume)[0] == SENT


def test_a_file_that_x_cannot_work_with_is_a_no(x, tmp_path):
    x.says("POST", "/2/media/upload/900/finalize", 200, processing("failed"))

    assert send(x, a_file(tmp_path, MediaKind.VIDEO))[0] == Refused("media", "X could not work with the file.")
    assert "POST /2/tweets" not in x.paths()


@pytest.mark.parametrize("step", ["initialize", "900/append", "900/finalize"])
@pytest.mark.parametrize(("status", "body"), [(500, ""), (503, ""), (200, "{")])
def test_trouble_on_the_way_up_is_never_unknown_because_nothing_is_live(x, tmp_path, step, status, body):
    answers = x.answers(("POST", f"/2/media/upload/{step}"))
    answers.clear()
    x.says("POST", f"/2/media/upload/{step}", status, body)
    if step != "900/finalize":
        x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    outcome, _ = send(x, a_file(tmp_path))

    if (step, status) == ("900/append", 200):  # nothing is needed of that answer
        assert outcome == SENT
    else:
        assert isinstance(outcome, RetryLater)
        assert "POST /2/tweets" not in x.paths()


def test_a_part_whose_answer_was_lost_is_sent_once_more(x, tmp_path):
    x.answers(("POST", "/2/media/upload/900/append")).clear()
    x.says("POST", "/2/media/upload/900/append", 502, "")
    x.says("POST", "/2/media/upload/900/append", 200, {"data": {}})
    x.says("POST", "/2/media/upload/900/finalize", 200, READY)

    assert send(x, a_file(tmp_path))[0] == SENT
    assert [request.form["segment_index"] for request in x.asked if request.path.endswith("append")] == ["0", "0"]


def test_a_key_refused_on_the_way_up_holds_the_account(x, tmp_path):
    x.answers(("POST", "/2/media/upload/initialize")).clear()
    x.says("POST", "/2/media/upload/initialize", 401, {"detail": "Unauthorized"})

    assert send(x, a_file(tmp_path))[0].account


def test_a_file_that_is_not_there_is_a_no(x, tmp_path):
    missing = replace(a_file(tmp_path), path=str(tmp_path / "nowhere.png"))

    assert send(x, missing)[0] == Refused("media", "The file “file-image” cannot be read.")


def test_captions_and_thumbnails_stay_behind(x, tmp_path):
    thumbnail = replace(a_file(tmp_path), kind=MediaKind.THUMBNAIL)

    assert send(x, thumbnail)[0] == SENT
    assert x.asked[-1].json == {"text": POST.text}
