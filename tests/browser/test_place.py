"""After an action in a long list, one is where one was; where the action was refused, the reason is on the screen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def long(demo: Product) -> Product:
    """The demo with many old assets that came back and many evergreens."""
    db = sqlite3.connect(Path(demo.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)
    with db:
        db.execute(
            "INSERT INTO resurfaced (asset_id, metric, since, until, gained, expected, threshold, cause_kind, cause, noticed_at)"
            " SELECT id, 'visits', '2026-01-01', '2026-01-02', 90, 1.0, 9, 'unknown', '', strftime('%Y-%m-%d %H:%M:%f000', 'now') FROM assets WHERE confidentiality = 'public' LIMIT 15"
        )
        db.execute(
            "INSERT INTO evergreens (asset_id, cool_down_days, added_at) SELECT id, 30, '2026-01-01 00:00:00.000000' FROM assets WHERE state = 'live' LIMIT 30"
        )
    db.close()
    return demo


@pytest.mark.parametrize(("path", "button"), [("/", "form[action$='/settle'] button"), ("/calendar/evergreen", "form[action$='/remove'] button")])
def test_a_list_is_shown_where_it_was(page: Page, long: Product, path: str, button: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    sign_in(page, long)
    page.goto(long.url + path)
    last = page.locator(button).nth(10)
    last.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 400

    with page.expect_navigation():
        last.click()
    page.wait_for_load_state()

    assert abs(page.evaluate("scrollY") - before) < 250  # The line that went makes the page a little shorter.
    page.goto(long.url + path)
    assert page.evaluate("scrollY") == 0
