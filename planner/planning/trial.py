"""Trying a change of the plan: the rules judge it with everything else where it would be, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

__all__ = ["only_tried"]


@contextmanager
def only_tried(db: Session) -> Iterator[None]:
    """Whatever the block does is taken back at its end, also when it raises."""
    trial = db.begin_nested()
    try:
        yield
        db.flush()
    finally:
        trial.rollback()
