"""Planning and the platform agree: at each limit the real adapter's post is taken by the sandbox, and one beyond the sandbox refuses it.

Beyond the limit the adapter's own check is taken away, so that it is the platform that speaks.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.errors import MediaUploadSizeError

from planner.channels import preflight
from planner.channels.linkedin import LinkedInAdapter
from planner.channels.port import Account, Adapter, Limits, Media, MediaKind, OutgoingPost, Platform, Refused, Sent
from planner.channels.sandbox import Sandbox, serve
from planner.channels.webhook import PRETEND, WebhookAdapter
from planner.channels.x import XAdapter
from planner.channels.youtube import YouTubeAdapter
from planner.core.http import Http
from tests.films import film, pdf

X, LINKEDIN, YOUTUBE, WEBHOOK = Platform.X, Platform.LINKEDIN, Platform.YOUTUBE, Platform.WEBHOOK
KB, MB, GB = 1 << 10, 1 << 20, 1 << 30
Change = Callable[["Files"], dict[str, Any]]


class Files:
    """Makes files on the disk as small as they may be; `size` makes one longer with a hole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def made(self, kind: MediaKind, mime: str, content: bytes, size: int = 0, **told: Any) -> Media:
        path = self._folder / uuid.uuid4().hex
        path.write_bytes(content)
        if size > len(content):
            with path.open("r+b") as file:
                file.truncate(size)
        return Media(kind=kind, path=str(path), mime=mime, size=path.stat().st_size, name="f", alt_text="A.", **told)

    def picture(self, kind: MediaKind = MediaKind.IMAGE, mime: str = "image/png", size: int = 0, pixels: tuple[int, int] = (40, 30)) -> Media:
        return self.made(kind, mime, png(*pixels), size, width=pixels[0], height=pixels[1])

    def gif(self, size: int = 0) -> Media:
        return self.made(MediaKind.GIF, "image/gif", b"GIF89a" + b"\0" * 20, size, width=1, height=1)

    def film(self, seconds: float = 10, shape: tuple[int, int] = (1280, 720), size: int = 80 * KB, mime: str = "video/mp4") -> Media:
        return self.made(MediaKind.VIDEO, mime, film(seconds, *shape, size=min(size, MB)), size, seconds=seconds, width=shape[0], height=shape[1])

    def document(self, pages: int = 3) -> Media:
        return self.made(MediaKind.DOCUMENT, "application/pdf", pdf(pages), pages=pages)


