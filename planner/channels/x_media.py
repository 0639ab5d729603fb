"""Files for X: uploaded in parts, waited for, described; what is already there is not sent again.

Endpoints of X's API 2.167: /2/media/upload/{initialize, append, finalize}, STATUS, /2/media/metadata.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.channels import limits
from planner.channels.port import Keep, Media, MediaKind, OutgoingPost, Refused, RetryLater
from planner.channels.progress import tell
from planner.channels.wire import Stopped, inside
from planner.channels.x_api import XApi

__all__ = ["Patience", "attached", "upload"]

_PART_BYTES = 4 * 1024 * 1024
_CATEGORY = {MediaKind.IMAGE: "tweet_image", MediaKind.GIF: "tweet_gif", MediaKind.VIDEO: "tweet_video"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a part is tried, and how long X may work on a video before we come back later."""

    tries: int = 3
    seconds: float = 60.0
    wait: Callable[[float], None] = time.sleep


def attached(post: OutgoingPost) -> list[Media]:
    """The files X shows with a post; captions and thumbnails are other platforms' business."""
    return [media for media in post.media if media.kind not in limits.X.left_out]


def upload(api: XApi, post: OutgoingPost, keep: Keep, patience: Patience) -> list[str]:
    """Media ids for the post's files, ready to be shown. Raises Stopped.

    Ids are kept as soon as X has a whole file, so that a later attempt need not send 500 MB again.
    """
    had, ids = _kept(post.resume), []
    for number, media in enumerate(attached(post)):
        place = f"{number}:{media.size}"
        media_id = had.get(place)
        if not (media_id and _is_ready(api, media_id, patience)):
            media_id, told = _send(api, media, patience)
            had[place] = media_id
            keep(json.dumps(had))
            _await(api, media_id, told, patience)
        if media.alt_text and media.kind is not MediaKind.VIDEO:
            words = {"alt_text": {"text": media.alt_text}}
            api.send("POST", "/2/media/metadata", json={"id": media_id, "metadata": words})
        ids.append(media_id)
    return ids


def _kept(resume: str | None) -> dict[str, str]:
    try:
        told = json.loads(resume or "{}")
    except ValueError:
        return {}
    return {str(place): str(media_id) for place, media_id in told.items()} if isinstance(told, dict) else {}


def _is_ready(api: XApi, media_id: str, patience: Patience) -> bool:
    """Whether X still has the file of an earlier attempt. An id it has dropped is no reason to stop."""
    try:
        _await(api, media_id, _status(api, media_id), patience)
    except Stopped as stopped:
        if isinstance(stopped.outcome, Refused) and not stopped.outcome.account:
            return False
        raise
    return True


def _send(api: XApi, media: Media, patience: Patience) -> tuple[str, dict[str, Any]]:
    """Send one file in parts; its id and what X says of it."""
    begin = {"media_type": media.mime, "total_bytes": media.size, "media_category": _CATEGORY[media.kind]}
    media_id = inside(api.send("POST", "/2/media/upload/initialize", json=begin), "data", "id")
    if not isinstance(media_id, str) or not media_id.isdigit():
        raise Stopped(RetryLater("X gave no number for the file."))
    try:
        with Path(media.path).open("rb") as source:
            for index in range(-(-media.size // _PART_BYTES)):
                _append(api, media_id, index, source.read(_PART_BYTES), patience)
                tell(min((index + 1) * _PART_BYTES, media.size), media.size)
    except OSError:
        raise Stopped(Refused("media", f"The file “{media.name or media.kind}” cannot be read.")) from None
    return media_id, api.send("POST", f"/2/media/upload/{media_id}/finalize")


def _append(api: XApi, media_id: str, index: int, part: bytes, patience: Patience) -> None:
    """Send one part; the same part twice is the same part, so a lost answer is no reason to give up."""
    for left in range(patience.tries - 1, -1, -1):
        try:
            api.send(
                "POST",
                f"/2/media/upload/{media_id}/append",
                data={"segment_index": str(index)},
                files={"media": ("part", part, "application/octet-stream")},
                timeout_seconds=30 + len(part) / 100_000,
            )
        except Stopped as stopped:
            asked = isinstance(stopped.outcome, RetryLater) and stopped.outcome.after is not None
            if isinstance(stopped.outcome, Refused) or asked or not left:
                raise
        else:
            return


def _status(api: XApi, media_id: str) -> dict[str, Any]:
    return api.send("GET", "/2/media/upload", params={"command": "STATUS", "media_id": media_id})


def _await(api: XApi, media_id: str, told: dict[str, Any], patience: Patience) -> None:
    """Wait until X has worked through the file. An answer without processing_info means it is ready."""
    waited = 0.0
    while (info := inside(_whole(told), "data", "processing_info")) is not None:
        state, asked = inside(info, "state"), inside(info, "check_after_secs")
        if state == "succeeded":
            return
        if state == "failed":
            raise Stopped(Refused("media", "X could not work with the file."))
        pause = min(max(float(asked), 0.5), 30.0) if isinstance(asked, int) else 2.0
        waited += pause
        if waited > patience.seconds:
            raise Stopped(RetryLater("X is still working on the video."))
        patience.wait(pause)
        told = _status(api, media_id)


def _whole(told: dict[str, Any]) -> dict[str, Any]:
    if inside(told, "data", "id") is None:
        raise Stopped(RetryLater("X's answer about the file broke off."))
    return told
