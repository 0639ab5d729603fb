"""Several messages for the next page: as many as the session's cookie holds."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash
from flask_babel import ngettext

from planner.core.text import shorten

__all__ = ["flash_each"]

#: Messages wait in the session's cookie; browsers throw away one of more than 4 KB, with all that it says.
_MOST, _LONGEST = 5, 400


def flash_each(sentences: Sequence[str], category: str) -> None:
    """Say these one after the other, and of many how many more there are."""
    for sentence in sentences[:_MOST]:
        flash(shorten(sentence, _LONGEST), category)
    if (left := len(sentences) - _MOST) > 0:
        flash(ngettext("And one more like these.", "And %(num)d more like these.", left), category)
