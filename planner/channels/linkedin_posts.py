"""One post of a LinkedIn page: what is wrong with it, making it, reading it back, and knowing it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from planner.channels import linkedin_media as media
from planner.channels import preflight
from planner.channels.linkedin_metrics import moment
from planner.channels.linkedin_rest import Rest, encoded, objects
from planner.channels.linkedin_text import cut_short, escape, same_text, unescape
from planner.channels.port import Limits, NativePost, OutgoingPost, Platform, PostKind, Receipt, Refused, RetryLater, Unknown
from planner.channels.wire import Stopped, inside
from planner.core.text import comparable

__all__ = [
    "add_comment",
    "address",
    "change",
    "comment",
    "complaint",
    "create",
    "full_text",
    "has_comment",
    "is_on_page",
    "is_same",
    "native",
    "own_posts",
    "read_back",
    "receipt",
]

_PAGE = 100
_PAGES = 5


def full_text(post: OutgoingPost) -> str:
    """What a reader reads."""
    return preflight.as_read(Platform.LINKEDIN, post)


def complaint(post: OutgoingPost, limits: Limits) -> Refused | None:
    """What LinkedIn would refuse, or worse, cut without a word."""
    if not full_text(post).strip() and not post.media and not post.link:
        return Refused("content", "A LinkedIn post needs a text, a link or a file.")
    return preflight.complaint(Platform.LINKEDIN, limits, post) or media.complaint(post)


def _body(owner: str, text: str, content: Mapping[str, Any]) -> dict[str, Any]:
    feed = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
    return {
        "author": owner,
        "commentary": escape(text),
        "visibility": "PUBLIC",
        "distribution": feed,
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **content,
    }


def create(rest: Rest, text: str, content: Mapping[str, Any]) -> str:
    """Make the post; its URN. The only call that puts something live, made once. Raises Stopped."""
    answer = rest.yes(rest.post("posts", _body(rest.owner, text, content)))
    urn = answer.headers.get("x-restli-id", "")
    if not urn.startswith("urn:li:"):
        raise Stopped(Unknown("LinkedIn took the post but did not give its number."))
    return urn


def read_back(rest: Rest, urn: str, text: str) -> str:
    """A note when the end of the text is missing: LinkedIn says 201 even when it drops it."""
    try:
        told = rest.yes(rest.get(f"posts/{encoded(urn)}?viewContext=AUTHOR")).json_object()
    except Stopped:
        return ""  # It is live all the same; nothing can be said about its end.
    commentary = told.get("commentary")
    missing = cut_short(text, commentary) if isinstance(commentary, str) else 0
    return f"LinkedIn cut the text: its last {missing} characters are missing." if missing else ""


def comment(rest: Rest, urn: str, text: str) -> None:
    """Comment as the page. Raises Stopped."""
    body = {"actor": rest.owner, "object": urn, "message": {"text": text}}
    rest.yes(rest.post(f"socialActions/{encoded(urn)}/comments", body))


def add_comment(rest: Rest, urn: str, text: str) -> str:
    """Add the first comment, in plain text: comments are not little text. A note when it did not work."""
    if not text.strip():
        return ""
    try:
        comment(rest, urn, text)
    except Stopped as stopped:
        doubt = "may not be there" if isinstance(stopped.outcome, Unknown) else "was not added"
        return f"The first comment {doubt}: {stopped.outcome.reason}"
    return ""


def change(rest: Rest, urn: str, text: str) -> str:
    """Say something else in a live post, and read it back; a note as `read_back` gives. Twice is as good as once. Raises Stopped."""
    rest.yes(rest.update(f"posts/{encoded(urn)}", {"commentary": escape(text)}))
    return read_back(rest, urn, text)


def has_comment(rest: Rest, urn: str, text: str) -> bool:
    """Whether the page has said this under its own post. Raises Stopped when the comments cannot all be read."""
    for page in range(_PAGES):
        answer = rest.get(f"socialActions/{encoded(urn)}/comments?start={page * _PAGE}&count={_PAGE}")
        if answer.status == 404:  # also when there are none yet
            return False
        told = rest.yes(answer).json_object()
        comments = objects(told.get("elements"))
        if any(_says(one, rest.owner, text) for one in comments):
            return True
        if len(comments) < _PAGE:
            return False
    raise Stopped(RetryLater(f"The post has more than {_PAGE * _PAGES} comments."))


def _says(comment: Mapping[str, Any], owner: str, text: str) -> bool:
    return comment.get("actor") == owner and comparable(str(inside(comment, "message", "text"))) == comparable(text)


def own_posts(rest: Rest, since: datetime) -> Iterator[Mapping[str, Any]]:
    """The page's posts since then, newest first. Raises Stopped when they cannot all be read."""
    for page in range(_PAGES):
        path = f"posts?author={encoded(rest.owner)}&q=author&count={_PAGE}&start={page * _PAGE}&sortBy=CREATED"
        told, paging = rest.find(path)
        times = [moment(element.get("createdAt")) for element in told]
        yield from (element for element, at in zip(told, times, strict=True) if at is None or at >= since)
        if not told or (times[-1] is not None and times[-1] < since) or not _has_next(paging, len(told)):
            return
    raise Stopped(RetryLater(f"The page has more than {_PAGE * _PAGES} posts since then."))


