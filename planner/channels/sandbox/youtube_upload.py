"""Pretend YouTube: uploads of videos, thumbnails and captions, resumable (308 and status queries) or in one go.

A video exists from the moment its last byte is committed, whether or not anyone hears the answer; asking the session
again then tells the same video.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from planner.channels.sandbox import accounts, films, posts, things, youtube_uploaded
from planner.channels.sandbox.accounts import Account, Identity
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Answered, Budget, Call, Routes, answer
from planner.channels.sandbox.youtube_wire import DAY, SCOPE, checked_metadata, error, gate, parts_of, refuse, trouble, units

__all__ = ["routes", "sessions"]

routes = Routes("youtube", trouble, gate)
#: A session's address is itself the permission: its PUTs need no token.
sessions = Routes("youtube", trouble, gate)

_QUANTUM = 256 << 10
_FLUSH = 4 << 20
_LIFE = timedelta(days=7)
_LARGEST = {"videos": 256 << 30, "thumbnails/set": 50 << 20, "captions": 100 << 20}
_PICTURES = ("image/jpeg", "image/png", "application/octet-stream")
_NAMES = {"videos": "youtube.insert", "thumbnails/set": "youtube.thumbnail", "captions": "youtube.caption"}
_UPLOAD = tuple(SCOPE + name for name in ("youtube.upload", "youtube", "youtube.force-ssl"))
_CAPTION = (SCOPE + "youtube.force-ssl",)
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def _posted(resource: str) -> Any:
    def name(request: Request) -> str:
        return f"{_NAMES[resource]}.start" if request.args.get("uploadType") == "resumable" else _NAMES[resource]

    return name


def _put(resource: str) -> Any:
    def name(request: Request) -> str:
        found = _RANGE.fullmatch(request.headers.get("Content-Range", "").strip())
        if found and found[1] is None:
            return f"{_NAMES[resource]}.query"
        if found and (found[3] == "*" or int(found[2]) + 1 < int(found[3])):
            return f"{_NAMES[resource]}.chunk"
        return _NAMES[resource]

    return name


@routes("POST", "/upload/youtube/v3/videos", _posted("videos"), scopes=_UPLOAD, budget=Budget("insert", 100, DAY))
def insert_video(call: Call) -> Response:
    parts_of(call, ("snippet", "status", "contentDetails", "statistics", "processingDetails", "recordingDetails", "localizations", "player"))
    return _begin(call, "videos")


@routes("POST", "/upload/youtube/v3/thumbnails/set", _posted("thumbnails/set"), scopes=_UPLOAD, budget=units(50))
def set_thumbnail(call: Call) -> Response:
    return _begin(call, "thumbnails/set")


@routes("POST", "/upload/youtube/v3/captions", _posted("captions"), scopes=_CAPTION, budget=units(400))
def insert_caption(call: Call) -> Response:
    parts_of(call, ("id", "snippet"))
    return _begin(call, "captions")


@sessions("PUT", "/upload/youtube/v3/videos", _put("videos"), secured=False)
def put_video(call: Call) -> Response:
    return _continue(call, "videos")


@sessions("PUT", "/upload/youtube/v3/thumbnails/set", _put("thumbnails/set"), secured=False)
def put_thumbnail(call: Call) -> Response:
    return _continue(call, "thumbnails/set")


@sessions("PUT", "/upload/youtube/v3/captions", _put("captions"), secured=False)
def put_caption(call: Call) -> Response:
    return _continue(call, "captions")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What a PUT says of its bytes: first and last (None: it only asks), and the total when known."""

    first: int | None
    last: int | None
    total: int | None


