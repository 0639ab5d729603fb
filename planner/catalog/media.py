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

__all__ = ["ACCEPTED", "Stored", "store"]

_MOST_PIXELS = 50_000_000
#: Pillow's own guard speaks before any pixel is decoded: a warning above this, an error above twice this.
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
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
        seconds = _seconds(path) if kind is MediaKind.VIDEO else None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(kind, shown, path.name, mime, size, digest, width, height, seconds)


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
