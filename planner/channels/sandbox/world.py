"""What the world sees: a page of everything live, and each post's own public page, where the planner's links lead."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, pages, posts, things
from planner.channels.sandbox.accounts import Account
from planner.channels.sandbox.linkedin_wire import plain
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.reactions import reactions
from planner.channels.sandbox.state import moment
from planner.channels.sandbox.wire import Call, Routes
from planner.channels.sandbox.youtube_wire import age_of, gate

__all__ = ["path_of", "routes"]

_TITLES = {"youtube": "YouTube", "linkedin": "LinkedIn", "x": "X", "webhook": "Chat rooms"}
_NUMBERS: dict[str, tuple[tuple[str, str], ...]] = {
    "youtube": (("views", "views"), ("likes", "likes"), ("comments", "comments")),
    "linkedin": (("views", "impressions"), ("likes", "reactions"), ("comments", "comments"), ("shares", "reposts")),
    "x": (("views", "views"), ("likes", "likes"), ("shares", "reposts"), ("comments", "replies")),
    "webhook": (),
}
_SHOWN = 40
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
    '<rect width="{w}" height="{h}" fill="{fill}"/><text x="50%" y="50%" dy=".35em" text-anchor="middle"'
    ' font-family="sans-serif" font-size="{size}" fill="#fff">{text}</text></svg>'
)


def _trouble(status: int, why: str) -> Response:
    reason = "There is nothing here." if status == 404 else f"This cannot be done ({why})."
    return pages.show("refused.html", status=status, platform="Sandbox", reason=reason)


routes = Routes("world", _trouble, gate)


@dataclass
class _Card:
    """A post as a page shows it."""

    platform: str
    name: str
    handle: str
    at: datetime
    text: str
    path: str
    title: str = ""
    link: str = ""
    link_title: str = ""
    picture: str = ""
    picture_text: str = ""
    numbers: list[tuple[str, int]] = field(default_factory=list)

    @property
    def initial(self) -> str:
        return self.name[:1].upper() if self.name[:1].isalnum() else "S"


@dataclass
class _Group:
    """One platform's part of the page."""

    platform: str
    title: str
    total: int
    hidden: int
    cards: list[_Card]


def path_of(post: Post, owner: Account | None) -> str:
    """Where a post's public page is, as on the real platform."""
    if post.platform == "x":
        return f"/{owner.handle if owner else 'i'}/status/{post.id}"
    if post.platform == "linkedin":
        return f"/feed/update/{post.id}/"
    return f"/watch?v={post.id}" if post.platform == "youtube" else ""


@routes("GET", "/", "", secured=False)
def everything(call: Call) -> Response:
    groups = []
    with call.reading() as db:
        for platform, title in _TITLES.items():
            owners = {one.id: one for one in accounts.all_accounts(db, platform)}
            found = posts.listed(db, platform, None, call.now, limit=10_000)
            public = [post for post in found if not _is_hidden(post)]
            cards = [_card(db, call, post, owners.get(post.account)) for post in public[:_SHOWN]]
            groups.append(_Group(platform, title, len(public), len(found) - len(public), cards))
    return pages.show("world.html", groups=groups, now=call.now, speed=call.line.speed)


@routes("GET", "/<handle>/status/<post_id>", "", secured=False)
def on_x(call: Call) -> Response:
    return _page(call, "x", call.args["post_id"])


@routes("GET", "/i/web/status/<post_id>", "", secured=False)
def on_x_without_handle(call: Call) -> Response:
    return _page(call, "x", call.args["post_id"])


@routes("GET", "/feed/update/<urn>", "", secured=False)
def on_linkedin(call: Call) -> Response:
    return _page(call, "linkedin", call.args["urn"])


@routes("GET", "/watch", "", secured=False)
def on_youtube(call: Call) -> Response:
    return _page(call, "youtube", call.query("v"))


@routes("GET", "/shorts/<video_id>", "", secured=False)
def short_on_youtube(call: Call) -> Response:
    return _page(call, "youtube", call.args["video_id"])


@routes("POST", "/_sandbox/pass", "", secured=False)
def let_time_pass(call: Call) -> Response:
    days = call.request.form.get("days", "")
    if days.isdigit() and 0 < int(days) <= 400:
        call.sandbox.advance(timedelta(days=int(days)))
    return Response("", 303, {"Location": "/"})


@routes("GET", "/_sandbox/style.css", "", secured=False)
def style(call: Call) -> Response:
    return Response((pages.FOLDER / "style.css").read_bytes(), content_type="text/css; charset=utf-8")


@routes("GET", "/_sandbox/avatar.svg", "", secured=False)
def avatar(call: Call) -> Response:
    return _drawn("S", 88, 88)


@routes("GET", "/_sandbox/avatar/<letter>.svg", "", secured=False)
def letter_avatar(call: Call) -> Response:
    letter = call.args["letter"][:1]
    return _drawn(letter if letter.isalnum() else "S", 40, 40)


