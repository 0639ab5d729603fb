"""Why a platform would refuse a post, known without asking it: planning shows it, and the adapter asks once more before sending.

Every number comes from the platform's Limits. What a file does not tell (its length, its size in pixels) is never a reason
to refuse: it is said that it could not be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from planner.channels.limits import GB, KB, MB
from planner.channels.port import FileLimits, Limits, Media, MediaKind, OutgoingPost, Platform, Refused
from planner.core.i18n import N_
from planner.core.text import linkedin_length, tags_length, utf8_length, x_cashtags, x_length

__all__ = ["COUNTED_AS", "Objection", "SENTENCES", "as_read", "complaint", "measure", "objections", "room_text", "with_link_below"]

#: How each platform counts, in the words of the page's live counter.
COUNTED_AS: dict[Platform, str] = {Platform.X: "x", Platform.LINKEDIN: "linkedin", Platform.YOUTUBE: "bytes"}
_MEASURES: dict[Platform, Callable[[str], int]] = {Platform.X: x_length, Platform.LINKEDIN: linkedin_length, Platform.YOUTUBE: utf8_length}
#: Names are the same in every language.
_NAMES = {Platform.X: "X", Platform.LINKEDIN: "LinkedIn", Platform.YOUTUBE: "YouTube", Platform.WEBHOOK: "Mattermost"}

_WEIGHS = N_("The text counts %(length)s for %(platform)s, which takes at most %(limit)s.")
_CHARACTERS = N_("The text has %(length)s characters; %(platform)s takes at most %(limit)s.")
_BYTES = N_("The description has %(length)s bytes; %(platform)s takes at most %(limit)s.")
_TITLE = N_("The title has %(length)s characters; %(platform)s takes at most %(limit)s.")
_NO_TITLE = N_("%(platform)s needs a title.")
_TAGS = N_("The tags count %(length)s for %(platform)s, with the one the planner adds; it takes at most %(limit)s.")
_FORBIDDEN = N_("%(platform)s takes neither “<” nor “>” in the title or the description.")
_COMMENT_WEIGHS = N_("The first comment counts %(length)s for %(platform)s, which takes at most %(limit)s.")
_COMMENT = N_("The first comment has %(length)s characters; %(platform)s takes at most %(limit)s.")
_ALT = N_("The description of “%(file)s” has %(length)s characters; %(platform)s takes at most %(limit)s.")
_UNSEEN = N_("%(platform)s does not take the invisible character %(character)s. Delete “%(near)s” and type it again.")
_CASHTAGS = N_("%(platform)s takes at most %(limit)s cashtag a post; this text has %(count)s.")
_NO_FILM = N_("%(platform)s publishes films. Choose the asset's video file.")
_NOT_TAKEN = N_("%(platform)s does not take files like “%(file)s”.")
_MIXED = N_("%(platform)s shows one kind of file in a post: pictures, or a film, or a document. Choose one kind.")
_MIXED_X = N_("%(platform)s shows up to %(limit)s pictures, or one animated picture, or one film with a post. Choose one kind.")
_PICTURES = N_("%(platform)s shows at most %(limit)s pictures in one post; this one has %(count)s.")
_FILMS = N_("%(platform)s shows %(limit)s film in one post; this one has %(count)s.")
_ANIMATED = N_("%(platform)s shows %(limit)s animated picture in one post; this one has %(count)s.")
_DOCUMENTS = N_("%(platform)s shows %(limit)s document in one post; this one has %(count)s.")
_LARGE = {
    GB: N_("“%(file)s” is too large for %(platform)s, which takes at most %(limit)s GB."),
    MB: N_("“%(file)s” is too large for %(platform)s, which takes at most %(limit)s MB."),
    KB: N_("“%(file)s” is too large for %(platform)s, which takes at most %(limit)s KB."),
}
_SMALL = N_("“%(file)s” is too small for %(platform)s, which takes at least %(limit)s KB.")
_LONG = {
    3600: N_("“%(file)s” is too long for %(platform)s, which takes at most %(limit)s hours."),
    60: N_("“%(file)s” is too long for %(platform)s, which takes at most %(limit)s minutes."),
    1: N_("“%(file)s” is too long for %(platform)s, which takes at most %(limit)s seconds."),
}
_SHORT = N_("“%(file)s” is too short for %(platform)s, which takes at least %(limit)s seconds.")
_SHAPE = N_("“%(file)s” is %(width)s × %(height)s pixels; %(platform)s takes films between %(narrow)s and %(wide)s.")
_PIXELS = N_("“%(file)s” has %(count)s pixels; %(platform)s takes at most %(limit)s.")
_PAGES = N_("“%(file)s” has %(count)s pages; %(platform)s takes at most %(limit)s.")
_UNCHECKED = N_("“%(file)s” does not tell all that %(platform)s asks about it (length, pixels or pages), so this could not be checked.")
_LEFT_BEHIND = N_("“%(file)s” does not go out here: %(platform)s shows the film only.")
_NO_FILES = N_("Files do not go to a chat room: only the text and its link do, and a video's picture where the link leads to YouTube.")

#: Every sentence of this module, so that what an adapter said can be known again in another language.
SENTENCES = (
    _WEIGHS, _CHARACTERS, _BYTES, _TITLE, _NO_TITLE, _TAGS, _FORBIDDEN, _COMMENT_WEIGHS, _COMMENT, _ALT, _UNSEEN, _CASHTAGS, _NO_FILM,
    _NOT_TAKEN, _MIXED, _MIXED_X, _PICTURES, _FILMS, _ANIMATED, _DOCUMENTS, *_LARGE.values(), _SMALL, *_LONG.values(), _SHORT, _SHAPE, _PIXELS,
    _PAGES,
)  # fmt: skip
_TOO_MANY = {MediaKind.IMAGE: _PICTURES, MediaKind.GIF: _ANIMATED, MediaKind.VIDEO: _FILMS, MediaKind.DOCUMENT: _DOCUMENTS}
_LENGTHS = frozenset({"too_long", "title_too_long", "tags_too_long", "comment_too_long"})
#: Kinds that accompany what is shown: they are never counted, nor mixed with it.
_BESIDE = frozenset({MediaKind.THUMBNAIL, MediaKind.CAPTIONS})


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason. `message` is English with %(name)s places, `params` fills them; `field` is the post's part it is about.

    blocks -- False: nothing that the platform refuses, only something to know.
    """

    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    field: str = "media"
    blocks: bool = True

    def __str__(self) -> str:
        return self.message % {name: f"{value:,}" if isinstance(value, int) else value for name, value in self.params.items()}


