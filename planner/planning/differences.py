"""What a post says, kept with each approval, and what changed of it since: field by field, and word by word where it is a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from planner.core.i18n import N_
from planner.planning.digest import leaving_card, leaving_files, leaving_title, leaving_video
from planner.planning.models import Post

__all__ = ["FIELDS", "Difference", "Piece", "differences", "snapshot", "words_changed"]

#: The fields in the order they are shown, with what people call them.
FIELDS: dict[str, str] = {
    "publish_at": N_("Time"),
    "channel": N_("Channel"),
    "title": N_("Title"),
    "text": N_("Text"),
    "link": N_("Link"),
    "marks": N_("Marks on the link"),
    "short_code": N_("Short link"),
    "first_comment": N_("First comment"),
    "tags": N_("Tags"),
    "media": N_("Files"),
    "alt_texts": N_("Alt texts"),
    "card": N_("Description on the link's card"),
    "playlist": N_("Playlist"),
    "asset_url": N_("The asset's own address"),
    "language": N_("Language"),
}
#: Compared word by word; the others as a whole.
_TEXTS = frozenset({"title", "text", "first_comment", "alt_texts", "card"})
#: A word with the space after it, or a space alone.
_WORDS = re.compile(r"\S+\s*|\s+")
#: Beyond this many words the comparison would take longer than anybody waits; then the whole is shown.
_MOST_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words: "same", "gone" or "new"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not what it was. `was` and `became` are texts, moments (aware) or None; `pieces` where words were compared."""

    field: str
    label: str
    was: Any
    became: Any
    pieces: tuple[Piece, ...] = ()


def snapshot(post: Post) -> dict[str, Any]:
    """What an approver has before them, as plain values that a JSON column keeps."""
    files = {file.id: (file.name, alt) for file, alt in leaving_files(post)}
    names = [files[item["file_id"]][0] if item["file_id"] in files else f"#{item['file_id']}" for item in post.media or []]
    if (video := leaving_video(post, post.asset, post.channel)) is not None:
        names = [video.name]
    return {
        "publish_at": post.publish_at.isoformat() if post.publish_at else None,
        "channel": post.channel.name,
        "title": leaving_title(post, post.asset),
        "text": post.text,
        "link": post.link,
        "marks": ", ".join(f"{name}={told}" for name, told in sorted((post.marks or {}).items())) if post.link else "",
        "short_code": (post.short_code or "") if post.link else "",
        "first_comment": post.first_comment,
        "tags": ", ".join(post.tags or []),
        "media": ", ".join(names),
        "alt_texts": "\n".join(item.get("alt_text") or files.get(item["file_id"], ("", ""))[1] or "–" for item in post.media or []),
        "card": leaving_card(post, post.asset, post.channel),
        "playlist": post.playlist,
        "asset_url": post.asset.url,
        "language": post.asset.language or "",
    }


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """The fields of two snapshots that differ, in the order of FIELDS. A field that the older one does not have is not compared."""
    found = []
    for name, label in FIELDS.items():
        before, after = was.get(name), now.get(name)
        if name not in was or before == after:
            continue
        if name == "publish_at":
            found.append(Difference(name, label, _moment(before), _moment(after)))
        else:
            found.append(Difference(name, label, before, after, words_changed(before or "", after or "") if name in _TEXTS else ()))
    return found


def words_changed(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts as one: what stayed, what went and what came, in reading order."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return (Piece("gone", before), Piece("new", after))
    pieces: list[Piece] = []
    for kind, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[start:end])))
            continue
        pieces += [Piece(what, "".join(words)) for what, words in (("gone", old[start:end]), ("new", new[begin:stop])) if words]
    return tuple(pieces)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
