"""What a person gives for a post or a campaign, checked and tidied before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning.models import Campaign, Post
from planner.planning.moments import resolve_wall_time, wall_of, zone_of

__all__ = ["CampaignValues", "PostValues", "campaign_values_of", "checked", "values_of"]

_LONGEST = {"text": 60_000, "title": 300, "link": 2000, "first_comment": 10_000}
_PLAYLIST = re.compile(r"[A-Za-z0-9_-]{2,64}", re.ASCII)
_MOST_TAGS, _LONGEST_TAG = 60, 100


@dataclass(frozen=True, slots=True)
class PostValues:
    """Everything of a post that a person edits.

    playlist   -- on YouTube: its number, or an address that names it; the number is kept.
    publish_at -- aware moment, or None: not decided. With wall_time and time_zone (ISO without zone, IANA name) it must
                  agree with them; given only those two, it is worked out, and Invalid asks when the night is ambiguous.
    media      -- files in order: {"file_id": 3, "alt_text": "…"}.
    marks      -- what the link is marked with when it leaves: source, medium, campaign; an empty one is the usual, an empty
                  mapping marks nothing. None: nothing is said, so a new post is marked as its channel marks and others stay.
    """

    text: str = ""
    title: str = ""
    link: str = ""
    first_comment: str = ""
    tags: Sequence[str] = ()
    media: Sequence[dict[str, Any]] = ()
    playlist: str = ""
    marks: Mapping[str, str] | None = None
    publish_at: datetime | None = None
    time_zone: str | None = None
    wall_time: str | None = None
    campaign_id: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignValues:
    """Everything of a campaign that a person edits."""

    name: str
    summary: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    embargo_until: datetime | None = None
    owner_id: int | None = field(default=None)
    #: Sets of hashtags, one text a set.
    hashtags: Sequence[str] = ()


def values_of(post: Post) -> dict[str, Any]:
    """A post's editable columns, as PostValues names them; what history keeps before and after."""
    kept = {one.name: getattr(post, one.name) for one in fields(PostValues)}
    return kept | {"tags": list(post.tags or []), "media": [dict(item) for item in post.media or []], "marks": dict(post.marks or {})}


def campaign_values_of(campaign: Campaign) -> CampaignValues:
    """A campaign's editable columns as they are."""
    return CampaignValues(**{one.name: getattr(campaign, one.name) for one in fields(CampaignValues)} | {"hashtags": list(campaign.hashtags or [])})


def checked(values: PostValues, *, zone: str) -> dict[str, Any]:
    """The columns to write. `zone` is the channel's, used when the person chose none. Raises Invalid, naming the field."""
    found = asdict(values)
    for name, most in _LONGEST.items():
        found[name] = _plain(name, found[name], most)
    found["tags"] = _tags(values.tags)
    found["media"] = [_file(item) for item in values.media]
    found["playlist"] = _playlist(values.playlist.strip())
    found["link"] = _link(found["link"])
    found["publish_at"], found["wall_time"], found["time_zone"] = settle(values.publish_at, values.wall_time, values.time_zone or zone)
    return found


def settle(at: datetime | None, wall_time: str | None, zone: str) -> tuple[datetime | None, str | None, str]:
    """Moment, wall time and zone that agree with one another. Raises Invalid when they do not."""
    zone_of(zone)
    if at is None and not wall_time:
        return None, None, zone
    if at is None:
        at = resolve_wall_time(_naive(wall_time or ""), zone)
    if at.tzinfo is None:
        raise Invalid(N_("A moment needs its time zone, such as 2026-03-24T09:30:00+01:00."), field="publish_at")
    at = at.astimezone(UTC)
    shown = wall_of(at, zone)
    if wall_time and _naive(wall_time).isoformat(timespec="minutes") != shown:
        raise Invalid(
            N_("%(wall)s in %(zone)s is not the moment given, which is %(shown)s there."),
            field="wall_time", wall=wall_time, zone=zone, shown=shown,
        )  # fmt: skip
    return at, shown, zone


def _naive(wall_time: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(wall_time)
    except ValueError:
        parsed = None  # type: ignore[assignment]
    if parsed is None or parsed.tzinfo is not None:
        raise Invalid(N_("Write a date and time such as 2026-03-24T09:30."), field="wall_time")
    return parsed


def _plain(name: str, value: str, most: int) -> str:
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if len(value) > most:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field=name, most=most)
    if "\0" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise Invalid(N_("This contains characters that cannot be stored."), field=name)
    return value.strip()


def _tags(given: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(tag for tag in (_plain("tags", str(one), 1000).lstrip("#").strip() for one in given) if tag))
    if len(tags) > _MOST_TAGS:
        raise Invalid(N_("At most %(most)s tags."), field="tags", most=_MOST_TAGS)
    for tag in tags:
        if len(tag) > _LONGEST_TAG:
            raise Invalid(N_("A tag has at most %(most)s characters."), field="tags", most=_LONGEST_TAG)
    return tags


def _file(item: dict[str, Any]) -> dict[str, Any]:
    number = item.get("file_id") if isinstance(item, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise Invalid(N_("Each file needs its number."), field="media")
    return {"file_id": number, "alt_text": _plain("media", str(item.get("alt_text") or ""), 1000)}


def _playlist(given: str) -> str:
    found = given
    if "/" in given:
        try:
            found = parse_qs(urlsplit(given).query).get("list", [""])[0]
        except ValueError:
            found = ""
    if given and not _PLAYLIST.fullmatch(found):
        raise Invalid(N_("Paste the playlist's address from YouTube, or its number, such as PLx0sYbCqOb8T."), field="playlist")
    return found


def _link(link: str) -> str:
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or any(char.isspace() for char in link):
        raise Invalid(N_("A link starts with https:// or http:// and has no spaces."), field="link")
    return link
