"""Marks sentences for translation where no language is chosen yet; the doors translate, the floors below only mark."""

from __future__ import annotations

from abc import ABC, abstractmethod

__all__ = ["N_", "Named"]


def N_(message: str) -> str:
    """Return the sentence unchanged; its only work is to be found by the extractor (`make messages`)."""
    return message


class Named(ABC):
    """A part of a sentence that is named when it is shown, in its reader's language: a holiday, a language."""

    __slots__ = ()

    @abstractmethod
    def named(self, language: str) -> str:
        """Its name in that language (two letters), or as near as is known."""
