"""What people called one word of two hundred letters, or a channel's name of a whole line: no page grows wider than its screen, down to 320 pixels."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, sign_in

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/assets", "/campaigns", "/events", "/approvals", "/held", "/published-directly", "/performance", "/performance/channels", "/performance/readings",
    "/assets/1", "/campaigns/1", "/calendar?view=list", "/calendar?view=week", "/settings", "/settings/blackouts", "/posts/new", "/calendar/shares", "/promotion/quadrant", "/people", "/settings/people",
)  # fmt: skip


@pytest.fixture(scope="module")
def named(demo: Product) -> Product:
    """The demo with everything renamed: the first of each in one word, every channel in a whole line."""
    db = sqlite3.connect(Path(demo.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)
    with db:
        db.execute("UPDATE assets SET title = substr(title || ?, 1, 200) WHERE id % 2", ("x" * 200,))
        db.execute("UPDATE campaigns SET name = substr(name || ?, 1, 160)", ("y" * 160,))
        db.execute("UPDATE events SET name = substr(name || ?, 1, 160), rival = substr(rival || ?, 1, 120), place = ?", ("z" * 160, "w" * 120, "Kommunikationsverantwortlichentreffen"))
        db.execute("UPDATE people SET name = substr(name || ?, 1, 120), organisation = ? WHERE id % 2", ("t" * 120, "s" * 160))
        db.execute("UPDATE deliveries SET state = 'held', hold = 'pause', reason = ? WHERE state = 'due'", ("r" * 200,))
        db.execute("UPDATE channels SET name = substr(id || ?, 1, 120)", ("v" * 120,))
        db.execute("INSERT INTO pauses (reason, started_at) VALUES (?, '2026-01-01 00:00:00.000000')", ("u" * 200,))
    db.close()
    return demo


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (320, "fr")])
def test_no_page_grows_wider_than_its_screen(page: Page, named: Product, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, named)
    page.context.add_cookies([{"name": "language", "value": language, "url": named.url}])
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


def test_on_a_phone_what_is_chosen_for_held_posts_is_whole_above_the_bar_of_places(page: Page, named: Product) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, named)
    page.goto(f"{named.url}/held")

    chosen, places = page.locator(".bulk").bounding_box(), page.locator(".rail").bounding_box()

    assert chosen is not None and places is not None
    assert chosen["y"] + chosen["height"] <= places["y"]
