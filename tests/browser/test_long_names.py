"""What people called one word of two hundred letters, or a channel's name of a whole line: no page grows wider than its screen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, sign_in

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/assets", "/campaigns", "/events", "/approvals", "/held", "/published-directly", "/performance", "/performance/channels", "/performance/readings",
    "/assets/1", "/campaigns/1", "/calendar?view=list", "/calendar?view=week", "/settings", "/settings/blackouts", "/posts/new", "/calendar/shares", "/promotion/quadrant",
)  # fmt: skip


@pytest.fixture(scope="module")
def named(demo: Product) -> Product:
    """The demo with everything renamed: the first of each in one word, every channel in a whole line."""
    db = sqlite3.connect(Path(demo.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)
    with db:
        db.execute("UPDATE assets SET title = substr(title || ?, 1, 200) WHERE id % 2", ("x" * 200,))
        db.execute("UPDATE campaigns SET name = substr(name || ?, 1, 160)", ("y" * 160,))
        db.execute("UPDATE events SET name = substr(name || ?, 1, 160), rival = substr(rival || ?, 1, 120)", ("z" * 160, "w" * 120))
        db.execute("UPDATE channels SET name = substr(id || ?, 1, 120)", ("v" * 120,))
        db.execute("INSERT INTO pauses (reason, started_at) VALUES (?, '2026-01-01 00:00:00.000000')", ("u" * 200,))
    db.close()
    return demo


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_grows_wider_than_its_screen(page: Page, named: Product, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, named)
    wide = []
    for path in PAGES:
        page.goto(named.url + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []


def test_on_a_phone_an_owner_s_name_is_whole(page: Page, named: Product) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, named)
    page.goto(f"{named.url}/campaigns")

    cut = page.locator("td.who").evaluate_all("cells => cells.map(one => one.scrollWidth > one.clientWidth)")

    assert cut and not any(cut)
