"""X's own format: ids, links, post and user objects, problems. Built to X's API document 2.167 and seen answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from html import escape
from typing import Any

import twitter_text
from werkzeug.wrappers import Response

from planner.channels.sandbox import numbers
from planner.channels.sandbox.accounts import Account, Rejection
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Answered, Call, answer

__all__ = [
    "Names", "dressed", "fields", "invalid", "names", "not_found", "post_fields", "post_object", "problem", "rfc3339", "short_link", "snowflake",
    "trouble", "user_object",
]  # fmt: skip

_EPOCH_MS = 1_288_834_974_657
_PROBLEMS = "https://api.x.com/2/problems/"
_REASONS = {
    400: "Invalid Request", 401: "Unauthorized", 402: "CreditsDepleted", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
#: Codes of the older error format, which X documents beside the newer one.
_CODES = {401: 89, 403: 200, 404: 34, 429: 88, 503: 130}
_BAD_REQUEST = 214
_HASHTAG = re.compile(r"(?<![\w&/])#(\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?![^\W_])")
_MENTION = re.compile(r"(?<![\w@/])@(\w{1,15})\b")


class Names:
    """Which of X's two sets of names an answer uses: those of 2.167 (`post.fields`) or the older (`tweet.fields`)."""

    def __init__(self, *, new: bool) -> None:
        self.reposts = "repost_count" if new else "retweet_count"
        self.history = "edit_history_post_ids" if new else "edit_history_tweet_ids"
        self.referenced = "referenced_posts" if new else "referenced_tweets"
        self.posts = "post_count" if new else "tweet_count"
        self.includes = "posts" if new else "tweets"


def names(call: Call) -> Names:
    """The names a call wants: the older ones when it asks with an older parameter."""
    asked = call.request.args
    return Names(new="tweet.fields" not in asked or "post.fields" in asked)


def fields(call: Call, *parameters: str) -> set[str]:
    """Values of a comma-separated parameter, under the first name it was given."""
    for parameter in parameters:
        if parameter in call.request.args:
            return {part.strip() for part in call.query(parameter).split(",") if part.strip()}
    return set()


def post_fields(call: Call) -> set[str]:
    """The post fields a call wants; an expansion brings the field that it expands."""
    expanded = {one.split(".")[0] for one in fields(call, "expansions")}
    return fields(call, "post.fields", "tweet.fields") | expanded


def snowflake(at: datetime, low: int) -> str:
    """An id as X makes them: milliseconds, then 22 bits that tell posts of one millisecond apart."""
    return str(max(int(at.timestamp() * 1000) - _EPOCH_MS, 1) << 22 | low & 0x3FFFFF)


def rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def short_link(address: str, post_id: str) -> str:
    """X's own short address for a link in a post."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    number = int(numbers.fraction("t.co", post_id, address) * 2**53)
    letters = []
    for _ in range(10):
        number, rest = divmod(number * 7 + 13, len(alphabet))
        letters.append(alphabet[rest])
        number = (number * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**53
    return "https://t.co/" + "".join(letters)


def trouble(status: int, why: str = "fault") -> Response:
    """An error in X's words. Both formats X documents are in it: code and message, and title, detail, type, status."""
    title = _REASONS.get(status, "Error")
    detail = {
        "scope": "You are not permitted to perform this action.",
        "throttled": "Too Many Requests",
        "unknown": "The requested resource does not exist.",
        Rejection.MISSING: "Unauthorized",
    }.get(why, title)
    return problem(status, detail, title=title)


def problem(status: int, detail: str, *, title: str = "", **more: Any) -> Response:
    """A refusal without a problem type of its own."""
    code = _CODES.get(status, 131 if status >= 500 else _BAD_REQUEST)
    body = {"title": title or _REASONS.get(status, "Error"), "detail": detail, "type": "about:blank", "status": status}
    return answer({**body, "code": code, "message": detail, **more}, status)


def invalid(detail: str, parameter: str, value: str = "") -> Answered:
    """400: a parameter or member is not acceptable."""
    body = {
        "errors": [{"parameters": {parameter: [value]}, "message": detail}],
        "title": "Invalid Request",
        "detail": detail,
        "type": f"{_PROBLEMS}invalid-request",
        "status": 400,
        "code": _BAD_REQUEST,
        "message": detail,
    }
    return Answered(answer(body, 400, mime="application/problem+json"))


def not_found(post_id: str, parameter: str, resource: str = "post") -> dict[str, Any]:
    """One entry of `errors`: the thing with that id does not exist."""
    return {
        "value": post_id,
        "detail": f"Could not find {resource} with {parameter}: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": post_id,
        "type": f"{_PROBLEMS}resource-not-found",
    }


