"""YouTube's own format: error bodies, parts, pages of a listing, and what a video resource looks like."""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Any, NoReturn

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, numbers, posts, things
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.state import moment, stamp
from planner.channels.sandbox.wire import Answered, Budget, Call, answer

__all__ = [
    "DAY", "SCOPE", "age_of", "checked_metadata", "duration", "error", "etag", "gate", "listing", "parts_of", "refuse", "released", "seconds_of",
    "snippet_defaults", "statistics", "trouble", "units", "video_object", "visible", "zulu",
]  # fmt: skip

DAY = 86_400
SCOPE = "https://www.googleapis.com/auth/"
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_WORDS = {
    "scope": ("insufficientPermissions", "global", "Request had insufficient authentication scopes."),
    "throttled": ("rateLimitExceeded", "usageLimits", "Rate limit exceeded."),
    "quota": ("quotaExceeded", "youtube.quota", "The request cannot be completed because you have exceeded your quota."),
    "unknown": ("notFound", "global", "Not Found"),
}  # fmt: skip
_LICENSES = ("youtube", "creativeCommon")
_PRIVACY = ("private", "public", "unlisted")


def units(cost: int) -> Budget:
    """What a call takes of the 10,000 units a day."""
    return Budget("units", 10_000, DAY, cost)


def error(code: int, reason: str, message: str, domain: str = "youtube.video") -> Response:
    """An error as Google words it."""
    detail = {"message": message, "domain": domain, "reason": reason}
    body: dict[str, Any] = {"code": code, "message": message, "errors": [detail]}
    if code in _STATUS:
        body["status"] = _STATUS[code]
    return answer({"error": body}, code)


def refuse(code: int, reason: str, message: str, domain: str = "youtube.video") -> NoReturn:
    """End the call with an error."""
    raise Answered(error(code, reason, message, domain))


def trouble(status: int, why: str = "fault") -> Response:
    if status == 401:
        return error(401, "authError", "Request had invalid authentication credentials.", "global")
    reason, domain, message = _WORDS.get(why, ("backendError" if status >= 500 else "forbidden", "global", "Backend Error"))
    return error(status, reason, message, domain)


def gate(call: Call) -> None:
    """Before anything is answered, videos whose moment has come go public."""
    released(call)


def released(call: Call) -> None:
    """Make scheduled private videos public once their publishAt has passed; their views start at that moment."""
    query = (
        "SELECT id FROM posts WHERE platform = 'youtube' AND deleted_at IS NULL"
        " AND json_extract(body, '$.due') IS NOT NULL AND json_extract(body, '$.due') <= ?"
    )
    with call.reading() as db:
        if db.execute(query, (stamp(call.now),)).fetchone() is None:
            return
    with call.writing() as db:
        due = [row["id"] for row in db.execute(query, (stamp(call.now),))]
        for post in posts.find_all(db, "youtube", due, call.now).values():
            body = {**post.body, "privacyStatus": "public", "public_at": post.body["due"], "due": None, "publishAt": None}
            posts.rewrite(db, post, body=body, born=call.line.at(moment(post.body["due"])))


def parts_of(call: Call, known: Sequence[str]) -> set[str]:
    """The resource parts asked for. googleapiclient repeats the parameter or joins values with commas."""
    asked = {one.strip() for value in call.request.args.getlist("part") for one in value.split(",") if one.strip()}
    if not asked:
        refuse(400, "missingRequiredParameter", "No filter selected. Expected: part", "youtube.parameter")
    strange = asked - set(known)
    if strange:
        refuse(400, "unknownPart", f"'{sorted(strange)[0]}'", "youtube.part")
    return asked


