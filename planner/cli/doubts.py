"""After a restore: unsent posts of the backup are looked up first, at once or, when the backup is of an older version, after its upgrade."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import OperationalError

from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.publishing import restored

__all__ = ["after_upgrade", "look_first"]


def look_first(settings: Settings, database: Path, *, since: datetime, now: datetime) -> int:
    """In a SQLite file that nobody uses yet; how many posts. One with older tables leaves a note for the upgrade, and 0."""
    note = _note(settings)
    note.unlink(missing_ok=True)
    engine = make_engine(f"sqlite:///{database}")
    try:
        with sessions_of(engine).begin() as db:
            return restored.look_first(db, since=since, actor=None, now=now)
    except OperationalError:
        note.write_text(since.isoformat())
        return 0
    finally:
        engine.dispose()


def after_upgrade(runtime: Runtime) -> None:
    """What `look_first` had to leave."""
    note = _note(runtime.settings)
    if note.exists():
        since = datetime.fromisoformat(note.read_text())
        with runtime.sessions.begin() as db:
            restored.look_first(db, since=since, actor=None, now=runtime.clock.now())
        note.unlink()


def _note(settings: Settings) -> Path:
    return settings.data_path / "restored-from"
