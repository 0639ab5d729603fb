"""Texts as platforms see them: how long they are, which links they hold, and whether two of them say the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import SplitResult, quote, unquote, unquote_plus, urlsplit, urlunsplit

__all__ = [
    "comparable",
    "find_links",
    "isolated",
    "linkedin_length",
    "shorten",
    "tags_length",
    "utf8_length",
    "video_in",
    "video_picture",
    "with_utm",
    "without_links",
    "x_cashtags",
    "x_has_link",
    "x_length",
]

#: What X counts for any link, whatever its length (twitter-text, configuration v3).
_LINK_WEIGHT = 23
_EMOJI_WEIGHT = 2
#: Characters outside these ranges count two (twitter-text, configuration v3).
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
#: An emoji is made of these (no letters of the world's scripts); a keycap starts with a plain digit or sign.
_MAY_HOLD_EMOJI = re.compile("[0-9#*]?[^\u0000-\u00a8\u00c0-\u1fff\u3040-\u3290\u3400-\ud7ff]+")
_WORD = re.compile(r"\S+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SHORT_LINK = re.compile(r"https?://t\.co/\w+", re.IGNORECASE)
#: Letters, and up to two more after a dot or an underscore; twitter-text takes an underscore for the end of one.
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![^\W_])")
#: A run between separators that is longer, or has more dots, than any real host name.
_MAX_RUN = 253
_MAX_DOTS = 8
_MAX_LINK = 4096


def x_length(text: str) -> int:
    """X's weighted length: most letters count 1, wide characters and a whole emoji 2, any link 23; the limit is 280.

    Counted on NFC, a line break as one. Source: twitter-text's configuration v3 and its conformance cases.
    """
    text = _normal(text)
    links = list(_x_links(text))
    weight = len(links) * _LINK_WEIGHT
    for part in _between(text, links):
        emojis = _x_emojis(part)
        plain = len(part) - sum(map(len, emojis))
        heavy = len(_HEAVY.findall(part)) - sum(len(_HEAVY.findall(emoji)) for emoji in emojis)
        weight += plain + heavy + len(emojis) * _EMOJI_WEIGHT
    return weight


def x_has_link(text: str) -> bool:
    """Whether X finds a link in the text, and so charges for one; `example.com` without a scheme is one."""
    return any(True for _ in _x_links(_normal(text)))


def x_cashtags(text: str) -> int:
    """How many cashtags X may see in the text: `$` and one to six letters, as in $ORA. An amount such as $5 is none."""
    return len(_CASHTAG.findall(text))


def tags_length(tags: Iterable[str]) -> int:
    """Characters YouTube counts: the tags, a comma between two, and the quotes round a tag with a space."""
    lengths = [len(tag) + (2 if " " in tag else 0) for tag in tags]
    return sum(lengths) + max(len(lengths) - 1, 0)


def utf8_length(text: str) -> int:
    """Bytes in UTF-8 (YouTube's descriptions). A lone surrogate counts as the three bytes of its replacement."""
    return len(text.encode("utf-8", "surrogatepass"))


def linkedin_length(text: str) -> int:
    """UTF-16 units. LinkedIn does not say what it counts; this is the count that is never too low."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, limit: int, *, measure: Callable[[str], int] = len, ending: str = "…") -> str:
    """The text, or its longest beginning that fits `limit` with the ending, cut between words where one ends nearby.

    No letter is parted from its accent, no emoji from its parts. `measure` must not shrink when text is added.
    """
    if measure(text) <= limit:
        return text
    cuts = [0, *_boundaries(text)]
    low, high = 0, len(cuts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[: cuts[middle]].rstrip() + ending) <= limit:
            low = middle
        else:
            high = middle - 1
    kept = text[: cuts[low]]
    inside_word = cuts[low] < len(text) and not text[cuts[low]].isspace()
    words = re.match(r"(?s)(.*)\s", kept)
    if inside_word and words and len(words[1]) >= len(kept) * 0.6:
        kept = words[1]
    kept = kept.rstrip()
    return kept + ending if measure(kept + ending) <= limit else kept


def find_links(text: str) -> list[str]:
    """The http and https links in the text, in order, without the punctuation of the sentence around them."""
    found = []
    for match in re.finditer(r"https?://[^\s<>\"“”«»]+", text, re.IGNORECASE):
        link = match[0].rstrip(".,;:!?'’…")
        while link.endswith((")", "]")) and link.count(link[-1]) > link.count({")": "(", "]": "["}[link[-1]]):
            link = link[:-1].rstrip(".,;:!?'’…")
        if _web_address(link):
            found.append(link)
    return found


def without_links(text: str) -> str:
    """The text with each http or https link taken out."""
    for link in sorted(find_links(text), key=len, reverse=True):
        text = text.replace(link, "")
    return text


def with_utm(url: str, *, source: str, medium: str, campaign: str = "", content: str = "") -> str:
    """The address with utm_* parameters; its own query and fragment stay, its own utm_* of the same name are replaced.

    Parameters given empty are left out. An address that is not http(s) comes back unchanged.
    """
    parts = _web_address(url)
    if parts is None:
        return url
    marks = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign, "utm_content": content}
    marks = {name: value for name, value in marks.items() if value}
    # The query is kept piece by piece: decoding and encoding it again would change addresses that are signed.
    own = [piece for piece in parts.query.split("&") if piece and unquote_plus(piece.partition("=")[0]) not in marks]
    query = "&".join([*own, *(f"{name}={quote(value, safe='')}" for name, value in marks.items())])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def comparable(text: str) -> str:
    """The text reduced to what survives a platform; two texts with the same result say the same thing.

    NFC, spacing evened out, t.co addresses gone, other links decoded and without http(s)://. Used to find our own
    message among the live ones.
    """
    text = _SHORT_LINK.sub(" ", unicodedata.normalize("NFC", text))
    text = re.sub(r"(?i)https?://(\S*?)/?(?=\s|$)", lambda link: unquote(link[1]), text)
    text = re.sub("[\u200b\u2060\ufeff]", "", text)
    return " ".join(text.split())


def _web_address(url: str) -> SplitResult | None:
    """The parts of an http(s) address that has a host, else None."""
    try:
        parts = urlsplit(url)
        return parts if parts.scheme.lower() in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def _normal(text: str) -> str:
    return re.sub("\r\n?", "\n", unicodedata.normalize("NFC", text))


def _between(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    done = 0
    for start, end in spans:
        yield text[done:start]
        done = end
    yield text[done:]


def _x_links(text: str) -> Iterator[tuple[int, int]]:
    """Where X finds links: [start, end) each.

    The library's expression takes minutes on a few thousand letters with dots between them. No link holds a space, so
    each word is asked alone, and a word with a run that no host name could be is not asked at all.
    """
    from twitter_text import extract_urls_with_indices  # costs 0.3 s, which a start without sending need not pay

    for word in _WORD.finditer(text):
        if "." not in word[0]:
            continue
        if _is_costly(word[0]):
            if _SCHEME.match(word[0]) and len(word[0]) <= _MAX_LINK and not _is_costly(_host_of(word[0])):
                yield word.start(), word.start() + len(word[0].rstrip(".,;:!?"))
            continue
        asked_from = max(word.start() - 1, 0)  # with the space before it: a first letter may count as “what precedes”
        for found in extract_urls_with_indices(text[asked_from : word.end()]):
            start, end = found["indices"]
            yield asked_from + start, asked_from + end


def _x_emojis(text: str) -> list[str]:
    """The emoji X sees; only stretches that can hold one are searched, because the library's expression is slow."""
    from twitter_text import extract_emojis_with_indices

    stretches = _MAY_HOLD_EMOJI.findall(text)
    return [found["emoji"] for stretch in stretches for found in extract_emojis_with_indices(stretch)]


def _is_costly(word: str) -> bool:
    return any(len(run) > _MAX_RUN or run.count(".") > _MAX_DOTS for run in re.split("[/?#:&=]", word))


def _host_of(word: str) -> str:
    return re.split("[/?#]", word.split("://", 1)[1], maxsplit=1)[0]


def _boundaries(text: str) -> Iterator[int]:
    """Where the text may be cut without parting what a reader sees as one character; its end included.

    A simple reading of Unicode's rules: enough for accents, joined emoji, skin tones, flags and keycaps.
    """
    flags = 0
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        flags = flags + 1 if _is_flag_half(before) else 0
        joined = (
            before == "\u200d"
            or after == "\u200d"
            or unicodedata.category(after) in ("Mn", "Mc", "Me")
            or "\U0001f3fb" <= after <= "\U0001f3ff"
            or "\U000e0020" <= after <= "\U000e007f"
            or (_is_flag_half(after) and flags % 2 == 1)
            or (before == "\r" and after == "\n")
        )
        if not joined:
            yield index
    yield len(text)


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def video_picture(link: str) -> str:
    """Where YouTube shows everybody the picture of the video that a link leads to; "" for any other link.

    The address is the one of `snippet.thumbnails.high` in YouTube's answers (480 x 360, there for every video).
    """
    video = video_in(link)
    return f"https://i.ytimg.com/vi/{video}/hqdefault.jpg" if video else ""


def video_in(link: str) -> str:
    """The number of the YouTube video that a link leads to; "" for any other link."""
    found = _VIDEO.match(link)
    return found[1] if found else ""


_VIDEO = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/|embed/)|youtu\.be/)([\w-]{11})(?![\w-])", re.ASCII
)


#: Letters that run from right to left, and the marks that turn others round.
_TURNS = re.compile("[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


def isolated(value: Any) -> Any:
    """A text that runs from right to left, closed off so that it does not turn round the sentence it is put into (Unicode UAX #9); any other value as it is."""
    if not isinstance(value, str) or value.isascii() or not _TURNS.search(value):
        return value
    return value[:0] + "\u2068" + value + "\u2069"
