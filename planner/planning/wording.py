"""Which language a text is in, judged by its small words alone: no answer is better than a wrong one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from babel import Locale

from planner.core.i18n import Named

__all__ = ["KNOWN", "Tongue", "language_of", "leaning"]

#: Small words that one of these languages has and the others have not, or hardly.
_SMALL: dict[str, frozenset[str]] = {
    "en": frozenset(["the", "and", "of", "to", "is", "are", "was", "were", "with", "for", "from", "this", "that", "these", "our", "your", "their", "we", "you", "they", "it", "its", "will", "how", "what", "why", "who", "by", "at", "be", "been", "has", "have", "not"]),
    "fr": frozenset(["le", "les", "des", "du", "une", "et", "est", "sont", "dans", "pour", "avec", "nous", "vous", "notre", "votre", "nos", "vos", "ce", "cette", "ces", "qui", "que", "sur", "pas", "plus", "aux", "au", "leur", "leurs", "sera", "été", "être", "comment"]),
    "de": frozenset(["der", "die", "das", "und", "ist", "sind", "ein", "eine", "einen", "mit", "für", "von", "dem", "den", "des", "nicht", "auf", "wir", "sie", "ihr", "unser", "unsere", "wie", "zu", "zum", "zur", "im", "auch", "wird", "werden", "bei"]),
    "es": frozenset(["el", "los", "las", "una", "y", "es", "son", "con", "para", "por", "nuestro", "nuestra", "que", "del", "como", "más", "su", "sus", "se", "lo", "en", "al", "este", "esta", "estos", "hoy", "cómo"]),
    "it": frozenset(["il", "gli", "una", "e", "è", "sono", "con", "per", "nostro", "nostra", "che", "del", "della", "dei", "delle", "come", "più", "si", "nel", "nella", "questo", "questa", "anche", "di", "al", "alla"]),
    "nl": frozenset(["de", "het", "een", "en", "is", "zijn", "met", "voor", "van", "onze", "ons", "wij", "dat", "die", "niet", "op", "aan", "bij", "ook", "wordt", "worden", "hoe", "naar", "te"]),
    "pt": frozenset(["o", "os", "as", "uma", "e", "é", "são", "com", "para", "por", "nosso", "nossa", "que", "do", "da", "dos", "das", "como", "mais", "no", "na", "este", "esta", "hoje", "em", "ao"]),
}  # fmt: skip
#: The languages that can be told apart.
KNOWN = tuple(_SMALL)
#: A language is named only on this many of its small words, and twice as many as the next one has.
_ENOUGH, _CLEAR = 4, 2
#: Addresses, hashtags and names of accounts are in no language.
_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|[#@]\w+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Tongue(Named):
    """A language by its two letters, named when it is shown: in its reader's."""

    code: str

    def named(self, language: str) -> str:
        """Its name in that language (two letters)."""
        return str(Locale(language).languages.get(self.code, self.code))

    def __str__(self) -> str:
        return self.named("en")


def language_of(text: str) -> str | None:
    """Two letters of KNOWN, or None when the text is too short or too mixed to say."""
    words = _WORD.findall(_NO_WORDS.sub(" ", text).casefold())
    counted = sorted(((sum(word in small for word in words), name) for name, small in _SMALL.items()), reverse=True)
    (most, name), (next_most, _next) = counted[:2]
    return name if most >= _ENOUGH and most >= _CLEAR * next_most else None


def leaning(text: str) -> frozenset[str]:
    """The languages it may be in: those that most of its small words belong to; all of KNOWN when there are none."""
    words = _WORD.findall(_NO_WORDS.sub(" ", text).casefold())
    counted = {name: sum(word in small for word in words) for name, small in _SMALL.items()}
    most = max(counted.values())
    return frozenset(name for name, count in counted.items() if count == most)
