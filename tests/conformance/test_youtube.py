"""YouTube: parameters, bodies and the sandbox's answers, held against Google's own discovery documents."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from planner.channels.details import Report
from planner.channels.port import Account, Media, MediaKind, OutgoingPost, Platform, Refused, Sent
from planner.channels.youtube import YouTubeAdapter
from planner.channels.youtube_connect import YouTubeConnect
from planner.core.http import Http
from tests.conformance.discovery import Api
from tests.conformance.recording import Exchange, recorded

pytestmark = pytest.mark.conformance

CHUNK = 256 * 1024
ACCOUNT = Account(1, Platform.YOUTUBE, "Channel", secret="sandbox-conformance")
#: Each method of Google's documents that the product uses.
METHODS = {
    "videos.insert", "videos.list", "videos.update", "videos.delete", "thumbnails.set", "captions.insert", "playlistItems.insert",
    "playlistItems.list", "channels.list", "reports.query",
}  # fmt: skip


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Everything the product asks of YouTube, once, with what the sandbox answered."""
    folder = tmp_path_factory.mktemp("youtube")

    def file(kind: MediaKind, mime: str, content: bytes) -> Media:
        path = folder / kind.value
        path.write_bytes(content)
        return Media(kind, str(path), mime, len(content), name="Français")

    with recorded(folder) as (sandbox, url, recorder):
        adapter = YouTubeAdapter(url, url, timeout_seconds=20, chunk_bytes=CHUNK, wait=lambda _: None)
        now = datetime.now(UTC)
        playlist = _playlist(url)
        video = file(MediaKind.VIDEO, "video/mp4", b"film" * (CHUNK // 2))
        post = OutgoingPost(
            delivery_id=1, attempt=1, fingerprint="ab" * 32, title="Réseaux privés", text="5G & industrie", language="fr", tags=["5G", "private network"],
            publish_at=now + timedelta(days=2), playlist=playlist,
            media=[video, file(MediaKind.THUMBNAIL, "image/png", b"png" * 100), file(MediaKind.CAPTIONS, "text/vtt", b"WEBVTT\n")],
        )  # fmt: skip
        plain = OutgoingPost(delivery_id=2, attempt=1, fingerprint="cd" * 32, title="Another", text="", media=[video])
        kept: list[str] = []
        planned = adapter.publish(post, ACCOUNT, keep=kept.append)
        sandbox.script({"kind": "drop_after", "platform": "youtube", "operation": "youtube.insert.chunk"})
        at_once = adapter.publish(plain, ACCOUNT, keep=lambda _: None)
        for sent in (planned, at_once):
            assert isinstance(sent, Sent), sent
            assert sent.note == ""
        assert adapter.find(replace(post, resume=kept[-1]), now - timedelta(minutes=5), ACCOUNT).complete
        assert adapter.find(post, now - timedelta(minutes=5), ACCOUNT).complete
        assert adapter.recent(now - timedelta(minutes=5), ACCOUNT).complete
        assert adapter.readings([planned.receipt.external_id, at_once.receipt.external_id, "dQw4w9WgXcA"], ACCOUNT).gone == ["dQw4w9WgXcA"]
        assert adapter.audience(ACCOUNT)
        for name in adapter.reports:
            assert isinstance(adapter.report(name, at_once.receipt.external_id, (now - timedelta(days=20)).date(), ACCOUNT), Report)
        assert isinstance(adapter.edit(replace(post, title="Réseaux privés 5G"), planned.receipt.external_id, ACCOUNT), Sent)
        assert adapter.finish(post, planned.receipt.external_id, ["thumbnail", "captions", "playlist"], ACCOUNT).note == ""
        assert isinstance(adapter.delete(at_once.receipt.external_id, ACCOUNT), Sent)
        assert isinstance(adapter.publish(plain, Account(1, Platform.YOUTUBE, "", secret="sandbox-revoked"), keep=lambda _: None), Refused)
        consent = YouTubeConnect(url, url, url, Http(20), client_id="app", client_secret="secret")
        assert consent.accounts(str(ACCOUNT.secret))
        return [exchange for exchange in recorder.taken() if not exchange.path.startswith("/_sandbox") and exchange.path != "/youtube/v3/playlists"]


def _playlist(url: str) -> str:
    answer = Http(20).request(
        "POST", f"{url}/youtube/v3/playlists?part=snippet", json={"snippet": {"title": "5G"}}, headers={"Authorization": f"Bearer {ACCOUNT.secret}"}
    )
    return str(answer.json_object()["id"])


@pytest.fixture(scope="module")
def apis() -> dict[str, Api]:
    return {"/v2/": Api("youtubeAnalytics", "v2"), "/": Api("youtube", "v3")}


def _api(apis: dict[str, Api], exchange: Exchange) -> Api:
    return next(api for start, api in apis.items() if exchange.path.startswith(start))


def test_every_request_and_every_answer_agrees_with_googles_documents(exchanges: list[Exchange], apis: dict[str, Api]) -> None:
    asked = [exchange for exchange in exchanges if "upload_id=" not in exchange.query]

    assert {_api(apis, exchange).method(exchange) for exchange in asked} == METHODS
    assert [line for exchange in asked for line in _api(apis, exchange).violations(exchange)] == []


def test_the_answer_to_the_last_piece_of_an_upload_is_a_video(exchanges: list[Exchange], apis: dict[str, Api]) -> None:
    pieces = [exchange for exchange in exchanges if "upload_id=" in exchange.query]

    assert {piece.status for piece in pieces} == {308, 200}
    assert [line for piece in pieces if piece.status == 200 for line in apis["/"].described(piece.said, "Video")] == []
    assert [piece.answer for piece in pieces if piece.status == 308 and piece.answer] == []


@pytest.mark.parametrize(
    ("method", "change", "complaint"),
    [
        ("videos.list", {"query": "part=statistics&idd=1"}, "unknown parameter idd"),
        ("videos.list", {"query": "part=numbers&id=1"}, "there is no part numbers"),
        ("videos.list", {"query": "part=snippet&id=1&maxResults=51"}, "parameter maxResults: 51 is not between 1 and 50"),
        ("videos.list", {"query": "id=1"}, "the parameter part is missing"),
        ("videos.insert", {"body": {"status": {"privacyStatus": "secret"}}}, "$.status.privacyStatus: 'secret' is not one of ['public', 'unlisted', 'private']"),
        ("videos.insert", {"body": {"snippet": {"titel": "5G"}}}, "$.snippet: Additional properties are not allowed ('titel' was unexpected)"),
        ("videos.delete", {"body": {}}, "a body that nobody asked for"),
        ("channels.list", {"answer": {"items": [{"statistics": {"subscriberCount": 5}}]}}, "$.items[0].statistics.subscriberCount: 5 is not of type 'string'"),
        ("reports.query", {"query": "ids=channel==MINE&startDate=1.2.2026&endDate=2026-02-01&metrics=views"}, "parameter startDate: “1.2.2026” is not of the form [0-9]{4}-[0-9]{2}-[0-9]{2}"),
        ("reports.query", {"query": "ids=channel==MINE&endDate=2026-02-01&metrics=views"}, "the parameter startDate is missing"),
    ],
)  # fmt: skip
def test_a_violation_is_seen(method: str, change: dict[str, Any], complaint: str, exchanges: list[Exchange], apis: dict[str, Api]) -> None:
    good = next(exchange for exchange in exchanges if exchange.status < 300 and "upload_id=" not in exchange.query and _api(apis, exchange).method(exchange) == method)
    bad = replace(good, **{name: value if isinstance(value, str) else json.dumps(value).encode() for name, value in change.items()})

    assert _api(apis, bad).violations(bad) == [f"{bad}: {complaint}"]
