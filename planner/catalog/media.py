"""Files of assets: what may come in, what it is really, and where it is kept. A stored name is generated, never typed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import filetype
from PIL import Image, UnidentifiedImageError

from planner.channels.port import MediaKind
from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["ACCEPTED", "Stored", "store"]

_MOST_PIXELS = 50_000_000
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS

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


def store(stream: IO[bytes], name: str, folder: Path, *, most_bytes: int) -> Stored:
    """Take a file in under a generated name. Raises Invalid, and leaves nothing behind, when it is not what it says it is."""
    shown = PurePosixPath(name.replace("\\", "/")).name.replace("\0", "")[-255:]
    extension = shown.rpartition(".")[2].lower()
    if extension not in ACCEPTED:
        raise Invalid(N_("Files of this kind are not taken. These are: %(known)s."), field="file", known=", ".join(sorted(ACCEPTED)))
    kind, mime = ACCEPTED[extension]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.{extension}"
    try:
        size, digest = _copy(stream, path, most_bytes)
        _check_type(path, kind, mime)
        width, height = _pixels(path) if kind in (MediaKind.IMAGE, MediaKind.GIF) else (None, None)
        seconds = _seconds(path) if kind is MediaKind.VIDEO else None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(kind, shown, path.name, mime, size, digest, width, height, seconds)


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
    """The first bytes agree with the extension; captions, which have no such bytes, are plain text."""
    wrong = Invalid(N_("What is in this file is not what its name says."), field="file")
    if kind is MediaKind.CAPTIONS:
        head = path.read_bytes()[:4096]
        if b"\0" in head or b"<" in head[:64] or b"-->" not in path.read_bytes()[:65536]:
            raise wrong
        return
    found = filetype.guess_mime(str(path))
    videos = ("video/mp4", "video/quicktime", "video/x-m4v")
    if found != mime and not (kind is MediaKind.VIDEO and found in videos):
        raise wrong


def _pixels(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise Invalid(N_("This picture has too many pixels: at most 50 million."), field="file")
            image.verify()
            return width, height
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError):
        raise Invalid(N_("This picture cannot be read."), field="file") from None


def _seconds(path: Path) -> float | None:
    """A film's length, or None where the machine cannot tell."""
    try:
        from pymediainfo import MediaInfo

        for track in MediaInfo.parse(str(path)).tracks:
            if track.duration:
                return round(float(track.duration) / 1000, 2)
    except (OSError, RuntimeError, ValueError):
        return None
    return None
