"""A post as it leaves: the exact text, files and fingerprint, composed from the plan."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile
from planner.channels.models import Channel
from planner.channels.port import Media, MediaKind, OutgoingPost, Platform
from planner.core.text import video_picture
from planner.planning.digest import CARD_LENGTH, leaving_comment, leaving_text, leaving_title
from planner.planning.marks import leaving_link
from planner.planning.models import Post
from planner.publishing.models import Attempt, Delivery

__all__ = ["fingerprint", "outgoing", "outgoing_of", "steps_of"]


def fingerprint(post: Post, channel: Channel) -> str:
    """64 hex digits over the post's number and what the platform will show; the same for each attempt of one content."""
    parts = (str(post.id), channel.platform.value, leaving_text(post, channel), post.title, leaving_link(post), *filter(None, [post.short_code]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def outgoing(db: Session, delivery: Delivery, attempt: Attempt, *, data_path: Path, base_url: str) -> OutgoingPost:
    """The plain values an adapter takes. base_url -- where the planner lives, for short links."""
    made = outgoing_of(db, delivery.post, attempt, delivery_id=delivery.id, data_path=data_path, base_url=base_url)
    # What a person sends before its moment is to be seen now, and not from that moment on.
    return replace(made, publish_at=delivery.due_at)


def outgoing_of(db: Session, post: Post, attempt: Attempt, *, delivery_id: int, data_path: Path, base_url: str) -> OutgoingPost:
    """The same for a post as it is given, stored so or not."""
    channel = post.channel
    return OutgoingPost(
        delivery_id=delivery_id,
        attempt=attempt.number,
        fingerprint=attempt.fingerprint,
        text=leaving_text(post, channel, base_url),
        title=leaving_title(post, post.asset),
        link=leaving_link(post, base_url),
        link_title=leaving_title(post, post.asset),
        link_description=post.asset.summary[:CARD_LENGTH],
        first_comment=leaving_comment(post, channel),
        language=post.asset.language,
        tags=tuple(post.tags),
        media=tuple(_media(db, post, channel, data_path)),
        playlist=post.playlist if channel.platform is Platform.YOUTUBE else "",
        replies_off=post.asset.sensitive,
        picture=video_picture(post.link),
        publish_at=post.publish_at,
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
