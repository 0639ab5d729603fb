"""What a post would look like on its platform, as far as can be said before it is there: plain values for the preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import url_for

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.channels.preflight import with_link_below
from planner.planning.digest import leaving_comment, leaving_text, leaving_title
from planner.planning.marks import leaving_link
from planner.planning.mentions import shown
from planner.planning.models import Post

__all__ = ["Look", "LookFile", "folds", "look_of", "playing_time"]

_ADDRESS = re.compile(r"https?://(?:www\.)?(\S+)")
#: X shows so much of an address, and dots for the rest.
_SHOWN_OF_ADDRESS = 27
_LINES = 4


@dataclass(frozen=True, slots=True)
class LookFile:
    """One file that goes with it."""

    kind: str
    name: str
    address: str
    alt_text: str
    width: int | None
    height: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """A post as its followers would see it. host -- of the link, when it has one that is not in the text."""

    platform: str
    who: str
    text: str
    title: str
    host: str
    first_comment: str
    media: tuple[LookFile, ...]


def look_of(post: Post, asset: Asset, channel: Channel, base_url: str) -> Look:
    """The preview of a post, stored or not."""
    text, link = shown(leaving_text(post, channel, base_url)), leaving_link(post, base_url)
    if channel.platform is Platform.LINKEDIN and post.media:
        text = with_link_below(text, link)
    if channel.platform is Platform.X:
        text = _as_x_shows(text, link if not post.media else "")
    return Look(
        platform=channel.platform.value, who=channel.name, text=text, title=leaving_title(post, asset) if channel.platform is not Platform.WEBHOOK else post.title,
        host=(urlsplit(link).hostname or "").removeprefix("www.") if link and (channel.platform is Platform.X or link not in text) else "",
        first_comment=leaving_comment(post, channel), media=tuple(_files(post, asset)),
    )  # fmt: skip


def folds(text: str, most: int) -> str:
    """The beginning that a platform shows before “…more”: so many characters, cut between words, and a few lines; all of a text that is hardly longer."""
    lines = text.split("\n")
    first = "\n".join(lines[:_LINES]) if len(lines) > _LINES + 1 else text
    if len(first) > most * 1.1:
        first = first[:most].rsplit(None, 1)[0]
    return first


def playing_time(seconds: float) -> str:
    """How long a film is, as players show it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _as_x_shows(text: str, card: str) -> str:
    """Addresses without their beginning and shortened; the one at the end goes into the card."""
    if card and text.endswith(card):
        text = text[: -len(card)].rstrip()
    return _ADDRESS.sub(lambda found: found[1] if len(found[1]) <= _SHOWN_OF_ADDRESS else found[1][:_SHOWN_OF_ADDRESS] + "…", text)


def _files(post: Post, asset: Asset) -> Iterator[LookFile]:
    there = {file.id: file for file in asset.files} if post.media else {}
    for item in post.media or ():
        if file := there.get(int(item.get("file_id", 0))):
            yield LookFile(
                file.kind.value, file.name, url_for("assets.file", asset_id=asset.id, file_id=file.id), str(item.get("alt_text") or "") or file.alt_text,
                file.width, file.height, file.seconds,
            )  # fmt: skip
