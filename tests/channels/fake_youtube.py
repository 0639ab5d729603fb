"""A small YouTube for the adapter's own tests: resumable sessions, uploads, statistics, and faults on request."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

UPLOADS = "UUnordwave"


def refusal(status: int, reason: str, message: str = "no") -> Response:
    error = {"code": status, "message": message, "errors": [{"domain": "youtube", "reason": reason}]}
    return Response(json.dumps({"error": error}), status, content_type="application/json")


@dataclass
class Upload:
    body: dict[str, Any]
    query: dict[str, str]
    size: int
    mime: str
    data: bytes = b""
    video_id: str = ""


@dataclass
class FakeYouTube:
    """`faults` maps a step (session, chunk, last_chunk, status, thumbnail…) to what happens: each entry is used once.

    An entry is a Response to give instead, "drop" (close without an answer) or "accept_drop" (do it, then close).
    """

    server: HTTPServer
    now: datetime
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, Upload] = field(default_factory=dict)
    faults: dict[str, list[Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    playlist: list[str] = field(default_factory=list)
    sent_bytes: int = 0

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile(r"/upload/youtube/v3/videos")).respond_with_handler(self._insert)
        self.server.expect_request(re.compile(r"/session/.*")).respond_with_handler(self._session)
        self.server.expect_request(re.compile(r"/upload/youtube/v3/thumbnails/set")).respond_with_handler(
            lambda request: self._step("thumbnail", request, {"items": []})
        )
        self.server.expect_request(re.compile(r"/upload/youtube/v3/captions")).respond_with_handler(
            lambda request: self._step("captions", request, {"id": "cap1"})
        )
        for name in ("channels", "playlistItems", "videos"):
            self.server.expect_request(f"/youtube/v3/{name}").respond_with_handler(getattr(self, f"_{name}"))

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def add_video(
        self, title: str, *, age: timedelta, tags: tuple[str, ...] = (), upload_status: str = "processed"
    ) -> str:
        video_id = f"v{len(self.videos) + 1:010d}"
        at = f"{self.now - age:%Y-%m-%dT%H:%M:%SZ}"
        snippet = {"title": title, "description": "", "tags": list(tags), "publishedAt": at}
        status = {"uploadStatus": upload_status, "privacyStatus": "public"}
        self.videos[video_id] = {"id": video_id, "snippet": snippet, "status": status}
        return video_id

    def _fault(self, step: str) -> Any:
        queue = self.faults.get(step)
        return queue.pop(0) if queue else None

    def _drop(self, request: Request) -> Response:
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response(status=500)

    def _step(self, step: str, request: Request, told: Any, status: int = 200) -> Response:
        self.calls[step] += 1
        self.tokens.add(request.headers.get("Authorization", ""))
        assert "oauth" not in request.query_string.decode()
        request.get_data()
        fault = self._fault(step)
        if isinstance(fault, Response):
            return fault
        if fault == "drop":
            return self._drop(request)
        return Response(json.dumps(told), status, content_type="application/json")

    def _insert(self, request: Request) -> Response:
        self.calls["session"] += 1
        fault = self._fault("session")
        if isinstance(fault, Response):
            return fault
        if fault == "drop":
            return self._drop(request)
        address = f"{self.url}/session/{len(self.sessions) + 1}"
        upload = Upload(
            body=request.get_json(),
            query=request.args.to_dict(),
            size=int(request.headers["X-Upload-Content-Length"]),
            mime=request.headers["X-Upload-Content-Type"],
        )
        self.sessions[address] = upload
        self.tokens.add(request.headers["Authorization"])
        return Response("", 200, headers={"Location": address})

    def _session(self, request: Request) -> Response:
        asked = request.headers["Content-Range"]
        upload = self.sessions.get(request.base_url)
        data = request.get_data()
        step = "status" if asked.startswith("bytes */") else "last_chunk" if self._is_last(asked) else "chunk"
        self.calls[step] += 1
        fault = self._fault(step)
        if isinstance(fault, Response):
            return fault
        if fault == "drop":
            return self._drop(request)
        if upload is None:
            return Response("gone", 404)
        if step != "status":
            first = int(asked.removeprefix("bytes ").partition("-")[0])
            assert first == len(upload.data), "a chunk continues where the last one ended"
            upload.data += data
            self.sent_bytes += len(data)
        if len(upload.data) == upload.size:
            self._finish(upload)
        if fault == "accept_drop":
            return self._drop(request)
        if upload.video_id:
            return Response(json.dumps(self.videos[upload.video_id]), 200, content_type="application/json")
        headers = {"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {}
        return Response("", 308, headers=headers)

    @staticmethod
    def _is_last(content_range: str) -> bool:
        span, _, size = content_range.removeprefix("bytes ").partition("/")
        return int(span.rpartition("-")[2]) + 1 == int(size)

    def _finish(self, upload: Upload) -> None:
        if upload.video_id:
            return
        upload.video_id = self.add_video(upload.body["snippet"]["title"], age=timedelta(0))
        video = self.videos[upload.video_id]
        video["snippet"] |= upload.body["snippet"]
        video["status"] |= upload.body["status"]

    def _channels(self, request: Request) -> Response:
        assert request.args["mine"] == "true"
        statistics = {"subscriberCount": "1250", "hiddenSubscriberCount": False}
        related = {"relatedPlaylists": {"uploads": UPLOADS}}
        return self._step("channels", request, {"items": [{"contentDetails": related, "statistics": statistics}]})

    def _playlistItems(self, request: Request) -> Response:
        if request.method == "POST":
            self.playlist.append(request.get_json()["snippet"]["resourceId"]["videoId"])
            return self._step("playlist", request, {"id": "pli"})
        if request.args["playlistId"] != UPLOADS:
            there = [{"id": "pli"}] if request.args["videoId"] in self.playlist else []
            return self._step("playlist_check", request, {"items": there})
        newest = sorted(self.videos.values(), key=lambda video: str(video["snippet"]["publishedAt"]), reverse=True)
        start = int(request.args.get("pageToken", "0"))
        page = newest[start : start + int(request.args["maxResults"])]
        told: dict[str, Any] = {
            "items": [
                {
                    "snippet": {"publishedAt": video["snippet"]["publishedAt"]},
                    "contentDetails": {"videoId": video["id"]},
                }
                for video in page
            ]
        }
        if start + len(page) < len(newest):
            told["nextPageToken"] = str(start + len(page))
        return self._step("uploads", request, told)

    def _videos(self, request: Request) -> Response:
        if request.method == "DELETE":
            if self.videos.pop(request.args["id"], None) is None:
                return refusal(404, "videoNotFound")
            return Response("", 204)
        ids = request.args["id"].split(",")
        assert len(ids) <= 50
        parts = {"id", *request.args["part"].split(",")}
        found = [self.videos[video_id] for video_id in ids if video_id in self.videos]
        told = [{name: value for name, value in video.items() if name in parts} for video in found]
        return self._step("videos", request, {"items": told})


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