def dressed(text: str, post_id: str, handle: str, media_keys: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """A text as X tells it: links shortened, media as a link at the end, `& < >` escaped; and its entities."""
    parts: list[str] = []
    urls: list[dict[str, Any]] = []
    length = done = 0

    def put(piece: str) -> None:
        nonlocal length
        parts.append(piece)
        length += len(piece)

    def link(address: str, **more: Any) -> None:
        start = length
        short = short_link(address, post_id)
        put(short)
        urls.append({"start": start, "end": length, "url": short, "expanded_url": address, **more})

    for found in twitter_text.extract_urls_with_indices(text):
        first, last = found["indices"]
        put(escape(text[done:first], quote=False))
        address = found["url"] if "://" in found["url"] else f"http://{found['url']}"
        shown = address.split("://", 1)[1]
        link(address, display_url=shown if len(shown) <= 27 else f"{shown[:26]}…")
        done = last
    put(escape(text[done:], quote=False))
    for index, key in enumerate(media_keys):
        if index == 0:
            put(" " if length else "")
            link(f"https://x.com/{handle}/status/{post_id}/photo/1", display_url=f"pic.x.com/{short_link('', post_id)[-10:]}",
                 media_key=key)  # fmt: skip
    told = "".join(parts)
    entities: dict[str, Any] = {"urls": urls} if urls else {}
    for name, pattern, member in (("hashtags", _HASHTAG, "tag"), ("cashtags", _CASHTAG, "tag"), ("mentions", _MENTION, "username")):
        marks = [{"start": hit.start(), "end": hit.end(), member: hit[1]} for hit in pattern.finditer(told)]
        if marks:
            entities[name] = marks
    return told, entities


def post_object(call: Call, post: Post, author: Account, wanted: set[str]) -> dict[str, Any]:
    """A post with the fields asked for; `id`, `text` and the edit history always come."""
    name = names(call)
    keys: list[str] = post.body.get("media_keys", [])
    text, entities = dressed(post.text, post.id, author.handle, keys)
    told: dict[str, Any] = {"id": post.id, "text": text, name.history: [post.id]}
    optional: dict[str, Any] = {
        "author_id": post.account,
        "created_at": rfc3339(post.created_at),
        "conversation_id": post.body.get("conversation") or post.id,
        "lang": post.body.get("lang", "en"),
        "reply_settings": post.body.get("reply_settings", "everyone"),
        "possibly_sensitive": False,
        "source": "Sandbox",
    }
    told.update({field: value for field, value in optional.items() if field in wanted})
    if "entities" in wanted and entities:
        told["entities"] = entities
    if "attachments" in wanted and keys:
        told["attachments"] = {"media_keys": keys}
    reply_to = post.body.get("reply_to")
    if name.referenced in wanted and reply_to:
        told[name.referenced] = [{"type": "replied_to", "id": reply_to}]
    mine = call.identity is not None and call.identity.account.id == post.account
    told.update(_metrics(call, post, name, wanted, mine=mine))
    return told


def _metrics(call: Call, post: Post, name: Names, wanted: set[str], *, mine: bool) -> dict[str, Any]:
    fate, age = post.fate(call.seed), post.age(call.line, call.now)
    public = {
        name.reposts: fate.count("shares", age),
        "reply_count": fate.count("comments", age),
        "like_count": fate.count("likes", age),
        "quote_count": fate.count("quotes", age),
        "bookmark_count": fate.count("bookmarks", age),
        "impression_count": fate.views(age),
    }
    private = {
        "impression_count": public["impression_count"],
        "url_link_clicks": fate.count("clicks", age),
        "user_profile_clicks": fate.count("profiles", age),
    }
    told: dict[str, Any] = {}
    if "public_metrics" in wanted:
        told["public_metrics"] = public
    # X tells the private numbers to the author, for 30 days.
    if mine and age < timedelta(days=30):
        if "non_public_metrics" in wanted:
            told["non_public_metrics"] = {**private, "engagements": _engagements(public, private)}
        if "organic_metrics" in wanted:
            told["organic_metrics"] = {**public, **private}
    return told


def _engagements(public: dict[str, int], private: dict[str, int]) -> int:
    return sum(value for key, value in {**public, **private}.items() if key != "impression_count")


def user_object(account: Account, now: datetime, posts: int, wanted: set[str], name: Names) -> dict[str, Any]:
    """A user; `id`, `name` and `username` always come. `now` is pretend time, in which followers grow."""
    told: dict[str, Any] = {"id": account.id, "name": account.name, "username": account.handle}
    optional: dict[str, Any] = {
        "created_at": rfc3339(account.created_at.replace(year=account.created_at.year - 6, day=min(account.created_at.day, 28))),
        "description": f"{account.name} on a pretend platform",
        "protected": False,
        "verified": False,
        "url": f"https://{account.handle.replace('_', '-')}.example",
        "public_metrics": {
            "followers_count": account.audience(now),
            "following_count": 120 + account.followers % 400,
            name.posts: posts,
            "listed_count": account.followers // 60,
        },
    }
    told.update({field: value for field, value in optional.items() if field in wanted})
    return told