def measure(platform: Platform, text: str) -> int:
    """Length of a message in the platform's own unit: X weighs, YouTube counts bytes, LinkedIn UTF-16 units, others characters."""
    return _MEASURES.get(platform, len)(text)


def as_read(platform: Platform, post: OutgoingPost) -> str:
    """The text that counts: LinkedIn's with the link under it beside files, a room's with title and link."""
    if platform is Platform.LINKEDIN and any(file.kind not in _BESIDE for file in post.media):
        return with_link_below(post.text, post.link)
    return room_text(post.title, post.text, post.link) if platform is Platform.WEBHOOK else post.text


def with_link_below(text: str, link: str) -> str:
    """Beside pictures or a film LinkedIn shows no card, so the link goes under the text."""
    return f"{text}\n\n{link}".strip() if link and link not in text else text


def room_text(title: str, text: str, link: str) -> str:
    """What a message's card holds in Mattermost: the title, the text, the link when the text does not hold it."""
    return "\n".join(part for part in (title, text, link if link not in text else "") if part)


def complaint(platform: Platform, limits: Limits, post: OutgoingPost) -> Refused | None:
    """The first objection that stops the post, as the adapter's own refusal; None when there is none."""
    for one in objections(platform, limits, post):
        if one.blocks:
            code = "too_long" if one.code in _LENGTHS else "media" if one.field == "media" else "content"
            return Refused(code, str(one))
    return None


def objections(platform: Platform, limits: Limits, post: OutgoingPost) -> Iterator[Objection]:
    """Everything this platform would refuse of a post as it leaves, and what could not be checked."""
    for one in (*_words(platform, limits, post), *_files(platform, limits, post.media)):
        yield Objection(one.code, one.message, {"platform": _NAMES.get(platform, ""), **one.params}, one.field, one.blocks)


def _words(platform: Platform, limits: Limits, post: OutgoingPost) -> Iterator[Objection]:
    text, weighs = as_read(platform, post), platform is Platform.X
    sentence = _WEIGHS if weighs else _BYTES if platform is Platform.YOUTUBE else _CHARACTERS
    yield from _length("too_long", sentence, measure(platform, text), limits.text, "text")
    if limits.needs_title and not post.title.strip():
        yield Objection("no_title", _NO_TITLE, {}, "title")
    yield from _length("title_too_long", _TITLE, len(post.title), limits.title, "title")
    if limits.tags is not None:
        ours = limits.our_tag + (1 if post.tags and limits.our_tag else 0)
        yield from _length("tags_too_long", _TAGS, tags_length(post.tags) + ours, limits.tags, "tags")
    yield from _length(
        "comment_too_long", _COMMENT_WEIGHS if weighs else _COMMENT, measure(platform, post.first_comment), limits.first_comment, "first_comment"
    )
    for name, said in (("title", post.title), ("text", text)):
        if any(mark in said for mark in limits.forbidden):
            yield Objection("markup", _FORBIDDEN, {}, name)
            break
    for name, said in (("text", text), ("first_comment", post.first_comment)):
        for at in (at for at, character in enumerate(said) if character in limits.unseen):
            near = "".join(character for character in said[max(at - 10, 0) : at + 11] if character not in limits.unseen)
            yield Objection("unseen", _UNSEEN, {"character": f"U+{ord(said[at]):04X}", "near": " ".join(near.split())}, name)
            break
    if limits.cashtags is not None:
        for name, said in (("text", text), ("first_comment", post.first_comment)):
            if (count := x_cashtags(said)) > limits.cashtags:
                yield Objection("cashtags", _CASHTAGS, {"limit": limits.cashtags, "count": count}, name)


