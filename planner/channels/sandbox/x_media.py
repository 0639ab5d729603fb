"""Pretend X: media uploaded in parts (initialize, append, finalize, status), in one go, and described."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import films, things
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Budget, Call, Routes, answer
from planner.channels.sandbox.x_wire import invalid, snowflake, trouble

__all__ = ["routes"]

routes = Routes("x", trouble)
_SCOPES = ("media.write",)
_UPLOAD = Budget("upload", 1875, 900)
_SIZES = {"tweet_image": 5 << 20, "tweet_gif": 15 << 20, "tweet_video": 512 << 20, "amplify_video": 512 << 20, "subtitles": 1 << 20}
_KEYS = {"tweet_image": "3", "tweet_gif": "16", "tweet_video": "7", "amplify_video": "13", "subtitles": "20"}
_TYPES = {
    "tweet_image": ("image/jpeg", "image/png", "image/webp", "image/gif"),
    "tweet_gif": ("image/gif",),
    "tweet_video": ("video/mp4", "video/quicktime", "video/webm"),
}
_LIFE = timedelta(days=1)


@routes("POST", "/2/media/upload/initialize", "x.media.initialize", scopes=_SCOPES, budget=_UPLOAD)
def initialize(call: Call) -> Response:
    body = call.object
    category, mime, total = body.get("media_category"), body.get("media_type"), body.get("total_bytes")
    if set(body) - {"media_category", "media_type", "total_bytes", "additional_owners", "shared"}:
        raise invalid("The request body holds a member that is not allowed.", "body")
    if not isinstance(category, str) or category not in _SIZES:
        raise invalid("media_category is not one of the allowed values.", "media_category", str(category)[:40])
    if not isinstance(mime, str) or not isinstance(total, int) or total < 1:
        raise invalid("media_type and total_bytes are needed.", "total_bytes")
    if total > _SIZES[category]:
        raise invalid(f"File size exceeds {_SIZES[category]} bytes.", "total_bytes", str(total))
    if mime not in _TYPES.get(category, (mime,)):
        raise invalid(f"media_type {mime[:40]} is not allowed for this media_category.", "media_type", mime[:40])
    thing = _begin(call, category, mime, total)
    return answer({"data": {"id": thing.id, "media_key": thing.body["media_key"], "expires_after_secs": 86_400}})


@routes("POST", "/2/media/upload/<media_id>/append", "x.media.append", scopes=_SCOPES, budget=_UPLOAD)
def append(call: Call) -> Response:
    index, chunk = _segment(call)
    with call.writing() as db:
        thing = _mine(call, things.find(db, "x", "media", call.args["media_id"]))
        if thing.body.get("final"):
            raise invalid("This media was finalized already.", "id", thing.id)
        body = {**thing.body, "segments": {**thing.body["segments"], str(index): len(chunk)}}
        if thing.body["category"] == "tweet_video":
            body |= films.film(chunk)
        if sum(body["segments"].values()) > body["total"]:
            raise invalid("More bytes than total_bytes announced.", "media")
        before = things.content(db, "x", "media", thing.id) or b""
        is_small = thing.body["total"] <= _SIZES["tweet_gif"]
        # Videos are only counted: nobody plays them here. What can be shown is kept.
        things.change(db, thing, body, content=before + chunk if is_small and str(index) not in thing.body["segments"] else None)
    return answer({"data": {"expires_at": int(stamp(thing.created_at + _LIFE))}})


@routes("POST", "/2/media/upload/<media_id>/finalize", "x.media.finalize", scopes=_SCOPES, budget=_UPLOAD)
def finalize(call: Call) -> Response:
    with call.writing() as db:
        thing = _mine(call, things.find(db, "x", "media", call.args["media_id"]))
        segments = thing.body["segments"]
        if sorted(map(int, segments)) != list(range(len(segments))) or sum(segments.values()) != thing.body["total"]:
            raise invalid("Segments do not add up to provided total file size.", "id", thing.id)
        body = _final(call, thing.body)
        things.change(db, thing, body)
    return answer({"data": _told(call, thing.id, body)})


@routes("GET", "/2/media/upload", "x.media.status", scopes=_SCOPES, budget=Budget("status", 1000, 900))
def status(call: Call) -> Response:
    with call.reading() as db:
        thing = _mine(call, things.find(db, "x", "media", call.query("media_id")))
    return answer({"data": _told(call, thing.id, thing.body)})


@routes("POST", "/2/media/upload", "x.media.upload", scopes=_SCOPES, budget=_UPLOAD)
def upload(call: Call) -> Response:
    """One-shot upload of an image."""
    form = call.request.form if call.request.mimetype == "multipart/form-data" else call.object
    category = form.get("media_category", "")
    chunk = _bytes(call, form)
    if category not in ("tweet_image", "tweet_gif") or not 1 <= len(chunk) <= _SIZES[category]:
        raise invalid("Only an image of a permitted size can be uploaded at once.", "media")
    thing = _begin(call, category, "image/gif" if category == "tweet_gif" else "image/jpeg", len(chunk))
    with call.writing() as db:
        body = _final(call, {**thing.body, "segments": {"0": len(chunk)}})
        things.change(db, thing, body, content=chunk)
    return answer({"data": _told(call, thing.id, body)})


@routes("POST", "/2/media/metadata", "x.media.metadata", scopes=_SCOPES, budget=Budget("metadata", 500, 900))
def metadata(call: Call) -> Response:
    told = (call.object.get("metadata") or {}).get("alt_text")
    text = told.get("text") if isinstance(told, dict) else None
    if not isinstance(text, str) or len(text) > 1000:
        raise invalid("alt_text.text must be a text of at most 1000 characters.", "metadata")
    with call.writing() as db:
        thing = _mine(call, things.find(db, "x", "media", str(call.object.get("id", ""))), "id")
        things.change(db, thing, {**thing.body, "alt_text": text})
    return answer({"data": {"id": thing.id, "associated_metadata": {"alt_text": {"text": text}}}})


def _begin(call: Call, category: str, mime: str, total: int) -> Thing:
    media_id = snowflake(call.now, secrets.randbits(22))
    body = {
        "media_key": f"{_KEYS[category]}_{media_id}", "category": category, "mime": mime, "total": total, "segments": {},
        "ready_at": None,
    }  # fmt: skip
    thing = Thing("x", "media", media_id, call.account.id, "", body, call.now)
    with call.writing() as db:
        things.add(db, thing)
    return thing


def _mine(call: Call, thing: Thing | None, name: str = "media_id") -> Thing:
    if thing is None or thing.account != call.account.id or call.now > thing.created_at + _LIFE:
        raise invalid("Could not find this media; it may have expired.", name)
    return thing


def _final(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    if body.get("final"):
        return body
    is_slow = body["category"] in ("tweet_video", "amplify_video", "tweet_gif")
    wait = float(call.settings["processing_seconds"]) if is_slow else 0.0
    trouble_with_it = _unplayable(body) if body["category"] == "tweet_video" else ""
    return {**body, "failed": trouble_with_it, "final": True, "finished_at": stamp(call.now), "ready_at": stamp(call.now) + wait, "slow": is_slow}


def _unplayable(body: dict[str, Any]) -> str:
    """Why X would not show a film, as far as the film's own headers tell."""
    seconds, width, height = body.get("seconds"), body.get("width"), body.get("height")
    if seconds is not None and not 0.5 <= seconds <= 140:
        return "Duration must lie between 0.5 and 140 seconds."
    if width and height and not (3 * width >= height and 3 * height >= width):
        return "Aspect ratio must lie between 1:3 and 3:1."
    return ""


