"""Words under embargo made ready to be looked for: many of them in one pass through a text, each find with its place and its reason."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from planner.planning.leak_forms import numbered, same_word
from planner.planning.leak_text import BREAK, MARK, SAME, SPACE, Atom, Reading, read

__all__ = ["Match", "Watch", "Why", "watch"]

#: So many first letters no ending changes.
_FIRST = 3
#: A name inside a word run together is found from so many letters, whatever stands around it; a shorter one only beside these words.
_LONG = 6
_ROUND_IT = frozenset(
    [
        "a", "au", "aux", "big", "by", "coming", "das", "day", "days", "de", "demo", "der", "des", "die", "du", "ein",
        "event", "go", "hello", "hi", "in", "la", "lancement", "launch", "le", "les", "live", "meet", "mein", "mon", "mission", "neu",
        "neue", "new", "news", "next", "notre", "nouveau", "nouvelle", "now", "on", "our", "plan", "pour", "preview", "pro", "project", "projekt",
        "projet", "release", "reveal", "salon", "show", "soon", "start", "summit", "team", "teaser", "the", "tour", "update", "von", "webinar", "week",
        "with", "world", "x",
    ]
)  # fmt: skip


class Why(StrEnum):
    """How the words stand in the text."""

    AS_WRITTEN = "as_written"
    FORM = "form"
    JOINED = "joined"
    INSIDE = "inside"
    NUMBER = "number"
    DISGUISED = "disguised"


@dataclass(frozen=True, slots=True)
class Match:
    """One find: the words looked for, what the text says at [start, end), and why that is the same."""

    words: str
    found: str
    start: int
    end: int
    why: Why


@dataclass(frozen=True, slots=True)
class _Name:
    """One way to say one term. `gaps` are the places between its words in `whole`."""

    term: int
    atoms: tuple[str, ...]
    whole: str
    gaps: frozenset[int]
    why: Why


@lru_cache(maxsize=64)
def watch(words: tuple[str, ...]) -> Watch:
    """These words made ready. Kept: a calendar asks the same again for each of its posts."""
    return Watch(words)


class Watch:
    """Several terms. The time a text takes depends on its length, hardly on how many terms there are."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._by_word: dict[str, list[_Name]] = {}
        self._by_whole: dict[str, list[_Name]] = {}
        for term, said in enumerate(self._words):
            for name in _names(term, said):
                self._by_word.setdefault(name.atoms[0][:_FIRST], []).append(name)
                self._by_whole.setdefault(name.whole[:_FIRST], []).append(name)

    def says(self, text: str) -> bool:
        """Whether the text says any of them."""
        return bool(self._by_word) and next(self._matches(text), None) is not None

    def find(self, text: str) -> dict[int, Match]:
        """The first find of each term: its place among the words given -> where and why."""
        found: dict[int, Match] = {}
        for name, match in self._matches(text):
            if name.term not in found or (match.why is Why.AS_WRITTEN and found[name.term].why is not Why.AS_WRITTEN):
                found[name.term] = match
        return found

    def _matches(self, text: str) -> Iterator[tuple[_Name, Match]]:
        if not self._by_word or not text:
            return
        reading = read(text)
        for at, atom in enumerate(reading.atoms):
            for said in (atom.said, *atom.others):
                for name in self._by_word.get(said[:_FIRST], ()):
                    if (end := _aligned(reading, at, name)) is not None:
                        yield name, self._match(text, reading, at, end, name, name.why)
            for whole in _beginnings(reading.atoms, at):
                for name in self._by_whole.get(whole, ()):
                    if (end := _joined(reading, at, name)) is not None:
                        yield name, self._match(text, reading, at, end, name, Why.JOINED if name.why is Why.AS_WRITTEN else name.why)
            if atom.in_one and len(atom.said) > _FIRST:
                yield from self._inside(text, atom)
        for said, start, end in reading.runs:
            for name in self._by_whole.get(said[:_FIRST], ()):
                if said == name.whole and len(said) > 4:
                    yield name, Match(self._words[name.term], text[start:end], start, end, Why.DISGUISED)

    def _match(self, text: str, reading: Reading, at: int, end: int, name: _Name, why: Why) -> Match:
        atoms = reading.atoms[at:end]
        start, stop = atoms[0].start, atoms[-1].end
        found, wanted = text[start:stop], self._words[name.term]
        if any(one.disguised for one in atoms):
            why = Why.DISGUISED
        elif why is Why.AS_WRITTEN and _letters(found) != _letters(wanted):
            why = Why.FORM
        elif why is Why.JOINED and len(name.atoms) == 1 and all(one.glue == SAME for one in atoms[1:]):
            why = Why.AS_WRITTEN if _letters(found) == _letters(wanted) else Why.FORM
        return Match(wanted, found, start, stop, why)

    def _inside(self, text: str, atom: Atom) -> Iterator[tuple[_Name, Match]]:
        said = atom.said
        for at in range(len(said) - _FIRST):
            for name in self._by_whole.get(said[at : at + _FIRST], ()):
                if len(name.whole) >= 4 and said.startswith(name.whole, at) and _stands_free(said[:at], said[at + len(name.whole) :], len(name.whole)):
                    yield name, Match(self._words[name.term], text[atom.start : atom.end], atom.start, atom.end, Why.INSIDE)


