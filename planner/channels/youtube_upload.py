"""Getting one video onto YouTube exactly once: a resumable upload whose address is kept before the first byte.

After a crash the kept address is asked how far it got (`bytes */N`): finished, so many bytes, or forgotten. Only a
forgotten one is replaced, and only after the channel's own uploads were looked through.
Source: developers.google.com/youtube, “Resumable uploads”, and the client library's own next_chunk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from planner.channels.limits import MARK, MARK_DIGITS
from planner.channels.port import Keep, Media, MediaKind, OutgoingPost, Refused, RetryLater, Unknown
from planner.channels.progress import tell
from planner.channels.wire import nothing_live
from planner.channels.youtube_client import FAILURES, Connection, GarbledError, answer, items, verdict

__all__ = ["MARK", "Pace", "Session", "Uploaded", "ask_session", "extras", "marker", "metadata", "rewritten", "send_video"]

#: A moment nearer than this is “now”: the upload itself takes longer than YouTube's clock is precise.
_SOON = timedelta(minutes=1)
_CATEGORY_SCIENCE_AND_TECHNOLOGY = "28"
_OUR_TAG = "planner-"


@dataclass(frozen=True, slots=True)
class Pace:
    """How an upload is cut up and how patiently a stumbling one is continued; chunks are multiples of 256 KiB."""

    chunk_bytes: int
    tries: int
    wait: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Session:
    """What an upload's address says: the finished video, or how many bytes it has, or that it is forgotten."""

    video: Mapping[str, Any] | None = None
    received: int = 0
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A video that is on YouTube, as YouTube describes it."""

    video: Mapping[str, Any]


def marker(post: OutgoingPost) -> str:
    """The tag by which a video of ours is known again; the same for every attempt of one delivery."""
    return MARK + post.fingerprint[:MARK_DIGITS]


def metadata(post: OutgoingPost, now: datetime) -> dict[str, Any]:
    """The video's description for YouTube.

    Privacy is always said, because YouTube's own default became public in November 2026: a moment more than a minute
    ahead goes up private with that `publishAt`, anything else goes up public.
    """
    status: dict[str, Any] = {"selfDeclaredMadeForKids": False, "containsSyntheticMedia": False, "embeddable": True}
    if post.publish_at is not None and post.publish_at - now > _SOON:
        status |= {"privacyStatus": "private", "publishAt": f"{post.publish_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    else:
        status["privacyStatus"] = "public"
    return {
        "snippet": {
            "title": post.title,
            "description": post.text,
            "tags": [*post.tags, marker(post)],
            "categoryId": _CATEGORY_SCIENCE_AND_TECHNOLOGY,
            "defaultLanguage": post.language,
        },
        "status": status,
    }


def send_video(
    youtube: Any,
    connection: Connection,
    post: OutgoingPost,
    file: Media,
    *,
    keep: Keep,
    pace: Pace,
    now: datetime,
    session: Session | None = None,
) -> Uploaded | Refused | RetryLater | Unknown:
    """Upload the file; with the session of an earlier attempt (at `post.resume`), only what it does not have yet."""
    with Path(file.path).open("rb") as stream:
        media = MediaIoBaseUpload(stream, mimetype=file.mime, chunksize=pace.chunk_bytes, resumable=True)
        body = metadata(post, now)
        request = youtube.videos().insert(part="snippet,status", body=body, notifySubscribers=True, media_body=media)
        address = post.resume
        if session is None or address is None:
            try:
                address, session = _open_session(request, connection, media), Session()
            except FAILURES as error:
                return nothing_live(verdict(error, now=now))  # no session, so no video can come of it
            keep(address)
        return _send_rest(request, connection, address, session, keep=keep, pace=pace, now=now)


def ask_session(connection: Connection, address: str, size: int) -> Session:
    """How far the upload at this address got; `size` in bytes, 0 when not known. Raises one of FAILURES."""
    headers = {"Content-Range": f"bytes */{size or '*'}", "Content-Length": "0"}
    response, content = connection.request(address, "PUT", body=b"", headers=headers)
    if response.status in (200, 201):
        return Session(video=_video(content))
    if response.status == 308:
        return Session(received=_received(response))
    if response.status in (400, 404, 410):
        return Session(forgotten=True)
    raise HttpError(response, content, uri=address)


def _open_session(request: Any, connection: Connection, media: MediaIoBaseUpload) -> str:
    """Ask for an upload's address; the library would send the first chunk in the same breath, before it is kept."""
    headers = {
        **request.headers,
        "X-Upload-Content-Type": media.mimetype(),
        "X-Upload-Content-Length": str(media.size()),
        "content-length": str(request.body_size),
    }
    response, content = connection.request(request.uri, request.method, body=request.body, headers=headers)
    if response.status != 200:
        raise HttpError(response, content, uri=request.uri)
    if not response.get("location"):
        raise GarbledError("YouTube opened an upload but did not say where.")
    return str(response["location"])


