"""Pretend LinkedIn: posts of a company page, written, found, edited and taken down."""

from __future__ import annotations

import re
import secrets
import sqlite3
from datetime import datetime
from typing import Any, NoReturn

from werkzeug.wrappers import Response

from planner.channels.sandbox import posts, things
from planner.channels.sandbox.accounts import Account
from planner.channels.sandbox.linkedin_wire import (
    gate,
    identifiers,
    millis,
    organization,
    page_of,
    plain,
    refuse,
    stored_commentary,
    trouble,
)
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Call, Routes, answer

__all__ = ["routes", "seed", "urn_number"]

routes = Routes("linkedin", trouble, gate)

_WRITE = ("w_organization_social", "w_member_social")
_READ = ("r_organization_social",)
_LONGEST = 3000
_MEMBERS = {
    "author", "commentary", "visibility", "distribution", "lifecycleState", "isReshareDisabledByAuthor", "content",
    "contentLandingPage", "contentCallToActionLabel", "adContext", "reshareContext",
}  # fmt: skip
_URN = re.compile(r"urn:li:(share|ugcPost):\d+")


@routes("POST", "/rest/posts", "linkedin.create", scopes=_WRITE)
def create(call: Call) -> Response:
    body = _checked(call)
    author = organization(call, body["author"])
    text = stored_commentary(body["commentary"])
    content = body.get("content") or {}
    with call.writing() as db:
        kind = _checked_content(db, call, author, content)
        twin = _twin(db, call, author, text, content)
        if twin and call.settings["duplicates"] == "refuse":
            _refuse_duplicate(twin)
        at = call.live_at
        post = Post(
            platform="linkedin",
            id=f"urn:li:{kind}:{urn_number(at, secrets.randbits(20))}",
            account=author.id,
            text=text,
            body=_kept(body, content),
            created_at=at,
            live_at=at,
            born=call.line.at(at),
        )
        posts.add(db, post)
    return answer(None, 201, {"x-restli-id": post.id, "x-linkedin-id": post.id, "Location": f"/posts/{post.id}"})


@routes(
    "GET", "/rest/posts", lambda request: "linkedin.lookup" if "ids" in request.args else "linkedin.list", scopes=_READ, listing=True
)
def get_many(call: Call) -> Response:
    return _batch(call) if "ids" in call.request.args else _finder(call)


@routes("GET", "/rest/posts/<urn>", "linkedin.get", scopes=_READ)
def get_one(call: Call) -> Response:
    with call.reading() as db:
        post = posts.find(db, "linkedin", _urn(call), call.now)
    if post is None:
        refuse(404, f"Could not find entity {call.args['urn']}", "NOT_FOUND")
    return answer(_told(post))


@routes("DELETE", "/rest/posts/<urn>", "linkedin.delete", scopes=_WRITE)
def delete(call: Call) -> Response:
    """Deleting twice is the same as deleting once."""
    with call.writing() as db:
        post = posts.find(db, "linkedin", _urn(call), call.now)
        if post:
            posts.remove(db, "linkedin", [post.id], call.now)
    return answer(None, 204)


@routes("POST", "/rest/posts/<urn>", "linkedin.update", scopes=_WRITE)
def update(call: Call) -> Response:
    patch = (call.object.get("patch") or {}).get("$set")
    if call.request.headers.get("X-RestLi-Method") != "PARTIAL_UPDATE" or not isinstance(patch, dict):
        refuse(400, "A partial update needs X-RestLi-Method: PARTIAL_UPDATE and patch.$set", "ILLEGAL_ARGUMENT")
    commentary = patch.get("commentary")
    if set(patch) - {"commentary", "contentLandingPage", "contentCallToActionLabel", "lifecycleState", "adContext"}:
        refuse(422, "Only the commentary of a post can be changed", "FIELD_IMMUTABLE")
    if not isinstance(commentary, str) or len(plain(commentary)) > _LONGEST:
        refuse(422, "commentary is missing or too long", "FIELD_LENGTH_TOO_LONG")
    with call.writing() as db:
        post = posts.find(db, "linkedin", _urn(call), call.now)
        if post is None:
            refuse(404, f"Could not find entity {call.args['urn']}", "NOT_FOUND")
        edited = {**post.body, "edited_at": millis(call.now)}
        posts.rewrite(db, post, text=stored_commentary(commentary), body=edited)
    return answer(None, 204)


