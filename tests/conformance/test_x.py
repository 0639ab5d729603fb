"""X: what the adapter asks and the sandbox answers, held against X's own client library and X's own API document.

The library (xdk, made by X from its document) is always there. The document's terms do not allow it to be part of this
repository: docs/channels.md says how to get it and how to name it to `make conformance`.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import pytest
from pydantic import BaseModel, TypeAdapter
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels.connecting import X_SCOPES
from planner.channels.port import Account, Media, MediaKind, OutgoingPost, Platform, Refused, RetryLater, Sent
from planner.channels.x import XAdapter
from planner.channels.x_api import XApi
from planner.channels.x_media import Patience
from planner.channels.x_posts import reading, videos
from planner.core.clock import utc_now
from planner.core.http import Http
from planner.insights.private import numbers_of, watched_quarters
from tests.conformance.openapi import Document
from tests.conformance.recording import Exchange, form_of, recorded

pytestmark = pytest.mark.conformance

GIVEN = os.environ.get("PLANNER_TEST_X_OPENAPI", "")
#: The oldest document whose names the adapter asks with first.
SINCE = "2.167"
MB = 1024 * 1024
ACCOUNT = Account(1, Platform.X, "X", secret="sandbox-conformance")
#: Each operation of X's document that the product uses, and the answers that are provoked.
OPERATIONS = {
    ("createPosts", 201), ("createPosts", 403), ("createPosts", 401), ("createPosts", 429), ("createPosts", 503),
    ("deletePosts", 200), ("getPostsByIds", 200), ("getUsersPosts", 200), ("getUsersMentions", 200), ("getUsersMe", 200), ("getUsersMe", 401),
    ("initializeMediaUpload", 200), ("appendMediaUpload", 200), ("finalizeMediaUpload", 200), ("getMediaUploadStatus", 200), ("createMediaMetadata", 200),
}  # fmt: skip

#: The same calls, and what X's own library calls them.
OFFICIAL = {
    "POST /2/tweets": ("posts", "create"),
    "DELETE /2/tweets/#": ("posts", "delete"),
    "GET /2/tweets": ("posts", "get_by_ids"),
    "GET /2/users/#/tweets": ("users", "get_posts"),
    "GET /2/users/#/mentions": ("users", "get_mentions"),
    "GET /2/users/me": ("users", "get_me"),
    "POST /2/media/upload/initialize": ("media", "initialize_upload"),
    "POST /2/media/upload/#/append": ("media", "append_upload"),
    "POST /2/media/upload/#/finalize": ("media", "finalize_upload"),
    "GET /2/media/upload": ("media", "get_upload_status"),
    "POST /2/media/metadata": ("media", "create_metadata"),
}


def a_post(number: int, **changes: Any) -> OutgoingPost:
    text = f"Réseaux privés & 5G <{number}> https://www.example.com/a?utm_content={number} #5G $ORA 👩‍🚀"
    return OutgoingPost(delivery_id=number, attempt=1, fingerprint=f"{number:064x}", **{"text": text, **changes})


def a_file(folder: Path, kind: MediaKind, mime: str, size: int, number: int = 1) -> Media:
    path = folder / f"{kind.value}-{number}"
    path.write_bytes(b"x" * size)
    return Media(kind=kind, path=str(path), mime=mime, size=size, name=path.name, alt_text="Une antenne au coucher du soleil")


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Everything the product asks of X, once, with what the sandbox answered."""
    folder = tmp_path_factory.mktemp("x")
    with recorded(folder) as (sandbox, url, recorder):
        Http(5).request("POST", f"{url}/_sandbox/settings", json={"processing_seconds": 0.3})
        recorder.taken()
        patience = Patience(seconds=600, wait=lambda _: time.sleep(0.1))
        adapter = XAdapter(url, Http(timeout_seconds=20), patience=patience, page=5)
        since = datetime.now(UTC) - timedelta(minutes=5)

        def publish(number: int, **changes: Any) -> Sent:
            outcome = adapter.publish(a_post(number, **changes), ACCOUNT, keep=lambda _: None)
            assert isinstance(outcome, Sent), outcome
            assert outcome.note == ""
            return outcome

        sent = [publish(1, first_comment="En savoir plus")]
        sent.append(publish(2, media=[a_file(folder, MediaKind.IMAGE, "image/png", 1000, number) for number in range(4)]))
        sent.append(publish(3, media=[a_file(folder, MediaKind.GIF, "image/gif", 2000)]))
        sent.append(publish(4, media=[a_file(folder, MediaKind.VIDEO, "video/mp4", 5 * MB)]))
        sent += [publish(number, replies_off=number == 5) for number in range(5, 8)]
        ids = [one.receipt.external_id for one in sent]
        assert adapter.find(a_post(1), since, ACCOUNT).complete
        assert adapter.recent(since, ACCOUNT).complete
        assert adapter.mentions(ACCOUNT, after="", before="", since=since, most=5).complete
        assert adapter.mentions(ACCOUNT, after=ids[0], before=ids[-1], since=since, most=5).complete
        assert adapter.readings([*ids, "1000000000000000001"], ACCOUNT).gone == ["1000000000000000001"]
        assert adapter.audience(ACCOUNT)
        assert isinstance(adapter.finish(a_post(1, first_comment="En savoir encore plus"), ids[0], ["first_comment"], ACCOUNT), Sent)
        assert isinstance(adapter.delete(ids[-1], ACCOUNT), Sent)
        XApi(url, Http(timeout_seconds=20), str(ACCOUNT.secret), fields_name="post", now=utc_now).send("GET", "/2/users/me")

        duplicate = adapter.publish(a_post(1), ACCOUNT, keep=lambda _: None)
        assert isinstance(duplicate, Refused)
        revoked = Account(1, Platform.X, "X", secret="sandbox-revoked")
        assert isinstance(adapter.publish(a_post(8), revoked, keep=lambda _: None), Refused)
        assert adapter.audience(revoked) is None
        sandbox.script({"kind": "rate_limit", "platform": "x", "operation": "x.create"}, {"kind": "status", "platform": "x", "operation": "x.create", "status": 503})
        assert isinstance(adapter.publish(a_post(9), ACCOUNT, keep=lambda _: None), RetryLater)
        adapter.publish(a_post(9), ACCOUNT, keep=lambda _: None)
        return recorder.taken()


