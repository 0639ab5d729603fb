"""Pretend X: posts written, taken down, looked up and counted, in the format of X's API 2.167."""

from __future__ import annotations

import math
import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import twitter_text
from twitter_text.has_invalid_characters import has_invalid_characters
from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, posts, things
from planner.channels.sandbox.people import is_french
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Answered, Budget, Call, Routes, answer
from planner.channels.sandbox.x_wire import (
    dressed,
    fields,
    invalid,
    names,
    not_found,
    post_fields,
    post_object,
    problem,
    rfc3339,
    snowflake,
    trouble,
    user_object,
)  # fmt: skip

__all__ = ["routes", "seed", "with_includes"]

routes = Routes("x", trouble)

_QUARTER = 900
_READ = ("tweet.read",)
_MEMBERS = {
    "text", "media", "reply", "reply_settings", "made_with_ai", "paid_partnership", "quote_tweet_id", "poll", "geo",
    "card_uri", "community_id", "direct_message_deep_link", "edit_options", "for_super_followers_only", "nullcast",
    "share_with_followers",
}  # fmt: skip
#: How many of those on whose screen a video was started it, and which part of them was still there when so many per cent had played.
_STARTED, _WATCHED = 0.6, ((0, 1.0), (25, 0.55), (50, 0.38), (75, 0.27), (100, 0.19))
#: Members of a 2.167 post request that need a plan or a feature the sandbox does not pretend to have.
_NOT_OFFERED = ("quote_tweet_id", "poll", "edit_options", "community_id", "card_uri")
_REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")


@routes("POST", "/2/tweets", "x.create", scopes=("tweet.write",), budget=Budget("create", 100, _QUARTER))
def create(call: Call) -> Response:
    body = call.json
    text, settings = _checked(body)
    media_ids = (body.get("media") or {}).get("media_ids") or []
    reply = body.get("reply") or {}
    with call.writing() as db:
        media = [_ready_media(db, call, media_id) for media_id in media_ids]
        if len(media) > 1 and any(thing.body["category"] != "tweet_image" for thing in media):
            raise invalid("You may attach up to 4 photos, 1 animated GIF or 1 video.", "media_ids")
        if not text.strip() and not media:
            raise invalid("One or more parameters to your request was invalid: text or media is required.", "text")
        twin = posts.twin(db, "x", call.account.id, text, call.now) if text else None
        if twin and call.settings["duplicates"] == "refuse":
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        at = call.live_at
        post = Post(
            platform="x",
            id=snowflake(at, secrets.randbits(22)),
            account=call.account.id,
            text=text,
            body=_kept(text, settings, media, reply.get("in_reply_to_tweet_id", "")),
            created_at=at,
            live_at=at,
            born=call.line.at(at),
        )
        posts.add(db, post)
    told, _ = dressed(text, post.id, call.account.handle, post.body["media_keys"])
    return answer({"data": {"id": post.id, "text": told, names(call).history: [post.id]}}, 201)


@routes("DELETE", "/2/tweets/<post_id>", "x.delete", scopes=("tweet.write",), budget=Budget("delete", 50, _QUARTER))
def delete(call: Call) -> Response:
    with call.writing() as db:
        post = posts.find(db, "x", call.args["post_id"], call.now)
        if post and post.account != call.account.id:
            return problem(403, "You are not authorized to delete this Tweet.")
        if post:
            posts.remove(db, "x", [post.id], call.now)
    return answer({"data": {"deleted": post is not None}})


@routes("GET", "/2/tweets", "x.lookup", scopes=_READ, budget=Budget("lookup", 5000, _QUARTER))
def lookup(call: Call) -> Response:
    ids = [part.strip() for part in call.query("ids").split(",") if part.strip()]
    if not 1 <= len(ids) <= 100 or not all(one.isdigit() and len(one) <= 19 for one in ids):
        raise invalid("The `ids` query parameter must hold 1 to 100 numeric post ids.", "ids", call.query("ids")[:100])
    with call.reading() as db:
        found = posts.find_all(db, "x", ids, call.now)
        there = [found[one] for one in dict.fromkeys(ids) if one in found]
        body = with_includes(db, call, there)
    missing = [not_found(one, "ids") for one in dict.fromkeys(ids) if one not in found]
    if missing:
        body["errors"] = missing
    if not there:
        body.pop("data", None)
    return answer(body)


