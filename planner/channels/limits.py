"""What each platform takes of a post, each number once: planning refuses by it, and so does the adapter before anything is sent.

Sources: X's media best practices and pricing pages, LinkedIn's posts, images, videos and documents pages, YouTube's
discovery document and help pages (docs/channels.md has the table).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planner.channels.port import FileLimits, Flavour, Limits, MediaKind, Platform

__all__ = ["BY_HAND", "LINKEDIN", "MARK", "MARK_DIGITS", "WEBHOOK", "X", "YOUTUBE", "held_at"]

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30

#: The tag that every video of ours carries, so that it can be found again: these letters, then so many of the fingerprint.
MARK, MARK_DIGITS = "planner-", 12

X = Limits(
    text=280,
    first_comment=280,
    alt_text=1000,
    cashtags=1,
    unseen="\ufeff\ufffe\uffff",  # twitter-text's “invalid characters”; the first marks the beginning of many a text file
    files={
        MediaKind.IMAGE: FileLimits(("image/jpeg", "image/png", "image/webp"), most=4, max_bytes=5 * MB),
        MediaKind.GIF: FileLimits(("image/gif",), most=1, max_bytes=15 * MB),
        MediaKind.VIDEO: FileLimits(
            ("video/mp4", "video/quicktime", "video/webm"), most=1, max_bytes=512 * MB, min_seconds=0.5, max_seconds=140, shapes=((1, 3), (3, 1))
        ),
    },
    left_out=frozenset({MediaKind.CAPTIONS, MediaKind.THUMBNAIL}),
    can_delete=True,
)  # fmt: skip

#: LinkedIn asks for fewer than 36,152,320 pixels.
_PICTURE = FileLimits(("image/jpeg", "image/png", "image/gif"), most=20, max_pixels=36_152_320 - 1)
LINKEDIN = Limits(
    text=3000,
    first_comment=1250,
    files={
        MediaKind.IMAGE: _PICTURE,
        MediaKind.GIF: _PICTURE,
        MediaKind.THUMBNAIL: _PICTURE,
        MediaKind.VIDEO: FileLimits(("video/mp4",), most=1, min_bytes=75 * KB, max_bytes=500 * MB, min_seconds=3, max_seconds=30 * 60),
        MediaKind.DOCUMENT: FileLimits(
            (
                "application/pdf", "application/msword", "application/vnd.ms-powerpoint",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            ),
            most=1, max_bytes=100 * MB, max_pages=300,
        ),
    },
    alike={MediaKind.GIF: MediaKind.IMAGE},
    left_out=frozenset({MediaKind.CAPTIONS}),
    editable=("text",),
    can_delete=True,
)  # fmt: skip

YOUTUBE = Limits(
    text=5000,
    title=100,
    needs_title=True,
    tags=500,
    our_tag=len(MARK) + MARK_DIGITS,
    forbidden="<>",
    files={
        MediaKind.VIDEO: FileLimits(most=1, max_bytes=256 * GB, max_seconds=12 * 3600),
        MediaKind.THUMBNAIL: FileLimits(("image/jpeg", "image/png"), max_bytes=50 * MB),
        MediaKind.CAPTIONS: FileLimits(max_bytes=100 * MB),
    },
    left_out=frozenset({MediaKind.IMAGE, MediaKind.GIF, MediaKind.DOCUMENT}),
    needs=MediaKind.VIDEO,
    editable=("title", "text", "tags"),
    can_delete=True,
)

#: A room shows text and its link. The length is Mattermost's; none is known for Slack and Teams.
WEBHOOK = Limits(text=16_383, files={}, left_out=frozenset(MediaKind))

#: A person posts there, wherever that is: nothing is known of what it takes.
BY_HAND = Limits()


def held_at(platform: Platform, limits: Limits, config: Mapping[str, Any]) -> Limits:
    """The limits that hold on one channel: a chat room's length is that of its product."""
    if platform is Platform.WEBHOOK and config.get("flavour") != Flavour.MATTERMOST:
        return replace(limits, text=None)
    return limits
