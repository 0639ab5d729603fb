"""Cutting a picture to a shape that a platform shows whole; the copy is a file of its own, the first stays as it is."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["FOCUSES", "SHAPES", "box", "crop"]

#: name -> width to height, and where it is shown whole.
SHAPES: dict[str, tuple[Fraction, str]] = {
    "1.91:1": (Fraction(191, 100), N_("1.91:1, a link's card on LinkedIn and X")),
    "16:9": (Fraction(16, 9), N_("16:9, a picture on X, a thumbnail on YouTube")),
    "1:1": (Fraction(1), N_("1:1, a square on LinkedIn and X")),
    "4:5": (Fraction(4, 5), N_("4:5, upright on LinkedIn")),
}
#: What stays when something has to go: of a wide picture the left or the right, of a tall one the top or the bottom.
FOCUSES: dict[str, str] = {"middle": N_("the middle"), "start": N_("the top or the left"), "end": N_("the bottom or the right")}
#: A picture smaller than this is no picture any more.
_LEAST = 100
_FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


def box(width: int, height: int, shape: Fraction, focus: str = "middle") -> tuple[int, int, int, int]:
    """The largest part of that shape: left, top, right, bottom in pixels.

    width, height -- > 0. shape -- width to height. focus -- one of FOCUSES.
    """
    wide, tall = min(width, int(height * shape)), min(height, int(width / shape))
    at = {"start": Fraction(0), "middle": Fraction(1, 2), "end": Fraction(1)}[focus]
    left, top = int((width - wide) * at), int((height - tall) * at)
    return left, top, left + wide, top + tall


def crop(path: Path, name: str, shape: str, focus: str) -> tuple[io.BytesIO, str]:
    """The copy, in the same format and turned as it is shown, and its name. Raises Invalid for what cannot be cut, or would be tiny."""
    extension = path.suffix.removeprefix(".").lower()
    if shape not in SHAPES or focus not in FOCUSES:
        raise Invalid(N_("Choose one of the list."), field="shape")
    if extension not in _FORMATS:
        raise Invalid(N_("Only JPG, PNG and WebP pictures can be cut."), field="shape")
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened)
            part = box(picture.width, picture.height, SHAPES[shape][0], focus)
            if min(part[2] - part[0], part[3] - part[1]) < _LEAST:
                raise Invalid(N_("What is left of the picture would be too small."), field="shape")
            target = io.BytesIO()
            picture.crop(part).save(target, _FORMATS[extension], quality=92)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        raise Invalid(N_("This picture cannot be read."), field="shape") from None
    target.seek(0)
    return target, f"{name.rpartition('.')[0] or name} {shape.replace(':', 'x')}.{extension}"