def _files(platform: Platform, limits: Limits, files: Sequence[Media]) -> Iterator[Objection]:
    if limits.needs is not None and all(file.kind is not limits.needs for file in files):
        yield Objection("no_media", _NO_FILM)
    if limits.files is None:
        return
    sent = [file for file in files if file.kind not in limits.left_out]
    for file in files:
        if file.kind in limits.left_out and file.kind not in _BESIDE:
            yield Objection("left_behind", _LEFT_BEHIND if limits.files else _NO_FILES, {"file": _named(file)} if limits.files else {}, blocks=False)
            if not limits.files:
                break
    kinds: dict[MediaKind, int] = {}
    for file in sent:
        if file.kind not in _BESIDE:
            kind = limits.alike.get(file.kind, file.kind)
            kinds[kind] = kinds.get(kind, 0) + 1
    known = [kind for kind in kinds if kind in limits.files]
    if len(known) > 1:
        many = limits.files[MediaKind.IMAGE].most if platform is Platform.X else None
        yield Objection("mixed", _MIXED_X if many else _MIXED, {"limit": many} if many else {})
    for kind in known:
        most = limits.files[kind].most
        if most is not None and kinds[kind] > most:
            yield Objection("too_many_files", _TOO_MANY[kind], {"limit": most, "count": kinds[kind]})
    for file in sent:
        taken = limits.files.get(file.kind)
        if taken is None or (taken.types and file.mime not in taken.types):
            yield Objection("not_taken", _NOT_TAKEN, {"file": _named(file)})
        else:
            yield from _file(file, taken, limits)


def _file(file: Media, taken: FileLimits, limits: Limits) -> Iterator[Objection]:
    name = {"file": _named(file)}
    if taken.max_bytes is not None and file.size > taken.max_bytes:
        unit = next(one for one in (GB, MB, KB) if taken.max_bytes >= one)
        yield Objection("file_too_large", _LARGE[unit], name | {"limit": taken.max_bytes // unit})
    if taken.min_bytes is not None and file.size < taken.min_bytes:
        yield Objection("file_too_small", _SMALL, name | {"limit": taken.min_bytes // KB})
    if file.seconds is not None and taken.max_seconds is not None and file.seconds > taken.max_seconds:
        whole = int(taken.max_seconds)
        unit = next(one for one in (3600, 60, 1) if whole % one == 0 and whole >= one)
        yield Objection("film_too_long", _LONG[unit], name | {"limit": whole // unit})
    if file.seconds is not None and taken.min_seconds is not None and file.seconds < taken.min_seconds:
        yield Objection("film_too_short", _SHORT, name | {"limit": taken.min_seconds})
    if file.width and file.height:
        yield from _pixels(file, file.width, file.height, taken)
    if file.pages is not None and taken.max_pages is not None and file.pages > taken.max_pages:
        yield Objection("too_many_pages", _PAGES, name | {"count": file.pages, "limit": taken.max_pages})
    if limits.alt_text is not None and len(file.alt_text) > limits.alt_text:
        yield Objection("alt_too_long", _ALT, name | {"length": len(file.alt_text), "limit": limits.alt_text})
    untold = [
        file.seconds is None and (taken.min_seconds is not None or taken.max_seconds is not None),
        not (file.width and file.height) and (taken.shapes is not None or taken.max_pixels is not None),
        file.pages is None and taken.max_pages is not None,
    ]
    if any(untold):
        yield Objection("unchecked", _UNCHECKED, name, blocks=False)


def _pixels(file: Media, width: int, height: int, taken: FileLimits) -> Iterator[Objection]:
    if taken.max_pixels is not None and width * height > taken.max_pixels:
        yield Objection("too_many_pixels", _PIXELS, {"file": _named(file), "count": width * height, "limit": taken.max_pixels})
    if taken.shapes is not None:
        narrow, wide = taken.shapes
        if width * narrow[1] < height * narrow[0] or width * wide[1] > height * wide[0]:
            told = {"width": width, "height": height, "narrow": f"{narrow[0]}:{narrow[1]}", "wide": f"{wide[0]}:{wide[1]}"}
            yield Objection("film_shape", _SHAPE, {"file": _named(file), **told})


def _length(code: str, sentence: str, length: int, limit: int | None, place: str) -> Iterator[Objection]:
    if limit is not None and length > limit:
        yield Objection(code, sentence, {"length": length, "limit": limit}, place)


def _named(file: Media) -> str:
    return file.name or file.kind.value
