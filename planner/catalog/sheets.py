"""Opens a table that somebody sends: CSV in the encodings offices write, or XLSX; small enough, and never trusted."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["BROKEN", "FOLDER", "MOST_BYTES", "MOST_ROWS", "Sheet", "heading", "inert", "open_sheet"]

#: Where files wait between being sent and being written, inside the data folder.
FOLDER = "imports"
MOST_BYTES = 60_000_000
MOST_ROWS = 50_000
_MOST_COLUMNS = 200
#: An XLSX is a zip: what it may unpack to, how many parts it may have, how far it may be packed.
_MOST_UNPACKED = 250_000_000
_MOST_PARTS = 2_000
_MOST_PACKED = 200

#: Stands in a cell where bytes were not in the file's own encoding; the row is refused, nothing is guessed.
BROKEN = "�"

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What a spreadsheet takes for the start of a formula, full-width signs included.
_RUNS = frozenset("=+-@\t\r\n＝＋－＠")
#: A first line that tells Excel what parts the cells; Excel does not show it, and numbers the rows without it.
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]")

# One cell of a megabyte must reach the check that says so, not stop the reader.
csv.field_size_limit(MOST_BYTES)


@dataclass
class Sheet:
    """A table: its headings and its rows as text. Rows are numbered as a spreadsheet does: the headings are row 1.

    encoding -- what the text was read as, "" for XLSX; broken -- true when bytes did not fit it (see BROKEN).
    """

    headings: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    broken: bool = False


def open_sheet(source: Path | bytes) -> Sheet:
    """The whole table. Raises Invalid, field "file", when it is too large, empty, or no table at all."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MOST_BYTES:
        raise Invalid(N_("This file is too large: at most %(most)s MB."), field="file", most=MOST_BYTES // 1_000_000)
    data = source if isinstance(source, bytes) else source.read_bytes()
    if not data.strip():
        raise Invalid(N_("This file is empty."), field="file")
    if data[:4] == b"PK\x03\x04":
        return _open_xlsx(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Invalid(N_("This is an old Excel file. Save it as XLSX or CSV, then send it again."), field="file")
    return _open_csv(data)


def heading(text: str) -> str:
    """A heading as it is compared: "Date de publication " -> "date_de_publication"."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if unicodedata.category(char) != "Mn")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def inert(row: Sequence[str]) -> list[str]:
    """A row to write of which no spreadsheet runs a cell: an apostrophe goes before what begins like a formula."""
    return [f"'{text}" if text[:1] in _RUNS else text for text in row]


def _open_csv(data: bytes) -> Sheet:
    text, encoding, broken = _decode(data)
    del data
    told = _SEPARATOR.match(text)
    if told is not None:
        text = text[told.end() :]
    first = next((line[0] for line in re.finditer(r"[^\n]+", text) if line[0].strip() and not _is_remark([line[0]])), "")
    delimiter = told[1] if told is not None else max(",;\t|", key=_outside_quotes(first).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        sheet = _sheet(enumerate(reader, 1), encoding=encoding, delimiter=delimiter, broken=broken)
    except csv.Error:
        raise Invalid(N_("This file cannot be read as a table. Save it as CSV (UTF-8), then send it again."), field="file") from None
    _check_closed(sheet, text)
    return sheet


def _check_closed(sheet: Sheet, text: str) -> None:
    """Raises Invalid when the last cell swallowed the rest of the file, because nothing closed its quotation mark."""
    number, line = sheet.rows[-1]
    if re.search(r"[\r\n]", line[-1]) and not text.rstrip("\r\n").endswith('"'):
        raise Invalid(N_("Row %(row)s: a quotation mark is opened and never closed."), field="file", row=number)


def _decode(data: bytes) -> tuple[str, str, bool]:
    """The text, the encoding it is in, and whether some bytes are not in it."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding.removesuffix("-sig"), False
            except UnicodeDecodeError:
                return _mended(data, encoding)
    if b"\0" in data[:65536]:
        raise Invalid(N_("This is not a text file. Send a CSV (UTF-8) or an XLSX."), field="file")
    try:
        return data.decode(), "utf-8", False
    except UnicodeDecodeError:
        pass
    text = data.decode(errors="surrogateescape")
    damaged = len(_ESCAPED.findall(text))
    if sum(char > "\x7f" for char in text) - damaged > damaged:  # Mostly UTF-8: a damaged file, not another encoding.
        return _ESCAPED.sub(BROKEN, text), "utf-8", True
    try:
        return data.decode("cp1252"), "windows-1252", False
    except UnicodeDecodeError:
        return _mended(data, "cp1252")


def _mended(data: bytes, encoding: str) -> tuple[str, str, bool]:
    return data.decode(encoding, errors="replace"), {"cp1252": "windows-1252"}.get(encoding, encoding.removesuffix("-sig")), True


def _is_remark(line: list[str]) -> bool:
    """Whether a line before the headings is a remark, as GA4 writes them: “# Start date: 20261101”."""
    return line[0].startswith("# ") or (line[0].strip() == "#" and not any(cell.strip() for cell in line[1:]))


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _open_xlsx(data: bytes) -> Sheet:
    _check_zip(data)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            page = book.worksheets[0]
            # The size a file claims for itself may be a lie.
            page.reset_dimensions()
            rows = (_cells(row) for row in page.iter_rows(values_only=True, max_col=_MOST_COLUMNS + 1))
            return _sheet(enumerate(rows, 1))
        finally:
            book.close()
    except Invalid:
        raise
    except Exception:  # What a damaged workbook, or one with a password, makes the library raise is no list that ends.
        raise Invalid(N_("This XLSX cannot be read. Save it again, or send a CSV (UTF-8)."), field="file") from None


def _check_zip(data: bytes) -> None:
    """Raises Invalid for what would unpack to far more than it is."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Invalid(N_("This XLSX cannot be read. Save it again, or send a CSV (UTF-8)."), field="file") from None
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > _MOST_PARTS or unpacked > _MOST_UNPACKED or (unpacked > 10_000_000 and unpacked > _MOST_PACKED * len(data)):
        raise Invalid(N_("This XLSX unpacks to far more than a table should hold. It was not opened."), field="file")


def _cells(row: tuple[Any, ...]) -> list[str]:
    """A row as text, without the empty cells a workbook adds at its end."""
    line = [_cell(value) for value in row]
    while line and not line[-1]:
        line.pop()
    return line


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _sheet(lines: Iterator[tuple[int, list[str]]], **told: Any) -> Sheet:
    """Headings from the first row that holds something; blank rows are left out."""
    found: Sheet | None = None
    for number, line in lines:
        if number > MOST_ROWS + 1:
            raise Invalid(N_("This table has more than %(most)s rows. Send it in parts."), field="file", most=MOST_ROWS)
        if not any(cell.strip() for cell in line) or (found is None and _is_remark(line)):
            continue
        if len(line) > _MOST_COLUMNS:
            raise Invalid(N_("This table has more than %(most)s columns."), field="file", most=_MOST_COLUMNS)
        if found is None:
            found = Sheet(headings=[cell.strip() for cell in line], **told)
        else:
            found.rows.append((number, line))
    if found is None or not found.rows:
        raise Invalid(N_("This table has no rows under its headings."), field="file")
    return found
