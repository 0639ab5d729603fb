"""What a platform would refuse of a planned post, counted on what leaves, before anybody waits for the refusal."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog.models import Asset, AssetFile
from planner.channels.limits import held_at
from planner.channels.models import Channel
from planner.channels.port import Limits, Media, MediaKind, OutgoingPost, Platform
from planner.channels.preflight import COUNTED_AS, as_read, measure, objections
from planner.core.i18n import N_
from planner.planning.digest import leaving_comment, leaving_text, leaving_title
from planner.planning.findings import Finding
from planner.planning.marks import leaving_link
from planner.planning.models import Post

__all__ = ["COUNTED_AS", "leaving", "length_of", "limit_findings"]


def limit_findings(post: Post, asset: Asset, channel: Channel, limits: Limits | None) -> Iterator[Finding]:
    """What this platform would refuse of this post. Without `limits` only what holds everywhere: a post says something."""
    if not leaving_text(post, channel) and channel.platform is not Platform.YOUTUBE:
        yield Finding("blocking", "no_text", N_("There is no text yet. Write what the post says."), {}, "text")
    if limits is None:
        return
    sent = leaving(post, asset, channel)
    for one in objections(channel.platform, held_at(channel.platform, limits, channel.config or {}), sent):
        yield Finding("blocking" if one.blocks else "warning", one.code, one.message, one.params, one.field)
    if any(file.kind is MediaKind.IMAGE and not file.alt_text for file in sent.media):
        yield Finding("warning", "no_alt", N_("Describe each picture for people who cannot see it."), {}, "media")


def length_of(post: Post, asset: Asset, channel: Channel) -> int:
    """How long the text counts on its channel, as it leaves."""
    return measure(channel.platform, as_read(channel.platform, leaving(post, asset, channel)))


def leaving(post: Post, asset: Asset, channel: Channel) -> OutgoingPost:
    """The post as an adapter would get it, as far as a platform's limits ask; its files have no path here."""
    return OutgoingPost(
        delivery_id=0,
        attempt=0,
        fingerprint="",
        text=leaving_text(post, channel),
        title=leaving_title(post, asset),
        link=leaving_link(post),
        first_comment=leaving_comment(post, channel),
        tags=tuple(post.tags or ()),
        media=tuple(_media(post, asset)),
    )


def _media(post: Post, asset: Asset) -> Iterator[Media]:
    """The files chosen, in the order chosen; one that is gone is not there."""
    there = {file.id: file for file in asset.files} if post.media else {}
    for item in post.media or ():
        if file := there.get(int(item.get("file_id", 0))):
            yield _as_media(file, str(item.get("alt_text") or ""))


def _as_media(file: AssetFile, alt_text: str) -> Media:
    return Media(
        kind=file.kind, path="", mime=file.mime, size=file.size, name=file.name, alt_text=alt_text or file.alt_text, width=file.width,
        height=file.height, seconds=file.seconds, pages=file.pages,
    )  # fmt: skip
