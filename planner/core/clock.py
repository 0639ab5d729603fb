"""What time it is, for the doors that own the answer; decisions about sending use the database's own time."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

__all__ = ["Clock", "SystemClock", "utc_now"]


def utc_now() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


class Clock(Protocol):
    """Three ways to ask: the machine, the database (shared by all machines), and a stopwatch nobody can set back."""

    def now(self) -> datetime: ...
    def decision_time(self, db: Session) -> datetime: ...
    def monotonic(self) -> float: ...
    def observer(self) -> str: ...


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        return utc_now()

    def decision_time(self, db: Session) -> datetime:
        """The database server's time on PostgreSQL, so machines with wrong clocks decide alike; here and now on SQLite."""
        if db.get_bind().dialect.name == "postgresql":
            moment: datetime = db.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            return moment.astimezone(UTC)
        return utc_now()

    def monotonic(self) -> float:
        """Seconds on this machine's stopwatch since it started; only differences mean anything."""
        return time.monotonic()

    def observer(self) -> str:
        """Whose stopwatch `monotonic` reads: this boot of this machine, or this process where a boot has no name."""
        return _OBSERVER


def _boot_name() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return uuid.uuid4().hex


_OBSERVER = _boot_name()
