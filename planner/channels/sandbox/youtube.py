"""Pretend YouTube: videos looked up, counted, changed and deleted."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import posts
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.wire import Budget, Call, Routes, answer
from planner.channels.sandbox.youtube_wire import (
    DAY,
    SCOPE,
    checked_metadata,
    duration,
    etag,
    gate,
    listing,
    parts_of,
    refuse,
    seconds_of,
    snippet_defaults,
    statistics,
    trouble,
    units,
    video_object,
    visible,
)

__all__ = ["READ", "WRITE", "routes"]

routes = Routes("youtube", trouble, gate)
READ = tuple(SCOPE + name for name in ("youtube", "youtube.readonly", "youtube.force-ssl"))
WRITE = tuple(SCOPE + name for name in ("youtube", "youtube.force-ssl"))
_PARTS = ("id", "snippet", "status", "statistics", "contentDetails", "processingDetails", "player", "recordingDetails", "localizations",
          "topicDetails", "liveStreamingDetails")  # fmt: skip


@routes("GET", "/youtube/v3/videos", "youtube.lookup", scopes=READ, budget=units(1))
def videos(call: Call) -> Response:
    parts = parts_of(call, _PARTS)
    found = _asked(call)
    with call.reading() as db:
        items = [video_object(db, call, post, parts) for post in found]
    return listing(call, "videoListResponse", items, default=50)


@routes("GET", "/youtube/v3/videos:batchGetStats", "youtube.statistics", scopes=READ, budget=Budget("stats", 10_000, DAY))
def batch_get_stats(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "statistics", "contentDetails"))
    items = []
    for post in _asked(call):
        told: dict[str, Any] = {"kind": "youtube#videoStat", "id": post.id}
        if "statistics" in parts:
            with call.reading() as db:
                counts = statistics(db, call, post)
            told["statistics"] = {name: counts[name] for name in ("viewCount", "likeCount", "commentCount")}
        if "contentDetails" in parts:
            told["contentDetails"] = {"duration": duration(seconds_of(post))}
        if "snippet" in parts:
            told["snippet"] = {"publishTime": snippet_defaults(post)["publishedAt"]}
        items.append({**told, "etag": etag(told)})
    return answer({"kind": "youtube#batchGetStatsResponse", "etag": etag(items), "items": items})


@routes("PUT", "/youtube/v3/videos", "youtube.update", scopes=WRITE, budget=units(50))
def update(call: Call) -> Response:
    """Replaces every part sent as a whole: what a sent part leaves out falls back to its default."""
    parts = parts_of(call, _PARTS)
    body = call.object
    with call.writing() as db:
        post = posts.find(db, "youtube", str(body.get("id", "")), call.now)
        if post is None:
            refuse(404, "videoNotFound", "The video that you are trying to update cannot be found.")
        if post.account != call.account.id:
            refuse(403, "forbidden", "The video belongs to another channel.")
        snippet = body.get("snippet") if "snippet" in parts else _as_snippet(post)
        if "snippet" in parts and "categoryId" not in (snippet or {}):
            refuse(400, "invalidCategoryId", "The request metadata specifies an invalid category ID.")
        status = body.get("status") if "status" in parts else _as_status(post)
        kept = {**post.body, **checked_metadata(snippet, status, call.now)}
        born = post.born
        if kept["privacyStatus"] != "private" and kept.get("public_at") is None:
            kept["public_at"] = stamp(call.now)
            born = call.line.at(call.now)
        text = (snippet or {}).get("description", "")
        posts.rewrite(db, post, text=text, body=kept, born=born)
        changed = posts.find(db, "youtube", post.id, call.now)
        assert changed is not None
        return answer(video_object(db, call, changed, parts))


@routes("DELETE", "/youtube/v3/videos", "youtube.delete", scopes=WRITE, budget=units(50))
def delete(call: Call) -> Response:
    with call.writing() as db:
        post = posts.find(db, "youtube", call.query("id"), call.now)
        if post is None:
            refuse(404, "videoNotFound", "The video that you are trying to delete cannot be found.")
        if post.account != call.account.id:
            refuse(403, "forbidden", "The video belongs to another channel.")
        posts.remove(db, "youtube", [post.id], call.now)
    return answer(None, 204)


def _asked(call: Call) -> list[Post]:
    """The videos named by `id`, those the caller may see, in the order asked for."""
    ids = [one.strip() for value in call.request.args.getlist("id") for one in value.split(",") if one.strip()]
    if not ids:
        refuse(400, "missingRequiredParameter", "No filter selected. Expected one of: id", "youtube.parameter")
    if len(ids) > 50:
        refuse(400, "invalidFilters", "The request specifies more than 50 ids.", "youtube.parameter")
    with call.reading() as db:
        found = posts.find_all(db, "youtube", ids, call.now)
    return [found[one] for one in dict.fromkeys(ids) if one in found and visible(call, found[one])]


def _as_snippet(post: Post) -> dict[str, Any]:
    names = ("title", "tags", "categoryId", "defaultLanguage", "defaultAudioLanguage")
    return {"description": post.text, **{name: post.body[name] for name in names}}


def _as_status(post: Post) -> dict[str, Any]:
    names = ("privacyStatus", "publishAt", "license", "embeddable", "publicStatsViewable", "selfDeclaredMadeForKids", "containsSyntheticMedia")
    return {name: post.body[name] for name in names}
