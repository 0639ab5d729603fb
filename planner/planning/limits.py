"""What a platform would refuse, counted as it counts: length, title, tags, files; before anybody waits for the refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.catalog.models import Asset, AssetFile
from planner.channels.models import Channel
from planner.channels.port import Limits, MediaKind, Platform
from planner.core.i18n import N_
from planner.core.text import linkedin_length, utf8_length, x_length
from planner.planning.digest import leaving_text, leaving_title
from planner.planning.findings import Finding
from planner.planning.models import Post

__all__ = ["COUNTED_AS", "limit_findings", "measure"]

#: How each platform counts, in the words of the page's live counter.
COUNTED_AS: dict[Platform, str] = {Platform.X: "x", Platform.LINKEDIN: "linkedin", Platform.YOUTUBE: "bytes"}
_MEASURES: dict[Platform, Callable[[str], int]] = {Platform.X: x_length, Platform.LINKEDIN: linkedin_length, Platform.YOUTUBE: utf8_length}


def measure(platform: Platform, text: str) -> int:
    """Length of a message in the platform's own unit: X weighs, YouTube counts bytes, LinkedIn UTF-16 units, others characters."""
    return _MEASURES.get(platform, len)(text)


def limit_findings(post: Post, asset: Asset, channel: Channel, limits: Limits | None) -> Iterator[Finding]:
    """What this platform would refuse of this post. Without `limits` only what holds everywhere: a post says something."""
    text = leaving_text(post, channel)
    if not text and channel.platform is not Platform.YOUTUBE:
        yield _block("no_text", N_("There is no text yet. Write what the post says."), "text")
    if limits is None:
        return
    if limits.text is not None and (length := measure(channel.platform, text)) > limits.text:
        sentence = N_("The text is too long for this channel: %(length)s of %(limit)s.")
        yield _block("too_long", sentence, "text", length=length, limit=limits.text)
    title = leaving_title(post, asset)
    if limits.title is not None and len(title) > limits.title:
        sentence = N_("The title is too long for this channel: %(length)s of %(limit)s characters.")
        yield _block("title_too_long", sentence, "title", length=len(title), limit=limits.title)
    if limits.tags is not None and (length := _length_of_tags(post)) > limits.tags:
        sentence = N_("The tags are too long together: %(length)s of %(limit)s characters.")
        yield _block("tags_too_long", sentence, "tags", length=length, limit=limits.tags)
    if channel.platform is Platform.YOUTUBE and any(mark in text + title for mark in "<>"):
        yield _block("markup", N_("YouTube takes no “<” or “>” in the title or the description."), "text")
    yield from _files(post, asset, limits)


def _files(post: Post, asset: Asset, limits: Limits) -> Iterator[Finding]:
    chosen = _chosen(post, asset)
    if limits.needs_media and not any(file.kind is MediaKind.VIDEO for file in chosen):
        yield _block("no_media", N_("This channel publishes videos. Choose the asset's video file."), "media")
    images = sum(file.kind in (MediaKind.IMAGE, MediaKind.GIF) for file in chosen)
    if not limits.needs_media and images > limits.images:
        sentence = N_("Too many pictures for this channel: %(count)s of %(limit)s.")
        yield _block("too_many_images", sentence, "media", count=images, limit=limits.images)
    if any(file.kind is MediaKind.IMAGE and not _alt(post, file) for file in chosen):
        yield Finding("warning", "no_alt", N_("Describe each picture for people who cannot see it."), {}, "media")


def _chosen(post: Post, asset: Asset) -> list[AssetFile]:
    wanted = {item.get("file_id") for item in post.media or []}
    return [file for file in asset.files if file.id in wanted] if wanted else []


def _alt(post: Post, file: AssetFile) -> str:
    own = next((str(item.get("alt_text") or "") for item in post.media if item.get("file_id") == file.id), "")
    return own or file.alt_text


def _length_of_tags(post: Post) -> int:
    """As YouTube counts: a comma between tags, and two quotation marks around a tag with a space."""
    tags = list(post.tags or [])
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def _block(code: str, message: str, field: str, **params: object) -> Finding:
    return Finding("blocking", code, message, params, field)
