"""Every page on a first day: it opens, keeps its own policy, fits its screen, and axe finds nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Product
from tests.browser.looking import WALKS, Walk, faults, looked_over, walking
from tests.browser.test_pages import ADDRESSES

pytestmark = [pytest.mark.browser, pytest.mark.walk]
FAULTY = b"kind,title\nvideo,A film\nnonsense,\n"


@pytest.mark.parametrize("walk", [WALKS[0], WALKS[2]], ids=str)
def test_every_page_of_a_first_day_is_sound(chromium: Browser, empty: Product, walk: Walk) -> None:
    assert faults(chromium, empty, ADDRESSES, walk) == []


def test_a_file_with_a_fault_in_it_is_shown_soundly(chromium: Browser, empty: Product) -> None:
    with walking(chromium, empty, WALKS[3]) as (page, said):
        page.goto(f"{empty.url}/imports")
        page.locator("input[type=file]").set_input_files({"name": "assets.csv", "mimeType": "text/csv", "buffer": FAULTY})
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_selector("main [role=alert]")
        assert looked_over(page, WALKS[3]) == []
        assert [line for line in said if "status of 422" not in line] == []
