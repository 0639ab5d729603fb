"""Pretend LinkedIn: images, documents and videos, uploaded to an address of their own and then processed."""

from __future__ import annotations

import secrets
from hashlib import md5
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import films, things
from planner.channels.sandbox.linkedin_wire import gate, identifiers, millis, organization, refuse, trouble
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Call, Routes, answer

__all__ = ["routes", "uploads"]

routes = Routes("linkedin", trouble, gate)
#: The bytes themselves go to addresses outside /rest, without a version header.
uploads = Routes("linkedin", trouble)

_SCOPES = ("w_organization_social", "w_member_social")
_PART = 4 << 20
_LIFE_SECONDS = 86_400
_KEPT = 12 << 20
_SMALLEST_FILM = 75 << 10
_MOST_PIXELS, _MOST_PAGES = 36_152_320, 300
_LARGEST = {"image": 36 << 20, "document": 100 << 20, "video": 500 << 20}


@routes("POST", "/rest/images", "linkedin.image", scopes=_SCOPES)
def image(call: Call) -> Response:
    return _initialize(call, "image")


@routes("POST", "/rest/documents", "linkedin.document", scopes=_SCOPES)
def document(call: Call) -> Response:
    return _initialize(call, "document")


@routes("POST", "/rest/videos", "linkedin.video", scopes=_SCOPES)
def video(call: Call) -> Response:
    return _finalize(call) if call.query("action") == "finalizeUpload" else _initialize(call, "video")


@routes("GET", "/rest/images/<urn>", "linkedin.media")
def image_status(call: Call) -> Response:
    return _status(call, "image")


@routes("GET", "/rest/documents/<urn>", "linkedin.media")
def document_status(call: Call) -> Response:
    return _status(call, "document")


@routes("GET", "/rest/videos/<urn>", "linkedin.media")
def video_status(call: Call) -> Response:
    return _status(call, "video")


@routes("GET", "/rest/images", "linkedin.media")
def images_status(call: Call) -> Response:
    ids = identifiers(call, "ids")
    with call.reading() as db:
        found = {urn: thing for urn in ids if (thing := things.find(db, "linkedin", "image", urn))}
    return answer({
        "results": {urn: _told(call, thing) for urn, thing in found.items()},
        "statuses": {},
        "errors": {urn: {"status": 404, "message": "Not Found"} for urn in ids if urn not in found},
    })  # fmt: skip


@uploads("PUT", "/dms-uploads/<kind>/<secret>/<int:part>", "linkedin.upload", secured=False)
def put(call: Call) -> Response:
    """The bytes of an image or document, or one part of a video. The address is the permission."""
    kind, part = call.args["kind"], str(call.args["part"])
    size, head = _read(call)
    with call.writing() as db:
        thing = things.find(db, "linkedin", kind, _urn_of(kind, call.args["secret"]))
        if thing is None or stamp(call.now) > stamp(thing.created_at) + _LIFE_SECONDS:
            refuse(404, "This upload address does not exist or has expired")
        if size == 0 or size > _LARGEST[kind]:
            refuse(400, "The upload is empty or too large")
        body = dict(thing.body)
        if kind == "video":
            if size != body["parts"].get(part, {}).get("size"):
                refuse(400, f"Part {part} is not of the announced size")
            body |= films.film(head)
            etag = md5(f"{thing.id}:{part}:{size}".encode(), usedforsecurity=False).hexdigest()
            body["parts"] = {**body["parts"], part: {"size": size, "etag": etag}}
            things.change(db, thing, body)
            return answer(None, 200, {"ETag": etag})
        wait = 0.0 if kind == "image" else float(call.settings["processing_seconds"])
        if trouble_with_it := _unusable(kind, head):
            body["failed"] = trouble_with_it
        body |= {"ready_at": stamp(call.now) + wait, "mime": call.request.mimetype or "application/octet-stream", "size": size}
        things.change(db, thing, body, content=head if size <= _KEPT else None)
    return answer(None, 201)