@routes("GET", "/2/tweets/<post_id>", "x.lookup", scopes=_READ, budget=Budget("lookup one", 900, _QUARTER))
def lookup_one(call: Call) -> Response:
    post_id = call.args["post_id"]
    if not (post_id.isdigit() and len(post_id) <= 19):
        raise invalid("The `id` must be a numeric post id.", "id", post_id[:40])
    with call.reading() as db:
        post = posts.find(db, "x", post_id, call.now)
        if post is None:
            return answer({"errors": [not_found(post_id, "id")]})
        body = with_includes(db, call, [post])
    return answer({**body, "data": body["data"][0]})


@routes("GET", "/2/users/me", "x.me", scopes=("users.read",), budget=Budget("me", 75, _QUARTER))
def me(call: Call) -> Response:
    with call.reading() as db:
        count = _count(db, call.account.id)
    wanted = fields(call, "user.fields")
    return answer({"data": user_object(call.account, call.line.at(call.now), count, wanted, names(call))})


@routes("GET", "/2/usage/tweets", "x.usage", budget=Budget("usage", 50, _QUARTER))
def usage(call: Call) -> Response:
    days = call.query("days", "7")
    if not (days.isdigit() and 1 <= int(days) <= 90):
        raise invalid("The `days` query parameter must lie between 1 and 90.", "days", days[:20])
    midnight = call.now.replace(hour=0, minute=0, second=0, microsecond=0)
    with call.reading() as db:
        entries = [_used(db, midnight - timedelta(days=back)) for back in range(int(days) - 1, -1, -1)]
    total = sum(int(entry["usage"]) for entry in entries)
    return answer({
        "data": {
            "project_id": "1700000000000000001",
            "project_cap": "3000000",
            "project_usage": str(total),
            "cap_reset_day": 1,
            "daily_project_usage": {"project_id": "1700000000000000001", "usage": entries},
        }
    })  # fmt: skip


def with_includes(db: sqlite3.Connection, call: Call, found: list[Post]) -> dict[str, Any]:
    """Posts as `data`, with the authors and media that the call wants expanded."""
    wanted = post_fields(call)
    authors = {post.account: accounts.account(db, "x", post.account) for post in found}
    body: dict[str, Any] = {
        "data": [post_object(call, post, author, wanted) for post in found if (author := authors[post.account])]
    }
    expansions = fields(call, "expansions")
    includes: dict[str, Any] = {}
    if "author_id" in expansions:
        shown = fields(call, "user.fields")
        includes["users"] = [
            user_object(author, call.line.at(call.now), _count(db, author.id), shown, names(call))
            for author in authors.values()
            if author
        ]
    if "attachments.media_keys" in expansions:
        whose = {key: post for post in reversed(found) for key in post.body.get("media_keys", [])}
        keys = dict.fromkeys(key for post in found for key in post.body.get("media_keys", []))
        includes["media"] = [_media_object(db, call, key) | _watched(call, key, whose[key]) for key in keys]
    if any(includes.values()):
        body["includes"] = {name: entries for name, entries in includes.items() if entries}
    return body


def seed(
    db: sqlite3.Connection, account: accounts.Account, *, text: str, created_at: datetime, born: datetime, low: int,
    media: list[str] | None = None,
) -> Post:  # fmt: skip
    """Put in a post of the past; the same again is the same post."""
    body = _kept(text, {}, [], "")
    body["media_keys"] = media or []
    post = Post("x", snowflake(created_at, low), account.id, text, body, created_at, created_at, born)
    if posts.find(db, "x", post.id, created_at) is None:
        posts.add(db, post)
    return post


