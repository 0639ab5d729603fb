"""Tables handed out: as CSV written while it is read, whatever its length, or as a workbook put together on disk. Nothing in either runs."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response, g, stream_with_context

from planner.catalog.sheets import inert

__all__ = ["as_it_is_read", "workbook"]

_CHUNK = 1 << 16
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_it_is_read(rows: Iterable[Sequence[str]], name: str) -> Response:
    """Rows of text as a CSV file, in pieces of some 64 kB: a reader gets the first before the last is read."""

    def pieces() -> Iterator[bytes]:
        yield "\ufeff".encode()
        target = io.StringIO(newline="")
        write = csv.writer(target).writerow
        for row in rows:
            write(inert(row))
            if target.tell() > _CHUNK:
                yield target.getvalue().encode()
                target.seek(0)
                target.truncate()
        g.db.rollback()  # The connection is free again before the reader has taken the last piece.
        yield target.getvalue().encode()

    return _attached(stream_with_context(pieces()), "text/csv", name)


def workbook(rows: Iterable[Sequence[str]], name: str, *, sheet: str) -> Response:
    """Rows of text as a workbook of one sheet."""
    import openpyxl  # Slow to load; only who asks for a workbook pays for it.
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append([ILLEGAL_CHARACTERS_RE.sub("", cell)[:32_000] for cell in inert(row)])
    target = tempfile.SpooledTemporaryFile(max_size=4_000_000)  # noqa: SIM115 The generator closes it.
    book.save(target)
    target.seek(0)

    def pieces() -> Iterator[bytes]:
        with target:
            while piece := target.read(_CHUNK):
                yield piece

    return _attached(pieces(), _XLSX, name)


def _attached(body: Any, mimetype: str, name: str) -> Response:
    return Response(body, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})
