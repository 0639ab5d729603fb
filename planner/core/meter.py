"""Counts what a piece of work asks of other machines. Whoever wants to know wraps the work in `counting`; else nothing is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["count", "counting"]

_tally: ContextVar[dict[str, int] | None] = ContextVar("tally", default=None)


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """What is counted inside the block, by kind. Blocks do not nest: an inner one keeps its counts to itself."""
    tally: dict[str, int] = {}
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


def count(kind: str, amount: int = 1) -> None:
    """Add to what is being counted, if anything is."""
    tally = _tally.get()
    if tally is not None and amount:
        tally[kind] = tally.get(kind, 0) + amount