def _told(call: Call, media_id: str, body: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": media_id, "media_key": body["media_key"], "expires_after_secs": 86_400}
    if not body.get("final"):
        return told
    told["size"] = body["total"]
    if not body["slow"]:
        return told
    if body.get("failed"):
        reason = {"code": 1, "name": "InvalidMedia", "message": body["failed"]}
        return {**told, "processing_info": {"state": "failed", "error": reason}}
    left = body["ready_at"] - stamp(call.now)
    if left <= 0:
        return {**told, "processing_info": {"state": "succeeded", "progress_percent": 100}}
    whole = max(body["ready_at"] - body["finished_at"], 0.001)
    state = "pending" if left >= whole else "in_progress"
    done = int(100 * (1 - left / whole))
    return {**told, "processing_info": {"state": state, "check_after_secs": 1, "progress_percent": done}}


def _segment(call: Call) -> tuple[int, bytes]:
    form = call.request.form if call.request.mimetype == "multipart/form-data" else call.object
    raw = str(form.get("segment_index", ""))
    if not (raw.isdigit() and int(raw) <= 999):
        raise invalid("segment_index must lie between 0 and 999.", "segment_index", raw[:20])
    chunk = _bytes(call, form)
    if not 1 <= len(chunk) <= 5 << 20:
        raise invalid("A segment must hold 1 byte to 5 MB.", "media")
    return int(raw), chunk


def _bytes(call: Call, form: Any) -> bytes:
    """The file in a multipart form, or base64 in JSON."""
    if "media" in call.request.files:
        raw: bytes = call.request.files["media"].read()
        return raw
    try:
        return base64.b64decode(str(form.get("media", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("media is neither a file nor base64.", "media") from error
