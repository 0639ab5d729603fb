"""Pretend YouTube: the channel, its playlists and uploads, caption tracks and comments."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, posts, things
from planner.channels.sandbox.accounts import Account
from planner.channels.sandbox.numbers import fraction, whole
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.reactions import Reaction, reactions
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Call, Routes, answer
from planner.channels.sandbox.youtube import READ, WRITE
from planner.channels.sandbox.youtube_uploaded import caption_object
from planner.channels.sandbox.youtube_wire import (
    SCOPE,
    age_of,
    etag,
    gate,
    listing,
    parts_of,
    refuse,
    snippet_defaults,
    trouble,
    units,
    visible,
    zulu,
)

__all__ = ["routes", "uploads_of"]

routes = Routes("youtube", trouble, gate)
_SSL = (SCOPE + "youtube.force-ssl",)


def uploads_of(channel_id: str) -> str:
    """The playlist of everything a channel uploaded."""
    return f"UU{channel_id[2:]}"


@routes("GET", "/youtube/v3/channels", "youtube.channel", scopes=(*READ, SCOPE + "youtube.upload"), budget=units(1))
def channels(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "contentDetails", "statistics", "status", "brandingSettings", "topicDetails", "localizations"))
    ids = [one for value in call.request.args.getlist("id") for one in value.split(",") if one]
    with call.reading() as db:
        if call.query("mine") == "true":
            found = [call.account]
        elif ids:
            found = [one for channel_id in ids if (one := accounts.account(db, "youtube", channel_id))]
        elif call.query("forHandle"):
            known = accounts.with_handle(db, "youtube", call.query("forHandle").lstrip("@"))
            found = [known] if known else []
        else:
            refuse(400, "missingRequiredParameter", "No filter selected. Expected one of: id, mine, forHandle", "youtube.parameter")
        items = [_channel(db, call, one, parts) for one in found]
    return listing(call, "channelListResponse", items)


@routes("GET", "/youtube/v3/playlistItems", "youtube.list", scopes=READ, listing=True, budget=units(1))
def playlist_items(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "contentDetails", "status"))
    playlist = call.query("playlistId")
    with call.reading() as db:
        if playlist.startswith("UU"):
            channel = accounts.account(db, "youtube", f"UC{playlist[2:]}")
            if channel is None:
                refuse(404, "playlistNotFound", "The playlist cannot be found.", "youtube.playlistItem")
            found = posts.listed(db, "youtube", channel.id, call.now, lag=call.lag)
            rows = [(f"{playlist}.{post.id}", post) for post in found]
        else:
            if things.find(db, "youtube", "playlist", playlist) is None:
                refuse(404, "playlistNotFound", "The playlist cannot be found.", "youtube.playlistItem")
            entries = things.children(db, "youtube", "playlistItem", playlist)
            known = posts.find_all(db, "youtube", [one.body["video"] for one in entries], call.now)
            rows = [(one.id, known[one.body["video"]]) for one in entries if one.body["video"] in known]
        owners = {one.id: one.name for one in accounts.all_accounts(db, "youtube")}
    wanted = call.query("videoId")
    items = [
        _item(item_id, playlist, index, post, owners[post.account], parts)
        for index, (item_id, post) in enumerate(rows)
        if visible(call, post) and wanted in ("", post.id)
    ]
    return listing(call, "playlistItemListResponse", items)


@routes("POST", "/youtube/v3/playlistItems", "youtube.playlist.add", scopes=WRITE, budget=units(50))
def add_item(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "contentDetails", "status"))
    snippet = call.object.get("snippet") or {}
    video_id = str((snippet.get("resourceId") or {}).get("videoId", ""))
    with call.writing() as db:
        playlist = things.find(db, "youtube", "playlist", str(snippet.get("playlistId", "")))
        post = posts.find(db, "youtube", video_id, call.now)
        if playlist is None or playlist.account != call.account.id:
            refuse(404, "playlistNotFound", "The playlist cannot be found.", "youtube.playlistItem")
        if post is None or not visible(call, post):
            refuse(404, "videoNotFound", "The video cannot be found.", "youtube.playlistItem")
        entry = Thing("youtube", "playlistItem", secrets.token_urlsafe(18), call.account.id, playlist.id, {"video": post.id}, call.now)
        things.add(db, entry)
        position = len(things.children(db, "youtube", "playlistItem", playlist.id)) - 1
    return answer(_item(entry.id, playlist.id, position, post, call.account.name, parts))


@routes("GET", "/youtube/v3/playlists", "youtube.playlists", scopes=READ, budget=units(1))
def playlists(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "status", "contentDetails", "player", "localizations"))
    ids = [one for value in call.request.args.getlist("id") for one in value.split(",") if one]
    with call.reading() as db:
        found = things.children(db, "youtube", "playlist", call.account.id if call.query("mine") == "true" else call.query("channelId"))
        if ids:
            found = [one for playlist_id in ids if (one := things.find(db, "youtube", "playlist", playlist_id))]
        items = [_playlist(db, one, call.account, parts) for one in found]
    return listing(call, "playlistListResponse", items)


@routes("POST", "/youtube/v3/playlists", "youtube.playlist", scopes=WRITE, budget=units(50))
def add_playlist(call: Call) -> Response:
    parts = parts_of(call, ("id", "snippet", "status", "contentDetails", "player", "localizations"))
    title = (call.object.get("snippet") or {}).get("title")
    privacy = (call.object.get("status") or {}).get("privacyStatus", "public")
    if not isinstance(title, str) or not 1 <= len(title.strip()) <= 150 or privacy not in ("public", "private", "unlisted"):
        refuse(400, "playlistTitleRequired", "The request must specify a playlist title.", "youtube.playlist")
    body = {"title": title, "description": str((call.object.get("snippet") or {}).get("description", "")), "privacyStatus": privacy}
    playlist = Thing("youtube", "playlist", f"PL{secrets.token_urlsafe(24)}", call.account.id, call.account.id, body, call.now)
    with call.writing() as db:
        things.add(db, playlist)
        return answer(_playlist(db, playlist, call.account, parts))


@routes("GET", "/youtube/v3/captions", "youtube.captions", scopes=_SSL, budget=units(50))
def captions(call: Call) -> Response:
    parts_of(call, ("id", "snippet"))
    with call.reading() as db:
        _owned(db, call, call.query("videoId"))
        tracks = things.children(db, "youtube", "caption", call.query("videoId"))
    items = [caption_object(track) for track in tracks]
    return answer({"kind": "youtube#captionListResponse", "etag": etag(items), "items": items})


@routes("GET", "/youtube/v3/commentThreads", "youtube.comments", scopes=_SSL, budget=units(1))
def comment_threads(call: Call) -> Response:
    """Newest first whatever `order` says; relevance is not pretended."""
    parts_of(call, ("id", "snippet", "replies"))
    with call.reading() as db:
        post = posts.find(db, "youtube", call.query("videoId"), call.now)
        if post is None or not visible(call, post):
            refuse(404, "videoNotFound", "The video identified by the videoId parameter could not be found.", "youtube.commentThread")
        own = things.children(db, "youtube", "comment", post.id)
    is_public = age_of(call, post, call.now).total_seconds() > 0
    invented = reactions(post, call.seed, call.line, call.now, latest=400) if is_public else []
    rows = [*(_invented(one) for one in invented), *(_own(call.account, one) for one in own)]
    rows.sort(key=lambda row: row["snippet"]["publishedAt"], reverse=True)
    return listing(call, "commentThreadListResponse", [_thread(post, row) for row in rows], most=100, default=20)


@routes("POST", "/youtube/v3/commentThreads", "youtube.comment", scopes=_SSL, budget=units(50))
def add_comment(call: Call) -> Response:
    snippet = call.object.get("snippet") or {}
    text = (((snippet.get("topLevelComment") or {}).get("snippet")) or {}).get("textOriginal")
    if not isinstance(text, str) or not text.strip() or len(text) > 10_000:
        refuse(400, "commentTextRequired", "A comment must have a text.", "youtube.commentThread")
    with call.writing() as db:
        post = posts.find(db, "youtube", str(snippet.get("videoId", "")), call.now)
        if post is None or not visible(call, post):
            refuse(404, "videoNotFound", "The video cannot be found.", "youtube.commentThread")
        comment = Thing("youtube", "comment", f"Ug{secrets.token_urlsafe(18)}", call.account.id, post.id, {"text": text}, call.live_at)
        things.add(db, comment)
    return answer(_thread(post, _own(call.account, comment)))


def _channel(db: sqlite3.Connection, call: Call, one: Account, parts: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": "youtube#channel", "id": one.id}
    videos = [post for post in posts.listed(db, "youtube", one.id, call.now) if post.body.get("public_at")]
    if "snippet" in parts:
        told["snippet"] = {
            "title": one.name, "description": "", "customUrl": f"@{one.handle}", "publishedAt": zulu(one.created_at),
            "thumbnails": {"default": {"url": call.url("/_sandbox/avatar.svg"), "width": 88, "height": 88}}, "country": "FR",
            "localized": {"title": one.name, "description": ""},
        }  # fmt: skip
    if "contentDetails" in parts:
        told["contentDetails"] = {"relatedPlaylists": {"likes": "", "uploads": uploads_of(one.id)}}
    if "statistics" in parts:
        views = sum(post.fate(call.seed).views(age_of(call, post, call.now)) for post in videos)
        told["statistics"] = {
            "viewCount": str(views), "subscriberCount": str(_rounded(one.audience(call.line.at(call.now)))),
            "hiddenSubscriberCount": False, "videoCount": str(len(videos)),
        }  # fmt: skip
    if "status" in parts:
        told["status"] = {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "allowed", "madeForKids": False}
    return {**told, "etag": etag(told)}


def _rounded(count: int) -> int:
    """YouTube tells subscribers with three significant figures."""
    unit: int = 10 ** max(len(str(count)) - 3, 0)
    return count // unit * unit


def _item(item_id: str, playlist: str, position: int, post: Post, owner: str, parts: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": "youtube#playlistItem", "id": item_id}
    if "snippet" in parts:
        told["snippet"] = {
            "publishedAt": zulu(post.created_at), "channelId": post.account, "title": post.body["title"], "description": post.text,
            "channelTitle": owner, "playlistId": playlist, "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": post.id},
        }  # fmt: skip
    if "contentDetails" in parts:
        told["contentDetails"] = {"videoId": post.id}
        if post.body.get("public_at") is not None:
            told["contentDetails"]["videoPublishedAt"] = snippet_defaults(post)["publishedAt"]
    if "status" in parts:
        told["status"] = {"privacyStatus": post.body["privacyStatus"]}
    return {**told, "etag": etag(told)}


def _playlist(db: sqlite3.Connection, one: Thing, owner: Account, parts: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": "youtube#playlist", "id": one.id}
    if "snippet" in parts:
        told["snippet"] = {"publishedAt": zulu(one.created_at), "channelId": one.account, "title": one.body["title"],
                           "description": one.body["description"], "channelTitle": owner.name}  # fmt: skip
    if "status" in parts:
        told["status"] = {"privacyStatus": one.body["privacyStatus"]}
    if "contentDetails" in parts:
        told["contentDetails"] = {"itemCount": len(things.children(db, "youtube", "playlistItem", one.id))}
    return {**told, "etag": etag(told)}


def _owned(db: sqlite3.Connection, call: Call, video_id: str) -> Post:
    post = posts.find(db, "youtube", video_id, call.now)
    if post is None:
        refuse(404, "videoNotFound", "The video cannot be found.", "youtube.caption")
    if post.account != call.account.id:
        refuse(403, "forbidden", "The video belongs to another channel.", "youtube.caption")
    return post


def _invented(one: Reaction) -> dict[str, Any]:
    channel = f"UC{one.person.number:04d}{one.person.handle[:18]:_<18}"
    comment_id = f"Ug{whole('comment', one.post.id, one.number):020d}"
    return _comment(comment_id, one.person.name, channel, one.text, zulu(one.at), int(4 * fraction(comment_id) ** 3))


def _own(owner: Account, one: Thing) -> dict[str, Any]:
    return _comment(one.id, f"@{owner.handle}", one.account, one.body["text"], zulu(one.created_at), 0)


def _comment(comment_id: str, name: str, channel: str, text: str, at: str, likes: int) -> dict[str, Any]:
    return {
        "kind": "youtube#comment",
        "id": comment_id,
        "snippet": {
            "authorDisplayName": name, "authorChannelId": {"value": channel}, "textDisplay": text, "textOriginal": text,
            "canRate": True, "viewerRating": "none", "likeCount": likes, "publishedAt": at, "updatedAt": at,
        },
    }  # fmt: skip


def _thread(post: Post, comment: dict[str, Any]) -> dict[str, Any]:
    snippet = {"channelId": post.account, "videoId": post.id, "topLevelComment": comment, "canReply": True, "totalReplyCount": 0, "isPublic": True}
    return {"kind": "youtube#commentThread", "id": comment["id"], "etag": etag(snippet), "snippet": snippet}