def _checked(body: Any) -> tuple[str, dict[str, Any]]:
    """The text and the simple settings of a request to post; refuses what X refuses."""
    if not isinstance(body, dict):
        raise invalid("The request body is not a JSON object.", "body")
    for member in body:
        if member not in _MEMBERS:
            raise invalid(f"[{member}] is not allowed in the request body.", member)
        if member in _NOT_OFFERED:
            raise Answered(problem(403, f"You are not permitted to use {member}."))
    text = body.get("text", "")
    if not isinstance(text, str) or not _is_list_of_ids((body.get("media") or {}).get("media_ids", ["1"])):
        raise invalid("One or more parameters to your request was invalid.", "text or media.media_ids")
    if body.get("reply_settings", "following") not in _REPLY_SETTINGS:
        raise invalid("reply_settings is not one of the allowed values.", "reply_settings")
    if text and twitter_text.parse_tweet(text).weightedLength > 280:
        raise invalid("Your Tweet text is too long. It may weigh at most 280 characters.", "text")
    if has_invalid_characters(text):
        raise invalid("Your Tweet text holds invalid characters.", "text")
    cashtags = dressed(text, "0", "", ())[1].get("cashtags", [])
    if len(cashtags) > 1:
        raise Answered(problem(403, "A post may hold at most one cashtag."))
    kept = {key: body[key] for key in ("reply_settings", "made_with_ai", "paid_partnership") if key in body}
    return text, kept


def _kept(text: str, settings: dict[str, Any], media: list[things.Thing], reply_to: str) -> dict[str, Any]:
    lang = "fr" if is_french(text) else "en"
    kept: dict[str, Any] = {**settings, "lang": lang, "media_keys": [thing.body["media_key"] for thing in media]}
    if reply_to:
        kept |= {"reply_to": reply_to, "conversation": reply_to}
    return kept


def _is_list_of_ids(value: Any) -> bool:
    if not isinstance(value, list) or not 1 <= len(value) <= 4:
        return False
    return all(isinstance(one, str) and one.isdigit() and len(one) <= 19 for one in value)


def _ready_media(db: sqlite3.Connection, call: Call, media_id: str) -> things.Thing:
    thing = things.find(db, "x", "media", media_id)
    ready = thing and thing.body.get("ready_at") is not None and thing.body["ready_at"] <= call.now.timestamp()
    if thing is None or thing.account != call.account.id or not ready or thing.body.get("failed"):
        raise invalid("Your media IDs are invalid.", "media_ids", media_id)
    return thing


def _media_object(db: sqlite3.Connection, call: Call, key: str) -> dict[str, Any]:
    wanted = fields(call, "media.fields")
    told: dict[str, Any] = {"media_key": key, "type": {"3": "photo", "7": "video", "16": "animated_gif"}[key.split("_")[0]]}
    thing = things.find(db, "x", "media", key.partition("_")[2])
    if thing is None:
        return told
    if "alt_text" in wanted and thing.body.get("alt_text"):
        told["alt_text"] = thing.body["alt_text"]
    if "url" in wanted and told["type"] == "photo":
        told["url"] = call.url(f"/sandbox-media/x/media/{thing.id}")
    return told


def _watched(call: Call, key: str, post: Post) -> dict[str, Any]:
    """How often a video was viewed; to its author, for 30 days, also how far people watched. X's “media metrics”."""
    if not key.startswith("7_"):
        return {}
    wanted, age = fields(call, "media.fields"), post.age(call.line, call.now)
    views = math.floor(post.fate(call.seed).views(age) * _STARTED)
    far = {f"playback_{part}_count": math.floor(views * left) for part, left in _WATCHED}
    told: dict[str, Any] = {"public_metrics": {"view_count": views}}
    if post.account == call.account.id and age < timedelta(days=30):
        told |= {"non_public_metrics": far, "organic_metrics": {**far, "view_count": views}}
    return {name: value for name, value in told.items() if name in wanted}


def _count(db: sqlite3.Connection, account_id: str) -> int:
    row = db.execute(
        "SELECT count(*) FROM posts WHERE platform = 'x' AND account = ? AND deleted_at IS NULL", (account_id,)
    ).fetchone()
    return int(row[0])


def _used(db: sqlite3.Connection, day: datetime) -> dict[str, str]:
    row = db.execute(
        "SELECT count(*) FROM calls WHERE platform = 'x' AND operation IN ('x.lookup', 'x.list', 'x.search', 'x.mentions')"
        " AND status = 200 AND at >= ? AND at < ?",
        (day.timestamp(), day.timestamp() + 86_400),
    ).fetchone()
    return {"date": rfc3339(day), "usage": str(row[0])}