def _names(term: int, words: str) -> Iterator[_Name]:
    """The ways to say it: as it is, its letters read otherwise, its numbers said otherwise."""
    atoms = read(words).atoms
    if not atoms:
        return
    plain = tuple(atom.said for atom in atoms)
    ways = {plain: Why.AS_WRITTEN}
    longest = max(len(atom.others) for atom in atoms)
    for turn in range(longest):
        ways.setdefault(tuple(atom.others[turn] if turn < len(atom.others) else atom.said for atom in atoms), Why.FORM)
    for way in list(ways):
        for other in numbered(way):
            ways.setdefault(other, Why.NUMBER)
    for way, why in ways.items():
        gaps, at = set(), 0
        for atom in way[:-1]:
            at += len(atom)
            gaps.add(at)
        yield _Name(term, way, "".join(way), frozenset(gaps), why)


def _aligned(reading: Reading, at: int, name: _Name) -> int | None:
    """Where it ends (past its last atom) when the words from `at` on are the name's, one by one, each in any form."""
    atoms, here = reading.atoms, at
    for number, wanted in enumerate(name.atoms):
        if number and here < len(atoms) and atoms[here].said == "s" and atoms[here].glue == MARK:
            here += 1  # Vega's launch
        if here >= len(atoms) or (number and atoms[here].glue == BREAK):
            return None
        if not any(same_word(said, wanted, reading.tongues, among_others=len(name.atoms) > 1) for said in (atoms[here].said, *atoms[here].others)):
            return None
        here += 1
    return here if _stands_alone(atoms, at, here, len(name.whole)) else None


def _joined(reading: Reading, at: int, name: _Name) -> int | None:
    """The same when its letters are there, its words written together or a word written apart."""
    atoms, said, here = reading.atoms, "", at
    pieces: list[str] = []
    spaced = False
    while here < len(atoms) and len(said) < len(name.whole) + 4:
        atom = atoms[here]
        if pieces and atom.glue == BREAK:
            return None
        if pieces and len(said) not in name.gaps and atom.glue != SAME:
            spaced = spaced or atom.glue == SPACE
        pieces.append(_fitting(atom, name.whole, len(said)))
        said += pieces[-1]
        here += 1
        if len(said) >= len(name.whole) - 1 and same_word(said, name.whole, reading.tongues, among_others=False):
            if here < len(atoms) and atoms[here].glue == SAME and len(said) < len(name.whole):
                continue
            apart = len(pieces) > 1 and any(atoms[one].glue != SAME for one in range(at + 1, here))
            if apart and not _may_be_apart(pieces, spaced, name):
                return None
            return here if _stands_alone(atoms, at, here, len(name.whole)) else None
        if not name.whole.startswith(said):
            return None
    return None


def _fitting(atom: Atom, whole: str, done: int) -> str:
    return next((one for one in atom.others if whole.startswith(one, done)), atom.said) if not whole.startswith(atom.said, done) else atom.said


def _may_be_apart(pieces: Sequence[str], spaced: bool, name: _Name) -> bool:
    """Whether a word cut in pieces is still that word: spelt letter by letter, hyphenated, or two long halves."""
    if len(name.gaps) and not spaced:
        return True
    if all(len(piece) == 1 for piece in pieces):
        return len(pieces) >= 4 or not spaced
    if spaced:
        return len(pieces) == 2 and min(map(len, pieces)) >= 4
    return len(name.whole) >= 5


def _stands_alone(atoms: Sequence[Atom], at: int, end: int, length: int) -> bool:
    """Whether both its ends are ends of words; the parts of a camel-case word count from four letters."""
    whole = atoms[at].glue != SAME and (end == len(atoms) or atoms[end].glue != SAME)
    return whole or length >= 4


def _stands_free(before: str, after: str, length: int) -> bool:
    if length >= _LONG:
        return all(not part or len(part) >= 3 or part in _ROUND_IT for part in (before, after))
    return all(not part or part in _ROUND_IT for part in (before, after))


def _beginnings(atoms: Sequence[Atom], at: int) -> set[str]:
    """The first letters of what is written from here on, over the ends of parts and short words; also where there are but two."""
    found = set()
    for first in (atoms[at].said, *atoms[at].others):
        said, here = first, at + 1
        found.add(said[:_FIRST])
        while len(said) < _FIRST and here < len(atoms) and atoms[here].glue != BREAK:
            said += atoms[here].said
            found.add(said[:_FIRST])
            here += 1
    return found


def _letters(text: str) -> str:
    """The text as two people would call it the same: without case, accents and marks."""
    spread = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(char if char.isalnum() else " " for char in spread if not unicodedata.combining(char)).split())