def _begin(call: Call, resource: str) -> Response:
    kind = call.query("uploadType", "media")
    if kind == "resumable":
        metadata, mime = call.object, call.request.headers.get("X-Upload-Content-Type", "application/octet-stream")
        session = _open(call, resource, metadata, mime, call.request.headers.get("X-Upload-Content-Length", ""))
        keep = {name: call.request.args.getlist(name) for name in ("part", "videoId") if name in call.request.args}
        query = "&".join(f"{name}={','.join(values)}" for name, values in keep.items())
        address = call.url(f"/upload/youtube/v3/{resource}?uploadType=resumable&{query}&upload_id={session.id}")
        return Response(b"", 200, {"Location": address, "X-GUploader-UploadID": session.id, "Content-Length": "0"})
    if kind == "multipart":
        metadata, mime, content = _two_parts(call)
    elif kind == "media":
        metadata, mime, content = {}, call.request.mimetype, call.request.get_data()
    else:
        refuse(400, "badRequest", "Unknown uploadType.", "global")
    session = _open(call, resource, metadata, mime, str(len(content)))
    with call.writing() as db:
        things.change(db, session, {**session.body, "received": len(content), **films.film(content)}, content=_kept(resource, content))
    return _finish(call, session.id)


def _open(call: Call, resource: str, metadata: dict[str, Any], mime: str, length: str) -> Thing:
    """Check what will be uploaded and keep a session for it."""
    size = int(length) if length.isdigit() else None
    if size is not None and not 0 < size <= _LARGEST[resource]:
        refuse(400, "mediaBodyRequired", "The request does not include an acceptable media body.", "youtube.video")
    about: dict[str, Any] = {}
    if resource == "videos":
        about = {"description": (metadata.get("snippet") or {}).get("description", ""), **checked_metadata(metadata.get("snippet"), metadata.get("status"), call.now)}
    else:
        about = youtube_uploaded.checked(call, resource, metadata)
        if resource == "thumbnails/set" and mime not in _PICTURES:
            refuse(400, "invalidImage", "The provided image content is invalid.", "youtube.thumbnail")
    body = {"resource": resource, "about": about, "mime": mime, "size": size, "received": 0, "result": None, "part": call.request.args.getlist("part")}
    session = Thing("youtube", "session", secrets.token_urlsafe(24), call.account.id, "", body, call.now)
    with call.writing() as db:
        things.add(db, session)
    return session


def _continue(call: Call, resource: str) -> Response:
    session = _session(call, resource)
    if session.body["result"]:
        return _finish(call, session.id)
    chunk = _chunk(call.request)
    size = session.body["size"] or chunk.total
    if chunk.total is not None and size != chunk.total:
        refuse(400, "badRequest", "The total size differs from the one announced.", "global")
    if chunk.first is None and "Content-Range" in call.request.headers:
        if size is not None and session.body["received"] == size:
            return _finish(call, session.id)
        return _so_far(session.body["received"])
    first = chunk.first or 0
    if first != session.body["received"]:
        return _so_far(session.body["received"])
    expected = size if chunk.last is None else chunk.last + 1
    received = _take(call, session, resource, size)
    if expected is not None and received < expected:
        return error(400, "badRequest", "The body ended before the announced range did.", "global")
    if size is not None and received == size:
        return _finish(call, session.id)
    return _so_far(received)


