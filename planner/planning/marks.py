"""The marks a post's link carries when it leaves, so that web statistics know which post brought a visitor; and its short address."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind
from planner.channels.port import Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.text import with_utm
from planner.planning.models import Campaign, Post, ShortLink

__all__ = [
    "COUNTED", "MARKS", "are_usual", "campaign_changed", "carries_own", "leaving_link", "marked", "marks_links", "new_short_link", "post_of", "settled", "shorten_as_told",
    "shortens_links", "slug_of", "usual",
]  # fmt: skip

#: The marks a person may choose, by the names of their parameters without utm_; utm_content is always the post's number.
MARKS = ("source", "medium", "campaign")
_LONGEST = 100
#: Where a link is followed by people the company counts on its own pages.
COUNTED = frozenset({Platform.X, Platform.LINKEDIN, Platform.YOUTUBE})
#: No letters or digits that are mistaken for one another when a code is read out.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 7
_OURS = re.compile(r"post-([1-9]\d{0,17})")


def slug_of(campaign: str) -> str:
    """A campaign's name as it stands in an address."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", campaign.lower()) if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80]


def usual(platform: Platform, campaign: Campaign | None) -> dict[str, str]:
    """The marks unless somebody chooses others: the platform, what sort of place it is, the campaign's name."""
    medium = "internal" if platform is Platform.WEBHOOK else "social"
    return {"source": platform.value, "medium": medium, "campaign": slug_of(campaign.name) if campaign else ""}


def marks_links(platform: Platform, config: Mapping[str, Any] | None, asset: Asset | None) -> bool:
    """Whether links of new posts there are marked when nobody says: as the channel's page has it. Another paper's article is not ours to count."""
    told = bool((config or {}).get("marks_links", platform in COUNTED))
    return told and not (asset is not None and asset.kind is AssetKind.PRESS_ARTICLE)


def shortens_links(config: Mapping[str, Any] | None) -> bool:
    """Whether what is submitted there leaves with a short address of ours."""
    return bool((config or {}).get("short_links"))


def settled(given: Mapping[str, str] | None, *, before: Mapping[str, str] | None, wanted: bool, platform: Platform, campaign: Campaign | None) -> dict[str, str]:
    """The marks to keep with a post; an empty answer marks nothing.

    given  -- what was chosen: an empty mapping for none, an empty mark for the usual one; None: nothing was said.
    before -- the marks the post has; None for a new one, which gets the usual marks when they are `wanted`.
    Raises Invalid for a mark that is too long or unknown.
    """
    if given is None:
        return dict(before) if before is not None else usual(platform, campaign) if wanted else {}
    if not given:
        return {}
    if set(given) - set(MARKS):
        raise Invalid(N_("The marks of a link are source, medium and campaign."), field="marks")
    chosen = {name: " ".join(str(given.get(name) or "").split()) for name in MARKS}
    if any(len(one) > _LONGEST for one in chosen.values()):
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="marks", most=_LONGEST)
    return {name: chosen[name] or standard for name, standard in usual(platform, campaign).items()}


def are_usual(marks: Mapping[str, str], platform: Platform, campaign: Campaign | None) -> bool:
    """Whether nobody chose these: they follow when the campaign changes."""
    return dict(marks) == usual(platform, campaign)


def marked(link: str, marks: Mapping[str, str], post_id: int | None) -> str:
    """The address with these marks and the post's number; as it was typed when it has none or carries marks of its own."""
    if not link or not marks or carries_own(link):
        return link
    content = f"post-{post_id}" if post_id is not None else ""
    return with_utm(link, source=marks.get("source", ""), medium=marks.get("medium", ""), campaign=marks.get("campaign", ""), content=content)


def post_of(content: str) -> int | None:
    """The number of the post whose mark this is; None for a mark that is not ours."""
    found = _OURS.fullmatch(content.strip().lower())
    return int(found[1]) if found else None


def carries_own(link: str) -> bool:
    """Whether the address was typed with marks in it."""
    try:
        return bool(parse_qs(urlsplit(link).query).get("utm_source"))
    except ValueError:
        return False


def leaving_link(post: Post, base_url: str = "") -> str:
    """The address as it leaves: our short one where the post has a code and it is known where we live, else the marked one."""
    link = post.link
    if not link:
        return ""
    if post.short_code and base_url:
        return f"{base_url.rstrip('/')}/l/{post.short_code}"
    return marked(link, post.marks or {}, post.id)


def shorten_as_told(db: Session, post: Post, *, now: datetime) -> None:
    """Give a post the code of its short link, or take it off, as its channel says."""
    if not post.link or not shortens_links(post.channel.config):
        post.short_code = ""
        return
    link = db.scalar(select(ShortLink).where(ShortLink.post_id == post.id))
    if link is None:
        link = new_short_link(post.id, now)
        db.add(link)
        db.flush()
    post.short_code = link.code


def new_short_link(post_id: int, now: datetime) -> ShortLink:
    """A short link nobody has yet; add it."""
    return ShortLink(code="".join(secrets.choice(_LETTERS) for _letter in range(_CODE_LENGTH)), post_id=post_id, created_at=now)


def campaign_changed(post: Post, before: Campaign | None, after: Campaign | None) -> dict[str, Any]:
    """The marks that follow when a post is put under another campaign; empty when somebody chose them, or nothing follows."""
    marks = dict(post.marks or {})
    if not marks or not are_usual(marks, post.channel.platform, before):
        return {}
    follows = usual(post.channel.platform, after)
    return {} if follows == marks else {"marks": follows}
