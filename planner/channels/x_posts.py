"""X's posts read back: their text with t.co replaced, their numbers under either name, their public address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from planner.channels.hearing import Heard
from planner.channels.port import Account, NativePost, PostKind, Reading, Receipt
from planner.channels.wire import count, inside
from planner.channels.x_api import last_segment, problems
from planner.core.text import comparable, without_links

__all__ = ["gone", "heard", "native", "objects", "receipt", "reading", "says", "tells_private", "videos", "written_at"]

_MEDIA_PAGE = re.compile(r"https?://(?:x|twitter)\.com/\w+/status/\d+/(photo|video)/\d+")
#: What people did with a post. Clicks are left out: X stops telling them after 30 days, and a sum must not shrink.
_INTERACTIONS = ("like_count", "reply_count", "quote_count", "bookmark_count")
#: How long X tells our own posts’ private numbers.
_PRIVATE_FOR = timedelta(days=30)
#: X's numbers hold milliseconds since this one, above 22 other bits; much smaller ones are not such numbers.
_SNOWFLAKE_EPOCH, _SNOWFLAKE_BITS = 1_288_834_974_657, 50
#: Kept as told.
_METRICS = ("public_metrics", "non_public_metrics", "organic_metrics")


def objects(told: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; none when it is not a list."""
    return [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []


def receipt(post_id: str, account: Account, at: datetime | None = None) -> Receipt:
    handle = str(account.config.get("handle") or "").lstrip("@")
    return Receipt(post_id, f"https://x.com/{handle if re.fullmatch(r'[A-Za-z0-9_]+', handle) else 'i/web'}/status/{post_id}", at)


def written_at(post: Mapping[str, Any]) -> datetime | None:
    """When X says the post was made."""
    try:
        moment = datetime.fromisoformat(str(post.get("created_at")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def native(post: Mapping[str, Any], account: Account) -> NativePost:
    return NativePost(receipt(str(post["id"]), account, written_at(post)), unescape(_expanded(post)), kind=_kind(post))


def heard(body: Mapping[str, Any]) -> Iterator[Heard]:
    """What others wrote, as an answer with its authors tells it; a post without a number or a moment is left out."""
    users = {str(user.get("id")): user for user in objects(inside(body, "includes", "users"))}
    for post in objects(body.get("data")):
        at = written_at(post)
        if at is None or not isinstance(post.get("id"), str):
            continue
        user = users.get(str(post.get("author_id")), {})
        handle = str(user.get("username") or "")
        author = " ".join(filter(None, (str(user.get("name") or ""), f"@{handle}" if handle else "")))
        links = [str(link.get("unwound_url") or link.get("expanded_url") or "") for link in objects(inside(post, "entities", "urls"))]
        yield Heard(
            Receipt(post["id"], f"https://x.com/{handle or 'i/web'}/status/{post['id']}", at), unescape(_expanded(post)), author, str(post.get("author_id") or ""),
            [link for link in links if link], str(post.get("conversation_id") or ""),
        )  # fmt: skip


def says(post: Mapping[str, Any], ours: str) -> bool:
    """Whether a post read back is our text. X shortens links to t.co and writes & < > as in HTML."""
    text = _expanded(post)
    if comparable(ours) in (comparable(text), comparable(unescape(text))):
        return True
    if inside(post, "entities", "urls") is not None or "://t.co/" not in text:
        return False
    # The links were not told: then only the words around them can be compared.
    return comparable(without_links(ours)) in (comparable(text), comparable(unescape(text)))


def reading(post: Mapping[str, Any], videos: Mapping[str, Mapping[str, Any]]) -> Reading:
    """The numbers of a post; each is None when X did not tell it. videos -- media key -> what X told of each video in the answer."""
    public = inside(post, "public_metrics")
    reposts = _first(public, "repost_count", "retweet_count")
    shares = _sum([reposts, count(inside(public, "quote_count"))])
    keys = inside(post, "attachments", "media_keys")
    own = {key: videos[key] for key in keys if isinstance(key, str) and key in videos} if isinstance(keys, list) else {}
    seen = _sum(count(inside(video, "public_metrics", "view_count")) for video in own.values())
    return Reading(
        external_id=str(post["id"]),
        views=seen,
        impressions=count(inside(public, "impression_count")),
        engagements=_sum([reposts, *(count(inside(public, name)) for name in _INTERACTIONS)]),
        likes=count(inside(public, "like_count")),
        comments=count(inside(public, "reply_count")),
        shares=shares,
        clicks=count(inside(post, "non_public_metrics", "url_link_clicks")),
        regime="x_video" if seen is not None else "",
        raw=_metrics(post) | ({"media": own} if own else {}),
    )


def count_again(post_id: str, raw: Mapping[str, Any], _at: datetime) -> Reading:
    """The reading that a post's fields, kept as `reading` keeps them, are."""
    own = raw.get("media") or {}
    return reading({**raw, "id": post_id, "attachments": {"media_keys": list(own)}}, own)


def videos(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What X told of each video among the answer's media, by media key: its views, and for 30 days how far people watched."""
    found = {}
    for media in objects(inside(body, "includes", "media")):
        told = _metrics(media)
        if media.get("type") == "video" and told:
            found[str(media.get("media_key"))] = told
    return found


def _metrics(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in _METRICS if isinstance(told.get(name), dict)}


def gone(body: Mapping[str, Any]) -> Iterator[str]:
    """Ids that X says do not exist."""
    for problem in problems(body):
        if last_segment(problem.get("type")) == "resource-not-found":
            yield str(problem.get("resource_id") or problem.get("value") or "")


def tells_private(post_id: str, now: datetime) -> bool:
    """Whether X may still tell clicks and what was organic of a post, by its number: it holds when the post was made."""
    number = int(post_id)
    if number < 1 << _SNOWFLAKE_BITS:
        return True
    return now - datetime.fromtimestamp(((number >> 22) + _SNOWFLAKE_EPOCH) / 1000, UTC) < _PRIVATE_FOR


def _expanded(post: Mapping[str, Any]) -> str:
    """The text with each t.co replaced by the address it stands for, or by nothing when it stands for a file."""
    text = str(post.get("text") or "")
    for link in objects(inside(post, "entities", "urls")):
        short, long = link.get("url"), link.get("expanded_url")
        if isinstance(short, str) and short and isinstance(long, str):
            shows_file = link.get("media_key") or _MEDIA_PAGE.fullmatch(long)
            text = text.replace(short, "" if shows_file else long)
    return text


def _kind(post: Mapping[str, Any]) -> PostKind:
    """What it mostly is, by its links: a file stands in a post's text as a link to its own page."""
    kind = PostKind.TEXT
    for link in objects(inside(post, "entities", "urls")):
        page = _MEDIA_PAGE.fullmatch(str(link.get("expanded_url")))
        if page is not None or link.get("media_key"):
            return PostKind.VIDEO if page is not None and page[1] == "video" else PostKind.IMAGE
        kind = PostKind.LINK
    return kind


def _first(metrics: Any, *names: str) -> int | None:
    """The first of these counts that is told: X has renamed some."""
    return next((value for name in names if (value := count(inside(metrics, name))) is not None), None)


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum of what is told; None when nothing is."""
    told = [value for value in values if value is not None]
    return sum(told) if told else None
