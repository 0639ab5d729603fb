"""The leak check: words of an embargoed asset found in a message that would leave before the embargo lifts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from planner.core.i18n import N_
from planner.planning.findings import Finding, Term
from planner.planning.leak_watch import Watch, Why, watch

__all__ = ["leaks", "says", "watch_of"]

_SENTENCES = {
    Why.AS_WRITTEN: N_("“%(words)s” may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
    Why.FORM: N_("“%(found)s” is a form of “%(words)s”, which may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
    Why.JOINED: N_("“%(found)s” is “%(words)s” with its parts written otherwise, and may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
    Why.INSIDE: N_("“%(found)s” contains “%(words)s”, which may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
    Why.NUMBER: N_("“%(found)s” is “%(words)s” with its number said otherwise, and may not be mentioned before %(lifts_at)s. Take it out, or choose a later time."),
    Why.DISGUISED: N_(
        "“%(found)s” reads “%(words)s”, in other letters, with invisible characters or as a code. It may not be mentioned before %(lifts_at)s. "
        "Take it out, or choose a later time."
    ),
}


def says(text: str, words: str) -> bool:
    """Whether `text` says `words`, whatever its case, accents, spacing, invisible and look-alike characters, entities and percent-encoding.

    Whole words only, so that “Ion” is not found in “action”; parts of a camel-case word are words from four letters. A word of four letters
    or more also in its forms, as English, French and German make them; “Falcon 9” also as “FalconNine”. Inside a hashtag, an address or a
    file's name, where words run together, anywhere from six letters, else beside a few usual words (“#vegalaunch”).
    """
    return watch((words,)).says(text)


def watch_of(terms: Sequence[Term]) -> Watch:
    """These terms made ready to be looked for in many texts."""
    return watch(tuple(dict.fromkeys(term.words for term in terms)))


def leaks(texts: Iterable[str | tuple[str, str]], terms: Sequence[Term], at: datetime) -> list[Finding]:
    """A blocking finding for each term said before its lift. Names the words, what says them and the moment, never the asset.

    texts -- each alone, or (the field it belongs to, text). A term is reported once, where it is said as it is written if anywhere.
    """
    held = {term.words: term.lifts_at for term in sorted(terms, key=lambda one: one.lifts_at) if at < term.lifts_at}
    if not held:
        return []
    words = tuple(held)
    watched = watch(words)
    found: dict[int, Finding] = {}
    plainly: set[int] = set()
    for field, text in ((("text", one) if isinstance(one, str) else one) for one in texts):
        for number, match in watched.find(text).items():
            plain = match.why is Why.AS_WRITTEN
            if number in found and (number in plainly or not plain):
                continue
            params = {"words": match.words, "lifts_at": held[match.words]} | ({} if plain else {"found": match.found})
            found[number] = Finding("blocking", "leak", _SENTENCES[match.why], params, field)
            if plain:
                plainly.add(number)
    return [found[number] for number in sorted(found)]
