"""What the pretend platforms see in a file: a film's length and size, a picture's form and pixels, a document's pages."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

from PIL import Image, UnidentifiedImageError

__all__ = ["film", "pages", "picture"]

_COUNT = re.compile(rb"/Count\s+(\d{1,6})")


def film(content: bytes) -> dict[str, Any]:
    """`seconds`, `width` and `height` (as it is shown) of an MP4, as far as its headers lie in these bytes."""
    told: dict[str, Any] = {}
    at = content.find(b"mvhd")
    if at >= 0 and at + 24 + 12 <= len(content):
        long = content[at + 4] == 1
        scale, length = struct.unpack_from(">IQ", content, at + 24) if long else struct.unpack_from(">II", content, at + 16)
        seconds = length / scale if scale else 0
        if 0 < seconds < 100_000:
            told["seconds"] = round(seconds, 3)
    at = content.find(b"tkhd")
    if at >= 0:
        places = at + (56 if content[at + 4 : at + 5] == b"\1" else 44)  # where the matrix begins
        if places + 44 <= len(content):
            a, b = struct.unpack_from(">ii", content, places)
            width, height = (side >> 16 for side in struct.unpack_from(">II", content, places + 36))
            if width and height:
                told["width"], told["height"] = (height, width) if not a and b else (width, height)
    return told


def picture(content: bytes) -> tuple[str, int] | None:
    """A picture's form ("PNG") and its number of pixels; None when nothing is recognised in these bytes."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return str(image.format), image.width * image.height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def pages(content: bytes) -> int | None:
    """How many pages a PDF says it has: the largest count among its branches."""
    return max((int(told) for told in _COUNT.findall(content)), default=None) if content.startswith(b"%PDF") else None
