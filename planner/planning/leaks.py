"""The leak check: words of an embargoed asset found in a message that would leave before the embargo lifts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from planner.core.i18n import N_
from planner.planning.findings import Finding, Term

__all__ = ["leaks", "says"]

_NOT_WORD = re.compile(r"[\W_]+", re.UNICODE)


def says(text: str, words: str) -> bool:
    """Whether `text` says `words`, whatever its case, accents, spacing and invisible characters.

    Whole words only, so that “Ion” is not found in “action”; a word of four letters or more also in its plural. Inside a hashtag or an
    address, where words run together, anywhere (from four letters).
    """
    wanted = _plain(words).split()
    if not wanted:
        return False
    plain = _plain(text)
    if re.search(r"(?<!\w)" + r"[\W_]+".join(map(_plural, wanted)) + r"(?!\w)", plain):
        return True
    joined = _NOT_WORD.sub("", "".join(wanted))
    return len(joined) >= 4 and any(joined in _NOT_WORD.sub("", token) for token in plain.split() if "#" in token or "/" in token)


def leaks(texts: Iterable[str], terms: Sequence[Term], at: datetime) -> list[Finding]:
    """A blocking finding for each term said before its lift. Names the words and the moment, never the asset."""
    said = "\n".join(texts)
    return [
        Finding(
            "blocking",
            "leak",
            N_("“%(words)s” may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
            {"words": term.words, "lifts_at": term.lifts_at},
            "text",
        )
        for term in terms
        if at < term.lifts_at and says(said, term.words)
    ]


def _plural(word: str) -> str:
    """What the word looks like, alone or as several, in English and in French."""
    return re.escape(word) + (r"(?:e?s|x)?" if len(word) >= 4 and word.isalpha() else "")


def _plain(text: str) -> str:
    """Lower case without accents, invisible characters or compatibility forms."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in spread if unicodedata.category(char) not in ("Mn", "Cf"))