@pytest.fixture(scope="module")
def document() -> Document:
    if not GIVEN:
        pytest.skip("No API document of X was given: see “Conformance” in docs/channels.md, then make conformance X_OPENAPI=path.")
    return Document(Path(GIVEN))


# X's own client library


@pytest.fixture(scope="module")
def library() -> ModuleType:
    """X's own client; loading it takes a second, which only these tests pay."""
    return importlib.import_module("xdk")


@pytest.mark.parametrize("called", OFFICIAL)
def test_the_library_of_x_asks_the_same_and_understands_the_answer(called: str, library: ModuleType, exchanges: list[Exchange], httpserver: HTTPServer) -> None:
    part, method = OFFICIAL[called]
    ours = [exchange for exchange in exchanges if _kind(exchange) == called and exchange.status < 300]
    replayed = iter(ours)
    theirs: list[Request] = []

    def replay(request: Request) -> Response:
        theirs.append(request)
        exchange = next(replayed)
        return Response(exchange.answer, exchange.status, content_type=exchange.answer_headers["content-type"])

    httpserver.expect_request(re.compile(".*")).respond_with_handler(replay)
    client = library.Client(base_url=httpserver.url_for("").rstrip("/"), access_token=str(ACCOUNT.secret))
    call = getattr(getattr(client, part), method)
    models = importlib.import_module(f"xdk.{part}.models")
    known = get_type_hints(call, localns={**vars(models)})  # the library imports them for type checkers only
    try:
        for exchange in ours:
            arguments = _arguments(exchange)
            told = call(**{name: TypeAdapter(known[name]).validate_python(value) for name, value in arguments.items()})
            assert _unknown(next(told) if isinstance(told, Iterator) else told) == []
            assert _unknown(known["body"].model_validate(arguments["body"]) if exchange.body else None) == []
    finally:
        client.session.close()

    assert ours
    assert [_wire(exchange) for exchange in ours] == [_asked(request) for request in theirs]


def test_nothing_else_is_asked_of_x(exchanges: list[Exchange]) -> None:
    assert {_kind(exchange) for exchange in exchanges} == set(OFFICIAL)


def _kind(exchange: Exchange) -> str:
    """The call without what is particular to it."""
    return f"{exchange.method} {re.sub(r'/[0-9]{2,}', '/#', exchange.path)}"


def _arguments(exchange: Exchange) -> dict[str, Any]:
    """What was asked as the library takes it: by its names, with lists for lists."""
    number = re.search(r"/([0-9]{2,})", exchange.path)
    named: dict[str, Any] = {"id": number[1]} if number else {}
    for name, text in parse_qsl(exchange.query):
        is_list = name in ("ids", "expansions", "exclude") or name.endswith(".fields")
        named[name.replace(".", "_")] = text.split(",") if is_list else text
    if exchange.body:
        named["body"] = json.loads(exchange.body) if exchange.headers["content-type"] == "application/json" else form_of(exchange)
    return named


