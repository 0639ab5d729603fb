"""The forms that English, French and German give a word, for the leak check: two words are one when an ending of one language parts them.

A stemmer would be shorter and find too much: it makes one of “university” and “universe”, and says nothing of why. Here every form has its ending.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

__all__ = ["numbered", "same_word"]

#: (ending, what stands in its place, the shortest that may be left) by language; "~" undoes a doubled consonant.
_Ending = tuple[str, str, int]
#: In any text ("" is every language): a name keeps its own plural in another language.
_PLURAL: tuple[_Ending, ...] = (("s", "", 4), ("es", "", 4), ("x", "", 4))
_NOUNS: dict[str, tuple[_Ending, ...]] = {
    "": (),
    "en": (("ies", "y", 3), ("ves", "f", 3), ("ves", "fe", 3)),
    "fr": (
        ("aux", "al", 3), ("aux", "ail", 3), ("e", "", 5), ("ale", "al", 4), ("ales", "al", 4), ("ere", "er", 4), ("eres", "er", 4), ("euse", "eux", 3),
        ("euses", "eux", 3), ("euse", "eur", 3), ("euses", "eur", 3), ("rice", "eur", 4), ("rices", "eur", 4), ("ive", "if", 3), ("ives", "if", 3),
        ("ique", "ic", 3), ("iques", "ic", 3), ("enne", "en", 3), ("ennes", "en", 3), ("onne", "on", 3), ("onnes", "on", 3), ("elle", "el", 3), ("elles", "el", 3),
        ("ette", "et", 3), ("ettes", "et", 3),
    ),
    "de": (("en", "e", 4), ("ens", "e", 4), ("eln", "el", 4), ("ern", "er", 4), ("en", "", 5), ("ens", "", 5), ("e", "", 5), ("er", "", 5), ("ern", "", 5), ("em", "", 5)),
}  # fmt: skip
#: Verbs and adjectives, and shorter words: only in a name of several words, where the other words make sure.
_AMONG_OTHERS: dict[str, tuple[_Ending, ...]] = {
    "": (("s", "", 3), ("es", "", 3)),
    "en": (("ed", "", 3), ("ed", "e", 3), ("ed", "~", 3), ("ied", "y", 3), ("ing", "", 3), ("ing", "e", 3), ("ing", "~", 3)),
    "fr": (("s", "", 3), ("x", "", 3), ("e", "", 3), ("es", "", 3), ("er", "e", 3), ("ee", "e", 3), ("ees", "e", 3), ("ant", "e", 3)),
    "de": (("s", "", 3), ("e", "", 3), ("en", "e", 3), ("en", "", 3), ("er", "", 3), ("es", "", 3), ("em", "", 3), ("ern", "", 3)),
}  # fmt: skip
#: Endings that only look like a plural.
_NOT_SEVERAL = ("ss", "us", "is")

#: The same number: digits, words of each language, Roman numerals of two letters or more.
_NUMBERS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in (
        "0 zero null", "1 one un une eins", "2 two deux zwei ii", "3 three trois drei iii", "4 four quatre vier iv", "5 five cinq funf fuenf",
        "6 six sechs vi", "7 seven sept sieben vii", "8 eight huit acht viii", "9 nine neuf neun ix", "10 ten dix zehn", "11 eleven onze elf xi",
        "12 twelve douze zwolf zwoelf xii",
    )
)  # fmt: skip


@lru_cache(maxsize=16384)
def same_word(said: str, wanted: str, tongues: frozenset[str], *, among_others: bool) -> bool:
    """Whether two folded words are forms of one, by an ending of one of these languages.

    among_others -- the wanted word is one of several that make a name.
    """
    if said == wanted:
        return True
    if len(wanted) < (3 if among_others else 4) or not said.isalpha():
        return False
    return any(not _bases(said, one, among_others).isdisjoint(_bases(wanted, one, among_others)) for one in _NOUNS if not one or one in tongues)


@lru_cache(maxsize=8192)
def _bases(word: str, tongue: str, among_others: bool) -> frozenset[str]:
    """The word, and what it may be a form of."""
    found = {word}
    endings = _PLURAL + _NOUNS[tongue] + (_AMONG_OTHERS[tongue] if among_others else ())
    for _twice in range(2):
        found |= {base for one in found for ending in endings if (base := _without(one, ending))}
    return frozenset(found)


def _without(word: str, ending: _Ending) -> str:
    gone, instead, least = ending
    if not word.endswith(gone) or (gone == "s" and word.endswith(_NOT_SEVERAL)):
        return ""
    base = word[: -len(gone)]
    if instead == "~":
        base = base[:-1] if len(base) > 2 and base[-1] == base[-2] else ""
    else:
        base += instead
    return base if len(base) >= least else ""


def numbered(atoms: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The same words with each number said in every other way; none for a name without a number or of one word."""
    if len(atoms) < 2:
        return
    for at, word in enumerate(atoms):
        for same in _NUMBERS:
            if word in same and at:
                yield from ((*atoms[:at], other, *atoms[at + 1 :]) for other in same - {word})
