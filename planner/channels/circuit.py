"""The circuit of one account: when its platform gives no answer, calls stop for a growing pause, then one call tries whether it is back.

    CLOSED --no answer, `OPENS_AFTER` times in a row--> OPEN (`wait_until`) --pause over--> one call --no answer--> OPEN, for longer
                                                                                                  --any answer--> CLOSED

The state lies in the channel's row, so all workers share it: `failures` and `failing_since` count, and `wait_until`, which a rate
limit sets as well, is the one place that says “this account not before”. Since an account has one call in flight, the first call
after the pause is the only one until its outcome is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, case, func, literal, or_, update
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.channels.models import Channel
from planner.core.types import UtcDateTime
from planner.core.writing import put

__all__ = ["OPENS_AFTER", "answered", "no_answer", "pause", "succeeded"]

#: Calls in a row without an answer that open the circuit.
OPENS_AFTER = 3
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)
# The row's version is not touched: these are facts of the platform, not changes that a person's edit could collide with.
_CHANNELS = cast(Table, Channel.__table__)


def pause(failures: int) -> timedelta | None:
    """How long an account is left alone after so many calls in a row without an answer; None while the circuit stays closed.

    It doubles from 30 s to 5 min: well inside the usual grace of 20 min, so a post still goes out after a storm of ten.
    """
    if failures < OPENS_AFTER:
        return None
    return min(_FIRST_PAUSE * (1 << min(failures - OPENS_AFTER, 10)), _LONGEST_PAUSE)


def no_answer(db: Session, channel_id: int, reason: str, *, now: datetime) -> datetime | None:
    """The platform did not answer this account's call, or broke: until when it is left alone, None while it is not."""
    moment = literal(now, UtcDateTime())
    failures = db.execute(
        update(_CHANNELS)
        .where(_CHANNELS.c.id == channel_id)
        .values(failures=_CHANNELS.c.failures + 1, failing_since=func.coalesce(_CHANNELS.c.failing_since, moment))
        .returning(_CHANNELS.c.failures)
    ).scalar_one()
    rest = pause(failures)
    if rest is None:
        return None
    until = now + rest
    later = or_(_CHANNELS.c.wait_until.is_(None), _CHANNELS.c.wait_until < until)
    db.execute(
        update(_CHANNELS)
        .where(_CHANNELS.c.id == channel_id)
        .values(wait_until=case((later, literal(until, UtcDateTime())), else_=_CHANNELS.c.wait_until), wait_reason=reason)
    )
    if failures == OPENS_AFTER:
        history.record(db, None, "channel.silent", db.get_one(Channel, channel_id), now=now, note=reason)
    return until


def answered(db: Session, channel_id: int, failures: int, *, now: datetime) -> None:
    """The platform answered, whatever it said. `failures` is what the row told before: an account without trouble costs nothing here."""
    if failures == 0:
        return
    db.execute(update(_CHANNELS).where(_CHANNELS.c.id == channel_id).values(failures=0, failing_since=None))
    if failures >= OPENS_AFTER:
        history.record(db, None, "channel.answers_again", db.get_one(Channel, channel_id), now=now)


def succeeded(db: Session, channel_id: int, *, now: datetime) -> None:
    """A message of this account went live."""
    put(db, Channel, channel_id, last_success_at=now)
