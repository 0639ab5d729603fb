"""Every kind of post goes out whole: the real adapters and client libraries, and what the sandbox then holds of it."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from planner.channels.linkedin import LinkedInAdapter
from planner.channels.port import Account, Adapter, Media, MediaKind, OutgoingPost, Platform, Sent
from planner.channels.sandbox import Running, Sandbox, serve
from planner.channels.x import XAdapter
from planner.channels.x_media import Patience
from planner.channels.youtube import YouTubeAdapter
from planner.core.http import Http
from tests.films import film, pdf

TOKEN = "sandbox-every-kind"
Make = Callable[..., Media]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        requests.post(f"{running.url}/_sandbox/settings", json={"processing_seconds": 0.0}, timeout=5).raise_for_status()
        yield running
    sandbox.close()


@pytest.fixture
def held(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """What the sandbox holds: the bodies of its posts or of its things of one kind, in the order they came."""

    def bodies(table: str, kind: str = "") -> list[dict[str, Any]]:
        with sqlite3.connect(tmp_path / "sandbox.sqlite3") as db:
            db.row_factory = sqlite3.Row
            rows = db.execute(f"SELECT * FROM {table}" + (" WHERE kind = ? ORDER BY seq" if kind else ""), (kind,) if kind else ())  # noqa: S608
            return [{**json.loads(row["body"]), "id": row["id"], "parent": row["parent"] if kind else None} for row in rows]

    return bodies


@pytest.fixture
def file(tmp_path: Path) -> Make:
    def make(kind: MediaKind, name: str, content: bytes = b"", **told: Any) -> Media:
        mimes = {"gif": "image/gif", "png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4", "vtt": "text/vtt"}
        if not content:
            drawn = io.BytesIO()
            Image.new("RGB", (64, 48), hash(name) % 0xFFFFFF).save(drawn, name.rpartition(".")[2])
            content = drawn.getvalue()
        (tmp_path / name).write_bytes(content)
        return Media(kind, str(tmp_path / name), mimes[name.rpartition(".")[2]], len(content), name=name, **told)

    return make


def sent(adapter: Adapter, platform: Platform, **values: Any) -> str:
    """Publish it; the platform's number. Nothing may have come back different or missing."""
    account = Account(1, platform, "Group", secret=TOKEN)
    post = OutgoingPost(**{"delivery_id": 1, "attempt": 1, "fingerprint": "5" * 64, "text": "Réseaux privés & 5G", **values})
    outcome = adapter.publish(post, account, keep=lambda _text: None)
    assert isinstance(outcome, Sent), outcome
    assert (outcome.note, tuple(outcome.undone)) == ("", ())
    return outcome.receipt.external_id


def linkedin(running: Running) -> LinkedInAdapter:
    return LinkedInAdapter(running.url, Http(5.0), version="202607", wait=lambda _seconds: None)


@pytest.mark.parametrize(
    ("kind", "name", "content", "urn", "shown"),
    [
        (MediaKind.GIF, "moves.gif", b"", "urn:li:image:", {"altText": "A mast."}),
        (MediaKind.IMAGE, "quay.png", b"", "urn:li:image:", {"altText": "A mast."}),
        (MediaKind.DOCUMENT, "paper.pdf", pdf(3), "urn:li:document:", {"title": "White paper"}),
        (MediaKind.VIDEO, "film.mp4", film(10, size=6_000_000), "urn:li:video:", {}),
    ],
)
def test_linkedin_holds_a_picture_that_moves_a_document_and_a_film(
    running: Running, held: Callable[..., list[dict[str, Any]]], file: Make, kind: MediaKind, name: str, content: bytes, urn: str, shown: dict[str, str]
) -> None:
    sent(linkedin(running), Platform.LINKEDIN, title="White paper", media=[file(kind, name, content, alt_text="A mast.", pages=3, seconds=10.0)])

    [post] = held("posts")
    media = post["content"]["media"]
    assert media["id"].startswith(urn)
    assert shown.items() <= media.items()


def test_linkedin_holds_several_pictures_in_their_order_each_with_its_words(
    running: Running, held: Callable[..., list[dict[str, Any]]], file: Make
) -> None:
    names = {"0.png": MediaKind.IMAGE, "1.gif": MediaKind.GIF, "2.png": MediaKind.IMAGE, "3.png": MediaKind.IMAGE}
    pictures = [file(kind, name, alt_text=f"Picture {name[0]}") for name, kind in names.items()]

    sent(linkedin(running), Platform.LINKEDIN, media=pictures)

    [post] = held("posts")
    images = post["content"]["multiImage"]["images"]
    assert [one["altText"] for one in images] == [f"Picture {number}" for number in range(4)]
    assert [one["id"] for one in images] == [one["id"] for one in held("things", "image")]


def test_x_holds_four_pictures_in_their_order_each_with_its_words(running: Running, held: Callable[..., list[dict[str, Any]]], file: Make) -> None:
    pictures = [file(MediaKind.IMAGE, f"{number}.png", alt_text=f"Picture {number}") for number in range(4)]

    sent(XAdapter(running.url, Http(5.0), patience=Patience(seconds=30)), Platform.X, media=pictures)

    [post], media = held("posts"), held("things", "media")
    assert post["media_keys"] == [one["media_key"] for one in media]
    assert [(one["category"], one["alt_text"]) for one in media] == [("tweet_image", f"Picture {number}") for number in range(4)]


def test_x_holds_a_picture_that_moves_as_one_with_its_words(running: Running, held: Callable[..., list[dict[str, Any]]], file: Make) -> None:
    sent(XAdapter(running.url, Http(5.0), patience=Patience(seconds=30)), Platform.X, media=[file(MediaKind.GIF, "moves.gif", alt_text="A mast.")])

    [post], [media] = held("posts"), held("things", "media")
    assert (post["media_keys"], media["category"], media["mime"], media["alt_text"]) == ([media["media_key"]], "tweet_gif", "image/gif", "A mast.")


def test_youtube_holds_the_film_with_its_tags_thumbnail_captions_and_playlist(
    running: Running, held: Callable[..., list[dict[str, Any]]], file: Make
) -> None:
    playlist = requests.post(
        f"{running.url}/youtube/v3/playlists?part=snippet", json={"snippet": {"title": "Talks"}}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5
    ).json()["id"]
    extras = [
        file(MediaKind.THUMBNAIL, "thumb.png"), file(MediaKind.CAPTIONS, "fr.vtt", b"WEBVTT\n", language="fr"),
        file(MediaKind.CAPTIONS, "de.vtt", b"WEBVTT\n", language="de"),
    ]  # fmt: skip

    video = sent(
        YouTubeAdapter(running.url, running.url, timeout_seconds=5, chunk_bytes=256 * 1024), Platform.YOUTUBE, title="Film", tags=["5G", "private network"],
        language="en", playlist=playlist, media=[file(MediaKind.VIDEO, "film.mp4", film(10, size=600_000), seconds=10.0), *extras],
    )  # fmt: skip

    [post] = held("posts")
    assert (post["title"], post["tags"], post["thumbnail"]) == ("Film", ["5G", "private network", "planner-" + "5" * 12], True)
    assert [(one["language"], one["parent"]) for one in held("things", "caption")] == [("fr", video), ("de", video)]
    assert [(one["video"], one["parent"]) for one in held("things", "playlistItem")] == [(video, playlist)]
