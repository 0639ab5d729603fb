"""Plan, move, submit and approve without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.walk]
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One channel that a person publishes on and an article to talk about."""
    product = Product(tmp_path_factory.mktemp("hands"))
    product.command("channel", "add", "--platform", "by_hand", "--name", "Notice board")
    product.command("asset", "add", "--kind", "blog_post", "--title", "Open house", "--state", "ready", "--url", "https://example.com/open")
    yield product
    product.stop()


def visit(chromium: Browser, product: Product, email: str = "admin@example.com", **options: object) -> Page:
    """A signed-in page of a browser of its own."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Paris", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    page.goto(re.search(r"http\S+", product.command("users", "link", email)).group(0))  # type: ignore[union-attr]
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(product.url + "/")
    return page


def in_days(days: int, hour: int) -> datetime:
    return (datetime.now(PARIS) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def planned(page: Page, product: Product, text: str, days: int) -> str:
    """A draft, by the shortest way; its address."""
    page.goto(f"{product.url}/posts/new?asset=1&channel=1")
    page.get_by_label("Text", exact=True).first.fill(text)
    page.get_by_label("Goes out").first.fill(in_days(days, 9).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url(re.compile(r"/posts/\d+$"))
    return page.url


def test_everything_works_without_javascript(chromium: Browser, product: Product) -> None:
    page = visit(chromium, product, java_script_enabled=False)
    post = planned(page, product, "Without a script.", 3)

    page.get_by_role("link", name="Move…").click()
    page.get_by_label("Goes out").fill(in_days(4, 10).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("10:00").first).to_be_visible()
    page.get_by_role("button", name="Submit for approval").click()
    page.goto(f"{product.url}/approvals")
    page.get_by_role("link", name="Open house").first.click()
    page.get_by_role("button", name="Approve").click()
    page.goto(post)
    expect(page.get_by_text(re.compile("Approved|Scheduled")).first).to_be_visible()
    with page.expect_response(re.compile(r"/static/dist/marks\.\w+\.woff2$")) as font:
        page.goto(f"{product.url}/calendar?view=list")
    assert font.value.ok
    expect(page.get_by_role("link", name="Open house").first).to_be_visible()
    page.context.close()