@routes("GET", "/vi/<video_id>/<size>.jpg", "", secured=False)
def thumbnail(call: Call) -> Response:
    """The thumbnail that was set, or a drawn one."""
    with call.reading() as db:
        content = things.content(db, "youtube", "thumbnail", call.args["video_id"])
    return _bytes(content) if content else _drawn("▶", 480, 270)


@routes("GET", "/sandbox-media/<platform>/<kind>/<thing_id>", "", secured=False)
def media(call: Call) -> Response:
    platform, kind, thing_id = (call.args[name] for name in ("platform", "kind", "thing_id"))
    with call.reading() as db:
        is_media = (platform, kind) in (("x", "media"), ("linkedin", "image"), ("linkedin", "document"))
        content = things.content(db, platform, kind, thing_id) if is_media else None
    return _bytes(content) if content else _trouble(404, "unknown")


def _page(call: Call, platform: str, post_id: str) -> Response:
    with call.reading() as db:
        post = posts.find(db, platform, post_id, call.now)
        if post is None:
            return _trouble(404, "unknown")
        if _is_hidden(post):
            due = post.body.get("publishAt")
            reason = f"This video is private. It goes public at {due}." if due else "This video is private."
            return pages.show("refused.html", status=403, platform="YouTube", reason=reason)
        one = _card(db, call, post, accounts.account(db, platform, post.account))
        own = things.children(db, platform, "comment", post.id)
    said: list[dict[str, Any]] = [{"name": one.name, "about": "the author", "text": comment.body["text"]} for comment in own]
    said += [
        {"name": reaction.person.name, "about": reaction.person.bio, "text": reaction.text}
        for reaction in reversed(reactions(post, call.seed, call.line, call.now))
    ]
    return pages.show("post.html", platform=_TITLES[platform], one=one, comments=said)


def _card(db: sqlite3.Connection, call: Call, post: Post, owner: Account | None) -> _Card:
    card = _Card(
        platform=post.platform,
        name=owner.name if owner else f"Room {post.account[:6]}",
        handle=f"@{owner.handle}" if owner else post.body.get("flavour", ""),
        at=moment(post.body["public_at"]) if post.platform == "youtube" else post.created_at,
        text=plain(post.text) if post.platform == "linkedin" else post.text,
        path=path_of(post, owner),
    )
    if post.platform == "youtube":
        card.title, card.picture = post.body["title"], f"/vi/{post.id}/high.jpg"
    elif post.platform == "linkedin":
        _dress(card, post.body.get("content") or {})
    elif post.platform == "x" and post.body["media_keys"]:
        _show_x_media(db, card, post.body["media_keys"][0])
    if _NUMBERS[post.platform]:
        fate = post.fate(call.seed)
        age = age_of(call, post, call.now) if post.platform == "youtube" else post.age(call.line, call.now)
        counts = {"views": fate.views(age), **{name: fate.count(name, age) for name in fate.rates}}
        counts["comments"] += len(things.children(db, post.platform, "comment", post.id))
        card.numbers = [(label, counts[name]) for name, label in _NUMBERS[post.platform]]
    return card


def _dress(card: _Card, content: dict[str, Any]) -> None:
    """LinkedIn's link card, or its first picture."""
    article, media_told, several = content.get("article"), content.get("media"), content.get("multiImage")
    if article:
        card.link, card.link_title = article["source"], article.get("title", "")
        if article.get("thumbnail"):
            card.picture = f"/sandbox-media/linkedin/image/{article['thumbnail']}"
    first = several["images"][0] if several else media_told
    if first:
        card.title = first.get("title", "")
        if ":image:" in first["id"]:
            card.picture, card.picture_text = f"/sandbox-media/linkedin/image/{first['id']}", first.get("altText", "")


def _show_x_media(db: sqlite3.Connection, card: _Card, key: str) -> None:
    thing = things.find(db, "x", "media", key.partition("_")[2])
    if thing and thing.body["mime"].startswith("image/"):
        card.picture, card.picture_text = f"/sandbox-media/x/media/{thing.id}", thing.body.get("alt_text", "")


def _is_hidden(post: Post) -> bool:
    return post.platform == "youtube" and post.body["privacyStatus"] == "private"


def _bytes(content: bytes) -> Response:
    """Pictures are shown, anything else is a download: uploads are never trusted as pages."""
    mime = next((mime for start, mime in _IMAGES.items() if content.startswith(start)), "")
    response = Response(content, content_type=mime or "application/octet-stream")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not mime:
        response.headers["Content-Disposition"] = "attachment"
    return response


def _drawn(text: str, width: int, height: int) -> Response:
    fill = f"hsl({sum(map(ord, text)) * 47 % 360} 45% 38%)"
    safe = re.sub(r"[<>&\"']", "", text)
    svg = _DRAWN.format(w=width, h=height, fill=fill, size=height // 2, text=safe)
    return Response(svg, content_type="image/svg+xml; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})
