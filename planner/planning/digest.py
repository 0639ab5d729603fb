"""The digest that an approval binds: everything that would leave, where it goes and when."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC
from typing import Any

import orjson

from planner.catalog.models import Asset, AssetFile
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform
from planner.planning.marks import leaving_link
from planner.planning.mentions import spoken
from planner.planning.models import Post

__all__ = ["CARD_LENGTH", "content_digest", "leaving_card", "leaving_comment", "leaving_files", "leaving_text", "leaving_title", "leaving_video", "text_leaving"]

#: As much of an asset's summary as a link's card says.
CARD_LENGTH = 250


def leaving_text(post: Post, channel: Channel, base_url: str = "") -> str:
    """The message as it leaves. X has no card of its own, so the link stands at the end of the text unless it is in it already.

    base_url -- where the planner lives, for a post that leaves with a short link; without it the marked one stands there.
    """
    said = spoken(post.text, channel.platform, channel)
    return text_leaving(channel.platform, said, post.link, leaving_link(post, base_url))


def leaving_comment(post: Post, channel: Channel) -> str:
    """The first comment as it leaves."""
    return spoken(post.first_comment or "", channel.platform, channel, comment=True)


def leaving_files(post: Post, asset: Asset | None = None) -> list[tuple[AssetFile, str]]:
    """The chosen files in their order, each with what is said of it to people who cannot see it: the post's own words, else the file's."""
    return [(file, alt or file.alt_text) for file, alt in _chosen(post, asset or post.asset)]


def _chosen(post: Post, asset: Asset) -> list[tuple[AssetFile, str]]:
    """The chosen files in their order, each with what the post itself says of it."""
    there = {file.id: file for file in asset.files} if post.media else {}
    chosen = [(there.get(item.get("file_id", 0)), item.get("alt_text") or "") for item in post.media or []]
    return [(file, alt) for file, alt in chosen if file is not None]


def leaving_video(post: Post, asset: Asset, channel: Channel) -> AssetFile | None:
    """The newest of several videos: it leaves where a YouTube post names no file. None where no other could leave."""
    if channel.platform is not Platform.YOUTUBE or post.media:
        return None
    videos = [file for file in asset.files if file.kind is MediaKind.VIDEO]
    return max(videos, key=lambda file: file.id) if len(videos) > 1 else None


def leaving_card(post: Post, asset: Asset, channel: Channel) -> str:
    """What the card of its link says below the title: the beginning of the asset's summary. Only LinkedIn is told, and only without files to show."""
    if channel.platform is not Platform.LINKEDIN or not post.link or not asset.summary:
        return ""
    if any(file.kind not in (MediaKind.THUMBNAIL, MediaKind.CAPTIONS) for file, _own in _chosen(post, asset)):
        return ""
    return asset.summary[:CARD_LENGTH]


def text_leaving(platform: Platform, text: str, link: str, leaves: str = "") -> str:
    """The same of a text and a link alone; where the text holds the link, the one that `leaves` takes its place."""
    text = text.strip()
    if not link:
        return text
    if link in text:
        return _exactly(link).sub(lambda _found: leaves or link, text)
    return f"{text} {leaves or link}".strip() if platform is Platform.X else text


def _captions(post: Post, asset: Asset, channel: Channel) -> list[list[int | str]]:
    """The chosen captions that name a language of their own, and which: what YouTube shows whom is part of what was approved."""
    if channel.platform is not Platform.YOUTUBE or not post.media:
        return []
    chosen = {item.get("file_id") for item in post.media}
    return sorted([file.id, file.language] for file in asset.files if file.id in chosen and file.kind is MediaKind.CAPTIONS and file.language)


def _exactly(link: str) -> re.Pattern[str]:
    """This address, and no longer one that begins alike."""
    return re.compile(re.escape(link) + r"(?![\w/?&=%~#-]|[.:,;][\w])")


def leaving_title(post: Post, asset: Asset) -> str:
    """The title as it leaves: the post's own, else the asset's."""
    return post.title.strip() or asset.title


def _from_elsewhere(post: Post, asset: Asset, channel: Channel) -> dict[str, Any]:
    """What leaves with the post and stands in the catalog alone: a file's own alt text where the post has none, and the card of its link."""
    found: dict[str, Any] = {}
    if not all(item.get("alt_text") for item in post.media or []):
        alts = [[file.id, file.alt_text] for file, own in _chosen(post, asset) if file.alt_text and not own]
        found |= {"alts": alts} if alts else {}
    if card := leaving_card(post, asset, channel):
        found["card"] = card
    return found


def content_digest(post: Post, asset: Asset, channel: Channel) -> str:
    """SHA-256 (64 hex characters) of what would leave, the channel and the moment.

    The asset's own address is part of it although it does not leave by itself: when the page moves, somebody looks
    again at what points to it. Nothing the planner writes while sending is, so a retry has the digest that was approved.
    """
    moment = post.publish_at.astimezone(UTC).isoformat(timespec="microseconds") if post.publish_at else None
    content = {
        "asset": asset.id,
        "asset_url": asset.url,
        "channel": channel.id,
        "first_comment": post.first_comment,
        "language": asset.language,
        "link": post.link,
        "media": [[item.get("file_id"), item.get("alt_text", "")] for item in post.media or []],
        "publish_at": moment,
        "tags": list(post.tags or []),
        "text": post.text,
        "title": leaving_title(post, asset),
    }
    # Only then: what was approved before there were playlists and marks keeps its digest.
    if post.playlist:
        content["playlist"] = post.playlist
    # What the register says of the people mentioned leaves as well.
    if (said := spoken(post.text, channel.platform, channel)) != post.text:
        content["mentions"] = said
    if (said := leaving_comment(post, channel)) != post.first_comment:
        content["comment_mentions"] = said
    if captions := _captions(post, asset, channel):
        content["captions"] = captions
    # Whoever said yes while there was but one had no other before them.
    if (video := leaving_video(post, asset, channel)) is not None:
        content["video"] = video.id
    if post.link and post.marks:
        content["marks"] = dict(post.marks)
    if post.link and post.short_code:
        content["short"] = post.short_code
    # Nobody may answer it: that leaves with the message, and asks again when it becomes so.
    if asset.sensitive:
        content["replies_off"] = True
    digest = _sha256(content)
    # Joined to the digest of the rest, which a migration could do for what was approved before this was part of it.
    elsewhere = _from_elsewhere(post, asset, channel)
    return _sha256({"content": digest, **elsewhere}) if elsewhere else digest


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