def _take(call: Call, session: Thing, resource: str, size: int | None) -> int:
    """Read a chunk and commit its bytes as they come; how many of the file are there now.

    When the client goes away in the middle, whole quanta of 256 KiB remain, as YouTube keeps them.
    """
    received: int = session.body["received"]
    pending, is_gone = b"", False
    while not is_gone:
        try:
            block = call.request.stream.read(1 << 20)
        except (ClientDisconnected, OSError):
            block, is_gone = b"", True
        pending += block
        if is_gone or not block:
            announced = call.request.content_length or 0
            is_gone = is_gone or received + len(pending) < session.body["received"] + announced
            if is_gone:
                pending = pending[: len(pending) // _QUANTUM * _QUANTUM]
            return _commit(call, session.id, resource, received, pending, size)
        if len(pending) >= _FLUSH:
            received, pending = _commit(call, session.id, resource, received, pending, size), b""
    return received


def _commit(call: Call, session_id: str, resource: str, start: int, content: bytes, size: int | None) -> int:
    if not content:
        return start
    with call.writing() as db:
        session = things.find(db, "youtube", "session", session_id)
        if session is None or session.body["received"] != start:
            raise Answered(error(409, "conflict", "Somebody else is sending to this session.", "global"))
        if start + len(content) > (size or _LARGEST[resource]):
            raise Answered(error(400, "badRequest", "More bytes than announced.", "global"))
        before = things.content(db, "youtube", "session", session_id) or b""
        body = {**session.body, "received": start + len(content), "size": size, **films.film(content)}
        things.change(db, session, body, content=_kept(resource, before + content))
    return start + len(content)


def _finish(call: Call, session_id: str) -> Response:
    """Turn a complete session into what was uploaded, once; tell it again when asked again."""
    with call.writing() as db:
        session = things.find(db, "youtube", "session", session_id)
        assert session is not None
        owner = accounts.account(db, "youtube", session.account)
        assert owner is not None
        _act_as(call, owner)
        if not session.body["result"]:
            result = youtube_uploaded.arrive(db, call, session, owner)
            session.body["result"] = result
            session.body["done_at"] = stamp(call.live_at)
            things.change(db, session, session.body)
        if stamp(call.now) < session.body["done_at"] and not call.accept_delay:
            return error(503, "backendError", "Backend Error", "global")
        return answer(_result(db, call, session))


def _result(db: sqlite3.Connection, call: Call, session: Thing) -> Any:
    told = session.body["result"]
    if session.body["resource"] != "videos":
        return told
    late = call.now + call.accept_delay
    post = posts.find(db, "youtube", told["id"], late)
    if post is None:
        raise Answered(error(404, "videoNotFound", "The video was deleted."))
    return youtube_uploaded.as_told(db, call, post, session)


def _act_as(call: Call, owner: Account) -> None:
    if call.identity is None:
        call.identity = Identity(owner, owner.owner)


def _session(call: Call, resource: str) -> Thing:
    with call.reading() as db:
        session = things.find(db, "youtube", "session", call.query("upload_id"))
    if session is None or session.body["resource"] != resource:
        refuse(404, "notFound", "This upload session does not exist.", "global")
    if call.now > session.created_at + _LIFE:
        refuse(410, "gone", "This upload session has expired.", "global")
    return session


def _so_far(received: int) -> Response:
    response = Response(b"", 308, {"Content-Length": "0"})
    response.headers.pop("Content-Type", None)
    if received:
        response.headers["Range"] = f"bytes=0-{received - 1}"
    return response


def _chunk(request: Request) -> _Chunk:
    raw = request.headers.get("Content-Range")
    if raw is None:
        return _Chunk(0, None, request.content_length)
    found = _RANGE.fullmatch(raw.strip())
    if not found or (found[1] and int(found[1]) > int(found[2])):
        refuse(400, "badRequest", "Malformed Content-Range.", "global")
    total = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        return _Chunk(None, None, total)
    first, last = int(found[1]), int(found[2])
    is_last = total is not None and last + 1 == total
    if request.content_length != last - first + 1 or not (is_last or (last - first + 1) % _QUANTUM == 0):
        refuse(400, "badRequest", "A chunk must be as long as announced and a multiple of 256 KiB.", "global")
    return _Chunk(first, last, total)


def _kept(resource: str, content: bytes) -> bytes | None:
    """Thumbnails and captions are kept; videos are only counted."""
    return None if resource == "videos" else content


def _two_parts(call: Call) -> tuple[dict[str, Any], str, bytes]:
    """A multipart/related body: JSON, then the file."""
    head = f"Content-Type: {call.request.headers.get('Content-Type', '')}\r\n\r\n".encode("latin-1", "replace")
    whole = message_from_bytes(head + call.request.get_data(), policy=HTTP)
    pieces = list(whole.iter_parts()) if whole.is_multipart() else []
    if len(pieces) != 2:
        refuse(400, "badRequest", "A multipart upload has two parts.", "global")
    told, content = (piece.get_payload(decode=True) for piece in pieces)
    assert isinstance(told, bytes) and isinstance(content, bytes)  # noqa: PT018 - decoded parts that are not multipart themselves
    try:
        metadata = json.loads(told or b"{}")
    except ValueError:
        refuse(400, "parseError", "The metadata is not JSON.", "global")
    return metadata if isinstance(metadata, dict) else {}, pieces[1].get_content_type(), content
