"""What a mention is known by, what two tellings of one make together, and which assets it is about. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import reduce

from planner.catalog.pages import OurPages
from planner.core.networks import handle_of, number_of, page_of
from planner.core.pages import marks_of, page_key
from planner.core.text import find_links
from planner.planning.marks import post_of

__all__ = ["Ours", "Told", "code_of", "day_of", "joined", "key_at", "key_of", "links_of", "plain", "together"]

#: What two tellings of one mention may differ in: the fuller one stays.
_TEXTS = ("network", "site", "outlet", "author", "address", "title", "excerpt")
_SHORT = re.compile(r"/l/([0-9A-Za-z]{1,16})")


@dataclass(frozen=True, slots=True)
class Told:
    """A mention as one source tells it; not `timed`: only the day was told, and `at` is its noon UTC. `links` are addresses it leads to, `about` is how the source names our asset."""

    at: datetime
    source: str
    network: str
    site: str = ""
    outlet: str = ""
    author: str = ""
    address: str = ""
    title: str = ""
    excerpt: str = ""
    timed: bool = True
    links: tuple[str, ...] = ()
    about: str = ""

    @property
    def name(self) -> str:
        """How people find it again in a file."""
        return self.title or self.excerpt[:120] or self.address[:200]

    @property
    def columns(self) -> dict[str, object]:
        """What is kept of it."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("links", "about")}


@dataclass(frozen=True, slots=True)
class Ours:
    """What leads to our assets: their pages, our posts by number and by their platform's, our short links, and titles; and what else we wrote: messages
    published directly, by their platform's number, and all of our accounts on X, by their handles in small letters."""

    pages: OurPages
    posts: Mapping[int, int]
    numbers: Mapping[tuple[str, str], int]
    codes: Mapping[str, int]
    titles: Mapping[str, int]
    direct: Collection[tuple[str, str]] = ()
    handles: Collection[str] = ()

    def wrote(self, told: Told) -> bool:
        """Whether it is a page or a post of our own, which no other person wrote."""
        if self.pages.of(told.address) is not None or handle_of(told.address) in self.handles:
            return True
        number = number_of(told.address)
        return number is not None and (number in self.numbers or number in self.direct) and page_of(told.address) == ":".join(number)

    def assets_of(self, told: Told) -> set[int]:
        """The assets a mention is about: those that the source names, those it leads to, and that of our post it stands below."""
        found = {self._led(link) for link in links_of(told)} | {self.numbers.get(number_of(told.address) or ("", ""))}
        if told.about:
            number = int(told.about) if told.about.isascii() and told.about.isdigit() and len(told.about) < 19 else 0
            found |= {number if number in self.pages.assets else None, self.titles.get(told.about), self._led(told.about) if "/" in told.about else None}
        return {one for one in found if one is not None}

    def _led(self, link: str) -> int | None:
        """The asset an address leads to: its page, a post about it, our short link, our mark."""
        number, mark = number_of(link), post_of(marks_of(link).get("utm_content", ""))
        if number is not None and number in self.numbers:
            return self.numbers[number]
        found = self.pages.of(link)
        if found is None:
            found = self.codes.get(code_of(link))
        return self.posts.get(mark) if found is None and mark is not None else found


def links_of(told: Told) -> list[str]:
    """The addresses a mention leads to: those its source lists, and those in its words."""
    return list(dict.fromkeys((*told.links, *find_links(f"{told.title} {told.excerpt}"))))


def code_of(link: str) -> str:
    """The code of an address that looks like a short link of ours, /l/<code>; else empty."""
    path = page_key(link)[1]
    return found[1] if (found := _SHORT.fullmatch(path)) else ""


def key_of(told: Told) -> str:
    """64 hex digits that all tellings of one mention share: by its address, else by its words, its author, its outlet and its moment."""
    if told.address:
        return key_at(told.address)
    said = "\n".join(
        ("said", told.network, *(" ".join(text.split()).casefold() for text in (told.outlet, told.author, told.title, told.excerpt)), told.at.astimezone(UTC).isoformat())
    )  # fmt: skip
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def key_at(address: str) -> str:
    """The key of a mention at this address."""
    return hashlib.sha256(f"at:{page_of(address)}".encode(errors="replace")).hexdigest()


def joined(one: Told, other: Told) -> Told:
    """Two tellings of one mention as one, the same whichever came first: the earlier moment, one of the clock before one that
    is only a day, the fuller words, of two sources the first in the alphabet."""
    told = {name: max(getattr(one, name), getattr(other, name), key=lambda text: (len(text), text)) for name in _TEXTS}
    timed, at = min((not one.timed, one.at), (not other.timed, other.at))
    return replace(one, at=at, timed=not timed, source=min(one.source, other.source), **told)


def together(tellings: Iterable[Told]) -> Told:
    """All tellings of one mention as one. Raises TypeError for none."""
    return reduce(joined, tellings)


def plain(text: str) -> str:
    """What others wrote on one line, without what no reader sees."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def day_of(at: datetime) -> date:
    """The UTC day on which a mention was written."""
    return at.astimezone(UTC).date()
