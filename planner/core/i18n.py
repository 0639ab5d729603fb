"""Marks sentences for translation where no language is chosen yet; the doors translate, the floors below only mark."""

from __future__ import annotations

__all__ = ["N_"]


def N_(message: str) -> str:
    """Return the sentence unchanged; its only work is to be found by the extractor (`make messages`)."""
    return message
