"""Takes files of this machine in as files of an asset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from planner.catalog import media, service
from planner.catalog.models import Asset
from planner.cli.running import Run

__all__ = ["taking_in"]


@contextmanager
def taking_in(run: Run, asset: Asset, paths: Sequence[Path]) -> Iterator[list[int]]:
    """The numbers of the files, kept with the asset; what was copied is thrown away when the block raises. Commit inside it."""
    settings = run.runtime.settings
    folder, copied = settings.data_path / "files", []
    try:
        numbers = []
        for path in paths:
            with path.open("rb") as stream:
                stored = media.store(stream, path.name, folder, most_bytes=settings.max_upload_mb * 1_000_000)
            copied.append(folder / stored.stored_name)
            numbers.append(service.add_file(run.db, asset, stored, actor=run.actor, now=run.now).id)
        yield numbers
    except BaseException:
        for copy in copied:
            copy.unlink(missing_ok=True)
        raise
