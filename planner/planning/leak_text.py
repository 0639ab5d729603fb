"""A text as the leak check reads it: words in plain small letters, each with its place in the text as it was written.

Accents, invisible characters, full-width and look-alike letters, HTML entities and percent-encoding are read through. A word
written in camel case or with digits is read in its parts.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from planner.planning.wording import leaning

__all__ = ["BREAK", "MARK", "SAME", "SPACE", "Atom", "Reading", "read"]

#: How a word is joined to the one before: not at all apart, by a mark, by space, or not at all (another sentence).
SAME, MARK, SPACE, BREAK = range(4)

_CODE = re.compile(r"&#?\w{1,31};|(?:%[0-9A-Fa-f]{2})+|(?i:\bxn--[a-z0-9-]{1,59})")
_TOKEN = re.compile(r"\S+")
_RUN = re.compile(r"[^\W_]+")
#: The parts of a run by its shape: digits; capitals with at most one small letter after them (“APIs”); a word.
_PART = re.compile(r"0+|A{2,}a?(?!a)|A?a+|A")
_ENDS = re.compile(r"[.!?…;:][\"'”’»)\]]*\s|\n\s*\n")
_IN_ONE = re.compile(r"[#@/_\\]|\w\.\w")
#: Letters of other alphabets that are taken for one of ours. What small letters look like, then capitals that differ from them.
_ALIKE = {
    pair[0]: pair[1].lower()
    for pair in [
        "аa", "вb", "еe", "ѕs", "іi", "јj", "кk", "мm", "нh", "оo", "рp", "сc", "тt", "уy", "хx", "ԁd", "ԛq", "ԝw", "һh", "ѵv",
        "ӏl", "ԍg", "гr", "пn", "αa", "βb", "γy", "εe", "ηn", "ιi", "κk", "νv", "οo", "ρp", "σo", "τt", "υu", "χx", "ωw", "ϲc",
        "ϳj", "ΗH", "ΖZ", "ΝN", "ΥY", "ΜM", "οo", "աw", "օo", "սu", "հh", "զq", "ցg", "ոn",
    ]
}  # fmt: skip
_LIKE_DIGITS = [str.maketrans("013457", "o" + one + "east") for one in "li"]
_ASCII_SHAPE = {at: "A" if chr(at).isupper() else "a" if chr(at).isalpha() else "0" if chr(at).isdecimal() else chr(at) for at in range(128)}
_LATIN = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SCRIPT |DOTLESS |LONG )?([A-Z])(?: WITH .*)?")
_SQUARED = re.compile(r"(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])")
_JOINED = {"æ": "ae", "œ": "oe", "ﬆ": "st", "þ": "th", "ð": "d"}
#: Letters by their class, that show nothing.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UMLAUT = "\u0308"


class Atom(NamedTuple):
    """One word or part of one. [start, end) is its place in the text as written; `others` are other ways to read its letters."""

    said: str
    start: int
    end: int
    glue: int
    #: In a hashtag, an address or a file's name, where words run together.
    in_one: bool
    others: tuple[str, ...] = ()
    #: It was not written in these letters: look-alikes, invisible characters, codes.
    disguised: bool = False


class Reading(NamedTuple):
    """A text read. `runs` are words with digits in place of letters: (how it reads, start, end)."""

    atoms: tuple[Atom, ...]
    runs: tuple[tuple[str, int, int], ...]
    tongues: frozenset[str]


class _Plain(NamedTuple):
    """Folded letters side by side with their shape (A, a, 0 or the mark itself) and their places."""

    letters: str
    shape: str
    starts: list[int]
    ends: list[int]
    umlauts: frozenset[int]
    alike: dict[int, str]
    hidden: frozenset[int]


@lru_cache(maxsize=256)
def read(text: str) -> Reading:
    """The words of a text, in order."""
    plain = _plain(text)
    atoms: list[Atom] = []
    runs: list[tuple[str, int, int]] = []
    done = 0
    for run, in_one in _each_run(plain.letters):
        glue = _glue(plain.letters[done : run.start()], atoms)
        parts = _parts(plain.shape[run.start() : run.end()])
        for start, end in ((run.start() + one, run.start() + other) for one, other in parts):
            atoms.append(_atom(plain, start, end, glue, in_one))
            glue = SAME
        if len(parts) > 1 and len(run[0]) > 4 and not run[0].isalpha() and not run[0].isdecimal():
            runs += [(run[0].translate(table), plain.starts[run.start()], plain.ends[run.end() - 1]) for table in _LIKE_DIGITS]
        done = run.end()
    return Reading(tuple(atoms), tuple(runs), leaning(text))


def _atom(plain: _Plain, start: int, end: int, glue: int, in_one: bool) -> Atom:
    said = plain.letters[start:end]
    others: list[str] = []
    disguised = not plain.hidden.isdisjoint(range(start, end - 1))
    if plain.alike:
        swapped = "".join(plain.alike.get(at, letter) for at, letter in enumerate(said, start))
        if swapped.isascii() and swapped != said:
            # In a word of our letters a stranger is a disguise; a word all of strangers may be a word of their language.
            disguised = True
            others, said = ([], swapped) if any(one.isascii() for one in said) else ([swapped], said)
    if plain.umlauts and not plain.umlauts.isdisjoint(range(start, end)):
        others.append("".join(letter + "e" * (at in plain.umlauts) for at, letter in enumerate(said, start)))
    return Atom(said, plain.starts[start], plain.ends[end - 1], glue, in_one, tuple(others), disguised)


def _plain(text: str) -> _Plain:
    if text.isascii() and text.isprintable() and not _CODE.search(text):
        places = list(range(len(text) + 1))
        return _Plain(text.lower(), text.translate(_ASCII_SHAPE), places, places[1:], frozenset(), {}, frozenset())
    letters: list[str] = []
    shape: list[str] = []
    starts, ends, umlauts, hidden = [], [], set(), set()
    alike: dict[int, str] = {}
    for char, start, end, coded in _decoded(text):
        folded, kind, looks = _folded(char)
        if not folded:
            if char == _UMLAUT and letters and letters[-1] in "aou":
                umlauts.add(len(letters) - 1)
            elif letters and unicodedata.category(char) != "Mn":
                hidden.add(len(letters) - 1)
            continue
        if char in "äöüÄÖÜ":
            umlauts.add(len(letters))
        if looks:
            alike[len(letters)] = looks
        if coded and folded.isalnum() and folded.isascii():
            hidden.add(len(letters))
        letters += folded
        shape += kind * len(folded)
        starts += [start] * len(folded)
        ends += [end] * len(folded)
    return _Plain("".join(letters), "".join(shape), starts, ends, frozenset(umlauts), alike, frozenset(hidden))


def _decoded(text: str) -> list[tuple[str, int, int, bool]]:
    """Each character with its place, codes read; a code may hide another."""
    chars = [(char, at, at + 1, False) for at, char in enumerate(text)]
    for _twice in range(2):
        written = "".join(char for char, *_ in chars)
        found = [(code, meant) for code in _CODE.finditer(written) if (meant := _meant(code[0])) != code[0]]
        if not found:
            break
        told, done = [], 0
        for code, meant in found:
            told += chars[done : code.start()]
            told += [(char, chars[code.start()][1], chars[code.end() - 1][2], True) for char in meant]
            done = code.end()
        chars = told + chars[done:]
    return chars


def _meant(code: str) -> str:
    try:
        if code.startswith("%"):
            return unquote_to_bytes(code).decode()
        return code[4:].encode().decode("punycode") if code[:4].lower() == "xn--" else html.unescape(code)
    except (UnicodeError, ValueError):
        return code


@lru_cache(maxsize=4096)
def _folded(char: str) -> tuple[str, str, str]:
    """(its plain letters, its shape, the letter of ours that it looks like)."""
    if char in _BLANK:
        return "", "", ""
    if char.isspace():
        return ("\n" if char in "\n\r\x0b\x0c\x85\u2028\u2029" else " "), " ", ""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    kept = "".join(_base(one) for one in spread if unicodedata.category(one) not in ("Mn", "Me", "Cf", "Cc"))
    if not kept:
        return "", "", ""
    whole = unicodedata.normalize("NFKD", char)[:1]
    kind = "0" if kept[0].isdecimal() else ("A" if whole != whole.lower() else "a") if kept[0].isalpha() else kept[0]
    return kept, kind, _ALIKE.get(whole, "") or _ALIKE.get(kept, "")


def _base(char: str) -> str:
    """A letter of ours under its hooks and strokes; a digit as a plain one."""
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    name = unicodedata.name(char, "")
    found = _LATIN.fullmatch(name) or _SQUARED.fullmatch(name)
    return _JOINED.get(char) or (found[1].lower() if found else char)


def _parts(shape: str) -> list[tuple[int, int]]:
    """[start, end) of the parts of a run: camel case and digits apart. A first small letter stays (“iPhone”)."""
    if "A" not in shape[1:] and "0" not in shape:
        return [(0, len(shape))]
    cuts = [0, *(one.end() for one in _PART.finditer(shape))]
    if cuts[-1] != len(shape):
        return [(0, len(shape))]
    if len(cuts) > 2 and cuts[1] == 1 and shape[0] == "a" and shape[1] == "A":
        del cuts[1]
    return list(pairwise(cuts))


def _each_run(letters: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Runs of letters and digits, and whether each stands in something where words run together."""
    for token in _TOKEN.finditer(letters):
        in_one = bool(_IN_ONE.search(token[0]))
        yield from ((run, in_one) for run in _RUN.finditer(letters, token.start(), token.end()))


def _glue(gap: str, before: list[Atom]) -> int:
    if not before:
        return BREAK
    if gap == " ":
        return SPACE
    if _ENDS.search(gap):
        # After a short word a full stop ends no sentence: St. Malo, No. 5.
        return SPACE if gap.strip() == "." and "\n" not in gap and len(before[-1].said) <= 3 else BREAK
    marks = "".join(gap.split())
    return BREAK if len(marks) > 3 else SPACE if len(gap) > len(marks) else MARK
