"""Channels that a person serves: the planner prepares what to copy, and is told afterwards where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from planner.channels import limits
from planner.channels.port import (
    Account,
    AudienceCount,
    Keep,
    Limits,
    Listing,
    Media,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Readings,
    Refused,
)

__all__ = ["ByHandAdapter", "CopyPack", "copy_pack"]

_BY_A_PERSON = Refused("by_hand", "A person publishes on this channel. Copy the text, then say where it is.")


@dataclass(frozen=True, slots=True)
class CopyPack:
    """What a person needs to publish a post elsewhere: each part ready to be copied, empty where there is none."""

    title: str
    text: str
    link: str
    first_comment: str
    tags: str
    files: Sequence[Media]


def copy_pack(post: OutgoingPost) -> CopyPack:
    """A post taken apart for copying; the link stands apart only when the text does not hold it."""
    return CopyPack(
        title=post.title,
        text=post.text,
        link=post.link if post.link not in post.text else "",
        first_comment=post.first_comment,
        tags=", ".join(post.tags),
        files=tuple(post.media),
    )


class ByHandAdapter:
    """Fits the port so that a by-hand channel is one like any other; the outbox never claims its posts.

    Should a post reach it all the same, it is refused: nothing is ever sent, and nothing is taken for sent.
    """

    limits: Limits = limits.BY_HAND
    batch = 0

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        return _BY_A_PERSON

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        return Listing((), complete=False, reason="Only the person who publishes here knows.")

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        return OwnPosts(complete=False, failed=Refused("by_hand", "Only the person who publishes here knows."))

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        return Refused("by_hand", "A person publishes on this channel. Change it there.")

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        return Refused("by_hand", "A person publishes on this channel. Change it there.")

    def delete(self, external_id: str, account: Account) -> Outcome:
        return Refused("by_hand", "A person publishes on this channel. Delete it there.")

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        return Readings()

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        return None
