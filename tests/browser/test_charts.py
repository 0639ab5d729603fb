"""A chart as a file: its table as numbers, and its picture on a ground of its own."""

from __future__ import annotations

import csv
import re
import struct
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, sign_in

pytestmark = pytest.mark.browser


def test_a_chart_is_saved_as_the_numbers_under_it_and_as_a_picture(demo: Product, page: Page, tmp_path: Path) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/performance/channels")
    figure = page.locator("figure.chart").first
    figure.get_by_text("Show the numbers").click()

    with page.expect_download() as told:
        figure.get_by_role("button", name="Save as CSV").click()
    told.value.save_as(tmp_path / "chart.csv")
    with page.expect_download() as drawn:
        figure.get_by_role("button", name="Save as a picture").click()
    drawn.value.save_as(tmp_path / "chart.png")

    assert (told.value.suggested_filename, drawn.value.suggested_filename) == ("seen-day-by-day-and-channel.csv", "seen-day-by-day-and-channel.png")
    head, *rows = csv.reader((tmp_path / "chart.csv").read_text("utf-8-sig").splitlines())
    shown = figure.locator("tbody tr")
    # What begins with an @ would run in a spreadsheet.
    assert ([one.removeprefix("'") for one in head], len(rows)) == (figure.locator("thead th").all_inner_texts(), shown.count())
    cells = [cell.get_attribute("data-value") or "" for cell in shown.last.locator("td").all()]
    assert rows[-1][1:] == cells and any(cells)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row[0]) for row in rows)
    header = (tmp_path / "chart.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n" and min(struct.unpack(">II", header[16:24])) > 200
