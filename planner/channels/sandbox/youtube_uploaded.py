"""Pretend YouTube: what a finished upload turns into: a video, a thumbnail, a caption track."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime
from typing import Any

from planner.channels.sandbox import posts, things
from planner.channels.sandbox.accounts import Account
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Call
from planner.channels.sandbox.youtube_wire import refuse, video_object, zulu

__all__ = ["arrive", "as_told", "checked", "seed"]

#: Seconds; a longer film is taken in and then rejected.
_LONGEST = 12 * 3600
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def checked(call: Call, resource: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Whether a thumbnail or caption may be uploaded for the video it names."""
    snippet = metadata.get("snippet") or {}
    video_id = call.query("videoId") if resource == "thumbnails/set" else str(snippet.get("videoId", ""))
    with call.reading() as db:
        post = posts.find(db, "youtube", video_id, call.now)
        tracks = things.children(db, "youtube", "caption", video_id)
    if post is None:
        refuse(404, "videoNotFound", "The video cannot be found.")
    if post.account != call.account.id:
        refuse(403, "forbidden", "The video belongs to another channel.")
    if resource == "thumbnails/set":
        return {"video": video_id}
    language, name = str(snippet.get("language", "")), str(snippet.get("name", ""))
    if not language:
        refuse(400, "invalidMetadata", "The request contains invalid metadata values.", "youtube.caption")
    if any(one.body["language"] == language and one.body["name"] == name for one in tracks):
        refuse(409, "captionExists", "The video already has a caption track with this language and name.", "youtube.caption")
    return {"video": video_id, "language": language, "name": name, "isDraft": bool(snippet.get("isDraft", False))}


def arrive(db: sqlite3.Connection, call: Call, session: Thing, owner: Account) -> dict[str, Any]:
    """Store what a complete session holds; what the platform answers (for a video: its id only)."""
    about = session.body["about"]
    if session.body["resource"] == "videos":
        return {"id": _video(db, call, session, owner).id}
    content = things.content(db, "youtube", "session", session.id) or b""
    if session.body["resource"] == "captions":
        track = Thing("youtube", "caption", secrets.token_urlsafe(21), owner.id, about["video"], {**about, "size": len(content)}, call.now)
        things.add(db, track, content)
        return caption_object(track)
    post = posts.find(db, "youtube", about["video"], call.now)
    if post:
        old = things.find(db, "youtube", "thumbnail", post.id)
        if old:
            things.remove(db, old)
        things.add(db, Thing("youtube", "thumbnail", post.id, owner.id, post.id, {"mime": session.body["mime"]}, call.now), content)
        posts.rewrite(db, post, body={**post.body, "thumbnail": True})
    sizes = {name: {"url": call.url(f"/vi/{about['video']}/{name}.jpg")} for name in ("default", "medium", "high")}
    return {"kind": "youtube#thumbnailSetResponse", "etag": secrets.token_hex(8), "items": [sizes]}


def as_told(db: sqlite3.Connection, call: Call, post: Post, session: Thing) -> dict[str, Any]:
    """A new video as the upload's answer tells it."""
    parts = {one for value in session.body["part"] for one in value.split(",")}
    return video_object(db, call, post, parts | {"snippet", "status"})


def caption_object(track: Thing) -> dict[str, Any]:
    body = track.body
    return {
        "kind": "youtube#caption",
        "etag": track.id[:12],
        "id": track.id,
        "snippet": {
            "videoId": body["video"], "lastUpdated": zulu(track.created_at), "trackKind": "standard", "language": body["language"],
            "name": body["name"], "audioTrackType": "unknown", "isCC": False, "isLarge": False, "isEasyReader": False,
            "isDraft": body["isDraft"], "isAutoSynced": False, "status": "serving",
        },
    }  # fmt: skip


def seed(
    db: sqlite3.Connection, account: Account, *, title: str, text: str, created_at: datetime, born: datetime, number: int,
    about: dict[str, Any],
) -> Post:  # fmt: skip
    """Put in a video that went public in the past. The same again is the same video."""
    body = {**about, "title": title, "public_at": stamp(created_at), "ready_at": stamp(created_at), "size": 1}
    post = Post("youtube", _id(number), account.id, text, body, created_at, created_at, born)
    if posts.find(db, "youtube", post.id, created_at) is None:
        posts.add(db, post)
    return post


def _video(db: sqlite3.Connection, call: Call, session: Thing, owner: Account) -> Post:
    about = dict(session.body["about"])
    text = about.pop("description")
    at = call.live_at
    is_rejected = (session.body.get("seconds") or 0) > _LONGEST
    is_public = about["privacyStatus"] != "private" and not is_rejected
    wait = float(call.sandbox.state.settings(db)["processing_seconds"])
    body = {
        **about, "size": session.body["received"], "mime": session.body["mime"], "seconds": session.body.get("seconds"),
        "ready_at": stamp(at) + wait, "public_at": stamp(at) if is_public else None,
        "rejected": "length" if is_rejected else None,
    }  # fmt: skip
    post = Post("youtube", _id(secrets.randbits(64)), owner.id, text, body, at, at, call.line.at(at))
    posts.add(db, post)
    return post


def _id(number: int) -> str:
    """Eleven letters, as YouTube's."""
    letters = []
    for _ in range(11):
        number, rest = divmod(number, 64)
        letters.append(_ALPHABET[rest])
    return "".join(letters)
