"""The promotion desk in a browser: decide in two clicks, drafts follow and open in the composer, and a month later what came stands beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from planner.accounts import service as accounts
from planner.factory import create_app
from planner.planning.models import Post
from planner.promotion import judging, service, standings
from planner.promotion.service import SettingValues
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_channel, make_user
from tests.promotion.making import DAY, make_past, make_video, read

pytestmark = [pytest.mark.browser, pytest.mark.walk]


@dataclass
class Desk:
    """A product in this process, so that the test can turn its clock."""

    app: Flask
    token: str
    clock: StoppedClock
    url: str = ""


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    with ThreadPoolExecutor(1) as apart:  # The browser's event loop runs in this thread, and the product begins in one without.
        made = apart.submit(_open, tmp_path, sqlite_url).result()
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    made.app.extensions["planner"].engine.dispose()


def _open(tmp_path: Path, sqlite_url: str) -> Desk:
    clock = StoppedClock()
    app = create_app(make_settings(tmp_path, sqlite_url, sandbox="off"), clock=clock)
    with app.extensions["planner"].sessions.begin() as db:
        youtube = make_past(db, count=10, watched=0.5)
        make_channel(db, name="Group page")
        service.save_settings(db, None, SettingValues(cost=Decimal(100), value_per_view=Decimal(2)), actor=None, now=NOON)
        make_video(db, youtube, published_at=NOON - 7 * DAY, first_day=180, watched=0.6, title="Slicing, explained", url="https://example.com/film")
        standings.refresh(db, youtube.id, now=NOON)
        return Desk(app, accounts.sign_in_link(db, make_user(db, roles=("planner",)), now=NOON), clock)


def test_a_video_is_decided_in_three_clicks(desk: Desk, page: Page) -> None:
    clicked: list[int] = []
    page.expose_binding("plannerClicked", lambda _source: clicked.append(1))
    page.add_init_script("addEventListener('pointerdown', (event) => { if (event.isTrusted) plannerClicked(); }, true);")
    page.goto(f"{desk.url}/sign-in/{desk.token}")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{desk.url}/promotion")
    clicked.clear()

    page.get_by_role("link", name="Decide", exact=True).click()
    page.get_by_role("radio", name="Promote", exact=True).check()
    page.get_by_role("button", name="Decide", exact=True).click()

    expect(page.get_by_text("Decided: Promote. The numbers are kept as they stand.")).to_be_visible()
    assert 0 < len(clicked) <= 3


def test_decided_by_keyboard_drafts_follow_and_a_month_later_it_is_judged(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.url}/sign-in/{desk.token}")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{desk.url}/promotion")
    expect(page.get_by_role("link", name="Slicing, explained")).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("d")
    page.wait_for_url("**/promotion/*#decision")
    page.get_by_role("radio", name="Promote", exact=True).check()
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("Decided: Promote. The numbers are kept as they stand.")).to_be_visible()
    video = page.url.split("#")[0]

    expect(page.get_by_role("checkbox", name="Group page")).to_be_checked()
    page.get_by_role("button", name="Make the drafts").click()
    page.wait_for_url("**/posts/*/edit")
    expect(page.get_by_label("Link", exact=True)).to_have_value("https://example.com/film")
    page.goto(video)
    expect(page.get_by_text("Posts that follow from it")).to_be_visible()
    page.get_by_role("link", name="Next to decide").click()
    expect(page.get_by_text("Nothing waits for a decision")).to_be_visible()

    desk.clock.advance(timedelta(days=33))
    with desk.app.extensions["planner"].sessions.begin() as db:
        post = next(one for one in db.scalars(select(Post)) if one.asset.title == "Slicing, explained" and one.published_at)
        read(db, post, first_day=4000, ages=(30, 36.9, 40), until=desk.clock.now())
        assert judging.judge(db, now=desk.clock.now()) == 1

    page.goto(f"{desk.url}/promotion/scores")
    expect(page.get_by_text("above the range", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="How often promotions paid")).to_be_visible()
    expect(page.get_by_text("0 of 1; four in five should")).to_be_visible()
