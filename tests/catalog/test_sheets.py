"""XLSX and CSV as they really arrive: dates, formulas, bombs, delimiters."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from planner.catalog import cells
from planner.catalog.models import AssetKind, Audience
from planner.catalog.sheets import heading, inert, open_sheet
from planner.core.errors import Invalid


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_workbook_gives_text_and_shows_formulas_as_they_are() -> None:
    data = workbook(
        ("Titre", "Vues", "Date", "Coût"), ("Été", 12500.0, datetime(2026, 3, 24, 9, 30), 10.5), (None,) * 4, ("=1+1", True, date(2026, 1, 1), None)
    )  # fmt: skip

    sheet = open_sheet(data)

    assert sheet.headings == ["Titre", "Vues", "Date", "Coût"]
    assert sheet.rows == [(2, ["Été", "12500", "2026-03-24T09:30:00", "10.5"]), (4, ["=1+1", "yes", "2026-01-01T00:00:00"])]


def test_a_zip_bomb_is_not_opened() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", "x")
        bomb.writestr("xl/worksheets/sheet1.xml", b"\0" * 60_000_000)
    assert len(target.getvalue()) < 200_000

    with pytest.raises(Invalid, match="unpacks to far more"):
        open_sheet(target.getvalue())


def test_an_outside_entity_in_a_workbook_is_refused() -> None:
    source, target = zipfile.ZipFile(io.BytesIO(workbook(("title",), ("One",)))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as changed:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                part = entity + part.replace(b"<sheetData>", b"<sheetData>&e;")
            changed.writestr(name, part)

    with pytest.raises(Invalid, match="cannot be read"):
        open_sheet(target.getvalue())


@pytest.mark.parametrize(
    ("at", "put"), [pytest.param(None, b"\xff" * 16, id="damaged"), pytest.param(6, b"\x01", id="with a password"), pytest.param(8, b"\x63", id="packed otherwise")]
)
def test_a_workbook_that_cannot_be_unpacked_is_refused(at: int | None, put: bytes) -> None:
    """at -- a place in the header of each part; None: at the beginning of what is packed."""
    data = bytearray(workbook(("title",), ("One",)))
    for part in zipfile.ZipFile(io.BytesIO(data)).infolist():
        start = part.header_offset + (30 + len(part.filename) if at is None else at)
        data[start : start + len(put)] = put
        if at is not None:  # The table of contents says the same.
            listed = data.index(part.filename.encode(), data.index(b"PK\x01\x02")) - 46 + at + 2
            data[listed : listed + len(put)] = put

    with pytest.raises(Invalid, match="cannot be read"):
        open_sheet(bytes(data))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_of_the_headings(delimiter: str) -> None:
    data = f'title{delimiter}"kind, or type"\nOne{delimiter}video\n'.encode()

    sheet = open_sheet(data)

    assert (sheet.delimiter, sheet.headings, sheet.rows) == (delimiter, ["title", "kind, or type"], [(2, ["One", "video"])])


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\n', "\ufeffSEP=; \r\n"])
def test_the_line_that_tells_excel_the_delimiter_is_no_row(first: str) -> None:
    sheet = open_sheet(f"{first}title;kind, or type\r\nOne;video\r\n".encode())

    assert (sheet.delimiter, sheet.headings, sheet.rows) == (";", ["title", "kind, or type"], [(2, ["One", "video"])])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_what_begins_like_a_formula_is_written_so_that_it_does_not_run(start: str) -> None:
    assert inert([f"{start}SUM(1)"]) == [f"'{start}SUM(1)"]


def test_plain_text_is_written_as_it_is() -> None:
    assert inert(("", "12", "a=b", "L’été")) == ["", "12", "a=b", "L’été"]


def test_a_cell_of_several_lines_at_the_end_is_no_open_quotation() -> None:
    sheet = open_sheet(b'kind,summary\nvideo,"one\ntwo"\r\n')

    assert sheet.rows == [(2, ["video", "one\ntwo"])]


def test_a_heading_is_compared_without_accents_case_and_signs() -> None:
    assert [heading(text) for text in ("Date de publication ", "Coût (€)", "view_count", "Embargo jusqu’au")] == [
        "date_de_publication", "cout", "view_count", "embargo_jusqu_au",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-24", datetime(2026, 3, 23, 23, 0, tzinfo=UTC)),
        ("2026-03-24T09:30:00Z", datetime(2026, 3, 24, 9, 30, tzinfo=UTC)),
        ("2026-07-24 09:30", datetime(2026, 7, 24, 7, 30, tzinfo=UTC)),
        ("24/03/2026", datetime(2026, 3, 23, 23, 0, tzinfo=UTC)),
        ("24.03.2026 18:05:10", datetime(2026, 3, 24, 17, 5, 10, tzinfo=UTC)),
        ("2026-03-24T09:30:00-05:00", datetime(2026, 3, 24, 14, 30, tzinfo=UTC)),
        ("03/04/2026 09:30", datetime(2026, 4, 3, 7, 30, tzinfo=UTC)),
        ("2026-11-20 10:00 UTC", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
        ("2026-11-20 10:00:05 GMT", datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)),
        ("2026-11-20 10:00:00 +0100", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        ("2026/11/20", datetime(2026, 11, 19, 23, 0, tzinfo=UTC)),
        ("2026/3/4 9:30 PM", datetime(2026, 3, 4, 20, 30, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 +0000", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00 -0500", datetime(2026, 11, 20, 15, 0, tzinfo=UTC)),
        ("20 Nov 2026 10:00:00 GMT", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
        ("Nov 20, 2026", datetime(2026, 11, 19, 23, 0, tzinfo=UTC)),
    ],
)
def test_dates_in_all_manners(text: str, expected: datetime) -> None:
    assert cells.moment(text, "Europe/Paris") == expected


@pytest.mark.parametrize(
    "text", ["11/20/2026", "03/04/2026 09:30 AM", "20/11/26", "2026/20/11", "2026/11-20", "20 Foo 2026", "2026-11-20 UTC", "2026-11-20 10:00 CET", "2026-11-20 10:00 +99:00", "Fri, 20 Nov 26 10:00"]
)
def test_a_date_that_could_be_another_or_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a"):
        cells.moment(text, "Europe/Paris")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1200", "1200.00"), ("1200.50", "1200.50"), ("1 200,50 €", "1200.50"), ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("0", "0.00")],
)
def test_amounts_in_both_manners(text: str, expected: str) -> None:
    assert cells.amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT10M5S", 605), ("pt1h", 3600), ("P1DT1S", 86401), ("10:05", 605), ("1:02:03", 3723), ("605", 605), ("PT0S", 0)]
)
def test_durations(text: str, seconds: int) -> None:
    assert cells.duration(text) == seconds


def test_words_of_closed_lists_in_both_languages() -> None:
    assert [cells.choice(AssetKind, word) for word in ("white_paper", "White paper", "Livre blanc", "LIVRE BLANC")] == [AssetKind.WHITE_PAPER] * 4
    assert cells.several(Audience, "Journalistes; analystes\nexperts, Journalists") == [Audience.JOURNALISTS, Audience.ANALYSTS, Audience.EXPERTS]


def test_a_long_hostile_cell_is_answered_at_once() -> None:
    for text in ("+" + "|" * 1_000_000, "=" * 1_000_000, "1" * 1_000_000, "é" * 500_000, "2026/11/20 10:" + " " * 100_000):
        for parse in (cells.check, cells.count, cells.amount, cells.duration, cells.moment):
            try:
                parse(text)
            except Invalid:
                continue