def seed(
    db: sqlite3.Connection, account: Account, *, text: str, created_at: datetime, born: datetime, low: int, kind: str,
    content: dict[str, Any],
) -> Post:  # fmt: skip
    """Put in a post of the past; `text` is plain. The same again is the same post."""
    escaped = re.sub(r"([\\|{}@\[\]()<>*_~])|#(?!\w)", r"\\\g<0>", text)
    body = _kept({"visibility": "PUBLIC"}, content)
    post_id = f"urn:li:{kind}:{urn_number(created_at, low)}"
    post = Post("linkedin", post_id, account.id, stored_commentary(escaped), body, created_at, created_at, born)
    if posts.find(db, "linkedin", post_id, created_at) is None:
        posts.add(db, post)
    return post


def urn_number(at: datetime, low: int) -> int:
    """A 19-digit number that grows with time, as in LinkedIn's addresses."""
    return millis(at) << 22 | low & 0x3FFFFF


def _batch(call: Call) -> Response:
    ids = identifiers(call, "ids")
    if not 1 <= len(ids) <= 100:
        refuse(400, "ids must hold 1 to 100 URNs", "ILLEGAL_ARGUMENT")
    with call.reading() as db:
        found = posts.find_all(db, "linkedin", ids, call.now)
    missing = [urn for urn in ids if urn not in found]
    return answer({
        "results": {urn: _told(post) for urn, post in found.items()},
        "statuses": {**dict.fromkeys(found, 200), **dict.fromkeys(missing, 404)},
        "errors": {urn: {"status": 404, "message": f"Could not find entity {urn}", "code": "NOT_FOUND"} for urn in missing},
    })  # fmt: skip


def _finder(call: Call) -> Response:
    if call.query("q") != "author":
        refuse(400, "Invalid query parameters passed to request: only the finder author is known", "ILLEGAL_ARGUMENT")
    start, count = page_of(call)
    author = organization(call, call.query("author"))
    with call.reading() as db:
        found = posts.listed(db, "linkedin", author.id, call.now, lag=call.lag)
    if call.query("sortBy", "LAST_MODIFIED") == "LAST_MODIFIED":
        found.sort(key=lambda post: post.body.get("edited_at") or millis(post.created_at), reverse=True)
    paging: dict[str, Any] = {"start": start, "count": count, "links": []}
    if start + count < len(found):
        paging["links"] = [{"rel": "next", "type": "application/json", "href": f"/rest/posts?q=author&start={start + count}&count={count}"}]
    return answer({"paging": paging, "elements": [_told(post) for post in found[start : start + count]]})


def _checked(call: Call) -> dict[str, Any]:
    """The request's body, if LinkedIn would take its shape."""
    body = call.object
    for name in ("author", "commentary", "visibility", "distribution", "lifecycleState"):
        if name not in body:
            refuse(422, f"ERROR :: /{name} :: field is required but not found and has no default value", "MISSING_FIELD")
    strange = sorted(set(body) - _MEMBERS)
    if strange:
        refuse(422, f"ERROR :: /{strange[0]} :: unrecognized field found but not allowed", "FIELD_NOT_ALLOWED")
    if not isinstance(body["author"], str) or not isinstance(body["commentary"], str):
        refuse(422, "ERROR :: /commentary :: is not a string", "INVALID_VALUE")
    if body["visibility"] not in ("PUBLIC", "CONNECTIONS", "LOGGED_IN") or body["lifecycleState"] != "PUBLISHED":
        refuse(422, "ERROR :: /visibility or /lifecycleState :: is not an allowed value", "INVALID_VALUE")
    distribution = body["distribution"]
    if not isinstance(distribution, dict) or distribution.get("feedDistribution") not in ("MAIN_FEED", "NONE"):
        refuse(422, "ERROR :: /distribution/feedDistribution :: is not an allowed value", "INVALID_VALUE")
    if len(plain(body["commentary"])) > _LONGEST:
        refuse(400, f"commentary length exceeds maximum {_LONGEST} length", "FIELD_LENGTH_TOO_LONG")
    if not body["commentary"].strip() and not body.get("content"):
        refuse(422, "A post needs a commentary or content", "MISSING_FIELD")
    return body


