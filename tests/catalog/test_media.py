"""What may come in as a file of an asset: it is what it says it is, under a name nobody typed."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from planner.catalog import media
from planner.channels.port import MediaKind
from planner.core.errors import Invalid
from tests.films import film, pdf

MB = 1_000_000
OTHER = "What is in this file is not what its name says."
SRT = b"1\r\n00:00:01,000 --> 00:00:04,000\r\nGood morning.\r\n"
VTT = b"WEBVTT\n\n00:01.000 --> 00:04.000\nGood morning.\n"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 64
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, form)
    return target.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is `side` pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def taken(folder: Path, body: bytes, name: str, most: int = MB) -> media.Stored:
    return media.store(io.BytesIO(body), name, folder, most_bytes=most)


def refusal(folder: Path, body: bytes, name: str, most: int = MB) -> str:
    """The sentence; and nothing is left behind."""
    with pytest.raises(Invalid) as caught:
        taken(folder, body, name, most)
    assert list(folder.rglob("*")) == []
    assert caught.value.field == "file"
    return str(caught.value)


def test_a_picture_is_kept_whole_with_its_size_and_sum(tmp_path: Path) -> None:
    body = picture()

    stored = taken(tmp_path, body, "Harbour at dawn.PNG")

    assert (tmp_path / stored.stored_name).read_bytes() == body
    assert stored == media.Stored(
        MediaKind.IMAGE, "Harbour at dawn.PNG", stored.stored_name, "image/png", len(body), hashlib.sha256(body).hexdigest(), 40, 30
    )


@pytest.mark.parametrize(
    ("name", "body", "kind", "mime"),
    [
        ("a.jpg", picture("JPEG"), MediaKind.IMAGE, "image/jpeg"),
        ("a.jpeg", picture("JPEG"), MediaKind.IMAGE, "image/jpeg"),
        ("a.webp", picture("WEBP"), MediaKind.IMAGE, "image/webp"),
        ("a.gif", picture("GIF"), MediaKind.GIF, "image/gif"),
        ("a.pdf", PDF, MediaKind.DOCUMENT, "application/pdf"),
        ("a.mp4", MP4, MediaKind.VIDEO, "video/mp4"),
        ("a.srt", SRT, MediaKind.CAPTIONS, "text/plain"),
        ("a.srt", b"\xef\xbb\xbf" + SRT, MediaKind.CAPTIONS, "text/plain"),
        ("a.vtt", VTT, MediaKind.CAPTIONS, "text/vtt"),
    ],
)
def test_each_kind_of_file_is_taken(tmp_path: Path, name: str, body: bytes, kind: MediaKind, mime: str) -> None:
    stored = taken(tmp_path, body, name)

    assert (stored.kind, stored.mime, stored.size) == (kind, mime, len(body))


@pytest.mark.parametrize("name", ["../../x.png", "..\\..\\x.png", "/etc/x.png", "C:\\Users\\x.png", "x\0.png", "\u202ex.png", "x\r\n.png"])
def test_the_name_it_came_with_is_never_a_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "files"

    stored = taken(folder, picture(), name)

    assert stored.name == "x.png"
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.png")] == [Path("files") / stored.stored_name]
    assert "x" not in stored.stored_name


def test_a_long_name_keeps_its_end(tmp_path: Path) -> None:
    assert taken(tmp_path, picture(), "a" * 5000 + ".png").name == "a" * 251 + ".png"


def test_two_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    one, two = taken(tmp_path, picture(), "a.png"), taken(tmp_path, picture("PNG", (9, 9)), "a.png")

    assert one.stored_name != two.stored_name
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "name",
    ["logo.svg", "page.html", "page.htm", "run.exe", "a.php", "../../etc/passwd", "", ".", "..", "png", "a.png.", "a.svgz"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    body = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"

    assert refusal(tmp_path, body, name) == (
        "Files of this kind are not taken. These are: gif, jpeg, jpg, mov, mp4, pdf, png, srt, vtt, webp."
    )


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.png", picture("JPEG")),
        ("a.jpg", b"<html><script>alert(1)</script></html>"),
        ("a.gif", picture("PNG")),
        ("a.pdf", b"<html></html>"),
        ("a.mp4", picture("PNG")),
        ("a.mov", PDF),
        ("a.srt", b"<html><!-- x --></html>"),
        ("a.srt", b"no times in here"),
        ("a.srt", SRT + b"\0"),
        ("a.srt", SRT.decode().encode("utf-16")),
        ("a.srt", SRT + b"\xff\xfe\xfd caf\xe9 "),
        ("a.vtt", SRT),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(tmp_path: Path, name: str, body: bytes) -> None:
    assert refusal(tmp_path, body, name) == OTHER


def test_long_captions_may_split_a_letter_where_looking_ends(tmp_path: Path) -> None:
    body = SRT + b" " * (65_535 - len(SRT)) + "é".encode()

    assert taken(tmp_path, body, "a.srt").size == 65_537


@pytest.mark.parametrize("name", ["a.png", "a.pdf", "a.mp4", "a.srt"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, b"", name) == "This file is empty."


def test_a_file_above_the_limit_is_refused_and_one_at_it_is_taken(tmp_path: Path) -> None:
    body = PDF.ljust(2 * MB, b" ")

    assert refusal(tmp_path, body + b" ", "a.pdf", 2 * MB) == "This file is too large: at most 2 MB."
    assert taken(tmp_path, body, "a.pdf", 2 * MB).size == 2 * MB


@pytest.mark.parametrize("side", [7_072, 9_000, 30_000, 100_000])
def test_a_picture_of_too_many_pixels_is_refused_before_any_is_drawn(tmp_path: Path, side: int) -> None:
    assert refusal(tmp_path, bomb(side), "a.png") == "This picture has too many pixels: at most 50 million."


@pytest.mark.parametrize("body", [picture()[:20], picture()[:45] + b"\0" * 60, picture("PNG")[:-20]])
def test_a_broken_picture_is_refused(tmp_path: Path, body: bytes) -> None:
    assert refusal(tmp_path, body, "a.png") == "This picture cannot be read."


def test_nothing_is_left_when_the_reading_breaks_off(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        media.store(Broken(), "a.png", tmp_path, most_bytes=MB)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("turned", "shown"), [(False, (1280, 720)), (True, (720, 1280))])
def test_a_film_tells_its_length_and_its_pixels_as_it_is_shown(tmp_path: Path, turned: bool, shown: tuple[int, int]) -> None:
    stored = taken(tmp_path, film(12.34, 1280, 720, turned=turned), "a.mp4")

    assert (stored.width, stored.height, stored.seconds, stored.pages) == (*shown, 12.34, None)


def test_a_film_that_tells_nothing_is_taken_with_nothing_told(tmp_path: Path) -> None:
    stored = taken(tmp_path, MP4, "a.mp4")

    assert (stored.width, stored.height, stored.seconds) == (None, None, None)


@pytest.mark.parametrize("pages", [1, 301])
def test_a_document_tells_its_pages(tmp_path: Path, pages: int) -> None:
    assert taken(tmp_path, pdf(pages), "a.pdf").pages == pages


@pytest.mark.parametrize("body", [b"%PDF-1.7\n", b"%PDF-1.7\ntrailer\n<</Root 1 0 R>>\n%%EOF\n", pdf(3).replace(b"/Count 3", b"/Count x"), pdf(3).replace(b"/Count 3", b"/Count 99999999999999999999")])
def test_a_document_that_does_not_tell_its_pages_is_taken(tmp_path: Path, body: bytes) -> None:
    assert taken(tmp_path, body, "a.pdf").pages is None