def _send_rest(
    request: Any, connection: Connection, address: str, session: Session, *, keep: Keep, pace: Pace, now: datetime
) -> Uploaded | Refused | RetryLater | Unknown:
    """Send chunks until YouTube describes the video; after a stumble the session is asked before anything is sent."""
    size, stumbles = request.resumable.size(), 0
    while True:
        tell(size if session.video is not None else session.received, size)
        if session.forgotten:
            return RetryLater("YouTube forgot the upload before it was complete; it starts again from the beginning.")
        if session.video is not None:
            return Uploaded(session.video)
        try:
            if session.received >= size:
                raise GarbledError("YouTube has every byte but does not say that the video is there.")
            request.resumable_uri, request.resumable_progress = address, session.received
            # The library's own way back asks too, but cannot tell “forgotten” or “complete” from a stumble.
            request._in_error_state = False
            _, video = request.next_chunk(http=connection)
            if video is not None:
                tell(size, size)
                return Uploaded(_described(video))
            if request.resumable_uri != address:
                address = request.resumable_uri
                keep(address)
            session = Session(received=request.resumable_progress)
        except FAILURES as error:
            if not _may_go_on(error):
                return verdict(error, now=now)
            stumbles += 1
            if stumbles > pace.tries:
                reason = verdict(error, now=now).reason
                return Unknown(f"{reason} The upload has {session.received:,} of {size:,} bytes and can continue.", down=True)
            pace.wait(2.0 ** (stumbles - 1))
            try:
                session = ask_session(connection, address, size)
            except FAILURES as again:
                if not _may_go_on(again):
                    return verdict(again, now=now)


def extras(
    youtube: Any, connection: Connection, post: OutgoingPost, video_id: str, now: datetime, *, only: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """Thumbnail, captions and playlist of a video that is already there; name and sentence of each that did not work.

    only -- names of those to do; None: all that the post has.
    Each may be done twice without harm, so an attempt that continues an earlier one simply does them again.
    """
    steps: list[tuple[str, str, Callable[[], None]]] = []
    for file in post.media:
        if file.kind is MediaKind.THUMBNAIL:
            steps.append(("thumbnail", "The thumbnail was not set", partial(_set_thumbnail, youtube, connection, video_id, file)))
        elif file.kind is MediaKind.CAPTIONS:
            language = file.language or post.language
            captions = partial(_add_captions, youtube, connection, video_id, file, language)
            steps.append(("captions", f"The captions “{file.name or language}” were not added", captions))
    if post.playlist:
        playlist = partial(_add_to_playlist, youtube, connection, video_id, post.playlist)
        steps.append(("playlist", "The video was not added to the playlist", playlist))
    notes = []
    for name, complaint, step in steps:
        if only is not None and name not in only:
            continue
        try:
            step()
        except FAILURES as error:
            notes.append((name, f"{complaint}: {verdict(error, now=now).reason}"))
    return notes


def rewritten(snippet: Mapping[str, Any], post: OutgoingPost) -> dict[str, Any]:
    """A video's snippet saying what the post says now. YouTube replaces it whole, so all the rest of it is sent back; so are our own tags."""
    told = snippet.get("tags")
    ours = [tag for tag in (told if isinstance(told, list) else []) if str(tag).startswith(_OUR_TAG)]
    kept = {name: snippet[name] for name in ("categoryId", "defaultLanguage", "defaultAudioLanguage") if snippet.get(name)}
    kept.setdefault("categoryId", _CATEGORY_SCIENCE_AND_TECHNOLOGY)
    return {**kept, "title": post.title, "description": post.text, "tags": [*post.tags, *ours]}


def _set_thumbnail(youtube: Any, connection: Connection, video_id: str, file: Media) -> None:
    with Path(file.path).open("rb") as stream:
        media = MediaIoBaseUpload(stream, mimetype=file.mime)
        answer(youtube.thumbnails().set(videoId=video_id, media_body=media), connection)


def _add_captions(youtube: Any, connection: Connection, video_id: str, file: Media, language: str) -> None:
    snippet = {"videoId": video_id, "language": language, "name": file.name, "isDraft": False}
    with Path(file.path).open("rb") as stream:
        media = MediaIoBaseUpload(stream, mimetype=file.mime)
        try:
            answer(youtube.captions().insert(part="snippet", body={"snippet": snippet}, media_body=media), connection)
        except HttpError as error:
            if error.resp.status != 409:  # 409: this track is already there, from an attempt that was cut off
                raise


def _add_to_playlist(youtube: Any, connection: Connection, video_id: str, playlist: str) -> None:
    there = youtube.playlistItems().list(part="id", playlistId=playlist, videoId=video_id)
    if items(answer(there, connection)):
        return
    resource = {"kind": "youtube#video", "videoId": video_id}
    body = {"snippet": {"playlistId": playlist, "resourceId": resource}}
    answer(youtube.playlistItems().insert(part="snippet", body=body), connection)


def _may_go_on(error: Exception) -> bool:
    """Whether a session that stumbled is worth asking: no clear answer came, or it says that it is forgotten."""
    return not isinstance(error, HttpError) or error.resp.status >= 500 or error.resp.status in (404, 410)


def _received(response: Mapping[str, str]) -> int:
    """Bytes YouTube has, from `Range: bytes=0-x`; no such header means none."""
    told = response.get("range", "")
    return int(told.rpartition("-")[2]) + 1 if told else 0


def _video(content: bytes) -> Mapping[str, Any]:
    return _described(json.loads(content))


def _described(video: Any) -> Mapping[str, Any]:
    if not isinstance(video, dict) or not isinstance(video.get("id"), str):
        raise GarbledError("YouTube took the video but did not give its number.")
    return video