def _checked_content(db: sqlite3.Connection, call: Call, author: Account, content: Any) -> str:
    """Refuse content that LinkedIn would not take; the kind of URN the post gets."""
    if not content:
        return "share"
    if not isinstance(content, dict) or len(content) != 1 or next(iter(content)) not in ("article", "media", "multiImage"):
        refuse(422, "ERROR :: /content :: must hold exactly one of article, media, multiImage", "INVALID_VALUE")
    name, value = next(iter(content.items()))
    if name == "article":
        if not str(value.get("source", "")).startswith(("http://", "https://")) or not value.get("title"):
            refuse(422, "ERROR :: /content/article :: source and title are required", "MISSING_FIELD")
        _usable(db, call, author, [value["thumbnail"]] if value.get("thumbnail") else [], ("image",))
        return "share"
    if name == "multiImage":
        images = [one.get("id", "") for one in value.get("images", [])]
        if not 2 <= len(images) <= 20:
            refuse(422, "ERROR :: /content/multiImage/images :: 2 to 20 images are allowed", "INVALID_VALUE")
        _usable(db, call, author, images, ("image",))
        return "share"
    urn = str(value.get("id", ""))
    _usable(db, call, author, [urn], ("image", "video", "document"))
    if ":document:" in urn and not value.get("title"):
        refuse(422, "ERROR :: /content/media/title :: a document needs a title", "MISSING_FIELD")
    return "share" if ":image:" in urn else "ugcPost"


def _usable(db: sqlite3.Connection, call: Call, author: Account, urns: list[str], kinds: tuple[str, ...]) -> None:
    for urn in urns:
        kind = urn.split(":")[2] if urn.count(":") >= 3 else ""
        thing = things.find(db, "linkedin", kind, urn) if kind in kinds else None
        if thing is None or not thing.body.get("ready_at") or thing.body.get("failed"):
            refuse(400, f"Could not find or use media {urn[:80]}", "MEDIA_ASSET_NOT_READY")
        elif thing.account != author.id:
            refuse(403, f"Media {urn} belongs to another owner", "ACCESS_DENIED")


def _twin(db: sqlite3.Connection, call: Call, author: Account, text: str, content: Any) -> Post | None:
    twin = posts.twin(db, "linkedin", author.id, text, call.now) if text else None
    return twin if twin and (twin.body.get("content") or {}) == (content or {}) else None


def _refuse_duplicate(twin: Post) -> NoReturn:
    refuse(
        422,
        f"Duplicate post is detected: Content is a duplicate of {twin.id}",
        errorDetailType="com.linkedin.common.error.BadRequest",
        errorDetails={"inputErrors": [{"description": "Duplicate post is detected", "code": "DUPLICATE_POST"}]},
    )


def _kept(body: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    kept = {
        "visibility": body["visibility"],
        "distribution": body.get("distribution") or {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "isReshareDisabledByAuthor": bool(body.get("isReshareDisabledByAuthor")),
        "linked": "article" in content,
    }
    return {**kept, "content": content} if content else kept


def _told(post: Post) -> dict[str, Any]:
    edited = post.body.get("edited_at")
    told = {
        "id": post.id,
        "author": post.account,
        "commentary": post.text,
        "createdAt": millis(post.created_at),
        "publishedAt": millis(post.created_at),
        "lastModifiedAt": edited or millis(post.created_at),
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": edited is not None},
        "visibility": post.body["visibility"],
        "distribution": post.body["distribution"],
        "isReshareDisabledByAuthor": post.body["isReshareDisabledByAuthor"],
    }
    return {**told, "content": post.body["content"]} if post.body.get("content") else told


def _urn(call: Call) -> str:
    urn = call.args["urn"]
    if not _URN.fullmatch(urn):
        refuse(400, f"Invalid post URN: {urn[:60]}", "ILLEGAL_ARGUMENT")
    return urn
