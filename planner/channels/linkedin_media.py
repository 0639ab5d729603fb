"""Pictures, films and documents on their way to LinkedIn, and the part of a post that shows them.

Each upload's URN is kept as soon as it is complete, so an attempt after a crash, or after LinkedIn took long to
process a film, uses what is already there. An upload without a post is visible to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from planner.channels.linkedin_rest import Rest, encoded, objects
from planner.channels.port import Keep, Media, MediaKind, OutgoingPost, Refused, RetryLater
from planner.channels.progress import tell
from planner.channels.wire import Stopped, inside
from planner.core.http import Answer

__all__ = ["Patience", "attach", "complaint", "content", "hides_link", "may_be_content"]

_RESOURCES = {
    MediaKind.IMAGE: "images",
    MediaKind.GIF: "images",
    MediaKind.THUMBNAIL: "images",
    MediaKind.VIDEO: "videos",
    MediaKind.DOCUMENT: "documents",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a part is sent again, how long processing is waited for (seconds between looks), and how to wait."""

    tries: int
    looks: Sequence[float]
    wait: Callable[[float], None]


def complaint(post: OutgoingPost) -> Refused | None:
    """A file of the post that is not there to be sent."""
    for file in _needed(post):
        path = Path(file.path)
        if not path.is_file() or path.stat().st_size == 0:
            return Refused("media", f"The file “{file.name or path.name}” is missing or empty.")
    return None


def attach(rest: Rest, post: OutgoingPost, keep: Keep, patience: Patience) -> list[str]:
    """Upload what the post shows and wait until LinkedIn can show it; the URNs in the order of the files.

    Raises Stopped.
    """
    files, urns = _needed(post), _kept_urns(post)
    for file in files[len(urns) :]:
        urns.append(_upload(rest, file, patience))
        keep(" ".join(urns))
    for at, (file, urn) in enumerate(zip(files, urns, strict=True)):
        if not _wait_until_ready(rest, file, urn, patience):
            urns[at] = _upload(rest, file, patience)  # kept by an earlier attempt, since forgotten by LinkedIn
            keep(" ".join(urns))
            _wait_until_ready(rest, file, urns[at], patience)
    return urns


def content(post: OutgoingPost, urns: Sequence[str]) -> dict[str, Any]:
    """The `content` of a post: pictures, a film, a document, or the card of its link; empty for text alone."""
    shown = _shown(post)
    if len(shown) > 1:
        images = [{"id": urn, "altText": file.alt_text} for file, urn in zip(shown, urns, strict=True)]
        return {"content": {"multiImage": {"images": images}}}
    if shown:
        media = {"id": urns[0]}
        if shown[0].alt_text:
            media["altText"] = shown[0].alt_text
        title = post.title or shown[0].name
        if title and shown[0].kind in (MediaKind.DOCUMENT, MediaKind.VIDEO):
            media["title"] = title
        return {"content": {"media": media}}
    if post.link:
        # LinkedIn does not look at the page: what the card says is said here.
        card = {"source": post.link, "title": post.link_title or post.title or post.link}
        if post.link_description:
            card["description"] = post.link_description
        if urns:
            card["thumbnail"] = urns[0]
        return {"content": {"article": card}}
    return {}


def hides_link(post: OutgoingPost) -> bool:
    """Whether the post shows files, which take the place of the link's card."""
    return bool(_shown(post))


def may_be_content(post: OutgoingPost, told: Any) -> bool:
    """False when LinkedIn tells a card or files that cannot be this post's; what it does not tell decides nothing."""
    if not isinstance(told, dict):
        return True
    source = inside(told, "article", "source")
    if source:
        return not hides_link(post) and source == post.link
    if post.text.strip():
        return True
    # Without a text only the files tell one post from another, so only those we know to be ours count.
    shown = objects(inside(told, "multiImage", "images")) or objects([told.get("media")])
    return bool(_kept_urns(post)) and [str(file.get("id")) for file in shown] == _kept_urns(post)


def _kept_urns(post: OutgoingPost) -> list[str]:
    """URNs of files that an earlier attempt uploaded, in the files' order."""
    kept = (post.resume or "").split()
    return kept if len(kept) <= len(_needed(post)) and all(urn.startswith("urn:li:") for urn in kept) else []


