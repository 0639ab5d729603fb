"""Copies of a SQLite database, taken and put back through SQLite's own backup, while others may be using it."""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.core.settings import Settings

__all__ = ["archive", "copy_database", "database_file", "put_back", "stamp"]

_INSIDE = "planner.sqlite3"


def database_file(settings: Settings) -> Path | None:
    """Where the SQLite database is; None on PostgreSQL."""
    url = settings.effective_database_url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def stamp(now: datetime) -> str:
    """Part of a file's name that sorts by time."""
    return f"{now:%Y%m%d-%H%M%S-%f}"


def copy_database(source: Path, target: Path) -> None:
    """A whole and consistent copy of `source`; `target` appears only when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    _pour(source, unfinished)
    unfinished.chmod(0o600)
    unfinished.replace(target)


def archive(settings: Settings, source: Path, target: Path) -> None:
    """The database and the uploaded files in one .tar.gz."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    with TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / _INSIDE
        copy_database(source, copy)
        with tarfile.open(unfinished, "w:gz") as bundle:
            bundle.add(copy, _INSIDE)
            files = settings.data_path / "files"
            if files.is_dir():
                bundle.add(files, "files")
    unfinished.chmod(0o600)
    unfinished.replace(target)


def put_back(settings: Settings, bundle_path: Path, target: Path, *, prepare: Callable[[Path, datetime], None]) -> None:
    """The database and files of an archive, over those that are there. Raises Refused for a file that is no backup.

    prepare -- called with the copy's place and when it was made, before anybody else sees it.
    """
    with TemporaryDirectory(dir=settings.data_path) as folder:
        try:
            with tarfile.open(bundle_path, "r:gz") as bundle:
                bundle.extractall(folder, filter="data")
                made = datetime.fromtimestamp(bundle.getmember(_INSIDE).mtime, UTC)
            _check(Path(folder) / _INSIDE)
        except (tarfile.TarError, KeyError, OSError, EOFError, sqlite3.Error):
            raise Refused(N_("%(file)s is not a backup made by “flask planner backup”."), file=bundle_path.name) from None
        prepare(Path(folder) / _INSIDE, made)
        _pour(Path(folder) / _INSIDE, target)
        for item in sorted((Path(folder) / "files").rglob("*")):
            place = settings.data_path / item.relative_to(folder)
            if item.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                item.replace(place)


def _pour(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as read, closing(sqlite3.connect(target, timeout=30)) as written:
        read.backup(written)


def _check(path: Path) -> None:
    if not path.is_file():
        raise OSError(path)
    with closing(sqlite3.connect(path)) as opened:
        if opened.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        opened.execute("SELECT version_num FROM alembic_version").fetchone()