def is_same(post: OutgoingPost, element: Mapping[str, Any]) -> bool:
    """Whether a post of the page is this message: the same text and, where LinkedIn tells them, card or files."""
    if element.get("lifecycleState", "PUBLISHED") != "PUBLISHED" or not str(element.get("id", "")).startswith(
        "urn:li:"
    ):
        return False
    told = str(element.get("commentary", ""))
    return same_text(full_text(post), told) and media.may_be_content(post, element.get("content"))


def is_on_page(element: Mapping[str, Any]) -> bool:
    """Whether followers see it on the page: published, no plain reshare, and not shown by an advertisement alone."""
    live = element.get("lifecycleState", "PUBLISHED") == "PUBLISHED" and str(element.get("id", "")).startswith("urn:li:")
    reshare = bool(element.get("reshareContext")) and not str(element.get("commentary", "")).strip()
    return live and not reshare and inside(element, "distribution", "feedDistribution") != "NONE"


def native(element: Mapping[str, Any]) -> NativePost:
    """The post as people read it."""
    title = inside(element, "content", "article", "title") or inside(element, "content", "media", "title")
    text = unescape(str(element.get("commentary", "")))
    return NativePost(receipt(element), text or str(title or ""), kind=_kind(element.get("content")))


def _kind(content: Any) -> PostKind:
    """What it mostly is, by the content that LinkedIn tells and by the form of its file's number."""
    if inside(content, "poll") is not None:
        return PostKind.POLL
    if inside(content, "article") is not None:
        return PostKind.LINK
    if inside(content, "multiImage") is not None:
        return PostKind.IMAGE
    file = str(inside(content, "media", "id") or "").removeprefix("urn:li:").partition(":")[0]
    return {"image": PostKind.IMAGE, "video": PostKind.VIDEO, "document": PostKind.DOCUMENT}.get(file, PostKind.TEXT)


def receipt(element: Mapping[str, Any]) -> Receipt:
    urn = str(element.get("id", ""))
    return Receipt(urn, address(urn), moment(element.get("publishedAt") or element.get("createdAt")))


def address(urn: str) -> str:
    return f"https://www.linkedin.com/feed/update/{urn}/"


def _has_next(paging: Mapping[str, Any], count: int) -> bool:
    """Whether a finder has another page: it links to it, or this one is full."""
    links = objects(paging.get("links"))
    return any(link.get("rel") == "next" for link in links) if links else count >= _PAGE