def _unknown(told: Any, at: str = "") -> list[str]:
    """Members that the library's models do not know, at whatever depth."""
    if isinstance(told, list):
        return [line for one in told for line in _unknown(one, at)]
    if not isinstance(told, BaseModel):
        return []
    known = [line for name in type(told).model_fields for line in _unknown(getattr(told, name), f"{at}.{name}")]
    return [*known, *(f"{at}.{name}" for name in told.model_extra or {})]


def _wire(exchange: Exchange) -> tuple[str, str, dict[str, str], Any]:
    """What was asked; a part of a file, which we send as a form and the library as JSON, by its members."""
    body = exchange.body and (json.loads(exchange.body) if exchange.headers["content-type"] == "application/json" else sorted(form_of(exchange)))
    return exchange.method, exchange.path, dict(parse_qsl(exchange.query)), body or None


def _asked(request: Request) -> tuple[str, str, dict[str, str], Any]:
    body = request.get_json(silent=True)
    return request.method, request.path, request.args.to_dict(), sorted(body) if request.path.endswith("/append") else body


# X's own API document


def test_every_request_and_every_answer_agrees_with_the_document_of_x(document: Document, exchanges: list[Exchange]) -> None:
    assert tuple(map(int, document.version.split("."))) >= tuple(map(int, SINCE.split(".")))

    seen = {(document.operation(exchange), exchange.status) for exchange in exchanges}
    violations = [line for exchange in exchanges for line in document.violations(exchange, consented=frozenset(X_SCOPES))]

    assert seen == OPERATIONS
    assert violations == []


def test_every_count_that_is_read_is_one_that_the_document_of_x_names(document: Document) -> None:
    """Each of the document's counts is given, and nothing else: a name of ours that is not among them would be “not told”.

    Of a post's non-public and organic counts the document says only that they are objects; X's page on metrics names their members
    (docs.x.com/x-api/fundamentals/metrics, xdevplatform/docs 0bfed9f0): the next test holds those.
    """
    public = dict.fromkeys(document.members("PostPublicMetrics"), 1)
    media = {"public_metrics": dict.fromkeys(document.members("MediaPublicMetrics"), 1), "non_public_metrics": dict.fromkeys(document.members("MediaNonPublicMetrics"), 1)}
    post = {"id": "1", "public_metrics": public, "attachments": {"media_keys": ["13_1"]}}
    assert set(post) - {"id"} | {"non_public_metrics", "organic_metrics"} <= set(document.members("Post"))
    assert {"public_metrics", "non_public_metrics"} <= set(document.members("Media"))

    told = reading(post, videos({"includes": {"media": [{"type": "video", "media_key": "13_1", **media}]}}))

    assert (told.views, told.impressions, told.engagements, told.likes, told.comments, told.shares) == (1, 1, 5, 1, 1, 2)
    assert watched_quarters(told.raw and told.raw["media"]) == [1] * 5
    assert "followers_count" in document.members("UserPublicMetrics")


#: What X's page on metrics shows of a post's counts that only its author is told.
PRIVATE = {
    "non_public_metrics": {"impression_count", "url_link_clicks", "user_profile_clicks", "engagements"},
    "organic_metrics": {"impression_count", "like_count", "reply_count", "retweet_count", "url_link_clicks", "user_profile_clicks"},
}


def test_private_counts_are_read_by_the_names_of_the_page_on_metrics(exchanges: list[Exchange]) -> None:
    page = {group: dict.fromkeys(names, 7) for group, names in PRIVATE.items()}
    told = reading({"id": "1", "public_metrics": {"impression_count": 9}, **page}, {})
    numbers = numbers_of(told.raw or {})

    assert (told.clicks, *numbers) == (7, 9, 7, 7, 7)
    # And the sandbox tells them by the same names, in the one or the other naming of reposts.
    bodies = [exchange.said for exchange in exchanges if _kind(exchange) == "GET /2/tweets" and exchange.status == 200]
    posts = [post for body in bodies for post in body.get("data", ()) if "non_public_metrics" in post]
    assert posts
    for group, names in PRIVATE.items():
        known = names | {"repost_count", "quote_count", "bookmark_count", "engagements"}
        assert all(set(post[group]) <= known and {"url_link_clicks", "user_profile_clicks", "impression_count"} <= set(post[group]) for post in posts)
