"""A small LinkedIn for the adapter's own tests, built from its documentation: posts, uploads, comments, statistics."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = "urn:li:organization:5515715"
PART = 4 * 1024


def refusal(status: int, message: str = "no", **more: Any) -> Response:
    body = {"message": message, "serviceErrorCode": 100, "status": status, **more}
    return Response(json.dumps(body), status, content_type="application/json")


@dataclass
class FakeLinkedIn:
    """`faults` maps a step (create, read, list, comment, part…) to what happens: each entry is used once.

    An entry is a Response to give instead, "drop" (close without an answer) or "accept_drop" (do it, then close).
    """

    server: HTTPServer
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    etags: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    statistics: dict[str, dict[str, int]] = field(default_factory=dict)
    followers: dict[str, Any] = field(default_factory=dict)
    gains: list[dict[str, Any]] = field(default_factory=list)
    #: The time ranges that gains were asked for, as (start, end) in milliseconds.
    spans: list[tuple[int, int]] = field(default_factory=list)
    visitors: dict[str, Any] = field(default_factory=dict)
    pages: list[str] = field(default_factory=lambda: [PAGE])
    faults: dict[str, list[Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    shown_commentary: str | None = None

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile(r"/.*")).respond_with_handler(self._answer)

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def add_post(self, commentary: str, *, age: timedelta = timedelta(0), kind: str = "share", **more: Any) -> str:
        urn = f"urn:li:{kind}:{7000 + len(self.posts)}"
        at = int((NOW - age).timestamp() * 1000)
        self.posts[urn] = {
            "id": urn, "author": PAGE, "commentary": commentary, "createdAt": at, "publishedAt": at,
            "lifecycleState": "PUBLISHED", **more,
        }  # fmt: skip
        return urn

    def _answer(self, request: Request) -> Response:
        raw = str(request.environ["RAW_URI"]).removeprefix(self.url)
        path, _, query = raw.partition("?")
        self.requests.append((request.method, raw, dict(request.headers)))
        body = request.get_json() if request.is_json and request.method == "POST" else None
        for step, verb, pattern in _ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == request.method and found and _MARK.get(step, "") in query:
                return self._step(step, request, [unquote(part) for part in found.groups()], query, body)
        raise AssertionError(f"LinkedIn knows no {request.method} {raw}")

    def _step(self, step: str, request: Request, names: list[str], query: str, body: Any) -> Response:
        self.calls[step] += 1
        queue = self.faults.get(step)
        fault = queue.pop(0) if queue else None
        if isinstance(fault, Response):
            return fault
        told = Response(status=500) if fault == "drop" else getattr(self, f"_{step}")(request, names, query, body)
        if fault in ("drop", "accept_drop"):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return told if isinstance(told, Response) else Response(json.dumps(told), 200, content_type="application/json")

    def _create(self, request: Request, names: list[str], query: str, body: dict[str, Any]) -> Response:
        kind = "ugcPost" if "media" in body.get("content", {}) else "share"
        urn = self.add_post(body.pop("commentary"), kind=kind, **body)
        return Response(status=201, headers={"x-restli-id": urn})

    def _read(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        post = self.posts.get(names[0])
        if post is None:
            return refusal(404)
        return post if self.shown_commentary is None else {**post, "commentary": self.shown_commentary}

    def _delete(self, request: Request, names: list[str], query: str, body: Any) -> Response:
        self.posts.pop(names[0], None)
        return Response(status=204)

    def _list(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        assert request.headers["X-RestLi-Method"] == "FINDER"
        assert request.args["author"] in self.pages
        newest = sorted(self.posts.values(), key=lambda post: -post["createdAt"])
        start, count = int(request.args["start"]), int(request.args["count"])
        return {"elements": newest[start : start + count], "paging": {"start": start, "count": count, "links": []}}

    def _batch(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        assert request.headers["X-RestLi-Method"] == "BATCH_GET"
        ids = _listed(query, "ids")
        return {
            "results": {urn: self.posts[urn] for urn in ids if urn in self.posts},
            "errors": {urn: {"status": 404} for urn in ids if urn not in self.posts},
        }

    def _comment(self, request: Request, names: list[str], query: str, body: Any) -> Response:
        assert body["object"] == names[0]
        self.comments.append(body)
        return Response(status=201)

    def _open(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        kind = names[0].removesuffix("s")
        urn = f"urn:li:{kind}:C{len(self.asked) + 1}"
        wish = self.asked[urn] = body["initializeUploadRequest"]
        if kind != "video":
            return {"value": {"uploadUrl": f"{self.url}/upload/{urn}/0", kind: urn}}
        size = wish["fileSizeBytes"]
        parts = [
            {
                "uploadUrl": f"{self.url}/upload/{urn}/{first}",
                "firstByte": first,
                "lastByte": min(first + PART, size) - 1,
            }
            for first in range(0, size, PART)
        ]
        return {"value": {"video": urn, "uploadToken": "tok", "uploadInstructions": parts}}

    def _part(self, request: Request, names: list[str], query: str, body: Any) -> Response:
        urn, first = names
        data = self.files.setdefault(urn, b"")
        self.files[urn] = data[: int(first)] + request.get_data()
        self.etags.setdefault(urn, []).append(f"/part/{first}")
        return Response(status=201, headers={"ETag": f"/part/{first}"})

    def _finish(self, request: Request, names: list[str], query: str, body: Any) -> Response:
        done = body["finalizeUploadRequest"]
        assert done["uploadToken"] == "tok"
        assert done["uploadedPartIds"] == sorted(set(self.etags[done["video"]]), key=lambda tag: int(tag[6:]))
        return Response(status=200)

    def _state(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        urn = names[1]
        if urn not in self.asked:
            return refusal(404)
        states = self.states.get(urn.split(":")[2], [])
        return {"status": states.pop(0) if states else "AVAILABLE", "processingFailureReason": "bad codec"}

    def _shares(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        assert request.args["organizationalEntity"] in self.pages
        name, member = ("shares", "share") if "&shares=" in query else ("ugcPosts", "ugcPost")
        urns = _listed(query, name)
        return {
            "elements": [
                {member: urn, "totalShareStatistics": self.statistics[urn]} for urn in urns if urn in self.statistics
            ]
        }

    def _slices(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        span = re.search(r"(?:^|&)timeIntervals=\(timeRange:\(start:(\d+),end:(\d+)\),timeGranularityType:DAY\)(?:&|$)", query)
        if "timeIntervals" not in query:
            return {"elements": [self.followers]}
        assert span, f"timeIntervals is not as Rest.li writes it in {query}"
        self.spans.append((int(span[1]), int(span[2])))
        return {"elements": self.gains}

    def _visitors(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        assert request.args["organization"] in self.pages
        return {"elements": [self.visitors]}

    def _size(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        return {"firstDegreeSize": 18250}

    def _roles(self, request: Request, names: list[str], query: str, body: Any) -> Any:
        return {
            "elements": [{"organization": page, "role": "ADMINISTRATOR", "state": "APPROVED"} for page in self.pages]
        }


#: What tells steps apart that share a path.
_MARK = {"list": "q=author", "batch": "ids=List(", "open": "action=initializeUpload", "finish": "action=finalizeUpload"}
_URN = r"(urn%3Ali%3A\w+%3A\w+)"
_ROUTES = [
    ("create", "POST", "/rest/posts"),
    ("list", "GET", "/rest/posts"),
    ("batch", "GET", "/rest/posts"),
    ("read", "GET", f"/rest/posts/{_URN}"),
    ("delete", "DELETE", f"/rest/posts/{_URN}"),
    ("comment", "POST", f"/rest/socialActions/{_URN}/comments"),
    ("part", "PUT", r"/upload/(urn:li:\w+:\w+)/(\d+)"),
    ("state", "GET", f"/rest/(images|videos|documents)/{_URN}"),
    ("shares", "GET", "/rest/organizationalEntityShareStatistics"),
    ("slices", "GET", "/rest/organizationalEntityFollowerStatistics"),
    ("visitors", "GET", "/rest/organizationPageStatistics"),
    ("size", "GET", f"/rest/networkSizes/{_URN}"),
    ("roles", "GET", "/rest/organizationAcls"),
    ("open", "POST", "/rest/(images|videos|documents)"),
    ("finish", "POST", "/rest/videos"),
]


def _listed(query: str, name: str) -> list[str]:
    """URNs of a Restli List in a raw query; fails on brackets or commas that were encoded."""
    found = re.search(rf"(?:^|&){name}=List\(([^)]*)\)(?:&|$)", query)
    assert found, f"{name} is no List in {query}"
    urns = found[1].split(",")
    assert all(re.fullmatch(r"urn%3Ali%3A\w+%3A\w+", urn) for urn in urns), query
    assert len(urns) <= 50
    return [unquote(urn) for urn in urns]