def _shown(post: OutgoingPost) -> list[Media]:
    """The files a reader sees; a thumbnail or captions never are a post of their own."""
    return [file for file in post.media if file.kind not in (MediaKind.THUMBNAIL, MediaKind.CAPTIONS)]


def _needed(post: OutgoingPost) -> list[Media]:
    """The files to upload: those shown, or the picture of the link's card."""
    shown = _shown(post)
    if shown or not post.link:
        return shown
    return [file for file in post.media if file.kind is MediaKind.THUMBNAIL][:1]


def _upload(rest: Rest, file: Media, patience: Patience) -> str:
    resource = _RESOURCES[file.kind]
    size = Path(file.path).stat().st_size
    wish: dict[str, Any] = {"owner": rest.owner}
    if resource == "videos":
        wish |= {"fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}
    answer = rest.post(f"{resource}?action=initializeUpload", {"initializeUploadRequest": wish})
    told = inside(rest.yes(answer).json_object(), "value")
    urn = inside(told, resource.removesuffix("s"))
    if not isinstance(urn, str):
        raise Stopped(RetryLater("LinkedIn opened no upload for a file."))
    if resource == "videos":
        _send_film(rest, file, urn, told, patience)
    else:
        _send(rest, str(told.get("uploadUrl")), Path(file.path).read_bytes, patience)
    return urn


def _send_film(rest: Rest, file: Media, urn: str, told: Mapping[str, Any], patience: Patience) -> None:
    """Send each part LinkedIn asked for, then name the parts' etags in their order."""
    etags = []
    for address, first, last in _parts(told):

        def piece(first: int = first, last: int = last) -> bytes:
            with Path(file.path).open("rb") as stream:
                stream.seek(first)
                return stream.read(last - first + 1)

        answer = _send(rest, address, piece, patience)
        etags.append(answer.headers.get("etag", ""))
        tell(last + 1, Path(file.path).stat().st_size)
    token = str(told.get("uploadToken") or "")
    done = {"finalizeUploadRequest": {"video": urn, "uploadToken": token, "uploadedPartIds": etags}}
    rest.yes(rest.post("videos?action=finalizeUpload", done))


def _parts(told: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Address, first and last byte of each part LinkedIn asked for. Raises Stopped when it asked for none."""
    try:
        parts = [
            (str(part["uploadUrl"]), int(part["firstByte"]), int(part["lastByte"]))
            for part in told["uploadInstructions"]
        ]
    except (LookupError, TypeError, ValueError, OverflowError):
        parts = []
    if not parts or any(not 0 <= first <= last for _, first, last in parts):
        raise Stopped(RetryLater("LinkedIn did not say how a film is to be sent."))
    return parts


def _send(rest: Rest, address: str, data: Callable[[], bytes], patience: Patience) -> Answer:
    """PUT bytes. Sending the same part again is harmless, so a stumble is tried again. Raises Stopped."""
    for stumble in range(patience.tries):
        try:
            return rest.yes(rest.put(address, data()))
        except Stopped as stopped:
            if isinstance(stopped.outcome, Refused):
                raise
        patience.wait(2.0**stumble)
    return rest.yes(rest.put(address, data()))


def _wait_until_ready(rest: Rest, file: Media, urn: str, patience: Patience) -> bool:
    """Wait until LinkedIn has processed a file. False when LinkedIn does not know it. Raises Stopped."""
    path = f"{_RESOURCES[file.kind]}/{encoded(urn)}"
    for pause in (*patience.looks, None):
        answer = rest.get(path)
        if answer.status == 403:
            return True  # a member's connection may upload but not look; posting will tell
        if answer.status == 404:
            return False
        told = rest.yes(answer).json_object()
        if told.get("status") == "AVAILABLE":
            return True
        if told.get("status") == "PROCESSING_FAILED":
            why = told.get("processingFailureReason") or "no reason given"
            raise Stopped(Refused("media", f"LinkedIn could not process “{file.name or Path(file.path).name}”: {why}."))
        if pause is not None:
            patience.wait(pause)
    raise Stopped(RetryLater("LinkedIn is still processing a file of this post.", timedelta(minutes=1)))