def png(width: int, height: int) -> bytes:
    """A PNG that says it is so large; its pixels are missing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0"))


def films_of(*lengths: float) -> list[Change]:
    return [lambda f, one=one: {"media": [f.film(seconds=one)]} for one in lengths]  # type: ignore[misc]


def shapes_of(*shapes: tuple[int, int]) -> list[Change]:
    return [lambda f, one=one: {"media": [f.film(shape=one)]} for one in shapes]  # type: ignore[misc]


def said(**values: Any) -> Change:
    return lambda _files: values


#: What is taken, and what is refused one step further; None where the boundary itself is too large to send in a test.
CASES: list[tuple[Platform, str, Change | None, Change]] = [
    (X, "length", said(text="a" * 280), said(text="a" * 281)),
    (X, "comment", said(first_comment="a" * 280), said(first_comment="a" * 281)),
    (X, "unseen", said(text="A\u200bnew mast"), said(text="\ufeffA new mast")),
    (X, "cashtags", said(text="$ORA up"), said(text="$ORA and $DTE up")),
    (X, "pictures", lambda f: {"media": [f.picture() for _ in range(4)]}, lambda f: {"media": [f.picture() for _ in range(5)]}),
    (X, "mixed", lambda f: {"media": [f.picture(), f.picture()]}, lambda f: {"media": [f.picture(), f.film()]}),
    (X, "animated", lambda f: {"media": [f.gif()]}, lambda f: {"media": [f.gif(), f.gif()]}),
    (X, "type", lambda f: {"media": [f.picture(mime="image/webp")]}, lambda f: {"media": [f.picture(mime="image/tiff")]}),
    (X, "picture's size", lambda f: {"media": [f.picture(size=5 * MB)]}, lambda f: {"media": [f.picture(size=5 * MB + 1)]}),
    (X, "animation's size", None, lambda f: {"media": [f.gif(size=15 * MB + 1)]}),
    (X, "film's size", None, lambda f: {"media": [f.film(size=512 * MB + 1)]}),
    (X, "longest", *films_of(140, 140.01)),
    (X, "shortest", *films_of(0.5, 0.49)),
    (X, "narrowest", *shapes_of((300, 900), (299, 900))),
    (X, "widest", *shapes_of((900, 300), (901, 300))),
    (LINKEDIN, "length", said(text="(" * 3000), said(text="(" * 3001)),
    (LINKEDIN, "length with the link below", lambda f: {"text": "a" * 2980, "link": "https://e.example/", "media": [f.picture()]},
     lambda f: {"text": "a" * 2981, "link": "https://e.example/", "media": [f.picture()]}),
    (LINKEDIN, "comment", said(first_comment="a" * 1250), said(first_comment="a" * 1251)),
    (LINKEDIN, "pictures", lambda f: {"media": [f.picture() for _ in range(20)]}, lambda f: {"media": [f.picture() for _ in range(21)]}),
    (LINKEDIN, "pixels", lambda f: {"media": [f.picture(pixels=(36_152_319, 1))]}, lambda f: {"media": [f.picture(pixels=(36_152_320, 1))]}),
    (LINKEDIN, "smallest film", lambda f: {"media": [f.film(size=75 * KB)]}, lambda f: {"media": [f.film(size=75 * KB - 1)]}),
    (LINKEDIN, "largest film", None, lambda f: {"media": [f.film(size=500 * MB + 1)]}),
    (LINKEDIN, "longest", *films_of(1800, 1800.01)),
    (LINKEDIN, "shortest", *films_of(3, 2.99)),
    (LINKEDIN, "pages", lambda f: {"media": [f.document(300)]}, lambda f: {"media": [f.document(301)]}),
    (YOUTUBE, "description", lambda f: {"text": "é" * 2500, "media": [f.film()]}, lambda f: {"text": "é" * 2500 + "a", "media": [f.film()]}),
    (YOUTUBE, "title", lambda f: {"title": "é" * 100, "media": [f.film()]}, lambda f: {"title": "é" * 101, "media": [f.film()]}),
    (YOUTUBE, "no title", lambda f: {"title": "T", "media": [f.film()]}, lambda f: {"title": "", "media": [f.film()]}),
    (YOUTUBE, "markup", lambda f: {"title": "5G", "media": [f.film()]}, lambda f: {"title": "<5G>", "media": [f.film()]}),
    (YOUTUBE, "tags", lambda f: {"tags": ["a" * 470, "five g"], "media": [f.film()]}, lambda f: {"tags": ["a" * 471, "five g"], "media": [f.film()]}),
    (YOUTUBE, "longest", lambda f: {"media": [f.film(seconds=43_200)]}, lambda f: {"media": [f.film(seconds=43_200.01)]}),
    (YOUTUBE, "thumbnail's type", lambda f: {"media": [f.film(), f.picture(MediaKind.THUMBNAIL)]},
     lambda f: {"media": [f.film(), f.picture(MediaKind.THUMBNAIL, "image/webp")]}),
    (WEBHOOK, "length", said(text="a" * 16_381), said(text="a" * 16_382)),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3")
    with serve(sandbox) as running:
        Http(5).request("POST", f"{running.url}/_sandbox/settings", json={"processing_seconds": 0.0})
        yield running.url
    sandbox.close()


def adapter_of(platform: Platform, base: str) -> Adapter:
    http = Http(20, allow_private=True)
    if platform is X:
        return XAdapter(base, http)
    if platform is LINKEDIN:
        return LinkedInAdapter(base, http, version="202607", wait=lambda _seconds: None)
    if platform is YOUTUBE:
        return YouTubeAdapter(base, base, timeout_seconds=20)
    return WebhookAdapter(http, sandbox_url=base)


def account_of(platform: Platform) -> Account:
    """One that nobody has used yet."""
    key = f"sandbox-{uuid.uuid4().hex}"
    address = platform is WEBHOOK
    return Account(1, platform, "A", config={"flavour": "mattermost"} if address else {}, secret=f"{PRETEND}/hooks/{key}" if address else key)


def a_post(change: dict[str, Any]) -> OutgoingPost:
    post = OutgoingPost(delivery_id=1, attempt=1, fingerprint="0123456789abcdef" * 4, text="Hello.", title="T")
    return replace(post, **change)


def publish(adapter: Adapter, account: Account, post: OutgoingPost) -> Any:
    return adapter.publish(post, account, keep=lambda _text: None)


def is_live(adapter: Adapter, account: Account, since: datetime, outcome: Any) -> bool:
    """Taken whole: no note, and not rejected afterwards."""
    whole = isinstance(outcome, Sent) and not outcome.note
    return whole and (account.platform is WEBHOOK or bool(adapter.recent(since, account).posts))


@pytest.mark.parametrize(("platform", "at"), [pytest.param(one[0], one[2], id=f"{one[0]}-{one[1]}") for one in CASES if one[2]])
def test_what_planning_accepts_at_the_limit_the_platform_takes(base: str, tmp_path: Path, platform: Platform, at: Change) -> None:
    since, adapter, account = datetime.now(UTC) - timedelta(seconds=2), adapter_of(platform, base), account_of(platform)
    post = a_post(at(Files(tmp_path)))

    assert [str(one) for one in preflight.objections(platform, adapter.limits, post)] == []
    outcome = publish(adapter, account, post)

    assert is_live(adapter, account, since, outcome), outcome


@pytest.mark.parametrize(("platform", "beyond"), [pytest.param(one[0], one[3], id=f"{one[0]}-{one[1]}") for one in CASES])
def test_what_planning_refuses_the_platform_refuses(base: str, tmp_path: Path, platform: Platform, beyond: Change) -> None:
    since, adapter, account = datetime.now(UTC) - timedelta(seconds=2), adapter_of(platform, base), account_of(platform)
    post = a_post(beyond(Files(tmp_path)))

    held = preflight.complaint(platform, adapter.limits, post)
    assert held is not None
    assert publish(adapter, account, post) == held, "the adapter asks before it sends"

    adapter.limits = Limits()
    outcome = publish(adapter, account, post)

    assert isinstance(outcome, Refused) or not is_live(adapter, account, since, outcome), outcome


def test_google_s_own_client_knows_the_same_largest_film(base: str, tmp_path: Path) -> None:
    adapter, post = adapter_of(YOUTUBE, base), a_post({"media": [Files(tmp_path).film(size=256 * GB + 1)]})
    held = preflight.complaint(YOUTUBE, adapter.limits, post)
    assert held is not None
    assert held.reason == "“f” is too large for YouTube, which takes at most 256 GB."

    adapter.limits = Limits()
    with pytest.raises(MediaUploadSizeError, match=str(256 * GB)):
        publish(adapter, account_of(YOUTUBE), post)
