"""Keeps compiled templates in the data folder, as Python keeps compiled modules: a restart does not compile them again."""

from __future__ import annotations

from contextlib import suppress

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from planner.core.settings import Settings

__all__ = ["init_app"]


class _Kept(FileSystemBytecodeCache):
    """Jinja's own cache, which knows a changed template by its source. What cannot be kept on a full disk is compiled again."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def init_app(app: Flask, settings: Settings) -> None:
    folder = settings.data_path / "templates"
    folder.mkdir(mode=0o700, exist_ok=True)
    app.jinja_env.bytecode_cache = _Kept(str(folder))
