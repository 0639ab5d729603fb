"""A post as it leaves: the exact text, files and fingerprint, composed from the plan."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile
from planner.channels.models import Channel
from planner.channels.port import Media, MediaKind, OutgoingPost, Platform
from planner.core.text import video_picture
from planner.planning.digest import CARD_LENGTH, leaving_comment, leaving_text, leaving_title
from planner.planning.marks import leaving_link
from planner.planning.models import Post
from planner.publishing.models import Delivery

__all__ = ["Opened", "fingerprint", "outgoing", "outgoing_of", "steps_of"]


def fingerprint(post: Post, channel: Channel) -> str:
    """64 hex digits over the post's number and what the platform will show; the same for each attempt of one content."""
    parts = (str(post.id), channel.platform.value, leaving_text(post, channel), post.title, leaving_link(post), *filter(None, [post.short_code]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Opened(Protocol):
    """What a message says of the attempt it leaves with: a row of Attempt, or what is to become one."""

    @property
    def number(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def resume(self) -> str | None: ...


def outgoing(db: Session, delivery: Delivery, attempt: Opened, *, data_path: Path, base_url: str) -> OutgoingPost:
    """The plain values an adapter takes. base_url -- where the planner lives, for short links.

    What a person sends before its moment is to be seen now, and not from that moment on.
    """
    return outgoing_of(db, delivery.post, attempt, delivery_id=delivery.id, publish_at=delivery.due_at, data_path=data_path, base_url=base_url)


def outgoing_of(
    db: Session, post: Post, attempt: Opened, *, delivery_id: int, publish_at: datetime | None = None, data_path: Path, base_url: str
) -> OutgoingPost:
    """The same for a post as it is given, stored so or not. publish_at -- another moment than the post's own."""
    channel, asset = post.channel, post.asset
    title = leaving_title(post, asset)
    return OutgoingPost(
        delivery_id=delivery_id,
        attempt=attempt.number,
        fingerprint=attempt.fingerprint,
        text=leaving_text(post, channel, base_url),
        title=title,
        link=leaving_link(post, base_url),
        link_title=title,
        link_description=asset.summary[:CARD_LENGTH],
        first_comment=leaving_comment(post, channel),
        language=asset.language,
        tags=tuple(post.tags),
        media=tuple(_media(db, post, channel, data_path)),
        playlist=post.playlist if channel.platform is Platform.YOUTUBE else "",
        replies_off=asset.sensitive,
        picture=video_picture(post.link),
        publish_at=publish_at or post.publish_at,
        resume=attempt.resume,
    )


def steps_of(post: OutgoingPost) -> list[str]:
    """What follows the message itself, by the names adapters use: done after it is live, each on its own."""
    kinds = {file.kind for file in post.media}
    wanted = {
        "first_comment": bool(post.first_comment.strip()),
        "thumbnail": MediaKind.THUMBNAIL in kinds and MediaKind.VIDEO in kinds,
        "captions": MediaKind.CAPTIONS in kinds,
        "playlist": bool(post.playlist),
    }
    return [name for name, is_wanted in wanted.items() if is_wanted]


def _media(db: Session, post: Post, channel: Channel, data_path: Path) -> list[Media]:
    wanted = {int(item["file_id"]): str(item.get("alt_text", "")) for item in post.media}
    if not wanted and channel.platform is not Platform.YOUTUBE:
        return []
    query = select(AssetFile).where(AssetFile.asset_id == post.asset_id)
    if wanted:
        query = query.where(AssetFile.id.in_(wanted))
    else:
        # A YouTube post is its video: without a choice it is the asset's newest one.
        query = query.where(AssetFile.kind == MediaKind.VIDEO).order_by(AssetFile.id.desc()).limit(1)
    files = {file.id: file for file in db.scalars(query)}
    order = list(wanted) or list(files)
    return [_as_media(files[number], wanted.get(number, ""), data_path) for number in order if number in files]


def _as_media(file: AssetFile, alt_text: str, data_path: Path) -> Media:
    return Media(
        kind=file.kind,
        path=str(data_path / "files" / file.stored_name),
        mime=file.mime,
        size=file.size,
        name=file.name,
        alt_text=alt_text or file.alt_text,
        language=file.language,
        width=file.width,
        height=file.height,
        seconds=file.seconds,
        pages=file.pages,
    )