def _initialize(call: Call, kind: str) -> Response:
    if call.query("action") != "initializeUpload":
        refuse(400, f"Unknown action {call.query('action')[:40]}", "ILLEGAL_ARGUMENT")
    asked = call.object.get("initializeUploadRequest")
    if not isinstance(asked, dict) or not isinstance(asked.get("owner"), str):
        refuse(400, "initializeUploadRequest.owner is required", "MISSING_FIELD")
    owner = organization(call, asked["owner"])
    secret = secrets.token_urlsafe(12)
    urn = _urn_of(kind, secret)
    body: dict[str, Any] = {"ready_at": None}
    value: dict[str, Any] = {kind: urn, "uploadUrlsExpireAt" if kind == "video" else "uploadUrlExpiresAt": millis(call.now) + _LIFE_SECONDS * 1000}
    if kind == "video":
        size = asked.get("fileSizeBytes")
        if not isinstance(size, int) or not _SMALLEST_FILM <= size <= _LARGEST["video"]:
            refuse(400, "fileSizeBytes is missing, too small or too large", "INVALID_VALUE")
        starts = range(0, size, _PART)
        body["parts"] = {str(index): {"size": min(_PART, size - start)} for index, start in enumerate(starts)}
        value["uploadToken"] = ""
        value["uploadInstructions"] = [
            {"uploadUrl": call.url(f"/dms-uploads/video/{secret}/{index}"), "firstByte": start, "lastByte": min(start + _PART, size) - 1}
            for index, start in enumerate(starts)
        ]
    else:
        value["uploadUrl"] = call.url(f"/dms-uploads/{kind}/{secret}/0")
    with call.writing() as db:
        things.add(db, Thing("linkedin", kind, urn, owner.id, "", body, call.now))
    return answer({"value": value})


def _finalize(call: Call) -> Response:
    asked = call.object.get("finalizeUploadRequest")
    if not isinstance(asked, dict):
        refuse(400, "finalizeUploadRequest is required", "MISSING_FIELD")
    with call.writing() as db:
        thing = things.find(db, "linkedin", "video", str(asked.get("video", "")))
        if thing is None:
            refuse(404, "Could not find this video", "NOT_FOUND")
        parts = thing.body["parts"]
        expected = [parts[str(index)].get("etag") for index in range(len(parts))]
        if None in expected or asked.get("uploadedPartIds") != expected:
            refuse(400, "uploadedPartIds do not name every uploaded part in order", "INVALID_VALUE")
        ready_at = stamp(call.now) + float(call.settings["processing_seconds"])
        failed = "VIDEO_DURATION_NOT_SUPPORTED" if not 3 <= thing.body.get("seconds", 3) <= 1800 else ""
        things.change(db, thing, {**thing.body, "failed": failed, "ready_at": ready_at, "size": sum(part["size"] for part in parts.values())})
    return answer(None, 200)


def _status(call: Call, kind: str) -> Response:
    with call.reading() as db:
        thing = things.find(db, "linkedin", kind, call.args["urn"])
    if thing is None:
        refuse(404, f"Could not find {kind} {call.args['urn'][:60]}", "NOT_FOUND")
    return answer(_told(call, thing))


def _told(call: Call, thing: Thing) -> dict[str, Any]:
    ready_at = thing.body["ready_at"]
    status = "WAITING_UPLOAD" if ready_at is None else "PROCESSING" if stamp(call.now) < ready_at else "AVAILABLE"
    told: dict[str, Any] = {"id": thing.id, "owner": thing.account, "status": status}
    if status == "AVAILABLE" and thing.body.get("failed"):
        return {**told, "status": "PROCESSING_FAILED", "processingFailureReason": thing.body["failed"]}
    if status == "AVAILABLE":
        told["downloadUrl"] = call.url(f"/sandbox-media/linkedin/{thing.kind}/{thing.id}")
    return told


def _unusable(kind: str, head: bytes) -> str:
    """Why LinkedIn could not show a picture or a document, as far as it is recognised."""
    if kind == "image" and (seen := films.picture(head)):
        form, pixels = seen
        if form not in ("JPEG", "PNG", "GIF"):
            return "IMAGE_FORMAT_NOT_SUPPORTED"
        return "IMAGE_TOO_LARGE" if pixels >= _MOST_PIXELS else ""
    return "DOCUMENT_TOO_MANY_PAGES" if kind == "document" and (films.pages(head) or 0) > _MOST_PAGES else ""


def _urn_of(kind: str, secret: str) -> str:
    return f"urn:li:{kind}:{'D5' if kind == 'video' else 'C4'}{secret}"


def _read(call: Call) -> tuple[int, bytes]:
    """How many bytes came, and the first few megabytes of them."""
    size, kept = 0, []
    while block := call.request.stream.read(1 << 20):
        if size < _KEPT:
            kept.append(block)
        size += len(block)
    return size, b"".join(kept)