def listing(call: Call, kind: str, items: Sequence[dict[str, Any]], most: int = 50, default: int = 5) -> Response:
    """One page of a listing."""
    raw = call.query("maxResults", str(default))
    if not (raw.isdigit() and 0 < int(raw) <= most):
        refuse(400, "invalidValue", f"maxResults must lie between 1 and {most}.", "youtube.parameter")
    size, start = int(raw), _offset(call.query("pageToken"))
    page = list(items[start : start + size])
    body: dict[str, Any] = {
        "kind": f"youtube#{kind}",
        "etag": etag(page),
        "pageInfo": {"totalResults": len(items), "resultsPerPage": size},
        "items": page,
    }
    if start + size < len(items):
        body["nextPageToken"] = _page_token(start + size)
    if start:
        body["prevPageToken"] = _page_token(max(start - size, 0))
    return answer(body)


def etag(value: Any) -> str:
    return base64.urlsafe_b64encode(sha1(repr(value).encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()).decode().rstrip("=")


def zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def checked_metadata(snippet: Any, status: Any, now: datetime) -> dict[str, Any]:
    """What is kept of a video's snippet and status; refuses what YouTube refuses."""
    snippet = snippet if isinstance(snippet, dict) else {}
    status = status if isinstance(status, dict) else {}
    title, description, tags = snippet.get("title", ""), snippet.get("description", ""), snippet.get("tags") or []
    if not isinstance(title, str) or not title.strip() or len(title) > 100 or set("<>") & set(title):
        refuse(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if not isinstance(description, str) or len(description.encode("utf-8", "replace")) > 5000 or set("<>") & set(description):
        refuse(400, "invalidDescription", "The request metadata specifies an invalid video description.")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags) or _tags_length(tags) > 500:
        refuse(400, "invalidTags", "The request metadata specifies invalid video keywords.")
    category = str(snippet.get("categoryId", "22"))
    if not re.fullmatch(r"\d{1,2}", category):
        refuse(400, "invalidCategoryId", "The request metadata specifies an invalid category ID.")
    privacy, publish_at = status.get("privacyStatus", "public"), status.get("publishAt")
    if privacy not in _PRIVACY or status.get("license", "youtube") not in _LICENSES:
        refuse(400, "invalidVideoMetadata", "The request metadata is invalid.")
    due = _moment(publish_at) if publish_at else None
    if publish_at and (due is None or privacy != "private"):
        refuse(400, "invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time.")
    return {
        "title": title,
        "tags": tags,
        "categoryId": category,
        "defaultLanguage": snippet.get("defaultLanguage"),
        "defaultAudioLanguage": snippet.get("defaultAudioLanguage"),
        "privacyStatus": privacy,
        "publishAt": zulu(due) if due else None,
        "due": stamp(due) if due else None,
        "license": status.get("license", "youtube"),
        "embeddable": bool(status.get("embeddable", True)),
        "publicStatsViewable": bool(status.get("publicStatsViewable", True)),
        "selfDeclaredMadeForKids": bool(status.get("selfDeclaredMadeForKids", False)),
        "containsSyntheticMedia": bool(status.get("containsSyntheticMedia", False)),
    }


def snippet_defaults(post: Post) -> dict[str, Any]:
    """When a video counts as published: the moment it went public, else its upload."""
    at = post.body.get("public_at")
    return {"publishedAt": zulu(moment(at) if at else post.created_at)}


def visible(call: Call, post: Post) -> bool:
    """Private videos are seen by their owner only."""
    return post.body["privacyStatus"] != "private" or post.account == call.account.id


def age_of(call: Call, post: Post, at: datetime) -> timedelta:
    """How long a video has been public (pretend time); zero when it is not."""
    return post.age(call.line, at) if post.body.get("public_at") is not None else timedelta()


def seconds_of(post: Post) -> int:
    """A video's length."""
    told = post.body.get("seconds")
    return max(int(told), 1) if told else 45 + int(420 * numbers.fraction("length", post.id) ** 2)


def statistics(db: sqlite3.Connection, call: Call, post: Post) -> dict[str, str]:
    fate, age = post.fate(call.seed), age_of(call, post, call.now)
    own = len(things.children(db, "youtube", "comment", post.id))
    counts = {"viewCount": fate.views(age), "likeCount": fate.count("likes", age), "favoriteCount": 0, "commentCount": fate.count("comments", age) + own}
    return {name: str(count) for name, count in counts.items()}


def video_object(db: sqlite3.Connection, call: Call, post: Post, parts: set[str]) -> dict[str, Any]:
    """A video resource with the parts asked for."""
    body = post.body
    is_ready = stamp(call.now) >= body["ready_at"]
    told: dict[str, Any] = {"kind": "youtube#video", "id": post.id}
    if "snippet" in parts:
        told["snippet"] = _snippet(db, call, post)
    if "status" in parts:
        told["status"] = _told(
            {
                "uploadStatus": "rejected" if body.get("rejected") else "processed" if is_ready else "uploaded",
                "rejectionReason": body.get("rejected"),
                "privacyStatus": body["privacyStatus"],
                "publishAt": body["publishAt"],
                "license": body["license"],
                "embeddable": body["embeddable"],
                "publicStatsViewable": body["publicStatsViewable"],
                "madeForKids": body["selfDeclaredMadeForKids"],
                "selfDeclaredMadeForKids": body["selfDeclaredMadeForKids"],
                "containsSyntheticMedia": body["containsSyntheticMedia"],
            }
        )
    if "statistics" in parts:
        told["statistics"] = statistics(db, call, post)
    if "contentDetails" in parts:
        told["contentDetails"] = {
            "duration": duration(seconds_of(post)) if is_ready else "P0D",
            "dimension": "2d",
            "definition": "hd",
            "caption": str(bool(things.children(db, "youtube", "caption", post.id))).lower(),
            "licensedContent": False,
            "contentRating": {},
            "projection": "rectangular",
            "hasCustomThumbnail": bool(body.get("thumbnail")),
        }
    if "processingDetails" in parts:
        told["processingDetails"] = {
            "processingStatus": "succeeded" if is_ready else "processing",
            "fileDetailsAvailability": "available" if is_ready else "unavailable",
            "thumbnailsAvailability": "available" if is_ready else "unavailable",
        }
    if "player" in parts:
        told["player"] = {"embedHtml": ""}
    told["etag"] = etag(told)
    return told


def duration(seconds: int) -> str:
    """ISO 8601, as YouTube writes it."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return "PT" + "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if value) if seconds else "PT0S"


def _snippet(db: sqlite3.Connection, call: Call, post: Post) -> dict[str, Any]:
    body = post.body
    owner = accounts.account(db, "youtube", post.account)
    sizes = (("default", 120, 90), ("medium", 320, 180), ("high", 480, 360))
    return _told(
        {
            **snippet_defaults(post),
            "channelId": post.account,
            "title": body["title"],
            "description": post.text,
            "thumbnails": {
                name: {"url": call.url(f"/vi/{post.id}/{name}.jpg"), "width": width, "height": height} for name, width, height in sizes
            },
            "channelTitle": owner.name if owner else "",
            "tags": body["tags"] or None,
            "categoryId": body["categoryId"],
            "liveBroadcastContent": "none",
            "defaultLanguage": body["defaultLanguage"],
            "defaultAudioLanguage": body["defaultAudioLanguage"],
            "localized": {"title": body["title"], "description": post.text},
        }
    )


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _tags_length(tags: list[str]) -> int:
    """As YouTube counts: a tag with a space stands in quotes, and commas stand between tags."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(len(tags) - 1, 0)


def _moment(text: Any) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return value if value.tzinfo else None


def _page_token(start: int) -> str:
    return base64.urlsafe_b64encode(f"CA{start}".encode()).decode().rstrip("=")


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().removeprefix("CA"))
    except ValueError:
        refuse(400, "invalidPageToken", "The request specifies an invalid page token.", "youtube.parameter")
