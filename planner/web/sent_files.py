"""Tables that people send and fetch: kept under a generated name until they are confirmed, and written so that no spreadsheet runs them."""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from flask import Response, g
from flask_babel import gettext as _

from planner.catalog.sheets import FOLDER, MOST_BYTES, inert
from planner.core.errors import Invalid, Refused
from planner.core.i18n import N_
from planner.web.languages import translate
from planner.web.session import runtime

__all__ = ["ERRORS", "TABLE", "as_csv", "download", "keep", "list_of", "path_of", "throw_away_old"]

#: A file nobody confirmed, or a list of its errors, is thrown away after this.
_KEPT = timedelta(days=1)
_CHUNK = 1 << 20
#: How the names of the two end.
TABLE, ERRORS = ".table", ".errors"


class WrongCell(Protocol):
    """One thing to put right in a table: where, a sentence with %(name)s places, and what stands there."""

    @property
    def row(self) -> int: ...
    @property
    def column(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def value(self) -> str: ...


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """A table that opens in an office, and runs nothing there."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows(map(inert, rows))
    return target.getvalue().encode("utf-8-sig")


def list_of(errors: Iterable[WrongCell]) -> bytes:
    """What is wrong in a file as a table, in the reader's language."""
    rows = [(str(one.row), one.column, translate(one.message, **one.params), one.value) for one in errors]
    return as_csv([(_("Row"), _("Column"), _("What is wrong"), _("What is there")), *rows])


def download(data: bytes, name: str) -> Response:
    return Response(data, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _folder() -> Path:
    folder = runtime().settings.data_path / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(stream: IO[bytes], most: int = MOST_BYTES) -> tuple[str, Path]:
    """Store what was sent under a generated name. Raises Invalid, leaving nothing, when it is more than `most` bytes."""
    token = secrets.token_hex(16)
    path = _folder() / f"{g.user.id}-{token}{TABLE}"
    size = 0
    with path.open("xb") as target:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                break
            target.write(chunk)
    if size > most:
        path.unlink()
        raise Invalid(N_("This file is too large: at most %(most)s MB."), field="file", most=most // 1_000_000)
    return token, path


def path_of(token: str, suffix: str) -> Path:
    """The file this person sent under this token, or the list of its errors. Raises Refused when there is none (any more)."""
    path = _folder() / f"{g.user.id}-{token}{suffix}"
    if not re.fullmatch("[0-9a-f]{32}", token) or not path.is_file():
        raise Refused(N_("The file is not there any more. Send it again."), field="file")
    return path


def throw_away_old() -> None:
    limit = (g.now - _KEPT).timestamp()
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):  # Another request may throw away the same.
            if path.suffix in (TABLE, ERRORS) and path.stat().st_mtime < limit:
                path.unlink()
