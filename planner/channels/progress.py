"""How far an upload is: adapters say it as bytes leave, and whoever sends hears it, if anybody listens in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["heard", "tell"]

#: Called with bytes the platform has and bytes in all.
Hear = Callable[[int, int], None]

_hear: ContextVar[Hear | None] = ContextVar("planner_upload_progress", default=None)


@contextmanager
def heard(by: Hear) -> Iterator[None]:
    """While this lasts, `by` is called in this thread with each step of an upload."""
    token = _hear.set(by)
    try:
        yield
    finally:
        _hear.reset(token)


def tell(done: int, total: int) -> None:
    """Say how many bytes of a file the platform has; nothing happens when nobody listens."""
    hear = _hear.get()
    if hear is not None:
        hear(done, total)
