"""Posts of the past, put in for a demo: the same again gives the same posts, ids and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from planner.channels.sandbox import accounts, linkedin, numbers, x, youtube_uploaded
from planner.channels.sandbox.accounts import Account, owner_of, proposal
from planner.channels.sandbox.people import is_french
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Answered
from planner.channels.sandbox.world import path_of
from planner.channels.sandbox.youtube_wire import checked_metadata

if TYPE_CHECKING:
    from planner.channels.sandbox.server import Sandbox

__all__ = ["Seeded", "seed_account", "seed_post"]


@dataclass(frozen=True, slots=True)
class Seeded:
    """A post put in: its number on the platform and its public page on the sandbox."""

    external_id: str
    url: str


def seed_account(
    sandbox: Sandbox, platform: str, token: str, *, name: str, handle: str = "", followers: int | None = None, since: datetime | None = None
) -> Account:
    """Name the account behind a token before its first use; an account that exists already keeps its id and is renamed."""
    with sandbox.state.writing() as db:
        wanted = proposal(platform, owner_of(token), since or sandbox.state.now(), name=name, handle=handle, followers=followers)
        known = accounts.accounts_of(db, platform, wanted.owner)
        kept = known[0] if known else accounts.ensure(db, wanted)
        db.execute(
            "UPDATE accounts SET name = ?, handle = ?, followers = ? WHERE platform = ? AND id = ?",
            (wanted.name, wanted.handle, wanted.followers, platform, kept.id),
        )
        told = accounts.account(db, platform, kept.id)
    assert told is not None
    return told


def seed_post(
    sandbox: Sandbox,
    platform: str,
    token: str,
    *,
    created_at: datetime,
    text: str = "",
    title: str = "",
    link: str = "",
    link_title: str = "",
    kind: str = "",
    tags: Sequence[str] = (),
    seconds: int | None = None,
) -> Seeded:
    """Put in a post as if it had gone out at `created_at`, on the account behind a token.

    text    -- plain text; the description of a video. A link belongs in the text on X, and in `link` on LinkedIn.
    kind    -- LinkedIn: "video" or "document" for a post with one; otherwise empty.
    seconds -- the length of a YouTube video.
    Raises ValueError for another platform, a moment in the future, or a video that YouTube would refuse.
    """
    if platform not in ("x", "linkedin", "youtube"):
        raise ValueError(f"no posts can be put in on {platform}")
    if created_at > sandbox.state.now():
        raise ValueError("a post of the past cannot lie in the future")
    low = numbers.whole("seed", platform, token, created_at.isoformat(), title, text)
    with sandbox.state.writing() as db:
        line = sandbox.state.timeline(db)
        owner = owner_of(token)
        known = accounts.accounts_of(db, platform, owner)
        account = known[0] if known else accounts.ensure(db, proposal(platform, owner, created_at))
        born = line.at(created_at)
        post: Post
        if platform == "x":
            post = x.seed(db, account, text=text, created_at=created_at, born=born, low=low & 0x3FFFFF)
        elif platform == "linkedin":
            content: dict[str, object] = {"article": {"source": link, "title": link_title or title or link}} if link else {}
            if kind in ("video", "document"):
                content = {"media": {"id": f"urn:li:{kind}:D5{low:020d}", "title": title or link_title}}
            post = linkedin.seed(
                db, account, text=text, created_at=created_at, born=born, low=low & 0x3FFFFF,
                kind="ugcPost" if "media" in content else "share", content=content,
            )  # fmt: skip
        else:
            snippet = {"title": title, "tags": list(tags), "categoryId": "28", "defaultLanguage": "fr" if is_french(text) else "en"}
            try:
                about = {**checked_metadata(snippet, {"privacyStatus": "public"}, created_at), "seconds": seconds}
            except Answered as error:
                raise ValueError(f"YouTube would refuse this video: {error.response.get_data(as_text=True)}") from error
            post = youtube_uploaded.seed(
                db, account, title=title, text=text, created_at=created_at, born=born, number=low, about=about
            )  # fmt: skip
    return Seeded(post.id, sandbox.public_url + path_of(post, account))
