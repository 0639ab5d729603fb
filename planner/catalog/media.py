"""Files of assets: what may come in, what it is really, and where it is kept. A stored name is generated, never typed."""

from __future__ import annotations

import codecs
import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import filetype
from PIL import Image, UnidentifiedImageError

from planner.channels.port import MediaKind
from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["ACCEPTED", "Stored", "film", "store"]

_MOST_PIXELS = 50_000_000
#: Pillow's own guard speaks before any pixel is decoded: a warning above this, an error above twice this.
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
#: A PDF that says it has more says nothing.
_MOST_PAGES = 1_000_000
#: How much of a caption file is looked at, and the line that says when a caption is shown.
_CAPTIONS_HEAD = 1 << 16
_CUE = re.compile(r"^(?:\d+:)?\d{1,2}:\d\d[,.]\d{1,3} *-->", re.MULTILINE)

#: extension -> kind, type. Anything else is refused: a picture that is a script (SVG) or a page (HTML) has no place here.
ACCEPTED: dict[str, tuple[MediaKind, str]] = {
    "jpg": (MediaKind.IMAGE, "image/jpeg"),
    "jpeg": (MediaKind.IMAGE, "image/jpeg"),
    "png": (MediaKind.IMAGE, "image/png"),
    "webp": (MediaKind.IMAGE, "image/webp"),
    "gif": (MediaKind.GIF, "image/gif"),
    "mp4": (MediaKind.VIDEO, "video/mp4"),
    "mov": (MediaKind.VIDEO, "video/quicktime"),
    "pdf": (MediaKind.DOCUMENT, "application/pdf"),
    "srt": (MediaKind.CAPTIONS, "text/plain"),
    "vtt": (MediaKind.CAPTIONS, "text/vtt"),
}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was taken in. Sizes in bytes, durations in seconds, pixels."""

    kind: MediaKind
    name: str
    stored_name: str
    mime: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    pages: int | None = None


def store(stream: IO[bytes], name: str, folder: Path, *, most_bytes: int) -> Stored:
    """Take a file in under a generated name. Raises Invalid, and leaves nothing behind, when it is not what it says it is."""
    shown = _shown(name)
    extension = shown.rpartition(".")[2].lower() if "." in shown else ""
    if extension not in ACCEPTED:
        raise Invalid(N_("Files of this kind are not taken. These are: %(known)s."), field="file", known=", ".join(sorted(ACCEPTED)))
    kind, mime = ACCEPTED[extension]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.{extension}"
    try:
        size, digest = _copy(stream, path, most_bytes)
        _check_type(path, kind, mime)
        width, height = _pixels(path) if kind in (MediaKind.IMAGE, MediaKind.GIF) else (None, None)
        seconds = pages = None
        if kind is MediaKind.VIDEO:
            width, height, seconds = film(path)
        elif kind is MediaKind.DOCUMENT:
            pages = _pages(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(kind, shown, path.name, mime, size, digest, width, height, seconds, pages)


def _shown(name: str) -> str:
    """The name for people: without folders, and without characters that cannot be seen."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(char for char in last if char.isprintable())[-255:]


def _copy(stream: IO[bytes], path: Path, most_bytes: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most_bytes:
                raise Invalid(N_("This file is too large: at most %(most)s MB."), field="file", most=most_bytes // 1_000_000)
            digest.update(chunk)
            target.write(chunk)
    if not size:
        raise Invalid(N_("This file is empty."), field="file")
    return size, digest.hexdigest()


def _check_type(path: Path, kind: MediaKind, mime: str) -> None:
    """The first bytes agree with the extension; captions, which have no such bytes, are UTF-8 text with times in it."""
    if kind is MediaKind.CAPTIONS:
        fits = _is_captions(path, mime)
    else:
        found = filetype.guess_mime(str(path))
        fits = found == mime or (kind is MediaKind.VIDEO and found in ("video/mp4", "video/quicktime", "video/x-m4v"))
    if not fits:
        raise Invalid(N_("What is in this file is not what its name says."), field="file")


def _is_captions(path: Path, mime: str) -> bool:
    with path.open("rb") as source:
        head = source.read(_CAPTIONS_HEAD)
    try:
        # The cut may split a letter; only what is wrong before it counts.
        said = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return "\0" not in said and bool(_CUE.search(said)) and (mime != "text/vtt" or said.startswith("WEBVTT"))


def _pixels(path: Path) -> tuple[int, int]:
    too_many = Invalid(N_("This picture has too many pixels: at most 50 million."), field="file")
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise too_many
            image.verify()
            return width, height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Invalid(N_("This picture cannot be read."), field="file") from None


def film(path: Path) -> tuple[int | None, int | None, float | None]:
    """A film's width and height as it is shown (a film told to be turned is measured turned), and its length in seconds.

    None where the file or the machine does not tell.
    """
    try:
        from pymediainfo import MediaInfo

        tracks = MediaInfo.parse(str(path)).tracks
    except (OSError, RuntimeError, ValueError):
        return None, None, None
    seconds = next((round(float(track.duration) / 1000, 2) for track in tracks if track.duration), None)
    for track in tracks:
        if track.track_type == "Video" and track.width and track.height:
            turned = round(float(track.rotation or 0)) % 180 == 90
            return (track.height, track.width, seconds) if turned else (track.width, track.height, seconds)
    return None, None, seconds


def _pages(path: Path) -> int | None:
    """How many pages a PDF says it has, or None where it does not say so plainly (encrypted, damaged)."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with path.open("rb") as source:
            told = PdfReader(source).root_object["/Pages"]["/Count"]  # type: ignore[index]
    except (PyPdfError, LookupError, TypeError, ValueError, OSError, RecursionError):
        return None
    return int(told) if isinstance(told, int) and 0 < told <= _MOST_PAGES else None
