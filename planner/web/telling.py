"""What the next page tells: several messages, as many as the session's cookie holds, and what becomes of a post that is approved."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.channels.port import Platform
from planner.core.text import shorten
from planner.planning.models import Post

__all__ = ["approved_said", "flash_each"]

#: Messages wait in the session's cookie; browsers throw away one of more than 4 KB, with all that it says.
_MOST, _LONGEST = 5, 400


def flash_each(sentences: Sequence[str], category: str) -> None:
    """Say these one after the other, and of many how many more there are."""
    for sentence in sentences[:_MOST]:
        flash(shorten(sentence, _LONGEST), category)
    if (left := len(sentences) - _MOST) > 0:
        flash(ngettext("And one more like these.", "And %(num)d more like these.", left), category)


def approved_said(post: Post, *, asked: bool = True) -> str:
    """That this post is approved and what happens next. `asked`: somebody was asked for a yes, and gave it."""
    if post.channel.platform is Platform.BY_HAND:
        return str(_("Approved. At its time somebody publishes it by hand: the desk says so on its day."))
    return str(_("Approved. It goes out by itself at its time.") if asked else _("Approved: no approval is asked for here. It goes out by itself at its time."))
