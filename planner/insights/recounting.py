"""Makes the counts of stored readings again from the platform's own fields, by the formula of today; and which formula that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights.definitions import FORMULA
from planner.insights.models import METRICS, CountsMade, Snapshot
from planner.insights.service import TOO_MANY, take_turns
from planner.planning.models import Post

__all__ = ["FIRST", "Recounted", "counted_by", "recount"]

#: The formula of everything that was counted before any count was made again.
FIRST = "2026-11"
#: Readings looked at together; memory does not grow with how many there are.
_TOGETHER = 2000
_COUNTS = attrgetter(*METRICS)

#: platform, the post's id there, its own fields, when they were told -> the reading they are, or None.
CountAgain = Callable[[Platform, str, Mapping[str, Any], datetime], Reading | None]


@dataclass(frozen=True, slots=True)
class Recounted:
    """read -- readings with a platform's own fields. changed -- of those, how many have other counts now. left -- how many could not be made
    again and stay as they are."""

    read: int
    changed: int
    left: int


def counted_by(db: Session) -> str:
    """The formula by which the stored counts were made again last; what was read since follows the one of its day. One statement."""
    return db.scalar(select(CountsMade.formula).order_by(CountsMade.at.desc()).limit(1)) or FIRST


def recount(db: Session, count_again: CountAgain, *, now: datetime) -> Recounted:
    """Write the counts that today's formula makes, where they are others, and keep which formula that was. Make the roll-ups again after it.

    What a file or a person told has no platform's fields and stays; so do the moment of a reading and its regime, which the platform's clock
    decided. Nobody else writes numbers meanwhile.
    """
    db.flush()
    take_turns(db)
    read = changed = left = last = 0
    while rows := db.execute(_after(last)).all():
        last = rows[-1].id
        read += len(rows)
        told = [(row, count_again(row.platform, row.external_id or "", row.raw, row.at)) for row in rows]
        made = [(row, one) for row, one in told if one is not None and _is_sound(one, row)]
        left += len(rows) - len(made)
        changed += _write(db, made)
    db.merge(CountsMade(formula=FORMULA, at=now, changed=changed))
    db.flush()
    return Recounted(read, changed, left)


def _write(db: Session, told: Iterable[tuple[Any, Reading]]) -> int:
    others = [{"snapshot": row.id, **dict(zip(METRICS, _COUNTS(one), strict=True))} for row, one in told if _COUNTS(row) != _COUNTS(one)]
    if others:
        table = Snapshot.__table__
        db.connection().execute(update(table).where(table.c.id == bindparam("snapshot")).values({name: bindparam(name) for name in METRICS}), others)  # type: ignore[arg-type]
    return len(others)


def _is_sound(one: Reading, row: Any) -> bool:
    """Whether these counts may be stored; fields of which nothing is understood do not take away what was."""
    told = [count for count in _COUNTS(one) if count is not None]
    return all(0 <= count < TOO_MANY for count in told) and (bool(told) or not any(count is not None for count in _COUNTS(row)))


def _after(last: int) -> Any:
    """The next readings by number: one step in the primary key, however many came before."""
    return (
        select(Snapshot.id, Snapshot.at, Snapshot.raw, Post.external_id, Channel.platform, *(getattr(Snapshot, name) for name in METRICS))
        .join(Post, Post.id == Snapshot.post_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Snapshot.id > last, Snapshot.source == "platform", Snapshot.raw.is_not(None))
        .order_by(Snapshot.id)
        .limit(_TOGETHER)
    )
