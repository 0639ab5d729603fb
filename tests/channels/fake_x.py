"""An X that answers from a list and keeps what it was asked, for tests that look at single answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.datastructures import MultiDict

from planner.channels.port import Account, Listing, OutgoingPost, Platform
from planner.channels.x import XAdapter
from planner.channels.x_media import Patience
from planner.core.http import Http

__all__ = ["ACCOUNT", "LINK", "NOW", "POST", "SINCE", "TOKEN", "FakeX", "timeline", "told", "url"]

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)
TOKEN = "token-that-must-not-be-shown"
ACCOUNT = Account(1, Platform.X, "X", external_id="42", config={"handle": "@norvane"}, secret=TOKEN)
LINK = "https://www.example.com/a?utm_source=x&utm_content=7"
POST = OutgoingPost(delivery_id=7, attempt=1, fingerprint="ab" * 32, text=f"Réseaux privés & 5G <2026> {LINK}")


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `files` holds the bytes of each part."""

    method: str
    path: str
    headers: Mapping[str, str]
    args: MultiDict
    json: Any
    form: dict[str, str]
    files: dict[str, bytes]


class FakeX:
    """Answers from a list, in order, for each method and path; keeps every request."""

    def __init__(self, server: HTTPServer) -> None:
        self.waits: list[float] = []
        self.adapter = XAdapter(
            server.url_for("").rstrip("/"),
            Http(timeout_seconds=2),
            patience=Patience(tries=2, seconds=10, wait=self.waits.append),
            now=lambda: NOW,
        )
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Response]] = {}
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def says(self, method: str, path: str, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, str) else json.dumps(body)
        self._answers.setdefault((method, path), []).append(Response(raw, status, headers=headers or {}))

    def answers(self, call: tuple[str, str]) -> list[Response]:
        """What is still to be answered to a method and path, to be changed by a test."""
        return self._answers.setdefault(call, [])

    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.asked]

    def _answer(self, request: Request) -> Response:
        with request:  # closes the temporary files of its parts
            self.asked.append(
                Asked(
                    request.method,
                    request.path,
                    request.headers,
                    request.args,
                    request.get_json(silent=True),
                    request.form.to_dict(),
                    {name: part.read() for name, part in request.files.items()},
                )
            )
        answers = self._answers.get((request.method, request.path)) or [Response("{}", 404)]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def publish(self, post: OutgoingPost = POST, account: Account = ACCOUNT) -> Any:
        return self.adapter.publish(post, account, keep=lambda _: None)

    def find(self, account: Account = ACCOUNT) -> Listing:
        return self.adapter.find(POST, SINCE, account)


def told(text: str, post_id: str = "100", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    return {"id": post_id, "text": text, "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", **more}


def timeline(*posts: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"data": list(posts), "meta": {"result_count": len(posts), **meta}}


def url(short: str, long: str, **more: Any) -> dict[str, Any]:
    return {"start": 0, "end": 1, "url": short, "expanded_url": long, **more}
