"""What each count is, in words: every number on screen explains itself."""

from __future__ import annotations

from flask_babel import gettext as _

__all__ = ["definitions"]


def definitions() -> dict[str, tuple[str, str]]:
    """Count -> its name and its definition, in the reader's language."""
    return {
        "views": (_("Views"), _("How often a video was started, as YouTube counts it. Since 27 August 2026 a view counts from the first frame. Other platforms tell no views.")),
        "impressions": (_("Impressions"), _("How often the post was on somebody’s screen, as LinkedIn and X count it.")),
        "reach": (_("Reach"), _("How many different people saw the post at least once. Only LinkedIn tells this.")),
        "engagements": (_("Engagements"), _("Reactions, comments, shares and clicks together, as far as the platform tells them.")),
        "clicks": (_("Clicks"), _("Clicks on the post or its link.")),
        "likes": (_("Reactions"), _("Likes and other reactions.")),
        "comments": (_("Comments"), _("Comments and replies.")),
        "shares": (_("Shares"), _("Shares and reposts.")),
        "watch_seconds": (_("Watch time"), _("Seconds watched by everybody together.")),
    }
