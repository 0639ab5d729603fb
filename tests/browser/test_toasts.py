"""What a toast says is said beside what is pressed next, not over it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.walk]
_ON_TOP = "(button) => { const { x, y, width, height } = button.getBoundingClientRect(); return button.contains(document.elementFromPoint(x + width / 2, y + height / 2)); }"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_next_yes_can_be_said_while_the_last_is_told(chromium: Browser, demo: Product, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 700}, reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Paris")
    page = context.new_page()
    page.set_default_timeout(15_000)
    sign_in(page, demo)
    page.goto(f"{demo.url}/approvals")
    page.locator("main a[href^='/approvals/']:not([href*=waves]):not([href*=links])").first.click()
    page.wait_for_url(re.compile(r"/approvals/\d+$"))
    first = page.url
    approve = page.get_by_role("button", name="Approve", exact=True)
    approve.click()
    page.wait_for_url(lambda address: address != first)

    expect(page.locator("#toasts .toast").first).to_be_visible()
    assert approve.evaluate(_ON_TOP)
    context.close()


def test_what_a_toast_leads_to_keeps_its_words_on_one_line_of_a_phone(chromium: Browser, demo: Product) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", locale="fr-FR", timezone_id="Europe/Paris")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(re.search(r"http\S+", demo.command("users", "link", "admin@example.com")).group(0))  # type: ignore[union-attr]
    page.locator("main form button").click()
    page.wait_for_url(demo.url + "/")

    link = page.locator("#toasts .toast > a")
    expect(link).to_be_visible()
    assert link.evaluate("(link) => { const words = document.createRange(); words.selectNodeContents(link.firstElementChild); return words.getClientRects().length; }") == 1
    context.close()
